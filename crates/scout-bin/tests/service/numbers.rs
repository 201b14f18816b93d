//! The same Redis and the same environment as the Go service: the same routes, with true numbers.

use scout_testkit::{Announce, Generation, Generator, Tally, create_index, load};

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
