//! What of the analytics is asked for beyond the three views as they are, and its answer.

use bytes::Bytes;
use http::{StatusCode, Uri};
use scout_core::{MAX_POINTS, Query, QueryError, SeriesQuery, Views, WallTime};
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::json;
use crate::page::Page;
use crate::parameters::{BadRequest, Name, Parameters};
use crate::percent::{Plus, decode};
use crate::route::{Route, SYSTEM_PREFIX};

/// The most systems that a series keeps apart: each of them may be in every point.
const MAX_SERIES_SYSTEMS: usize = MAX_POINTS / 10;

/// The parameters that a route takes.
pub(crate) const fn taken(route: Route) -> &'static [Name] {
    match route {
        Route::Summary | Route::Systems | Route::Alerts => {
            &[Name::Window, Name::Time, Name::System, Name::Severity, Name::Limit]
        }
        Route::System => &[Name::Window, Name::Time],
        Route::Series => &Name::ALL,
        _ => &[],
    }
}

/// A question that is answered from the snapshot's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Summary(Query),
    Systems(Query),
    Alerts(Query),
    /// One system by its name.
    System(Box<str>, Query),
    Series(SeriesQuery),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The question is wrong.
    BadRequest(BadRequest),
    /// No message is counted under that system's name.
    NoSuchSystem,
    /// There is no snapshot yet.
    NoSnapshot,
    /// What is asked for has not been counted, perhaps not yet.
    NotCounted(String),
}

impl From<BadRequest> for Unanswered {
    fn from(error: BadRequest) -> Self {
        Self::BadRequest(error)
    }
}

impl From<QueryError> for Unanswered {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NoArrivals | QueryError::StillCounting { .. } => Self::NotCounted(error.to_string()),
            error => Self::BadRequest(BadRequest(error.to_string())),
        }
    }
}

impl Question {
    /// What is asked for on a route; `None` for a view as it is.
    pub(crate) fn read(route: Route, uri: &Uri) -> Result<Option<Self>, BadRequest> {
        let read = || Parameters::read(uri.query(), taken(route));
        let view = |question: fn(Query) -> Self| {
            let parameters = read()?;
            if parameters.is_empty() {
                return Ok(None);
            }
            parameters.query(usize::MAX).map(question).map(Some)
        };
        match route {
            Route::Summary => view(Self::Summary),
            Route::Systems => view(Self::Systems),
            Route::Alerts => view(Self::Alerts),
            Route::System => {
                let name = uri.path().strip_prefix(SYSTEM_PREFIX).unwrap_or_default();
                let Some(system) = decode(name, Plus::Plus) else {
                    return Err(BadRequest::invalid("system", name, "it is no percent-encoded UTF-8"));
                };
                let query = read()?.query(usize::MAX)?;
                let system: Box<str> = system.into();
                Ok(Some(Self::System(system.clone(), Query { system: Some(system), ..query })))
            }
            Route::Series => {
                let parameters = read()?;
                let (query, step, by) =
                    (parameters.query(MAX_SERIES_SYSTEMS)?, parameters.step()?, parameters.by()?);
                Ok(Some(Self::Series(SeriesQuery { query, step, by })))
            }
            _ => Ok(None),
        }
    }

    /// The answer as JSON, as of `present` where there is a window.
    pub(crate) fn answer(
        &self,
        page: &Page,
        present: WallTime,
        time_window: &str,
    ) -> Result<Bytes, Unanswered> {
        let publication = page.publication();
        let (Some(views), Some(snapshot)) = (Views::of_source(publication), publication.source()) else {
            return Err(Unanswered::NoSnapshot);
        };
        let find = |query: &Query| query.find(snapshot, present);
        Ok(match self {
            Self::Summary(query) => json::line(&views.with(&find(query)?).summary(time_window)),
            Self::Systems(query) => json::line(&views.with(&find(query)?).systems()),
            Self::Alerts(query) => json::line(&views.with(&find(query)?).alerts()),
            // As long as not all messages have been counted, it may be in another.
            Self::System(system, _) if publication.snapshot.is_some() && !snapshot.counts_system(system) => {
                return Err(Unanswered::NoSuchSystem);
            }
            Self::System(system, query) => json::line(&views.with(&find(query)?).system(system)),
            Self::Series(query) => json::line(&views.series(&query.find(snapshot, present)?)),
        })
    }
}

#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
}

impl Unanswered {
    pub(crate) fn answer(&self, page: &Page) -> Answer {
        let (status, text) = match self {
            Self::BadRequest(BadRequest(text)) => (StatusCode::BAD_REQUEST, &**text),
            Self::NoSuchSystem => (StatusCode::NOT_FOUND, "no message is counted under this system's name"),
            Self::NotCounted(text) => return answer::unavailable(json::line(&Error { error: text })),
            Self::NoSnapshot => return page.no_snapshot(),
        };
        answer::error(status, json::line(&Error { error: text }))
    }
}
