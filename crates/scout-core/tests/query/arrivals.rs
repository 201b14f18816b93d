//! Windows of time of arrival.

use std::time::Duration;

use scout_core::{
    Announced, LiveConfig, LiveLedger, Moment, Offset, Publication, Query, ScanCount, ScanSink as _,
    Snapshot, TimeOf, WallTime,
};
use serde_json::json;

use crate::asked::{Message, NOW, RETENTION, ask, board, span, window};

/// A ledger that has been scanned empty and has then read these arrivals, its feed having lost what came before a time.
fn arrived(messages: &[Message], lost_before: Option<WallTime>) -> Publication {
    let config = LiveConfig::new(RETENTION, 96 << 20).expect("a budget");
    let mut live = LiveLedger::new(config);
    let mut joined = Moment::new(NOW);
    let mut mark = scout_core::FeedMark::new(Offset::from_bits(u128::MAX), 0);
    mark.lost_before = lost_before;
    joined.feeds.insert("messages".into(), mark);
    let mut sorted: Vec<&Message> = messages.iter().collect();
    sorted.sort_by_key(|message| message.at);
    for (number, message) in sorted.into_iter().enumerate() {
        let offset = Offset::from_bits(number as u128 + 1);
        live.announce(&Announced::new(("messages", offset), message.at, "key", Some(message.row())));
    }
    live.join(&joined);
    let mut count = ScanCount::new(config.ledger());
    count.begin(&joined);
    live.complete(count);
    // By the second look it is known that all until the first has been read.
    for _ in 0..2 {
        live.ask(joined.clone());
        live.caught_up();
        live.verdict();
    }
    live.advance(NOW);
    let snapshot = Snapshot::new(live.ledger(), 1, NOW, 0).with_arrivals(live.arrivals());
    board(snapshot).publication().clone()
}

#[test]
fn arrivals_count_by_when_they_came_for_an_hour() {
    let publication =
        arrived(&[Message::new("error", "a", 30_000), Message::new("error", "a", 90_000)], None);
    let by_arrival = Query { time: TimeOf::Arrival, ..window("1m") };
    let summary = ask(&publication, &by_arrival).summary;
    assert_eq!((&summary["totalMessages"], &summary["time"]), (&json!(1), &json!("arrival")));
    assert_eq!(ask(&publication, &window("1m")).summary["totalMessages"], 0, "undated");
    let whole = ask(&publication, &Query { window: None, ..by_arrival.clone() }).summary;
    assert_eq!((&whole["totalMessages"], &whole["window"]), (&json!(2), &json!("1h0m0s")));
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let error = Query { window: Some(span("61m")), ..by_arrival }.find(snapshot, NOW).expect_err("too long");
    assert_eq!(error.to_string(), "invalid window \"61m\": arrivals are kept for 1h0m0s");
}

#[test]
fn arrivals_that_may_be_missing_are_a_lower_bound_and_say_since_when_they_are_not() {
    let lost_before = NOW.minus(Duration::from_secs(100));
    let publication = arrived(&[Message::new("error", "a", 30_000)], Some(lost_before));
    let query = |text| Query { time: TimeOf::Arrival, ..window(text) };
    assert_eq!(ask(&publication, &query("99s")).summary.get("coveredFrom"), None);
    let covered_from = lost_before.plus(Duration::from_millis(1));
    assert_eq!(ask(&publication, &query("2m")).summary["coveredFrom"], json!(covered_from));
}
