//! What is expected of generated documents is what a real index holds of them.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::collections::BTreeMap;

use redis::Value;
use scout_testkit::{
    Announce, Document, Expectation, Generation, Generator, Tally, create_index, index_info, load, redis,
    wait_until_built,
};

const NOW: i64 = 1_789_196_834_000;
/// Much longer than the tour, so that oddities also meet.
const COUNT: usize = 10_000;

/// The rows of an index by key: severity, system, timestamp, `timestamp_unix`.
type Rows = BTreeMap<String, [Option<String>; 4]>;

async fn rows(connection: &mut redis::aio::MultiplexedConnection) -> Rows {
    let answer: Vec<Value> = redis::cmd("FT.AGGREGATE")
        .arg(&["messages", "*", "LOAD", "9", "@__key", "@severity", "@system"])
        .arg(&["$.timestamp", "AS", "timestamp", "$.timestamp_unix", "AS", "timestamp_unix"])
        .arg(&["LIMIT", "0", "1000000", "TIMEOUT", "0"])
        .query_async(connection)
        .await
        .unwrap();
    let row = |row: &Value| {
        let mut fields: BTreeMap<String, Option<String>> = redis::from_redis_value_ref(row).unwrap();
        let mut take = |name| fields.remove(name).flatten();
        (
            take("__key").unwrap(),
            [take("severity"), take("system"), take("timestamp"), take("timestamp_unix")],
        )
    };
    answer[1..].iter().map(row).collect()
}

/// The text that an index hands out for a field.
fn handed_out(document: &Document, field: &str) -> Option<String> {
    match document.value.get(field)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(value) => Some(u8::from(*value).to_string()),
        other => Some(other.to_string()),
    }
}

async fn compare(generation: Generation, documents: &[Document]) {
    let redis = redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", generation).await.unwrap();
    load(&mut connection, documents, Announce::Silently).await.unwrap();
    let tally = Tally::of(documents, generation);
    let info = async |name| index_info(&mut connection.clone(), "messages", name).await.unwrap();
    assert_eq!(info("num_docs").await, tally.indexed());
    assert_eq!(info("hash_indexing_failures").await, tally.refused);

    let mut rows = rows(&mut connection).await;
    for document in documents {
        let row = rows.remove(&document.key);
        let fields = ["severity", "system", "timestamp", "timestamp_unix"];
        match document.expected(generation) {
            Expectation::Refused => assert_eq!(row, None, "{document:?}"),
            Expectation::Foreign => assert_eq!(row.unwrap()[..3], [None, None, None], "{document:?}"),
            Expectation::Counted { system, .. } => {
                let row = row.unwrap();
                assert_eq!(row, fields.map(|field| handed_out(document, field)), "{document:?}");
                assert_eq!(row[1].clone().filter(|name| !name.trim().is_empty()), system, "{document:?}");
            }
        }
    }
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test]
async fn over_text_fields() {
    compare(Generation::A, &Generator::new(1, NOW).take(COUNT).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn over_tag_fields() {
    compare(Generation::B, &Generator::new(2, NOW).take(COUNT).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn over_text_fields_and_a_number() {
    compare(Generation::D, &Generator::new(3, NOW).take(COUNT).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn an_index_over_hashes_holds_none() {
    for generation in [Generation::C3, Generation::C4] {
        let redis = redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        let documents: Vec<_> = Generator::new(4, NOW).take(500).collect();
        load(&mut connection, &documents, Announce::Silently).await.unwrap();
        assert_eq!(index_info(&mut connection, "messages", "num_docs").await.unwrap(), 0);
        assert_eq!(Tally::of(&documents, generation).refused, 500);
    }
}

#[tokio::test]
async fn groups_of_an_index_made_afterwards_add_up_to_the_tally() {
    let redis = redis().await;
    let mut connection = redis.connection().await.unwrap();
    let documents: Vec<_> = Generator::tidy(5, NOW).systems(2000).take(COUNT).collect();
    load(&mut connection, &documents, Announce::Silently).await.unwrap();
    create_index(&mut connection, "messages", Generation::A).await.unwrap();
    wait_until_built(&mut connection, "messages").await.unwrap();
    let answer: Vec<Value> = redis::cmd("FT.AGGREGATE")
        .arg(&["messages", "*", "GROUPBY", "1", "@system", "REDUCE", "COUNT", "0", "AS", "count"])
        .arg(&["LIMIT", "0", "1000000", "TIMEOUT", "0"])
        .query_async(&mut connection)
        .await
        .unwrap();
    let groups: BTreeMap<Option<String>, u64> = answer[1..]
        .iter()
        .map(|row| {
            let (_, system, _, count): (String, String, String, u64) =
                redis::from_redis_value_ref(row).unwrap();
            (Some(system), count)
        })
        .collect();
    assert_eq!(groups, Tally::of(&documents, Generation::A).by_system);
}

#[tokio::test]
async fn announced_documents_stand_in_the_stream_in_their_order() {
    let redis = redis().await;
    let mut connection = redis.connection().await.unwrap();
    let documents: Vec<_> = Generator::new(6, NOW).take(2500).collect();
    load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
    let entries: Vec<(String, (String, String))> =
        redis::cmd("XRANGE").arg(&["messages", "-", "+"]).query_async(&mut connection).await.unwrap();
    let announced: Vec<_> = entries.into_iter().map(|(_, field)| field).collect();
    let expected: Vec<_> =
        documents.iter().map(|document| ("messageID".to_owned(), document.key.clone())).collect();
    assert_eq!(announced, expected);
}
