//! Snapshots of messages, and what the views show of what is asked of them.

use std::time::Duration;

use scout_core::{
    Board, Facts, Ledger, LedgerConfig, MonoTime, Now, Publication, Query, Row, SeriesQuery, Severity,
    Snapshot, Span, Views, WallTime,
};
use serde_json::Value;

/// 2026-04-01T08:00:00.25Z
pub(crate) const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_250);
pub(crate) const RETENTION: Duration = Duration::from_secs(48 * 3600);
pub(crate) const TAKEN: Now = Now { wall: NOW, mono: MonoTime::from_start(Duration::ZERO) };

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) severity: &'static str,
    pub(crate) system: &'static str,
    pub(crate) at: WallTime,
}

impl Message {
    pub(crate) fn new(severity: &'static str, system: &'static str, age_ms: i64) -> Self {
        Self { severity, system, at: WallTime::from_unix_ms(NOW.unix_ms() - age_ms) }
    }

    pub(crate) fn row(&self) -> Row<'static> {
        Row { severity: Some(self.severity), system: Some(self.system), ..Row::default() }
    }

    pub(crate) fn folded(&self) -> String {
        Severity::fold(Some(self.severity)).to_string()
    }
}

pub(crate) fn publication(messages: &[Message], budget_bytes: usize) -> Publication {
    let mut ledger = Ledger::new(LedgerConfig::new(RETENTION, budget_bytes).expect("a budget"), NOW);
    for message in messages {
        let row = message.row();
        let facts = row.facts().expect("a message");
        ledger.record(&Facts { event_time: Some(message.at), ..facts });
    }
    board(Snapshot::new(&ledger, 1, NOW, 0)).publication().clone()
}

pub(crate) fn board(snapshot: Snapshot) -> Board {
    let mut board = Board::new(Duration::from_secs(60));
    board.succeed(snapshot, Vec::new(), TAKEN);
    board
}

pub(crate) fn published(messages: &[Message]) -> Publication {
    publication(messages, 48 << 20)
}

pub(crate) fn span(text: &str) -> Span {
    text.parse().expect("a span")
}

pub(crate) fn window(text: &str) -> Query {
    Query { window: Some(span(text)), ..Query::default() }
}

pub(crate) struct Answer {
    pub(crate) summary: Value,
    pub(crate) systems: Value,
    pub(crate) alerts: Value,
}

pub(crate) fn ask_at(publication: &Publication, query: &Query, present: WallTime) -> Answer {
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let found = query.find(snapshot, present).expect("an answer");
    let views = Views::of(publication).expect("a snapshot").with(&found);
    Answer {
        summary: serde_json::to_value(views.summary("60s")).expect("JSON"),
        systems: serde_json::to_value(views.systems()).expect("JSON"),
        alerts: serde_json::to_value(views.alerts()).expect("JSON"),
    }
}

pub(crate) fn ask(publication: &Publication, query: &Query) -> Answer {
    ask_at(publication, query, NOW)
}

pub(crate) fn series_at(publication: &Publication, query: &SeriesQuery, present: WallTime) -> Value {
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let series = query.find(snapshot, present).expect("a series");
    let views = Views::of(publication).expect("a snapshot");
    serde_json::to_value(views.series(&series)).expect("JSON")
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}
