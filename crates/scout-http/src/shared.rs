//! What all connections share, and the publisher's end of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use flate2::Compression;
use scout_core::alerting::{AlertsView, RulesView};
use scout_core::{Clock, MessageIntake, MonoTime, Publication};
use tokio::sync::{Mutex, Semaphore};

use crate::alerting::AlertingPage;
use crate::encoding::Compressor;
use crate::events::Events;
use crate::health::About;
use crate::metrics::{Scrape, ServerStats, Telemetry};
use crate::page::Page;
use crate::pitch::Intake;
use crate::signals::Signals;
use crate::view::View;
use crate::{HttpConfig, openapi};

/// The server's state. Readers take the page without waiting for anybody.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: HttpConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started: MonoTime,
    pub(crate) about: About,
    pub(crate) openapi: View,
    pub(crate) page: ArcSwap<Page>,
    pub(crate) alerting: ArcSwap<AlertingPage>,
    pub(crate) intake: Option<Intake>,
    pub(crate) stats: ServerStats,
    pub(crate) events: Events,
    pub(crate) scrape: Mutex<Scrape>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) compressor: Compressor,
    /// Up to when windows move on, in nanoseconds on the monotonic clock.
    pub(crate) windows_move_until: AtomicU64,
    /// Whose turn it is to sum up a window. One at a time, so that the cycles and all other answers have a core.
    pub(crate) turn: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(
        config: HttpConfig,
        clock: Arc<dyn Clock>,
        intake: Option<Arc<dyn MessageIntake>>,
        telemetry: Telemetry,
    ) -> Self {
        let compressor = Compressor::new(Compression::fast());
        Self {
            about: About::new(config.build, intake.is_some()),
            openapi: openapi::view(&compressor),
            page: ArcSwap::from_pointee(Page::new(&Publication::default(), &config.time_window, &compressor)),
            alerting: ArcSwap::from_pointee(AlertingPage::none(&compressor)),
            intake: intake.map(|store| Intake::new(store, &config)),
            stats: ServerStats::default(),
            events: Events::new(&config),
            scrape: Mutex::new(Scrape::new(config.build, telemetry)),
            signals: Arc::default(),
            compressor,
            windows_move_until: AtomicU64::new(u64::MAX),
            turn: Arc::new(Semaphore::new(1)),
            started: clock.now().mono,
            clock,
            config,
        }
    }
}

/// Puts what a cycle found before the readers.
#[derive(Clone, Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
}

impl Publisher {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Windows move on with the present until then, and stand still after it: what has come since may not be counted.
    /// While this has not been called they always move.
    pub fn let_windows_move(&self, until: MonoTime) {
        let nanos = until.since(MonoTime::default()).as_nanos();
        self.shared.windows_move_until.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Renders alerts and rules, then shows them.
    pub fn publish_alerting(&self, alerts: &AlertsView, rules: &RulesView) {
        let page = AlertingPage::new(alerts, rules, &self.shared.compressor);
        self.shared.alerting.store(Arc::new(page));
    }

    /// Renders everything that follows the publication, then shows it all at once.
    pub fn publish(&self, publication: &Publication) {
        let Shared { page, config, compressor, events, .. } = &*self.shared;
        let new = Arc::new(Page::new(publication, &config.time_window, compressor));
        page.store(Arc::clone(&new));
        events.tell(new.event());
    }
}
