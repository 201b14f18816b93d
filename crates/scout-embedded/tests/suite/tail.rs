//! What arrives is handed out once, in its order, as soon as it is there.

use std::time::Duration;

use scout_core::{
    Announced, MessageStore as _, Moment, Offset, Position, Row, ScanSink, TailSink, Urgency, WallTime,
};
use tempfile::TempDir;

use crate::support::{OwnedRow, START_MS, message, open, submit_all};

/// Keeps what was announced, and how the store was when a scan began.
#[derive(Debug, Default)]
struct Seen {
    keys: Vec<String>,
    offsets: Vec<Offset>,
    rows: Vec<OwnedRow>,
    joined: Moment,
}

impl TailSink for Seen {
    fn entry(&mut self, entry: &Announced<'_>) {
        assert_eq!(entry.feed, "messages");
        self.keys.push(entry.key.to_owned());
        self.offsets.push(entry.offset);
        self.rows.extend(entry.row.as_ref().map(OwnedRow::from));
    }
}

impl ScanSink for Seen {
    fn begin(&mut self, joined: &Moment) {
        self.joined = joined.clone();
    }

    fn row(&mut self, _: &str, _: &Row<'_>) {}
}

#[tokio::test]
async fn messages_are_handed_out_once_and_in_their_order() {
    let folder = TempDir::new().expect("a folder");
    let store = open(folder.path());
    submit_all(&store, (0..2000).map(|number| message("flux", &number.to_string())).collect()).await;
    let (mut seen, mut position, mut looks) = (Seen::default(), Position::default(), 0);
    loop {
        let report = store.tail(&position, &mut seen).await.expect("what arrived");
        position = report.position;
        looks += 1;
        if report.caught_up {
            break;
        }
    }
    assert!(looks > 1, "all at once");
    assert_eq!((seen.keys.len(), seen.rows.len()), (2000, 2000));
    assert!(seen.offsets.is_sorted_by(|a, b| a < b));
    assert_eq!(seen.rows[0].severity.as_deref(), Some("ERROR"));

    let look = store.look().await.expect("a look").moment;
    assert_eq!(look.position(), position);
    assert_eq!((look.documents, look.feed("messages").announced), (2000, 2000));
    let mut scanned = Seen::default();
    store.scan(Urgency::Urgent, &mut scanned).await.expect("a scan");
    assert_eq!((scanned.joined.feeds, scanned.joined.documents), (look.feeds, 2000));
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_next_message_and_else_after_a_while() {
    let folder = TempDir::new().expect("a folder");
    let store = open(folder.path());
    let mut seen = Seen::default();
    let report = store.tail(&Position::default(), &mut seen).await.expect("nothing");
    assert!(report.caught_up && report.entries == 0 && seen.keys.is_empty());
    let waiting = async {
        let mut seen = Seen::default();
        store.tail(&report.position, &mut seen).await.expect("a message");
        seen.keys.len()
    };
    let news = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        submit_all(&store, vec![message("flux", "news")]).await;
    };
    assert_eq!(tokio::join!(waiting, news).0, 1);
}

#[tokio::test]
async fn the_number_ever_written_outlasts_a_restart() {
    let folder = TempDir::new().expect("a folder");
    for round in 1..=3 {
        let store = open(folder.path());
        submit_all(&store, vec![message("flux", "a"), message("flux", "b")]).await;
        let look = store.look().await.expect("a look").moment;
        assert_eq!((look.writes, look.documents), (2 * round, 2 * round));
    }
}

#[tokio::test]
async fn a_position_in_time_lies_before_what_arrives_then() {
    let folder = TempDir::new().expect("a folder");
    let store = open(folder.path());
    submit_all(&store, vec![message("flux", "a")]).await;
    for (at, expected) in [(START_MS, 1), (START_MS + 1_000_000, 0)] {
        let mut seen = Seen::default();
        store.tail(&store.position_at(WallTime::from_unix_ms(at)), &mut seen).await.expect("a look");
        assert_eq!(seen.keys.len(), expected, "from {at}");
    }
}
