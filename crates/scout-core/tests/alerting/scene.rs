//! One replica in a world where everything answers at once: what a test says happens, nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scout_core::alerting::{
    Alert, AlertPhase, Alerting, AlertingConfig, Book, Delivery, DeliveryError, DeliveryErrorKind, Effect,
    Group, LEASE_TTL, Notification, Observation, ReceiverLimits, Record, Rule, RuleText, RuleWindow,
    SourceRules,
};
use scout_core::{
    Announced, Arrivals, FeedMark, LiveConfig, LiveLedger, Moment, MonoTime, Now, Offset, Row, ScanCount,
    ScanSink, Snapshot, StoreError, StoreErrorKind, WallTime,
};

use crate::store::Store;

/// When tests begin.
pub(crate) const BEGIN: WallTime = WallTime::from_unix_ms(1_775_030_400_000);

/// How often counts are judged.
const JUDGED_EVERY: u64 = 1;

/// How a receiver answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Accepts,
    Fails(DeliveryError),
    /// It does not answer until it is let.
    Hangs,
}

impl Mood {
    pub(crate) fn refuses() -> Self {
        Self::Fails(DeliveryError::new(DeliveryErrorKind::Rejected, "no"))
    }

    pub(crate) fn is_away() -> Self {
        Self::Fails(DeliveryError::new(DeliveryErrorKind::Connect, "nobody is there"))
    }

    pub(crate) fn throttles(wait: Duration) -> Self {
        Self::Fails(DeliveryError::new(DeliveryErrorKind::Throttled, "later").with_retry_after(wait))
    }
}

/// A replica, its store, its receivers, and the messages.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that tests throw")]
pub(crate) struct Scene {
    pub(crate) machine: Alerting,
    pub(crate) config: AlertingConfig,
    pub(crate) store: Store,
    pub(crate) now: Now,
    pub(crate) mood: Mood,
    /// What receivers have accepted, and when.
    pub(crate) told: Vec<(Duration, Notification)>,
    /// When something was tried.
    pub(crate) tried: Vec<(Duration, Notification)>,
    pub(crate) hanging: Vec<Delivery>,
    pub(crate) is_readable: bool,
    pub(crate) is_writable: bool,
    /// The lease can be had, and nothing be written.
    pub(crate) is_saving_refused: bool,
    pub(crate) is_partial: bool,
    feed: Feed,
    processes: u64,
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A rule that tells `hook` when three messages came within ten seconds.
pub(crate) fn rule() -> Rule {
    named("many")
}

pub(crate) fn named(name: &str) -> Rule {
    with_text(Rule { window: RuleWindow::Last(seconds(10)), ..Rule::count(name, 3.0) }, |text| {
        text.receivers = vec!["hook".into()];
    })
}

pub(crate) fn with_text(rule: Rule, change: impl FnOnce(&mut RuleText)) -> Rule {
    let mut text = (*rule.text).clone();
    change(&mut text);
    Rule { text: Arc::new(text), ..rule }
}

pub(crate) fn receivers(names: &[&str]) -> BTreeMap<Arc<str>, ReceiverLimits> {
    names.iter().map(|name| (Arc::from(*name), ReceiverLimits { max_per_minute: 60 })).collect()
}

pub(crate) fn config(rules: Vec<Rule>) -> AlertingConfig {
    AlertingConfig {
        rules,
        receivers: receivers(&["hook"]),
        source: SourceRules {
            unreachable_for: seconds(60),
            repeat_interval: minutes(240),
            receivers: vec!["hook".into()],
        },
        receivers_revision: 1,
        owner: "process-1".to_owned(),
        seed: 7,
    }
}

impl Scene {
    /// A replica with these rules that has begun to judge.
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self::with(config(rules))
    }

    pub(crate) fn with(config: AlertingConfig) -> Self {
        let mut scene = Self::begun(config);
        scene.judge().judge();
        assert!(scene.is_in_charge(), "it begins by taking charge");
        scene
    }

    /// A replica with these rules that has done nothing yet.
    pub(crate) fn unwritten(rules: Vec<Rule>) -> Self {
        Self::begun(config(rules))
    }

    fn begun(config: AlertingConfig) -> Self {
        Self {
            machine: Alerting::new(config.clone()),
            feed: Feed::new(&config, BEGIN),
            config,
            store: Store::default(),
            now: Now { wall: BEGIN, mono: MonoTime::from_start(seconds(1000)) },
            mood: Mood::Accepts,
            told: Vec::new(),
            tried: Vec::new(),
            hanging: Vec::new(),
            is_readable: true,
            is_writable: true,
            is_saving_refused: false,
            is_partial: false,
            processes: 1,
        }
    }

    /// How much time has passed.
    pub(crate) fn passed(&self) -> Duration {
        self.now.mono.since(MonoTime::from_start(seconds(1000)))
    }

    pub(crate) fn is_in_charge(&self) -> bool {
        self.machine.is_in_charge(self.now.mono)
    }

    /// Messages arrive now.
    pub(crate) fn arrive(&mut self, count: u64, system: &str, severity: &str) -> &mut Self {
        self.row(count, &Row { system: Some(system), severity: Some(severity), ..Row::default() })
    }

    pub(crate) fn row(&mut self, count: u64, row: &Row<'_>) -> &mut Self {
        for _ in 0..count {
            self.feed.announce(row, self.now.wall);
        }
        self
    }

    /// Messages are gone before they could be read.
    pub(crate) fn lose(&mut self, count: u64) -> &mut Self {
        self.feed.announced += count;
        self.feed.look(self.now.wall);
        self
    }

    /// What is there is judged, and done what follows.
    pub(crate) fn judge(&mut self) -> &mut Self {
        if self.is_readable {
            let (snapshot, tagged) = self.feed.counts(self.now.wall);
            let seen = Observation { snapshot: &snapshot, tagged: &tagged, is_partial: self.is_partial };
            self.machine.observe(&seen, self.now);
        } else {
            self.machine.could_not_observe(self.now);
        }
        self.act()
    }

    /// Does what the machine says until it says nothing more.
    pub(crate) fn act(&mut self) -> &mut Self {
        for _ in 0..10_000 {
            let effects = self.machine.poll(self.now);
            if effects.is_empty() {
                return self;
            }
            for effect in effects {
                self.carry_out(effect);
            }
        }
        panic!("the machine never comes to rest");
    }

    fn carry_out(&mut self, effect: Effect) {
        let away = || StoreError::new(StoreErrorKind::Unreachable, "nobody answers");
        let (now, wall) = (self.now, self.now.wall);
        match effect {
            Effect::Lease(token, ttl, expects) => {
                let can = self.is_writable && self.is_readable;
                let answer = if can { Ok(self.store.lease(&token, ttl, expects, wall)) } else { Err(away()) };
                self.machine.leased(answer, now);
            }
            Effect::Release(token) => self.store.release(&token),
            Effect::Load(known) => {
                let answer =
                    if self.is_readable { Ok(self.store.load(known.as_deref())) } else { Err(away()) };
                self.machine.loaded(answer, now);
            }
            Effect::Save(token, changes) => {
                let can = self.is_writable && self.is_readable && !self.is_saving_refused;
                let answer = if can { Ok(self.store.save(&token, &changes, wall)) } else { Err(away()) };
                self.machine.saved(&answer, now);
            }
            Effect::Deliver(delivery) => {
                self.tried.push((self.passed(), delivery.notification.clone()));
                let result = match &self.mood {
                    Mood::Accepts => Ok(()),
                    Mood::Fails(error) => Err(error.clone()),
                    Mood::Hangs => return self.hanging.push(*delivery),
                };
                self.answer(&delivery, &result);
            }
            other => panic!("not known: {other:?}"),
        }
    }

    pub(crate) fn answer(&mut self, delivery: &Delivery, result: &Result<(), DeliveryError>) {
        if result.is_ok() {
            self.told.push((self.passed(), delivery.notification.clone()));
        }
        self.machine.delivered(delivery, result, self.now);
    }

    /// Time passes; what is there is judged every second.
    pub(crate) fn pass(&mut self, span: Duration) -> &mut Self {
        self.pass_judged_every(JUDGED_EVERY, span)
    }

    /// Time passes in steps of so many seconds.
    pub(crate) fn pass_judged_every(&mut self, step: u64, span: Duration) -> &mut Self {
        let until = self.now.mono.plus(span);
        while self.now.mono < until {
            self.skip(seconds(step).min(until.since(self.now.mono)));
            self.judge();
        }
        self
    }

    /// Time passes, and nobody does anything.
    pub(crate) fn skip(&mut self, span: Duration) -> &mut Self {
        self.now = Now { wall: self.now.wall.plus(span), mono: self.now.mono.plus(span) };
        self
    }

    /// All documents are deleted, and that is found by a scan.
    pub(crate) fn forget_messages(&mut self) -> &mut Self {
        self.feed.rows.clear();
        self.feed.scan(self.now.wall);
        self
    }

    /// The clock on the wall is set.
    pub(crate) fn set_clock_ahead(&mut self, by: Duration) -> &mut Self {
        self.now.wall = self.now.wall.plus(by);
        self
    }

    /// What the service does then: it looks at the messages anew.
    pub(crate) fn set_clock_back(&mut self, by: Duration) -> &mut Self {
        self.now.wall = self.now.wall.minus(by);
        self.feed.scan(self.now.wall);
        self.feed.look(self.now.wall);
        self
    }

    /// The process is killed, and another begins after a while.
    pub(crate) fn restart_after(
        &mut self,
        span: Duration,
        change: impl FnOnce(&mut AlertingConfig),
    ) -> &mut Self {
        self.skip(span);
        self.processes += 1;
        self.config.owner = format!("process-{}", self.processes);
        self.config.receivers_revision = self.processes;
        change(&mut self.config);
        self.machine = Alerting::new(self.config.clone());
        self.hanging.clear();
        self.act();
        if !self.is_in_charge() {
            self.skip(LEASE_TTL).act();
        }
        assert!(self.is_in_charge(), "nobody else has the lease");
        self
    }

    pub(crate) fn restart(&mut self) -> &mut Self {
        self.restart_after(LEASE_TTL, |_| {})
    }

    pub(crate) fn book(&self) -> &Book {
        self.machine.book()
    }

    pub(crate) fn records(&self) -> Vec<&Record> {
        self.book().records().map(|(_, record)| record).collect()
    }

    /// The only alert there is.
    pub(crate) fn record(&self) -> &Record {
        let records = self.records();
        assert_eq!(records.len(), 1, "there is one alert: {records:?}");
        records[0]
    }

    pub(crate) fn alert(&self) -> &Alert {
        &self.record().alert
    }

    /// The phase of the only alert there is; `None` if there is none.
    pub(crate) fn phase(&self) -> Option<AlertPhase> {
        let records = self.records();
        assert!(records.len() < 2, "there is one alert at most: {records:?}");
        records.first().and_then(|record| record.alert.phase())
    }

    /// The systems of the alerts that fire.
    pub(crate) fn firing(&self) -> Vec<String> {
        let groups = self.records().into_iter().filter(|record| record.alert.is_firing());
        let name = |group: &Group| {
            let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
            [part(&group.system), part(&group.severity)].join("/").trim_matches('/').to_owned()
        };
        let mut names: Vec<_> = groups.map(|record| name(&record.alert.group)).collect();
        names.sort();
        names
    }

    /// What was told, in short: why, and for how many firings.
    pub(crate) fn story(&self) -> Vec<(&'static str, u64)> {
        self.told.iter().map(|(_, told)| (told.reason.as_str(), told.firings)).collect()
    }
}

/// The stream of messages.
struct Feed {
    live: LiveLedger,
    announced: u64,
    rows: Vec<(String, String)>,
    generation: u64,
}

const FEED: &str = "messages";

fn live_config() -> LiveConfig {
    LiveConfig::new(Duration::from_secs(48 * 3600), 64 << 20).expect("a budget")
}

impl Feed {
    fn new(config: &AlertingConfig, wall: WallTime) -> Self {
        let mut live = LiveLedger::new(live_config());
        for (index, rule) in config.rules.iter().enumerate().filter(|(_, rule)| !rule.select.tags.is_empty())
        {
            live.count_tagged(index, &rule.select);
        }
        let mut feed = Self { live, announced: 0, rows: Vec::new(), generation: 0 };
        feed.scan(wall);
        feed.look(wall);
        feed
    }

    fn moment(&self, wall: WallTime) -> Moment {
        let mut moment = Moment::new(wall);
        moment.documents = self.rows.len() as u64;
        moment.writes = moment.documents;
        let mark = FeedMark::new(Offset::from_bits(u128::from(self.announced)), self.announced);
        moment.feeds.insert(FEED.into(), mark);
        moment
    }

    fn scan(&mut self, wall: WallTime) {
        let moment = self.moment(wall);
        let mut count = ScanCount::new(live_config().ledger());
        count.begin(&moment);
        self.live.join(&moment);
        for (key, (system, severity)) in self.rows.iter().enumerate() {
            let row = Row { system: Some(system), severity: Some(severity), ..Row::default() };
            count.row(&key.to_string(), &row);
        }
        self.live.complete(count);
    }

    fn look(&mut self, wall: WallTime) {
        self.live.ask(self.moment(wall));
        self.live.caught_up();
        self.live.verdict();
    }

    fn announce(&mut self, row: &Row<'_>, wall: WallTime) {
        self.announced += 1;
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        self.rows.push((text(row.system), text(row.severity)));
        let at = (FEED, Offset::from_bits(u128::from(self.announced)));
        let key = self.announced.to_string();
        self.live.announce(&Announced::new(at, wall, &key, Some(*row)));
    }

    fn counts(&mut self, wall: WallTime) -> (Snapshot, BTreeMap<usize, Arrivals>) {
        self.live.advance(wall);
        self.generation += 1;
        let snapshot = Snapshot::new(self.live.ledger(), self.generation, wall, 0);
        (snapshot.with_arrivals(self.live.arrivals()), self.live.tagged())
    }
}
