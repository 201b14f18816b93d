//! The routes: one table from which requests are dispatched, counted and listed.

use http::{Method, Uri};
use serde::Serialize;

/// What stands before a system's name.
pub(crate) const SYSTEM_PREFIX: &str = "/analytics/systems/";

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Root,
    Health,
    Ready,
    Livez,
    Readyz,
    Metrics,
    Summary,
    Systems,
    Alerts,
    /// One system by its name.
    System,
    Series,
    Events,
    /// The alerts that Scout raises; [`Self::Alerts`] are counts of messages.
    FiringAlerts,
    Rules,
    OpenApi,
    Pitch,
    /// Anything that is not served; all such paths count as one.
    Other,
}

/// The methods that a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Methods {
    /// GET and HEAD.
    Read,
    /// POST.
    Post,
    /// Whatever comes.
    Any,
}

/// What may be sent to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Everybody,
    TokenHolders,
}

impl Methods {
    pub(crate) fn contain(self, method: &Method) -> bool {
        match self {
            Self::Read => method == Method::GET || method == Method::HEAD,
            Self::Post => method == Method::POST,
            Self::Any => true,
        }
    }

    /// The `Allow` header of a 405.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Read | Self::Any => "GET, HEAD",
            Self::Post => "POST",
        }
    }
}

impl Route {
    pub(crate) const ALL: [Self; 17] = [
        Self::Root,
        Self::Health,
        Self::Ready,
        Self::Livez,
        Self::Readyz,
        Self::Metrics,
        Self::Summary,
        Self::Systems,
        Self::Alerts,
        Self::System,
        Self::Series,
        Self::Events,
        Self::FiringAlerts,
        Self::Rules,
        Self::OpenApi,
        Self::Pitch,
        Self::Other,
    ];

    /// The route of a path; nobody normalises it.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/" => Self::Root,
            "/health" => Self::Health,
            "/ready" => Self::Ready,
            "/livez" => Self::Livez,
            "/readyz" => Self::Readyz,
            "/metrics" => Self::Metrics,
            "/analytics/summary" => Self::Summary,
            "/analytics/systems" => Self::Systems,
            "/analytics/alerts" => Self::Alerts,
            "/analytics/timeseries" => Self::Series,
            "/events" => Self::Events,
            "/alerts" => Self::FiringAlerts,
            "/rules" => Self::Rules,
            "/openapi.json" => Self::OpenApi,
            "/pitch" => Self::Pitch,
            _ if path.strip_prefix(SYSTEM_PREFIX).is_some_and(|system| !system.is_empty()) => Self::System,
            _ => Self::Other,
        }
    }

    /// The path, or the label under which all unknown ones count.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::Health => "/health",
            Self::Ready => "/ready",
            Self::Livez => "/livez",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::Summary => "/analytics/summary",
            Self::Systems => "/analytics/systems",
            Self::Alerts => "/analytics/alerts",
            Self::System => "/analytics/systems/{system}",
            Self::Series => "/analytics/timeseries",
            Self::Events => "/events",
            Self::FiringAlerts => "/alerts",
            Self::Rules => "/rules",
            Self::OpenApi => "/openapi.json",
            Self::Pitch => "/pitch",
            Self::Other => "other",
        }
    }

    pub(crate) const fn methods(self) -> Methods {
        match self {
            Self::Pitch => Methods::Post,
            // Scrapers of the Go service may use any.
            Self::Metrics | Self::Other => Methods::Any,
            _ => Methods::Read,
        }
    }

    pub(crate) const fn access(self) -> Access {
        match self {
            Self::Summary
            | Self::Systems
            | Self::Alerts
            | Self::System
            | Self::Series
            | Self::Events
            | Self::FiringAlerts
            | Self::Rules
            | Self::Pitch => Access::TokenHolders,
            _ => Access::Everybody,
        }
    }

    /// Whether a request on this route may ask for more than what is rendered already.
    pub(crate) fn is_asked(self, uri: &Uri) -> bool {
        match self {
            Self::System | Self::Series => true,
            Self::Summary | Self::Systems | Self::Alerts => uri.query().is_some(),
            _ => false,
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Root => "This list",
            Self::Health => "Health check and uptime",
            Self::Ready => "Whether the numbers are fresh",
            Self::Livez => "Whether the process serves",
            Self::Readyz => "Whether there are numbers to serve",
            Self::Metrics => "Prometheus metrics",
            Self::Summary => "Aggregated event summary",
            Self::Systems => "Events grouped by system",
            Self::Alerts => "Alert counts and top systems",
            Self::System => "Events of one system by severity",
            Self::Series => "Events over time",
            Self::Events => "New snapshots as server-sent events",
            Self::FiringAlerts => "Alerts that are pending or firing",
            Self::Rules => "Rules and how they were last judged",
            Self::OpenApi => "Description of these routes (OpenAPI)",
            Self::Pitch => "Intake of messages",
            Self::Other => "",
        }
    }
}

/// An entry of the list that `/` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Endpoint {
    path: &'static str,
    description: &'static str,
    auth: bool,
}

/// The list that `/` shows: the Go service's five in its order, then the others.
pub(crate) fn endpoints(has_intake: bool) -> Vec<Endpoint> {
    let listed = [
        Route::Health,
        Route::Metrics,
        Route::Summary,
        Route::Systems,
        Route::Alerts,
        Route::Ready,
        Route::Livez,
        Route::Readyz,
        Route::System,
        Route::Series,
        Route::Events,
        Route::FiringAlerts,
        Route::Rules,
        Route::OpenApi,
        Route::Pitch,
    ];
    let served = listed.into_iter().filter(|route| has_intake || *route != Route::Pitch);
    let endpoint = |route: Route| Endpoint {
        path: route.label(),
        description: route.description(),
        auth: route.access() == Access::TokenHolders,
    };
    served.map(endpoint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for route in Route::ALL {
            assert_eq!(Route::of(route.label()), route);
        }
    }

    #[test]
    fn paths_are_compared_exactly() {
        for path in
            ["/health/", "//health", "/Health", "/analytics", "", "*", "/pitch/pitch", "/analytics/systems/"]
        {
            assert_eq!(Route::of(path), Route::Other, "{path:?}");
        }
    }
}
