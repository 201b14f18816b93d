//! Everything that a publication shows, rendered once when it is published; and what is asked of it beyond that.

use std::sync::OnceLock;

use bytes::Bytes;
use http::HeaderMap;
use scout_core::{Counting, Publication, Views};
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::encoding::Compressor;
use crate::metrics::Exposition;
use crate::route::Route;
use crate::view::View;
use crate::windows::Windows;
use crate::{events, json, metrics};

/// The rendered publication.
#[derive(Debug)]
pub(crate) struct Page {
    publication: Publication,
    views: Option<RenderedViews>,
    /// What stands in for the views before the first snapshot.
    no_snapshot: Bytes,
    gauges: Exposition,
    window_gauges: OnceLock<Exposition>,
    /// The snapshot as an event.
    event: Option<Bytes>,
    /// Answers that were made for who asked.
    windows: Windows,
}

#[derive(Debug)]
struct RenderedViews {
    summary: View,
    systems: View,
    alerts: View,
}

#[derive(Serialize)]
struct NoSnapshot<'a> {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counting: Option<Counting>,
}

impl Page {
    pub(crate) fn new(publication: &Publication, time_window: &str, compressor: &Compressor) -> Self {
        let views = Views::of(publication).map(|views| RenderedViews {
            summary: View::new(json::line(&views.summary(time_window)), compressor),
            systems: View::new(json::line(&views.systems()), compressor),
            alerts: View::new(json::line(&views.alerts()), compressor),
        });
        let reason = publication.last_error.as_ref().map(|(_, text)| &**text);
        let event = publication.snapshot.as_ref().zip(Views::of(publication)).map(|(snapshot, views)| {
            // How far a scan is makes no event.
            let summary = json::line(&views.without_counting().summary(time_window));
            events::event(snapshot.generation, &summary)
        });
        Self {
            views,
            event,
            no_snapshot: json::line(&NoSnapshot {
                error: "no snapshot yet",
                reason,
                counting: publication.counting,
            }),
            gauges: metrics::gauges(publication),
            window_gauges: OnceLock::new(),
            publication: publication.clone(),
            windows: Windows::default(),
        }
    }

    pub(crate) fn publication(&self) -> &Publication {
        &self.publication
    }

    /// What is told to who listens for snapshots; `None` before the first.
    pub(crate) fn event(&self) -> Option<&Bytes> {
        self.event.as_ref()
    }

    /// The answers that have been made from it.
    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// The gauges that follow the snapshot.
    pub(crate) fn gauges(&self) -> &Exposition {
        &self.gauges
    }

    /// The gauges over windows of the snapshot.
    pub(crate) fn window_gauges(&self) -> &Exposition {
        self.window_gauges.get_or_init(|| metrics::windows(&self.publication))
    }

    /// The answer of a view as it is.
    pub(crate) fn analytics(&self, route: Route, request: &HeaderMap) -> Answer {
        let view = match (&self.views, route) {
            (Some(views), Route::Summary) => &views.summary,
            (Some(views), Route::Systems) => &views.systems,
            (Some(views), Route::Alerts) => &views.alerts,
            (None, _) => return self.no_snapshot(),
            (Some(_), _) => return answer::not_found(),
        };
        view.answer(request)
    }

    /// What stands in for any analytics before the first snapshot.
    pub(crate) fn no_snapshot(&self) -> Answer {
        answer::unavailable(self.no_snapshot.clone())
    }
}
