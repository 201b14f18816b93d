//! `scout check`: tries what the settings name, and says what it found.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scout_core::{Clock, MessageStore, Moment, Row, ScanSink, StoreError, StoreReport, Urgency};
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
    let mut report = store.inspect().await?;
    if let (Some(documents @ 1..), None) = (report.documents, report.unusable) {
        let scanned = count(&*store, documents).await?;
        report.facts.push(("a scan".to_owned(), scanned));
    }
    Ok(report)
}

/// Scans the store once, as the service does at its start, and says what that costs.
async fn count(store: &dyn MessageStore, documents: u64) -> Result<String, StoreError> {
    let mut progress = Progress(bar(documents));
    let report = store.scan(Urgency::Urgent, &mut progress).await;
    progress.0.finish_and_clear();
    let report = report?;
    let took = progress.0.elapsed();
    let each = report.busy.as_secs_f64() * 1e6 / report.rows.max(1) as f64;
    Ok(format!(
        "{} documents in {took:.1?}, {:.1?} of the store's time in {} commands ({each:.1} µs a document), the longest {:.1?}",
        report.rows, report.busy, report.commands, report.longest
    ))
}

/// Counts rows on a terminal, and nothing else.
struct Progress(ProgressBar);

impl ScanSink for Progress {
    fn begin(&mut self, _: &Moment) {
        self.0.reset();
    }

    fn row(&mut self, _: &str, _: &Row<'_>) {
        self.0.inc(1);
    }
}

fn bar(documents: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(documents), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("counting {wide_bar} {pos}/{len} {eta}");
    // The template is the one above; were it wrong, the default style would do.
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
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
