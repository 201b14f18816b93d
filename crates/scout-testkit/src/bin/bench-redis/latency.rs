//! How long something took, many times.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;

/// The usual points of a distribution, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Latency {
    pub(crate) samples: u64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latency {
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        Self {
            samples: took.len() as u64,
            p50: at(&took, 500),
            p99: at(&took, 990),
            p999: at(&took, 999),
            max: at(&took, 1000),
        }
    }

    pub(crate) fn to_json(self) -> Value {
        let Self { samples, p50, p99, p999, max } = self;
        json!({"samples": samples, "p50Ms": p50, "p99Ms": p99, "p999Ms": p999, "maxMs": max})
    }

    pub(crate) fn from_json(value: &Value) -> Result<Self, Failure> {
        let number = |name: &str| value[name].as_f64().ok_or_else(|| format!("no {name} in {value}"));
        Ok(Self {
            samples: value["samples"].as_u64().ok_or("no samples")?,
            p50: number("p50Ms")?,
            p99: number("p99Ms")?,
            p999: number("p999Ms")?,
            max: number("maxMs")?,
        })
    }
}

/// The least that so many in a thousand do not exceed: with fewer than a thousand, p99.9 is the longest.
fn at(sorted: &[Duration], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_values_that_were_measured() {
        let latency = Latency::of((1..=1000).rev().map(Duration::from_millis).collect());
        let points = [latency.p50, latency.p99, latency.p999, latency.max];
        assert_eq!(points.map(f64::to_bits), [500.0, 990.0, 999.0, 1000.0].map(f64::to_bits));
    }

    #[test]
    fn of_few_samples_the_longest_is_shown() {
        let latency = Latency::of(vec![Duration::from_millis(3), Duration::from_millis(1)]);
        assert_eq!((latency.p999.to_bits(), latency.max.to_bits()), (3f64.to_bits(), 3f64.to_bits()));
        assert_eq!(Latency::of(Vec::new()).samples, 0);
    }
}
