//! `scout check`: tries what the settings name, and says what it found.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use scout_core::{Clock, StoreError, StoreReport};
use scout_embedded::{EmbeddedConfig, EmbeddedStore};
use scout_http::Telemetry;

use crate::app::{SystemClock, open_store};
use crate::cli::Exit;
use crate::config::{Settings, StoreSettings};

/// Looks at the store without changing anything in it.
pub(super) async fn run(settings: &Settings) -> Exit {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    match inspect(settings, &clock).await {
        Ok(report) => {
            let printed = print(&report);
            if report.unusable.is_some() { Exit::Unavailable } else { printed }
        }
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "cannot use the store ({}): {error}", error.kind()));
            Exit::Unavailable
        }
    }
}

async fn inspect(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<StoreReport, StoreError> {
    // Opening it would make it.
    if let StoreSettings::Embedded { data, .. } = &settings.store
        && !EmbeddedStore::exists(&EmbeddedConfig::new(data))?
    {
        return Ok(without_store(data));
    }
    let store = open_store(settings, clock, &Telemetry::new()).await?;
    store.inspect().await
}

fn without_store(folder: &Path) -> StoreReport {
    let mut report = StoreReport::default();
    report.facts = [
        ("store", "embedded".to_owned()),
        ("folder", format!("{} has no store yet; Scout makes it when it starts", folder.display())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    report
}

fn print(report: &StoreReport) -> Exit {
    let width = report.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> =
        report.facts.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
    lines.push(String::new());
    if report.findings.is_empty() {
        lines.push("nothing to complain about".to_owned());
    }
    lines.extend(report.findings.iter().map(|finding| format!("{}: {}", finding.kind, finding.text)));
    lines.push(String::new());
    crate::cli::print(&lines.join("\n"))
}
