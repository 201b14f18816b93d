//! Numbers and durations, each within bounds.

use std::time::Duration;

use scout_core::GoDuration;
use scout_core::alerting::RuleWindow;

use super::{Kind, Meaning, Reading, Shape};
use crate::config::layer::Layer;

/// A duration in Go's form, within bounds.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
}

impl Kind for Span {
    type Value = Duration;

    fn read(&self, text: &str, _: Layer) -> Reading<Duration> {
        let parsed: GoDuration =
            text.parse().map_err(|error: scout_core::ParseDurationError| error.to_string())?;
        match parsed.to_std() {
            Some(span) if span >= self.min && span <= self.max => Ok(span.into()),
            _ => Err(format!("must be {}", self.domain())),
        }
    }

    fn domain(&self) -> String {
        format!("{} to {}", brief(self.min), brief(self.max))
    }
}

/// How far back is looked: a duration, or all that is retained.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) max: Duration,
}

/// Slots are no finer.
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);

impl Kind for Window {
    type Value = RuleWindow;

    fn read(&self, text: &str, layer: Layer) -> Reading<RuleWindow> {
        if text == "retention" {
            return Ok(RuleWindow::Retained.into());
        }
        let span = Span { min: SHORTEST_WINDOW, max: self.max };
        match span.read(text, layer) {
            Ok(meaning) => Ok(RuleWindow::Last(meaning.value).into()),
            Err(reason) if reason.starts_with("must be") => Err(format!("must be {}", self.domain())),
            Err(reason) => Err(reason),
        }
    }

    fn domain(&self) -> String {
        format!("{} to {}, or retention", brief(SHORTEST_WINDOW), brief(self.max))
    }
}

/// Go's form without trailing zeros: `24h` for `24h0m0s`.
pub(crate) fn brief(span: Duration) -> String {
    let full = GoDuration::from(span).to_string();
    let mut brief = full.as_str();
    for (tail, kept) in [("m0s", "m"), ("h0m", "h")] {
        if let Some(start) = brief.strip_suffix(tail) {
            brief = &full[..start.len() + kept.len()];
        }
    }
    brief.to_owned()
}

/// A whole number within bounds.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) min: u64,
    pub(crate) max: u64,
    /// What is counted; may be empty.
    pub(crate) unit: &'static str,
}

impl Kind for Number {
    type Value = u64;

    fn read(&self, text: &str, _: Layer) -> Reading<u64> {
        let value = whole(text)?;
        match u64::try_from(value) {
            Ok(value) if value >= self.min && value <= self.max => Ok(value.into()),
            _ => Err(format!("must be {}", self.domain())),
        }
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value.to_string())
    }

    fn domain(&self) -> String {
        let blank = if self.unit.is_empty() { "" } else { " " };
        format!("{} to {}{blank}{}", self.min, self.max, self.unit)
    }

    fn shape(&self) -> Shape {
        Shape::Integer
    }
}

/// A decimal of 64 bits with an optional sign, without blanks or underscores.
fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
            "is beyond 64 bits".to_owned()
        }
        _ => "must be a whole number in decimal digits".to_owned(),
    })
}

/// A part of a whole, in percent: `1%`.
#[derive(Debug)]
pub(crate) struct Percent {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Kind for Percent {
    type Value = Part;

    fn read(&self, text: &str, _: Layer) -> Reading<Part> {
        let number = text.strip_suffix('%').map(str::trim_end);
        match number.and_then(|number| number.parse::<f64>().ok()) {
            Some(percent) if (self.min..=self.max).contains(&percent) => Ok(Part { percent }.into()),
            _ => Err(format!("must be {}", self.domain())),
        }
    }

    fn domain(&self) -> String {
        format!("{}% to {}%", self.min, self.max)
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Part {
    percent: f64,
}

impl Part {
    /// One is the whole.
    pub(crate) fn of_one(self) -> f64 {
        self.percent / 100.0
    }
}

/// A TCP port.
#[derive(Debug)]
pub(crate) struct Port {
    /// 0 where it stands for any free port, else 1.
    pub(crate) min: u16,
}

impl Kind for Port {
    type Value = u16;

    fn read(&self, text: &str, _: Layer) -> Reading<u16> {
        if text.contains("://") {
            return Err("must be a port alone; Kubernetes sets such a variable for a Service of that name: set it in \
                        the manifest, or turn enableServiceLinks off"
                .to_owned());
        }
        match u16::try_from(whole(text)?) {
            Ok(port) if port >= self.min => Ok(port.into()),
            _ => Err(format!("must be {}", self.domain())),
        }
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value.to_string())
    }

    fn domain(&self) -> String {
        format!("{} to {}", self.min, u16::MAX)
    }

    fn shape(&self) -> Shape {
        Shape::Integer
    }
}

/// A count that switches something on; the Go service took any number of 64 bits, and 0 or less as off.
#[derive(Debug)]
pub(crate) struct Threshold;

impl Kind for Threshold {
    type Value = u64;

    fn read(&self, text: &str, _: Layer) -> Reading<u64> {
        let number = whole(text)?;
        let note = (number < 0).then(|| "a negative threshold is off, like 0".to_owned());
        Ok(Meaning { value: u64::try_from(number).unwrap_or(0), note })
    }

    fn plainly(&self, text: &str, layer: Layer) -> Option<String> {
        self.read(text, layer).ok().map(|meaning| meaning.value.to_string())
    }

    fn domain(&self) -> String {
        "whole number of 64 bits; 0 or less is off".to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Integer
    }
}
