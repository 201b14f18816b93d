//! From counts to what receivers are told: rules, alerts, and what is owed.

mod alert;
mod book;
mod delivery;
mod engine;
mod glob;
mod judge;
mod labels;
mod lease_keeper;
mod measure;
mod moment;
mod notification;
mod outbox;
mod owed;
mod ports;
mod receiver;
mod rule;
mod source;
mod view;

pub use alert::{Alert, AlertPhase, Firing, GRACE, OUTAGE};
pub use book::{Book, Meta, STATE_FORMAT, StateError};
pub use delivery::{Delivery, LastDelivery, ReceiverLimits};
pub use engine::{Alerting, AlertingConfig, AlertingCounts, Effect};
pub use glob::Glob;
pub use judge::Outcome;
pub use labels::{Fingerprint, Labels, NoFingerprint};
pub use lease_keeper::LEASE_TTL;
pub use measure::Observation;
pub use notification::{AlertState, DeliveryKey, Ended, Notification, Reason};
pub use outbox::{Entry, KEPT_FOR_REMOVED, Parked, REFUSED_AGAIN, Record};
pub use owed::{Owed, Told};
pub use ports::{AlertStore, Changes, Expects, Lease, LeaseToken, Leased, Loaded, Saved, Stored};
pub use receiver::{DeliveryError, DeliveryErrorKind, Receiver};
pub use rule::{
    Group, GroupBy, MAX_INSTANCES, MAX_RULE_TEXT, MAX_RULES, OWN_SYSTEMS, OnMissing, Rule, RuleKind,
    RuleText, RuleWindow, Selector,
};
pub use source::{SOURCE_RESET, SOURCE_UNREACHABLE, SourceRules};
pub use view::{AlertsView, RulesView};
