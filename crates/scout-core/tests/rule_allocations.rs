//! What judging a rule allocates: nothing, as long as nothing begins or ends.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as loudly as they do")]

use std::collections::BTreeMap;
use std::time::Duration;

use scout_core::alerting::{
    Alerting, AlertingConfig, Glob, GroupBy, Leased, Loaded, Observation, Rule, Selector, SourceRules,
};
use scout_core::{Ledger, LedgerConfig, MonoTime, Now, Row, Snapshot, TimeOf, WallTime};

const NOW: Now = Now {
    wall: WallTime::from_unix_ms(1_775_030_400_000),
    mono: MonoTime::from_start(Duration::from_secs(1)),
};

/// Messages of ten systems in the last minute.
fn snapshot() -> Snapshot {
    let mut ledger =
        Ledger::new(LedgerConfig::new(Duration::from_secs(48 * 3600), 48 << 20).unwrap(), NOW.wall);
    let timestamp = NOW.wall.minus(Duration::from_secs(30)).to_string();
    for number in 0..1000 {
        let system = format!("system-{}", number % 10);
        let row = Row {
            severity: Some("error"),
            system: Some(&system),
            timestamp: Some(&timestamp),
            ..Row::default()
        };
        ledger.record(&row.facts().unwrap());
    }
    Snapshot::new(&ledger, 1, NOW.wall, 0)
}

/// A machine in charge of so many rules, which has judged them before.
fn machine(rules: usize, group_by: GroupBy, snapshot: &Snapshot) -> Alerting {
    let rule = |number: usize| {
        let mut rule = Rule::count(&format!("Rule{number}"), 1e9);
        rule.time = TimeOf::Event;
        rule.group_by = group_by;
        rule.select = Selector { systems: vec![Glob::new("system-*")], ..Selector::default() };
        rule
    };
    let mut machine = Alerting::new(AlertingConfig {
        rules: (0..rules).map(rule).collect(),
        receivers: BTreeMap::new(),
        source: SourceRules {
            unreachable_for: Duration::from_secs(60),
            repeat_interval: Duration::from_secs(3600),
            receivers: Vec::new(),
        },
        receivers_revision: 1,
        owner: "test".to_owned(),
        seed: 1,
    });
    drop(machine.poll(NOW));
    machine.leased(Ok(Leased::Held { has_state: false }), NOW);
    // What was read before the lease was taken does not count.
    for _ in 0..2 {
        machine.loaded(Ok(Loaded::Nothing), NOW);
        drop(machine.poll(NOW));
    }
    machine.observe(&Observation::of(snapshot), NOW);
    assert!(machine.outcomes().all(|(_, outcome)| outcome.value.is_some() && outcome.is_covered));
    machine
}

#[test]
fn a_rule_allocates_nothing_while_nothing_begins_or_ends() {
    let snapshot = snapshot();
    for group_by in [GroupBy::default(), GroupBy { system: true, severity: true }] {
        // What a window takes is shared by all rules.
        let [few, many] = [10, 1000].map(|rules| {
            let mut machine = machine(rules, group_by, &snapshot);
            allocation_counter::measure(|| machine.observe(&Observation::of(&snapshot), NOW)).count_total
        });
        assert!(few > 0, "it counts nothing at all");
        assert_eq!(few, many, "{group_by:?}");
    }
}
