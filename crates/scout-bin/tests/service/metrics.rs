//! The page about metrics, and what the service exposes.

use std::collections::BTreeSet;

use scout_testkit::{Announce, Generation, Generator, create_index, load};

use crate::scout::Scout;

const PAGE: &str = include_str!("../../../../docs/metrics.md");

/// The names in the page's tables and in its last section.
fn documented() -> BTreeSet<&'static str> {
    let ours = |word: &&str| word.starts_with("homerun2_scout_") || word.starts_with("process_");
    let names = PAGE.split('`').skip(1).step_by(2).filter(ours);
    names.filter(|name| !name.contains(' ')).collect()
}

#[tokio::test]
async fn every_metric_is_documented_and_every_documented_one_is_exposed() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let documents: Vec<_> = Generator::new(3, 1_789_196_834_000).take(500).collect();
    load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
    let variables = [
        ("REDIS_URL", redis.url()),
        ("SCOUT_PITCH", "true".to_owned()),
        ("AUTH_TOKEN", "a-token".to_owned()),
        // With a rule that never fires, for somebody who is never told.
        ("ALERT_PITCHER_URL", "http://127.0.0.1:9".to_owned()),
        ("ALERT_ERROR_THRESHOLD", "1000000".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let scout = Scout::start(&variables).await;
    scout.answers("/readyz", |answer| answer.status == 200).await;

    let exposed = scout.get("/metrics").body;
    let types = exposed.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let exposed: BTreeSet<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    let documented = documented();
    let unknown: Vec<_> = exposed.difference(&documented).collect();
    assert!(unknown.is_empty(), "exposed, but not documented: {unknown:?}");
    // Nothing fails here, so that families which count failures by kind have no series.
    let silent = ["homerun2_scout_redis_errors_total"];
    let missing: Vec<_> = documented.difference(&exposed).filter(|name| !silent.contains(name)).collect();
    assert!(missing.is_empty(), "documented, but not exposed: {missing:?}");
}
