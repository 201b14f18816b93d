//! `scout config`.

use std::io::{self, Write as _};

use super::{ConfigArgs, Exit, Invocation};
use crate::config::{Effective, Environment, Layer, reference};

pub(super) fn run(arguments: &ConfigArgs, invocation: &Invocation, environment: &Environment) -> Exit {
    if arguments.sample {
        return super::print(&reference::sample());
    }
    match invocation.load(environment.clone()) {
        Ok(loaded) => {
            let mut err = io::stderr().lock();
            for warning in &loaded.warnings {
                drop(writeln!(err, "warning: {warning}"));
            }
            super::print(&table(&loaded.effective))
        }
        Err(error) => super::refuse(&error),
    }
}

/// Three columns: key, value, where it comes from and how it is written there if otherwise.
fn table(effective: &[Effective]) -> String {
    let rows: Vec<[String; 3]> = effective.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(0), width(1));
    let lines = rows.iter().map(|[key, value, origin]| format!("{key:keys$}  {value:values$}  {origin}\n"));
    lines.collect::<Vec<_>>().concat()
}

fn row(effective: &Effective) -> [String; 3] {
    let value = match &effective.value {
        None => "(unset)".to_owned(),
        // What would spoil the table is shown in quotes.
        Some(text) if text.contains(char::is_control) || text.trim() != text => format!("{text:?}"),
        Some(text) => text.clone(),
    };
    let mut origin = match effective.origin.layer {
        Layer::Environment | Layer::Flag => format!("{} {}", effective.origin, effective.name),
        _ => effective.origin.to_string(),
    };
    if let Some(written) = &effective.written {
        origin = format!("{origin}, written {written:?}");
    }
    [effective.key.clone().into_owned(), value, origin]
}
