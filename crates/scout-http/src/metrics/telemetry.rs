//! Where the parts of the service record: a recorder that is handed in, never the process' own.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::exporter;
use super::exposition::{Exposition, Kind};
use super::registry::Registry;

const AGGREGATION_DURATION: &str = "homerun2_scout_aggregation_duration_seconds";
const AGGREGATION_ERRORS: &str = "homerun2_scout_aggregation_errors_total";

/// The buckets of the Go service's histogram, in seconds.
const AGGREGATION_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The buckets of every other histogram, in seconds: fine around the stall budget, which is a few milliseconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The metrics that the parts of the service record, shown by `/metrics` beside the server's own.
///
/// Parts register handles with [`Telemetry::recorder`] once and record through them. Nothing global is installed.
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

struct Inner {
    recorder: Recorders,
    handle: PrometheusHandle,
}

/// Histograms are the exporter's.
struct Recorders {
    counters: Registry,
    gauges: Registry,
    histograms: PrometheusRecorder,
}

impl Recorder for Recorders {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.counters.describe(key.as_str(), &description);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.gauges.describe(key.as_str(), &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.histograms.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.counters.register(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.gauges.register(key))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.histograms.register_histogram(key, metadata)
    }
}

impl Telemetry {
    /// A recorder with the Go service's histogram and counter in it, both at zero.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "only an empty list of buckets is refused"
    )]
    pub fn new() -> Self {
        let duration = Matcher::Full(AGGREGATION_DURATION.to_owned());
        let builder = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .and_then(|builder| builder.set_buckets_for_metric(duration, &AGGREGATION_BUCKETS))
            .expect("there are buckets");
        let histograms = builder.build_recorder();
        let handle = histograms.handle();
        let (counters, gauges) = (Registry::new(Kind::Counter), Registry::new(Kind::Gauge));
        let recorder = Recorders { counters, gauges, histograms };
        introduce(&recorder);
        Self { inner: Arc::new(Inner { recorder, handle }) }
    }

    /// What to describe and register metrics with. Names begin with `homerun2_scout_`; label values have to be few.
    pub fn recorder(&self) -> &(dyn Recorder + Send + Sync) {
        &self.inner.recorder
    }

    /// Sums up what histograms have gathered, which takes memory until then. To be called each cycle.
    pub fn run_upkeep(&self) {
        self.inner.handle.run_upkeep();
    }

    /// Adds counters and gauges to what is counted elsewhere.
    pub(crate) fn write(&self, out: &mut Exposition) {
        self.inner.recorder.counters.write(out);
        self.inner.recorder.gauges.write(out);
    }

    pub(crate) fn histograms(&self) -> Exposition {
        let mut text = Vec::with_capacity(8 << 10);
        // Writing to a vector cannot fail, and the text is made of strings.
        drop(self.inner.handle.render_to_write(&mut text));
        exporter::sorted(str::from_utf8(&text).unwrap_or_default())
    }
}

/// Makes the two present before the first cycle.
fn introduce(recorder: &Recorders) {
    const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
    let duration = SharedString::const_str("Duration of aggregation cycles in seconds");
    let errors = SharedString::const_str("Total number of aggregation errors");
    recorder.describe_histogram(AGGREGATION_DURATION.into(), Some(Unit::Seconds), duration);
    recorder.describe_counter(AGGREGATION_ERRORS.into(), None, errors);
    drop(recorder.register_histogram(&Key::from_static_name(AGGREGATION_DURATION), &METADATA));
    drop(recorder.register_counter(&Key::from_static_name(AGGREGATION_ERRORS), &METADATA));
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Telemetry").finish_non_exhaustive()
    }
}
