//! The numbers are those of the documents, over every index that the platform has made, in both protocols, under a user
//! with the fewest rights.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::time::Duration;

use common::{COUNTING, as_user, make_user, scan, store};
use scout_core::FindingKind;
use scout_redis::Protocol;
use scout_testkit::{Announce, Generation, Generator, Tally, create_index, load, wait_until_built};

const DOCUMENTS: usize = 100_000;
const NOW: i64 = 1_789_196_834_000;

async fn numbers_are_right(generation: Generation) {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    make_user(&mut connection, COUNTING).await;
    create_index(&mut connection, "messages", generation).await.unwrap();
    let documents: Vec<_> = Generator::new(7, NOW).take(DOCUMENTS).collect();
    load(&mut connection, &documents, Announce::Silently).await.unwrap();
    wait_until_built(&mut connection, "messages").await.unwrap();
    let expected = Tally::of(&documents, generation);
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let (mut counted, report) = scan(&store(as_user(&redis.url(), protocol))).await.unwrap();
        // A scan does not see them; the index tells their number below.
        counted.tally.refused = expected.refused;
        assert_eq!(counted.tally, expected, "{protocol:?}");
        assert_eq!((report.rows, report.difference()), (expected.indexed(), 0), "{protocol:?}");
        let refused = report.findings.iter().find(|finding| finding.kind == FindingKind::RefusedDocuments);
        assert_eq!(refused.map(|finding| finding.count), Some(expected.refused), "{protocol:?}");
        let types = report.findings.iter().any(|finding| finding.kind == FindingKind::IndexAttributeType);
        assert_eq!(types, generation == Generation::B);
        assert!(report.busy > Duration::ZERO && report.longest <= report.busy);
        assert!(report.commands > 2, "{}", report.commands);
    }
}

#[tokio::test]
async fn numbers_over_seven_texts_are_right() {
    numbers_are_right(Generation::A).await;
}

#[tokio::test]
async fn numbers_over_tags_are_right() {
    numbers_are_right(Generation::B).await;
}

#[tokio::test]
async fn numbers_over_the_newest_index_are_right() {
    numbers_are_right(Generation::D).await;
}
