//! What the service says about itself: `/`, `/health`, `/livez`, `/readyz`, `/ready`.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use scout_core::{Finding, GoDuration, NotReady, Now, Publication, WallTime};
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::config::BuildInfo;
use crate::json;
use crate::route::{Endpoint, endpoints};

/// What follows the uptime.
const HEALTH_END: &[u8] = b"\"}\n";

/// The answers about the build, of which only the uptime ever changes.
#[derive(Debug)]
pub(crate) struct About {
    root: Bytes,
    /// `/health` up to the uptime.
    health: Bytes,
}

#[derive(Serialize)]
struct Root {
    service: &'static str,
    version: &'static str,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    commit: &'static str,
    date: &'static str,
    uptime: &'static str,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness<'a> {
    status: &'static str,
    index_ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<WallTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
    consecutive_failures: u64,
    stale_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
}

impl About {
    pub(crate) fn new(build: BuildInfo, has_intake: bool) -> Self {
        let root =
            Root { service: "homerun2-scout", version: build.version, endpoints: endpoints(has_intake) };
        let BuildInfo { version, commit, date } = build;
        let mut health = json::line(&Health { status: "ok", version, commit, date, uptime: "" });
        health.truncate(health.len() - HEALTH_END.len());
        Self { root: json::line(&root), health }
    }

    /// `/`
    pub(crate) fn root(&self) -> Answer {
        answer::json(StatusCode::OK, self.root.clone())
    }

    /// `/health`
    pub(crate) fn health(&self, uptime: Duration) -> Answer {
        let uptime = GoDuration::from(Duration::from_secs(uptime.as_secs())).to_string();
        let body = [&self.health, uptime.as_bytes(), HEALTH_END].concat();
        answer::json(StatusCode::OK, body.into())
    }
}

/// `/livez`: the process serves, which it does by answering.
pub(crate) fn livez() -> Answer {
    answer::json(StatusCode::OK, json::line(&Status { status: "ok", reason: None }))
}

/// `/readyz`: whether there is a snapshot to serve, fresh or stale.
pub(crate) fn readyz(publication: &Publication) -> Answer {
    let (code, status) = if publication.snapshot.is_some() {
        (StatusCode::OK, Status { status: "ready", reason: None })
    } else {
        let status = Status { status: "not ready", reason: Some("no snapshot yet") };
        (StatusCode::SERVICE_UNAVAILABLE, status)
    };
    answer::json(code, json::line(&status))
}

/// `/ready`: whether the numbers are fresh.
pub(crate) fn ready(publication: &Publication, now: Now) -> Answer {
    let not_ready = publication.readiness(now.mono).err();
    let body = json::line(&Readiness {
        status: if not_ready.is_some() { "not ready" } else { "ready" },
        index_ready: publication.index_ready(),
        last_success: publication.last_success.map(|success| success.wall),
        last_error: publication.last_error.as_ref().map(|(_, text)| &**text),
        consecutive_failures: publication.consecutive_failures,
        stale_after: GoDuration::from(publication.stale_after).to_string(),
        reason: not_ready.map(reason),
        findings: &publication.findings,
    });
    let status = if not_ready.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    answer::json(status, body)
}

fn reason(not_ready: NotReady) -> &'static str {
    match not_ready {
        NotReady::IndexNotReady => "index not ready",
        NotReady::NoSuccessYet => "no successful cycle yet",
        NotReady::TooOld => "last success older than staleAfter",
    }
}
