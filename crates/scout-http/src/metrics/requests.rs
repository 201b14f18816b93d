//! Requests by route: durations and status codes.
//!
//! Plain atomics: a registered histogram would keep every observation until the next upkeep, and cost a cached answer
//! several percent.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use super::exposition::{Exposition, Kind};
use crate::route::Route;

/// The upper bounds of the buckets, in nanoseconds and as text in seconds.
const BOUNDS: [(u64, &str); 10] = [
    (100_000, "0.0001"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (100_000_000, "0.1"),
    (500_000_000, "0.5"),
    (2_500_000_000, "2.5"),
];

/// The codes that are answered, sorted; anything else would count as the last.
const CODES: [(u16, &str); 10] = [
    (200, "200"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (413, "413"),
    (503, "503"),
    (500, "other"),
];

/// What has been answered.
#[derive(Debug)]
pub(crate) struct Requests {
    routes: [Answered; Route::ALL.len()],
}

/// What has been answered on one route.
#[derive(Debug)]
struct Answered {
    /// One for each bound, and one for what took longer.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
    codes: [AtomicU64; CODES.len()],
}

impl Default for Requests {
    fn default() -> Self {
        Self { routes: array::from_fn(|_| Answered::new()) }
    }
}

impl Answered {
    fn new() -> Self {
        Self {
            buckets: array::from_fn(|_| AtomicU64::new(0)),
            nanos: AtomicU64::new(0),
            codes: array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Requests {
    pub(crate) fn count(&self, route: Route, status: StatusCode, took: Duration) {
        let answered = &self.routes[route as usize];
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|(bound, _)| nanos <= *bound).unwrap_or(BOUNDS.len());
        let code = CODES.iter().position(|(code, _)| status == *code).unwrap_or(CODES.len() - 1);
        answered.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        answered.nanos.fetch_add(nanos, Ordering::Relaxed);
        answered.codes[code].fetch_add(1, Ordering::Relaxed);
    }

    /// Writes the routes that have been asked for.
    pub(crate) fn write(&self, out: &mut Exposition) {
        let mut routes: Vec<(&str, &Answered)> =
            Route::ALL.iter().map(|route| route.label()).zip(&self.routes).collect();
        routes.retain(|(_, answered)| answered.codes.iter().any(|code| code.load(Ordering::Relaxed) > 0));
        routes.sort_unstable_by_key(|(label, _)| *label);
        if routes.is_empty() {
            return;
        }
        let mut total =
            out.family("homerun2_scout_http_requests_total", Kind::Counter, "HTTP requests answered");
        for (route, answered) in &routes {
            for ((_, code), count) in CODES.iter().zip(&answered.codes) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    total.sample(&[("code", code), ("route", route)], count);
                }
            }
        }
        let mut durations = out.family(
            "homerun2_scout_http_request_duration_seconds",
            Kind::Histogram,
            "Time from a request's header to its answer, in seconds",
        );
        for (route, answered) in &routes {
            let mut sum = 0;
            for ((_, bound), bucket) in BOUNDS.iter().zip(&answered.buckets) {
                sum += bucket.load(Ordering::Relaxed);
                durations.suffixed("_bucket", &[("route", route), ("le", bound)], sum);
            }
            sum += answered.buckets[BOUNDS.len()].load(Ordering::Relaxed);
            durations.suffixed("_bucket", &[("route", route), ("le", "+Inf")], sum);
            #[expect(clippy::cast_precision_loss, reason = "nanoseconds are more than anybody looks at")]
            let seconds = answered.nanos.load(Ordering::Relaxed) as f64 / 1e9;
            durations.suffixed("_sum", &[("route", route)], seconds);
            durations.suffixed("_count", &[("route", route)], sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_in_every_bucket_from_its_own_on() {
        let requests = Requests::default();
        requests.count(Route::Health, StatusCode::OK, Duration::from_micros(500));
        requests.count(Route::Health, StatusCode::IM_A_TEAPOT, Duration::from_secs(3));
        let mut out = Exposition::default();
        requests.write(&mut out);
        let text = Exposition::join(&[&out]);
        for line in [
            "duration_seconds_bucket{route=\"/health\",le=\"0.0001\"} 0\n",
            "duration_seconds_bucket{route=\"/health\",le=\"0.0005\"} 1\n",
            "duration_seconds_bucket{route=\"/health\",le=\"2.5\"} 1\n",
            "duration_seconds_bucket{route=\"/health\",le=\"+Inf\"} 2\n",
            "duration_seconds_sum{route=\"/health\"} 3.0005\n",
            "duration_seconds_count{route=\"/health\"} 2\n",
            "requests_total{code=\"200\",route=\"/health\"} 1\n",
            "requests_total{code=\"other\",route=\"/health\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("/ready"), "routes nobody asked for are not shown");
    }
}
