//! Questions that are answered from the snapshot's ledger: by what is kept, else away from the connections.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderMap, Uri};
use scout_core::{MonoTime, WallTime};
use tokio::task::spawn_blocking;

use crate::answer::{self, Answer};
use crate::page::Page;
use crate::question::{Question, Unanswered};
use crate::route::Route;
use crate::shared::Shared;
use crate::view::View;

/// A question that is still to be answered.
#[derive(Debug)]
pub(crate) struct Asked {
    question: Question,
    /// As it was asked: the path and the query string.
    text: Box<str>,
    page: Arc<Page>,
    present: WallTime,
}

impl Shared {
    /// The answer if it is there, else the question.
    pub(crate) fn ask(
        &self,
        route: Route,
        uri: &Uri,
        headers: &HeaderMap,
        now: MonoTime,
    ) -> Result<Answer, Box<Asked>> {
        let page = self.page.load();
        let until = Duration::from_nanos(self.windows_move_until.load(Ordering::Relaxed));
        let Some(present) = page.publication().present(now.min(MonoTime::from_start(until))) else {
            let error = Question::read(route, uri).err();
            return Ok(
                error.map_or_else(|| page.no_snapshot(), |error| Unanswered::from(error).answer(&page))
            );
        };
        let text = uri.path_and_query().map_or("", |text| text.as_str());
        if let Some(view) = page.windows().get(present.unix_seconds(), text) {
            return Ok(view.answer(headers));
        }
        match Question::read(route, uri) {
            Ok(Some(question)) => {
                Err(Box::new(Asked { question, text: text.into(), page: Arc::clone(&page), present }))
            }
            Ok(None) => Ok(page.analytics(route, headers)),
            Err(error) => Ok(Unanswered::from(error).answer(&page)),
        }
    }

    /// Answers a question when its turn has come.
    pub(crate) async fn answer(self: Arc<Self>, asked: Asked, headers: &HeaderMap) -> Answer {
        // Nobody closes it.
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return answer::not_found() };
        // While this one waited, another may have asked the same.
        if let Some(view) = asked.page.windows().get(asked.present.unix_seconds(), &asked.text) {
            return view.answer(headers);
        }
        let page = Arc::clone(&asked.page);
        let summed_up = spawn_blocking(move || {
            // Kept until the work is done, also when nobody waits for it any more.
            let _turn = turn;
            self.sum_up(&asked)
        });
        match summed_up.await {
            Ok(Ok(view)) => view.answer(headers),
            Ok(Err(unanswered)) => unanswered.answer(&page),
            Err(failure) => match failure.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => page.no_snapshot(),
            },
        }
    }

    fn sum_up(&self, asked: &Asked) -> Result<Arc<View>, Unanswered> {
        let body = asked.question.answer(&asked.page, asked.present, &self.config.time_window)?;
        let view = Arc::new(View::new(body, &self.compressor));
        asked.page.windows().keep(asked.present.unix_seconds(), &asked.text, &view);
        Ok(view)
    }
}
