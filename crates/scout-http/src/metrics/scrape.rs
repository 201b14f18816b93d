//! One scrape: every part, joined.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

use super::exposition::{Exposition, Kind};
use super::process::Process;
use super::{PitchStats, ServerStats, Telemetry};
use crate::answer::{self, Answer};
use crate::config::BuildInfo;
use crate::encoding::{self, Compressor};
use crate::events::Events;

const CONTENT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What scrapes are made of beside the page and the counters.
#[derive(Debug)]
pub(crate) struct Scrape {
    telemetry: Telemetry,
    process: Process,
    build: Exposition,
}

impl Scrape {
    pub(crate) fn new(build: BuildInfo, telemetry: Telemetry) -> Self {
        let mut info = Exposition::default();
        info.family("homerun2_scout_build_info", Kind::Gauge, "Which build this is; always one")
            .sample(&[("commit", build.commit), ("version", build.version)], 1);
        Self { telemetry, process: Process::default(), build: info }
    }

    /// The whole text.
    pub(crate) fn text(
        &self,
        [gauges, window_gauges]: [&Exposition; 2],
        server: &ServerStats,
        events: &Events,
        pitches: Option<&PitchStats>,
    ) -> String {
        let mut counted = Exposition::with_capacity(16 << 10);
        server.write(&mut counted);
        events.write(&mut counted);
        if let Some(pitches) = pitches {
            pitches.write(&mut counted);
        }
        self.process.write(&mut counted);
        self.telemetry.write(&mut counted);
        Exposition::join(&[gauges, window_gauges, &counted, &self.build, &self.telemetry.histograms()])
    }
}

/// `/metrics`, in the form that the client asked for.
pub(crate) fn answer(text: String, request: &HeaderMap, compressor: &Compressor) -> Answer {
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(CONTENT_TYPE, CONTENT);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if encoding::wants_gzip(request)
        && let Some(compressed) = compressor.gzip(text.as_bytes())
    {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return answer::answer(StatusCode::OK, headers, compressed);
    }
    answer::answer(StatusCode::OK, headers, Bytes::from(text))
}
