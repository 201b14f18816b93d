//! Replicas, leases and books: whoever judges knows what is stored, and nobody else writes.

use scout_core::alerting::{
    AlertPhase, Alerting, AlertingConfig, Effect, LEASE_TTL, Loaded, Observation, OnMissing, Rule, RuleKind,
    RuleWindow,
};
use scout_core::{Ledger, LedgerConfig, MonoTime, Now, Snapshot, TimeOf, WallTime};

use crate::scene::{BEGIN, Scene, config, minutes, rule, seconds};
use crate::store::Store;

fn now(ms: u64) -> Now {
    let passed = std::time::Duration::from_millis(ms);
    Now { wall: BEGIN.plus(passed), mono: MonoTime::from_start(minutes(60)).plus(passed) }
}

fn nothing(wall: WallTime) -> Snapshot {
    Snapshot::new(&Ledger::new(LedgerConfig::new(minutes(60), 64 << 20).expect("a budget"), wall), 1, wall, 0)
}

/// A rule that holds when there is nothing.
fn silence() -> Rule {
    Rule {
        kind: RuleKind::Ratio,
        time: TimeOf::Event,
        missing: OnMissing::Alert,
        hold_for: minutes(20),
        ..rule()
    }
}

/// A replica whose every request a test carries out when it wants to.
struct Replica {
    machine: Alerting,
    pending: Vec<Effect>,
}

impl Replica {
    fn new(number: u64) -> Self {
        let config = AlertingConfig { owner: format!("process-{number}"), ..config(vec![silence()]) };
        Self { machine: Alerting::new(config), pending: Vec::new() }
    }

    fn observe(&mut self, now: Now) {
        self.machine.observe(&Observation::of(&nothing(now.wall)), now);
        self.poll(now);
    }

    /// Carries out all that is to be done.
    fn settle(&mut self, store: &mut Store, now: Now) {
        self.poll(now);
        while !self.pending.is_empty() {
            match self.pending.remove(0) {
                Effect::Lease(token, ttl, expects) => {
                    self.machine.leased(Ok(store.lease(&token, ttl, expects, now.wall)), now);
                }
                Effect::Load(known) => self.machine.loaded(Ok(store.load(known.as_deref())), now),
                Effect::Save(token, changes) => {
                    self.machine.saved(&Ok(store.save(&token, &changes, now.wall)), now);
                }
                Effect::Deliver(delivery) => self.machine.delivered(&delivery, &Ok(()), now),
                Effect::Release(token) => store.release(&token),
                other => panic!("not known: {other:?}"),
            }
            self.poll(now);
        }
    }

    fn phase(&self) -> Option<AlertPhase> {
        self.machine.book().records().next().and_then(|(_, record)| record.alert.phase())
    }

    fn poll(&mut self, now: Now) {
        let effects = self.machine.poll(now);
        self.pending.extend(effects);
    }

    fn take(&mut self, is: impl Fn(&Effect) -> bool) -> Effect {
        let at = self.pending.iter().position(is).unwrap_or_else(|| panic!("only {:?}", self.pending));
        self.pending.remove(at)
    }

    fn lease(&mut self, store: &mut Store, now: Now) {
        let Effect::Lease(token, ttl, expects) = self.take(|effect| matches!(effect, Effect::Lease(..)))
        else {
            unreachable!("a lease was asked for")
        };
        self.machine.leased(Ok(store.lease(&token, ttl, expects, now.wall)), now);
        self.poll(now);
    }

    fn read(&mut self, store: &Store) -> Loaded {
        let Effect::Load(known) = self.take(|effect| matches!(effect, Effect::Load(_))) else {
            unreachable!("it was to be read")
        };
        store.load(known.as_deref())
    }

    fn loaded(&mut self, answer: Loaded, now: Now) {
        self.machine.loaded(Ok(answer), now);
        self.poll(now);
    }

    fn in_charge(store: &mut Store, number: u64, now: Now) -> Self {
        let mut replica = Self::new(number);
        replica.settle(store, now);
        assert!(replica.machine.is_in_charge(now.mono), "nobody else has the lease");
        replica
    }
}

#[test]
fn a_step_that_shows_with_an_answer_first_lets_nothing_seem_to_have_lasted_longer() {
    let mut store = Store::default();
    let mut one = Replica::in_charge(&mut store, 1, now(0));
    one.observe(now(1_000));
    one.settle(&mut store, now(1_000));
    assert_eq!(one.phase(), Some(AlertPhase::Pending));
    let mut two = Replica::new(2);
    two.poll(now(12_000));
    two.lease(&mut store, now(12_000));
    let read = two.read(&store);
    let stepped = |ms| Now { wall: now(ms).wall.minus(minutes(60)), ..now(ms) };
    two.loaded(read, stepped(12_100));
    for second in 13..600 {
        two.settle(&mut store, stepped(second * 1000));
        two.observe(stepped(second * 1000));
    }
    assert_eq!(two.phase(), Some(AlertPhase::Pending), "ten minutes are not twenty");
}

#[test]
fn what_was_read_before_the_lease_was_taken_is_read_again() {
    let mut store = Store::default();
    let mut one = Replica::in_charge(&mut store, 1, now(0));
    let mut two = Replica::new(2);
    two.poll(now(1_000));
    let before = two.read(&store);
    two.lease(&mut store, now(1_000));
    one.observe(now(2_000));
    one.settle(&mut store, now(2_000));
    // The first is gone, and the second is given the lease before it hears what it had asked to read.
    two.poll(now(13_000));
    two.lease(&mut store, now(13_000));
    two.loaded(before, now(13_010));
    assert!(!two.machine.is_in_charge(now(13_010).mono), "there may be more than it knows");
    two.settle(&mut store, now(13_020));
    assert!(two.machine.is_in_charge(now(13_020).mono));
    assert_eq!(two.phase(), Some(AlertPhase::Pending), "the alert of the first");
}

#[test]
fn a_lease_that_is_prolonged_after_it_has_run_out_counts_for_nothing() {
    let mut store = Store::default();
    let mut one = Replica::in_charge(&mut store, 1, now(0));
    // What the first asks for comes to the store after the second has held the lease, and given it back.
    one.poll(now(3_000));
    let late = one.take(|effect| matches!(effect, Effect::Lease(..)));
    let mut two = Replica::in_charge(&mut store, 2, now(10_100));
    two.observe(now(11_000));
    two.settle(&mut store, now(11_000));
    let Some(Effect::Release(token)) = two.machine.release() else { panic!("it had the lease") };
    store.release(&token);
    let Effect::Lease(token, ttl, expects) = late else { unreachable!("it was asked for") };
    one.machine.leased(Ok(store.lease(&token, ttl, expects, now(12_000).wall)), now(12_000));
    assert!(!one.machine.is_in_charge(now(12_000).mono), "it does not know what the second wrote");
    one.settle(&mut store, now(12_010));
    one.settle(&mut store, now(12_520));
    assert!(one.machine.is_in_charge(now(12_520).mono), "it has given that back, and taken another");
    assert_eq!(one.phase(), Some(AlertPhase::Pending), "the alert of the second");
}

#[test]
fn a_write_that_is_refused_for_an_earlier_lease_does_not_end_this_one() {
    let mut store = Store::default();
    let mut one = Replica::in_charge(&mut store, 1, now(0));
    one.observe(now(1_000));
    let Effect::Save(token, changes) = one.take(|effect| matches!(effect, Effect::Save(..))) else {
        unreachable!("there is an alert")
    };
    // It stays on its way until the lease has run out and has been taken anew.
    one.settle(&mut store, now(11_000));
    assert!(one.machine.is_in_charge(now(11_000).mono));
    one.machine.saved(&Ok(store.save(&token, &changes, now(11_100).wall)), now(11_100));
    assert!(one.machine.is_in_charge(now(11_100).mono), "it holds the lease");
    one.settle(&mut store, now(11_200));
    assert_eq!(store.records.len(), 1, "and writes under it");
}

#[test]
fn what_cannot_be_used_is_left_alone_until_it_is_mended_or_gone() {
    for is_flushed in [false, true] {
        let mut scene = Scene::new(vec![Rule { window: RuleWindow::Last(minutes(30)), ..rule() }]);
        scene.arrive(3, "flux", "error").pass(seconds(5));
        let whole = scene.store.records.clone();
        for record in scene.store.records.values_mut() {
            record.truncate(20);
        }
        let spoilt = scene.store.records.clone();
        scene.config.owner = "process-2".to_owned();
        scene.machine = Alerting::new(scene.config.clone());
        scene.skip(LEASE_TTL).pass(minutes(3));
        assert!(!scene.is_in_charge() && scene.machine.unusable().is_some());
        assert_eq!(scene.store.records, spoilt, "it is left as it is");
        if is_flushed {
            scene.store.flush();
        } else {
            scene.store.records = whole;
        }
        scene.pass(minutes(2));
        assert!(scene.is_in_charge() && scene.machine.unusable().is_none(), "flushed: {is_flushed}");
        let told = [("fired", 1), ("fired", 1)];
        assert_eq!(scene.story(), told[..if is_flushed { 2 } else { 1 }], "flushed: {is_flushed}");
    }
}
