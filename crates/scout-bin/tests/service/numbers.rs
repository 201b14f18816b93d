//! The same Redis and the same environment as the Go service: the same routes, with true numbers.

use std::collections::BTreeMap;

use scout_testkit::{Announce, Generation, Generator, Tally, create_index, load};

use serde_json::{Value, json};

use crate::scout::Scout;

const NOW_MS: i64 = 1_789_196_834_000;

#[tokio::test]
async fn the_environment_of_the_go_service_gives_its_routes_and_true_numbers() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::A).await.unwrap();
    let documents: Vec<_> = Generator::new(3, NOW_MS).take(5_000).collect();
    load(&mut connection, &documents, Announce::On("messages")).await.unwrap();
    let expected = Tally::of(&documents, Generation::A);

    let url = redis.url();
    let address = url.rsplit('@').next().unwrap().trim_start_matches("redis://").trim_end_matches('/');
    let (host, port) = address.split_once(':').unwrap();
    let scout = Scout::start(&[
        ("REDIS_ADDR", host),
        ("REDIS_PORT", port),
        ("REDISEARCH_INDEX", "messages"),
        ("SCOUT_INTERVAL", "60s"),
        ("SCOUT_RETENTION_TTL", "48h"),
        ("AUTH_TOKEN", "a-token"),
        ("LOG_LEVEL", "info"),
    ])
    .await;
    let bearer = [("Authorization", "Bearer a-token")];
    let summary = scout
        .eventually("the first cycle", |scout| {
            let answer = scout.request("GET", "/analytics/summary", &bearer, "");
            (answer.status == 200).then(|| answer.json())
        })
        .await;
    assert_eq!(summary["totalMessages"], expected.messages);
    assert_eq!(summary["timeWindow"], "60s");
    for (severity, count) in &expected.by_severity {
        assert_eq!(summary["severityCounts"][severity], *count, "{severity}");
    }
    let alerts = scout.request("GET", "/analytics/alerts", &bearer, "").json();
    assert_eq!(alerts["totalAlerts"], expected.alerts());
    let systems = scout.request("GET", "/analytics/systems", &bearer, "").json();
    let named = || expected.by_system.iter().filter(|(name, _)| name.is_some());
    assert_eq!(systems["total"], named().count());
    assert_eq!(systems["systems"][0]["count"].as_u64(), named().map(|(_, count)| *count).max());
    assert_eq!(scout.get("/analytics/summary").status, 401);
    assert_eq!(scout.get("/pitch").status, 404, "the intake is off over Redis unless asked for");
    assert!(
        scout
            .get("/metrics")
            .body
            .contains(&format!("\nhomerun2_scout_messages_total {}\n", expected.messages))
    );
}

/// The largest counts of named systems, as the answers list them.
fn largest(counts: BTreeMap<&str, u64>, limit: usize) -> Value {
    let mut ranked: Vec<(&str, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    ranked.truncate(limit);
    ranked.into_iter().map(|(system, count)| json!({"system": system, "count": count})).collect()
}

fn sum_by_system(expected: &Tally, counts: impl Fn(&str) -> bool) -> BTreeMap<&str, u64> {
    let mut sums = BTreeMap::new();
    for ((system, severity), count) in &expected.by_system_and_severity {
        if let Some(system) = system
            && counts(severity)
        {
            *sums.entry(system.as_str()).or_default() += count;
        }
    }
    sums
}

#[tokio::test]
async fn the_three_views_equal_an_independent_count_of_100_000_odd_messages_for_each_index_generation() {
    for generation in [Generation::A, Generation::B, Generation::D] {
        let redis = scout_testkit::redis().await;
        let mut connection = redis.connection().await.unwrap();
        create_index(&mut connection, "messages", generation).await.unwrap();
        let documents: Vec<_> = Generator::new(5, NOW_MS).take(100_000).collect();
        load(&mut connection, &documents, Announce::Silently).await.unwrap();
        let expected = Tally::of(&documents, generation);

        let scout = Scout::start(&[("REDIS_URL", &redis.url())]).await;
        let summary = scout.counts(expected.messages).await;
        assert_eq!(summary["severityCounts"], json!(expected.by_severity), "{generation:?}");
        assert_eq!(summary.get("difference"), None, "{summary}");

        let systems = scout.get("/analytics/systems").json();
        let named = sum_by_system(&expected, |_| true);
        assert_eq!(systems["total"], named.len(), "{generation:?}");
        assert_eq!(systems["systems"], largest(named, 20), "{generation:?}");
        let nameless = expected.by_system.get(&None).copied().unwrap_or_default();
        assert_eq!(systems["withoutSystem"], nameless, "{generation:?}");

        let alerts = scout.get("/analytics/alerts").json();
        let of = |severity: &str| expected.by_severity.get(severity).copied().unwrap_or_default();
        assert_eq!(alerts["totalAlerts"], expected.alerts(), "{generation:?}");
        assert_eq!(alerts["severityCounts"], json!({"critical": of("critical"), "error": of("error")}));
        let alerting = sum_by_system(&expected, |severity| matches!(severity, "error" | "critical"));
        assert_eq!(alerts["topSystems"], largest(alerting, 10), "{generation:?}");
    }
}
