//! One scrape: every part, joined.

use bytes::Bytes;
use flate2::Compression;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};

use super::exposition::{Exposition, Kind};
use super::process::Process;
use super::{PitchStats, ServerStats, Telemetry};
use crate::answer::{Answer, answer};
use crate::config::BuildInfo;
use crate::encoding;

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

    /// `/metrics`
    pub(crate) fn answer(
        &self,
        gauges: &Exposition,
        server: &ServerStats,
        pitches: Option<&PitchStats>,
        request: &HeaderMap,
    ) -> Answer {
        let mut counted = Exposition::default();
        server.write(&mut counted);
        if let Some(pitches) = pitches {
            pitches.write(&mut counted);
        }
        self.process.write(&mut counted);
        let recorded = self.telemetry.families();
        let text = Exposition::join(&[gauges, &counted, &self.build, &recorded]);
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, CONTENT);
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if encoding::wants_gzip(request)
            && let Some(compressed) = encoding::gzip(text.as_bytes(), Compression::fast())
        {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return answer(StatusCode::OK, headers, compressed);
        }
        answer(StatusCode::OK, headers, Bytes::from(text))
    }
}
