//! The log: one line an event on standard output, and nothing else there.
//!
//! Lines are as those of the Go service: `time`, `level` and `msg` first, then the event's own fields side by side.

mod fields;
mod line;
mod queue;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::{LogLevel, LogSettings, Warning};
use line::LineLayer;
pub use line::Timestamps;
use queue::Queue;

/// How long the end of the process waits for a reader that is behind.
const LAST_LINES_PATIENCE: Duration = Duration::from_secs(1);

/// The log under way. Dropped at the end of the process, it writes what is still waiting, for a second at most.
#[derive(Debug)]
#[must_use = "lines that wait are lost when the process ends before this is dropped"]
pub struct Log {
    /// None if lines are written where they arise.
    queue: Option<Arc<Queue>>,
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close(LAST_LINES_PATIENCE);
        }
    }
}

/// Makes the log of this process. For the binary alone: a program that embeds Scout has its own.
pub fn install(settings: LogSettings) -> Log {
    let queue = write_behind(settings).ok();
    // Installing fails only if the program has a log already, which is then as good.
    drop(match &queue {
        Some(queue) => {
            tracing::subscriber::set_global_default(subscriber(settings, wall_clock, Arc::clone(queue)))
        }
        // A log that may keep us waiting is better than none.
        None => tracing::subscriber::set_global_default(subscriber(settings, wall_clock, io::stdout)),
    });
    Log { queue }
}

/// Starts the thread that writes to standard output. It tells of missing lines at any level: who reads errors alone
/// has to know that some may be missing.
fn write_behind(settings: LogSettings) -> io::Result<Arc<Queue>> {
    // A handle of its own: the standard one's lock would be held for as long as nobody reads.
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let queue = Arc::new(Queue::default());
    let lines = Arc::clone(&queue);
    let gap = move |dropped| line::gap(settings.format, wall_clock(), dropped);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || lines.write_to(output, gap))?;
    Ok(queue)
}

/// A subscriber that writes lines as the settings say. Scout's own crates log from the configured level, others
/// from `warn`, since their every-day news is not the operator's.
pub fn subscriber<W>(
    settings: LogSettings,
    timestamps: Timestamps,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = match settings.level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    let targets =
        Targets::new().with_target(line::OWN_TARGETS, level).with_default(level.min(LevelFilter::WARN));
    tracing_subscriber::registry().with(targets).with(LineLayer::new(settings.format, timestamps, writer))
}

/// Logs what [`load`](crate::config::load) had to say about a configuration that it accepted.
pub fn warn_all(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!(
            key = warning.name,
            value = warning.value,
            origin = %warning.origin,
            reason = warning.text,
            "configuration warning"
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a log line carries the machine's own time")]
fn wall_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
