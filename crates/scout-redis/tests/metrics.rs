//! What the adapter tells about its own work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use common::{MachineClock, scan, write};
use metrics_exporter_prometheus::PrometheusBuilder;
use scout_redis::{RedisConfig, RedisStore};
use scout_testkit::RedisServer;

#[tokio::test]
async fn commands_are_timed_and_errors_counted_by_kind() {
    let mut server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    write(&mut connection, 500).await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let config = RedisConfig::from_url(&server.url()).unwrap();
    let store = RedisStore::new(config, MachineClock::shifted(0), &recorder).unwrap();
    let render = || recorder.handle().render();

    // Every kind is there from the beginning, so that a rate has something to begin with.
    let before = render();
    assert!(before.contains(r#"homerun2_scout_redis_errors_total{kind="unreachable"} 0"#), "{before}");
    assert_eq!(before.matches("homerun2_scout_redis_errors_total{").count(), 13);

    scan(&store).await.unwrap();
    server.kill().unwrap();
    for _ in 0..3 {
        scan(&store).await.unwrap_err();
    }
    let after = render();
    assert!(after.contains(r#"homerun2_scout_redis_errors_total{kind="unreachable"} 3"#), "{after}");
    for command in ["connect", "ft.aggregate", "ft.cursor", "ft.create", "ft.info"] {
        let series = format!(r#"homerun2_scout_redis_command_duration_seconds_count{{command="{command}"}}"#);
        let line = after
            .lines()
            .find(|line| line.starts_with(&series))
            .unwrap_or_else(|| panic!("{series} in {after}"));
        assert!(!line.ends_with(" 0"), "{line}");
    }
    assert!(after.contains("# HELP homerun2_scout_redis_command_duration_seconds "), "{after}");
}
