//! From a request to its answer.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use scout_core::{GoDuration, Now};
use tracing::debug;

use crate::answer::{self, Answer};
use crate::asking::Asked;
use crate::health;
use crate::metrics::scrape;
use crate::progress::Progress;
use crate::route::{Access, Route};
use crate::shared::Shared;

/// Answers the requests of one connection.
#[derive(Debug)]
pub(crate) struct Handler {
    connection: Arc<Connection>,
}

#[derive(Debug)]
struct Connection {
    shared: Arc<Shared>,
    progress: Arc<Progress>,
    remote: SocketAddr,
}

impl Handler {
    pub(crate) fn new(shared: Arc<Shared>, progress: Arc<Progress>, remote: SocketAddr) -> Self {
        Self { connection: Arc::new(Connection { shared, progress, remote }) }
    }
}

/// An answer that is there, as most are, or one that has to be waited for.
pub(crate) enum Answering {
    Now(Option<Answer>),
    Later(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl Future for Answering {
    type Output = Result<Answer, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(answer) => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                // Polled again after it was ready, which nobody does.
                None => Poll::Pending,
            },
            Self::Later(answer) => answer.as_mut().poll(context).map(Ok),
        }
    }
}

impl Service<Request<Incoming>> for Handler {
    type Response = Answer;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let connection = &self.connection;
        connection.progress.handling(!request.body().is_end_stream());
        let began = connection.shared.clock.now();
        let route = connection.shared.route(request.uri().path());
        let answer = match connection.shared.refuse(route, &request) {
            Some(refusal) => refusal,
            None if route == Route::Pitch => return self.pitch(request, began),
            None if route == Route::Metrics => return self.scrape(request, began),
            None if route == Route::Events => {
                connection.shared.events.answer(request.method(), &connection.progress)
            }
            None if route.is_asked(request.uri()) => {
                match connection.shared.ask(route, request.uri(), request.headers(), began.mono) {
                    Ok(answer) => answer,
                    Err(asked) => return self.ask(request, route, began, *asked),
                }
            }
            None => connection.shared.read(route, &request, began),
        };
        connection.finish(began, route, request.method(), request.uri().path(), &answer);
        Answering::Now(Some(answer))
    }
}

impl Handler {
    fn pitch(&self, request: Request<Incoming>, began: Now) -> Answering {
        let connection = Arc::clone(&self.connection);
        Answering::Later(Box::pin(async move {
            let answer = match &connection.shared.intake {
                Some(intake) => {
                    intake.take(request.into_body(), &connection.progress, &*connection.shared.clock).await
                }
                None => answer::not_found(),
            };
            connection.finish(began, Route::Pitch, &Method::POST, Route::Pitch.label(), &answer);
            answer
        }))
    }
}

impl Handler {
    fn ask(&self, request: Request<Incoming>, route: Route, began: Now, asked: Asked) -> Answering {
        let connection = Arc::clone(&self.connection);
        Answering::Later(Box::pin(async move {
            let answer = Arc::clone(&connection.shared).answer(asked, request.headers()).await;
            connection.finish(began, route, request.method(), request.uri().path(), &answer);
            answer
        }))
    }

    fn scrape(&self, request: Request<Incoming>, began: Now) -> Answering {
        let connection = Arc::clone(&self.connection);
        Answering::Later(Box::pin(async move {
            let answer = connection.shared.metrics(request.headers()).await;
            connection.finish(began, Route::Metrics, request.method(), request.uri().path(), &answer);
            answer
        }))
    }
}

impl Connection {
    fn finish(&self, began: Now, route: Route, method: &Method, path: &str, answer: &Answer) {
        let now = self.shared.clock.now().mono;
        let took = now.since(began.mono);
        self.shared.stats.answered(route, answer.status(), took);
        debug!(
            %method,
            path,
            status = answer.status().as_u16(),
            duration = %GoDuration::from(took),
            remote = %self.remote,
            "request"
        );
        self.progress.answering(now);
    }
}

impl Shared {
    /// `/metrics`. Scrapes take turns, since two at a time would only fight for the same locks.
    async fn metrics(&self, request: &HeaderMap) -> Answer {
        let scrape = self.scrape.lock().await;
        let pitches = self.intake.as_ref().map(|intake| &intake.stats);
        let page = self.page.load();
        let gauges = [page.gauges(), page.window_gauges()];
        let text = scrape.text(gauges, &self.stats, &self.events, pitches);
        drop(scrape);
        scrape::answer(text, request, &self.compressor)
    }

    /// Where a path leads; without an intake there is no route to it.
    fn route(&self, path: &str) -> Route {
        match Route::of(path) {
            Route::Pitch if self.intake.is_none() => Route::Other,
            route => route,
        }
    }

    /// The answer to a request that is not let through. The token comes before the method.
    fn refuse<B: Body>(&self, route: Route, request: &Request<B>) -> Option<Answer> {
        if route.access() == Access::TokenHolders
            && let Err(denied) = self.config.tokens.check(request.headers())
        {
            return Some(answer::unauthorized(denied));
        }
        let methods = route.methods();
        (!methods.contain(request.method())).then(|| answer::method_not_allowed(methods))
    }

    /// The answer to a request that reads.
    fn read<B>(&self, route: Route, request: &Request<B>, now: Now) -> Answer {
        match route {
            Route::Root => self.about.root(),
            Route::Health => self.about.health(now.mono.since(self.started)),
            Route::Livez => health::livez(),
            Route::Readyz => health::readyz(self.page.load().publication()),
            Route::Ready => health::ready(self.page.load().publication(), now),
            Route::OpenApi => self.openapi.answer(request.headers()),
            Route::FiringAlerts => self.alerting.load().alerts.answer(request.headers()),
            Route::Rules => self.alerting.load().rules.answer(request.headers()),
            Route::Summary | Route::Systems | Route::Alerts => {
                self.page.load().analytics(route, request.headers())
            }
            // All but the last are never asked for here: their answers may have to be waited for.
            Route::System | Route::Series | Route::Events | Route::Metrics | Route::Pitch | Route::Other => {
                answer::not_found()
            }
        }
    }
}
