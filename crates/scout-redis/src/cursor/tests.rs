use scout_core::{Moment, Row, ScanSink};

use super::*;
use crate::config::{Protocol, RedisConfig};
use crate::index::Index;
use crate::join::Join;
use crate::rows::{Batch, Tally};
use crate::testing;

struct Nowhere;

fn step(rows: u32, limit: Option<Duration>) -> Step<'static> {
    Step { query: "*", key_type: KeyType::Json, rows, limit, longest_pause: Duration::ZERO }
}

impl ScanSink for Nowhere {
    fn begin(&mut self, _: &Moment) {}

    fn row(&mut self, _: &str, _: &Row<'_>) {}
}

#[tokio::test]
async fn steps_that_run_out_of_time_lose_nothing() {
    const DOCUMENTS: u64 = 20_000;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let redis = scout_testkit::redis().await;
        let mut config = RedisConfig::from_url(&redis.url()).unwrap();
        config.protocol = protocol;
        let connection = testing::connect(config.clone()).await;
        Index::new(&connection, "messages").make().await.unwrap();
        let mut pipeline = redis::pipe();
        for number in 0..DOCUMENTS {
            pipeline.cmd("JSON.SET").arg(number).arg(".").arg(r#"{"severity":"info","system":"a"}"#).ignore();
        }
        let _: () = pipeline.query_async(&mut redis.connection().await.unwrap()).await.unwrap();

        let (leftovers, clock) = (Leftovers::default(), testing::clock());
        let step = step(10_000, Some(Duration::from_millis(1)));
        let join = Join::make(&connection, &*clock, &config, &leftovers, &step).await.unwrap();
        let (mut answer, mut cursor) = (join.answer, join.cursor);
        let (mut tally, mut steps) = (Tally::default(), 1);
        loop {
            let batch = Batch::read(&answer, connection.faults()).unwrap();
            tally.documents += batch.deliver(&mut Nowhere, connection.faults()).unwrap().documents;
            if cursor.is_drained() {
                break;
            }
            (answer, _) = cursor.read(&connection, 10_000).await.unwrap();
            steps += 1;
        }
        assert_eq!(tally, Tally { documents: DOCUMENTS, vanished: 0 }, "{protocol:?}");
        // Two or three would do if time never ran out.
        assert!(steps > 5, "{steps}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_closed_or_swept_is_gone() {
    let redis = scout_testkit::redis().await;
    let config = RedisConfig::from_url(&redis.url()).unwrap();
    let connection = testing::connect(config.clone()).await;
    let index = Index::new(&connection, "messages");
    index.make().await.unwrap();
    for key in ["a", "b", "c"] {
        let set = cmd("JSON.SET").arg(key).arg(".").arg("{}").take();
        connection.send(Command::Submit, vec![set]).await.unwrap();
    }
    let (leftovers, clock) = (Leftovers::default(), testing::clock());
    let step = step(1, None);
    let open = async || Join::make(&connection, &*clock, &config, &leftovers, &step).await.unwrap().cursor;

    let closed = open().await;
    let number = closed.number;
    closed.close(&connection).await.unwrap();
    let mut again = Cursor::new("messages", number, &leftovers);
    let (answer, _) = again.read(&connection, 1).await.unwrap();
    assert!(matches!(answer, Value::ServerError(_)), "{answer:?}");
    drop(again);

    drop(open().await);
    let left = leftovers.0.lock().unwrap().clone();
    assert_eq!(left.len(), 2);
    leftovers.sweep(&connection, "messages").await.unwrap();
    assert!(leftovers.0.lock().unwrap().is_empty());
    let mut swept = Cursor::new("messages", left[1], &leftovers);
    let (answer, _) = swept.read(&connection, 1).await.unwrap();
    assert!(matches!(answer, Value::ServerError(_)), "{answer:?}");
}

#[test]
fn no_more_leftovers_are_remembered_than_there_is_room_for() {
    let leftovers = Leftovers::default();
    for number in 1..1_000 {
        leftovers.add(number);
    }
    assert_eq!(leftovers.0.lock().unwrap().len(), REMEMBERED);
}

#[test]
fn the_limit_of_a_step_is_never_below_what_redis_knows() {
    let timeout = |limit| {
        let command = open("messages", &step(10, limit));
        let words: Vec<String> = command
            .args_iter()
            .map(|word| match word {
                redis::Arg::Simple(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                _ => panic!("an argument"),
            })
            .collect();
        let at = words.iter().position(|word| word == "TIMEOUT").unwrap();
        words[at + 1].clone()
    };
    assert_eq!(timeout(None), "0");
    assert_eq!(timeout(Some(Duration::from_micros(300))), "1");
    assert_eq!(timeout(Some(Duration::from_millis(3))), "3");
}
