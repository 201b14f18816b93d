//! What alerting records about its own work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use scout_core::alerting::{
    AlertPhase, Alerting, AlertingCounts, Delivery, DeliveryError, DeliveryErrorKind, Parked, Reason,
};
use scout_core::{Now, WallTime};

const EVALUATIONS: &str = "homerun2_scout_rule_evaluations_total";
const EVALUATION: &str = "homerun2_scout_rule_evaluation_duration_seconds";
const ALERTS: &str = "homerun2_scout_alerts";
const NOTIFICATIONS: &str = "homerun2_scout_notifications_total";
const LATENCY: &str = "homerun2_scout_notification_latency_seconds";
const OUTBOX: &str = "homerun2_scout_outbox_entries";
const OLDEST: &str = "homerun2_scout_outbox_oldest_seconds";
const PARKED: &str = "homerun2_scout_outbox_parked_entries";
const DROPPED: &str = "homerun2_scout_outbox_dropped_total";
const WITHOUT: &str = "homerun2_scout_alerts_without_instance_total";
const RESETS: &str = "homerun2_scout_alert_state_resets_total";
const LEASE: &str = "homerun2_scout_lease_held";
const HEARTBEATS: &str = "homerun2_scout_heartbeats_total";
const LOST: &str = "homerun2_scout_lease_lost_total";

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The outcome of a delivery that was accepted.
const ACCEPTED: &str = "accepted";

/// The handles, taken once.
pub(super) struct AlertingMeters {
    evaluations: Counter,
    evaluation: Histogram,
    alerts: [(AlertPhase, Gauge); AlertPhase::ALL.len()],
    receivers: BTreeMap<Arc<str>, ReceiverMeters>,
    latency: Histogram,
    oldest: Gauge,
    parked: [(Parked, Gauge); Parked::ALL.len()],
    dropped: Counter,
    without_instance: Counter,
    resets: Counter,
    lease: Gauge,
    lost: Counter,
    beats: [Counter; 2],
    /// How long before the last judging the last message had arrived, and when that was.
    waited: (WallTime, Duration),
}

struct ReceiverMeters {
    accepted: Counter,
    failed: [(DeliveryErrorKind, Counter); DeliveryErrorKind::ALL.len()],
    outbox: Gauge,
}

impl ReceiverMeters {
    fn new(recorder: &dyn Recorder, receiver: &str) -> Self {
        let outcome = |outcome| {
            let labels = vec![Label::new("receiver", receiver.to_owned()), Label::new("outcome", outcome)];
            recorder.register_counter(&Key::from_parts(NOTIFICATIONS, labels), &METADATA)
        };
        let labels = vec![Label::new("receiver", receiver.to_owned())];
        Self {
            accepted: outcome(ACCEPTED),
            failed: DeliveryErrorKind::ALL.map(|kind| (kind, outcome(kind.as_str()))),
            outbox: recorder.register_gauge(&Key::from_parts(OUTBOX, labels), &METADATA),
        }
    }
}

impl AlertingMeters {
    pub(super) fn new<'a>(recorder: &dyn Recorder, receivers: impl Iterator<Item = &'a Arc<str>>) -> Self {
        describe(recorder);
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let histogram = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let labelled = |name, label, value| {
            recorder.register_gauge(&Key::from_parts(name, vec![Label::new(label, value)]), &METADATA)
        };
        Self {
            evaluations: counter(EVALUATIONS),
            evaluation: histogram(EVALUATION),
            alerts: AlertPhase::ALL.map(|phase| (phase, labelled(ALERTS, "state", phase.as_str()))),
            receivers: receivers
                .map(|name| (Arc::clone(name), ReceiverMeters::new(recorder, name)))
                .collect(),
            latency: histogram(LATENCY),
            oldest: gauge(OLDEST),
            parked: Parked::ALL.map(|why| (why, labelled(PARKED, "reason", why.as_str()))),
            dropped: counter(DROPPED),
            without_instance: counter(WITHOUT),
            resets: counter(RESETS),
            lease: gauge(LEASE),
            lost: counter(LOST),
            beats: ["failed", "accepted"].map(|outcome| {
                let labels = vec![Label::new("outcome", outcome)];
                recorder.register_counter(&Key::from_parts(HEARTBEATS, labels), &METADATA)
            }),
            waited: (WallTime::default(), Duration::ZERO),
        }
    }

    /// Counts are about to be judged, of which the last message arrived then.
    pub(super) fn last_arrival(&mut self, arrived: Option<WallTime>, now: WallTime) {
        self.waited = (now, arrived.map_or(Duration::ZERO, |arrived| now.since(arrived)));
    }

    /// Rules were judged.
    pub(super) fn judged(&self, counts: AlertingCounts, took: Duration) {
        self.evaluations.absolute(counts.evaluations);
        self.evaluation.record(took.as_secs_f64());
    }

    /// A delivery has ended.
    pub(super) fn delivered(&self, delivery: &Delivery, result: &Result<(), DeliveryError>, now: WallTime) {
        let notification = &delivery.notification;
        let Some(receiver) = self.receivers.get(&notification.receiver) else { return };
        match result {
            Ok(()) => {
                receiver.accepted.increment(1);
                if notification.reason == Reason::Fired {
                    let (judged, waited) = self.waited;
                    let before = if judged == notification.starts_at { waited } else { Duration::ZERO };
                    self.latency.record((now.since(notification.starts_at) + before).as_secs_f64());
                }
            }
            Err(error) => {
                let counter = receiver.failed.iter().find(|(kind, _)| *kind == error.kind());
                if let Some((_, counter)) = counter {
                    counter.increment(1);
                }
            }
        }
    }

    /// A heartbeat was sent.
    pub(super) fn beat(&self, is_accepted: bool) {
        self.beats[usize::from(is_accepted)].increment(1);
    }

    /// What there is now.
    pub(super) fn show(&self, machine: &Alerting, now: Now) {
        let counts = machine.counts();
        self.dropped.absolute(counts.dropped_for_removed);
        self.without_instance.absolute(counts.without_instance);
        self.resets.absolute(counts.resets);
        self.lost.absolute(counts.leases_lost);
        self.lease.set(if machine.holds_lease(now.mono) { 1.0 } else { 0.0 });
        let records = || machine.book().records().chain(machine.aside().records()).map(|(_, record)| record);
        for (phase, gauge) in &self.alerts {
            gauge.set(records().filter(|record| record.alert.phase() == Some(*phase)).count() as f64);
        }
        let entries = || records().flat_map(|record| &record.outbox);
        for (name, meters) in &self.receivers {
            meters.outbox.set(entries().filter(|(receiver, _)| *receiver == name).count() as f64);
        }
        for (why, gauge) in &self.parked {
            gauge.set(entries().filter(|(_, entry)| entry.parked() == Some(*why)).count() as f64);
        }
        let oldest = entries().map(|(_, entry)| entry.since).min();
        self.oldest.set(oldest.map_or(0.0, |since| now.wall.since(since).as_secs_f64()));
    }
}

fn describe(recorder: &dyn Recorder) {
    let gauge = |name: &'static str, text: &'static str| {
        recorder.describe_gauge(name.into(), None, text.into());
    };
    let counter = |name: &'static str, text: &'static str| {
        recorder.describe_counter(name.into(), Some(Unit::Count), text.into());
    };
    let histogram = |name: &'static str, text: &'static str| {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), text.into());
    };
    counter(EVALUATIONS, "Rules judged");
    histogram(EVALUATION, "Duration of judging all rules once");
    gauge(ALERTS, "Alerts by state; resolved ones until everybody has been told");
    counter(NOTIFICATIONS, "Deliveries tried, by receiver and by how that went");
    histogram(
        LATENCY,
        "From the arrival of the last message before an alert fires until a receiver has accepted it",
    );
    gauge(OUTBOX, "Deliveries that are owed and not accepted, by receiver");
    gauge(OLDEST, "How long the oldest of them has been owed; 0 if there is none");
    gauge(PARKED, "Of them, those that wait for a change, by reason");
    counter(DROPPED, "Deliveries given up since their receiver has been gone for 120 h");
    counter(
        WITHOUT,
        "Groups whose condition held and that got no alert, since their rule has as many as it may",
    );
    counter(RESETS, "Times that the store came back without the state of alerts that it had");
    gauge(LEASE, "1 where this replica holds the lease to judge rules, else 0");
    counter(HEARTBEATS, "Heartbeats sent, by how that went");
    counter(LOST, "Times that another replica had taken the lease");
}
