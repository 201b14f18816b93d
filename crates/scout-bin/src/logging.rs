//! The log: one line an event on standard output, and nothing else there.
//!
//! Lines are as those of the Go service: `time`, `level` and `msg` first, then the event's own fields side by side.

mod fields;
mod line;
#[cfg(test)]
mod tests;

use std::io;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::{LogLevel, LogSettings, Warning};
use line::LineLayer;
pub use line::Timestamps;

/// Makes the log of this process. For the binary alone: a program that embeds Scout has its own.
pub fn install(settings: LogSettings) {
    // Fails only if the program has a log already, which is then as good.
    drop(tracing::subscriber::set_global_default(subscriber(settings, wall_clock, io::stdout)));
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
