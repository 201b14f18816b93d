//! Start and end.

use serde_json::Value;

use crate::scout::{Scout, command};

fn embedded(folder: &tempfile::TempDir) -> [(&'static str, String); 2] {
    [("SCOUT_STORE", "embedded".to_owned()), ("SCOUT_DATA", folder.path().display().to_string())]
}

async fn start_embedded(folder: &tempfile::TempDir, more: &[(&str, &str)]) -> Scout {
    let store = embedded(folder);
    let mut variables: Vec<(&str, &str)> =
        store.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend(more);
    Scout::start(&variables).await
}

#[tokio::test]
async fn item_100_sigterm_and_ctrl_c_end_the_process_with_exit_code_0() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut scout = start_embedded(&folder, &[]).await;
        scout.signal(signal);
        assert_eq!(scout.ended().await.code(), Some(0), "SIG{signal}");
    }
}

#[tokio::test]
async fn item_76_each_cycle_is_logged_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let scout = start_embedded(&folder, &[]).await;
    let line = scout
        .eventually("the first cycle", |scout| scout.logged("aggregation cycle complete").into_iter().next())
        .await;
    for key in ["totalMessages", "systemCount", "totalAlerts"] {
        assert_eq!(line[key], 0, "{line}");
    }
    assert!(line["duration"].as_f64().is_some_and(|seconds| seconds > 0.0), "{line}");
}

#[tokio::test]
async fn item_82_start_and_end_are_logged() {
    let folder = tempfile::tempdir().unwrap();
    let mut scout = start_embedded(&folder, &[]).await;
    scout.signal("TERM");
    scout.ended().await;
    for message in ["server starting", "shutting down...", "aggregator stopped", "shutdown complete"] {
        assert_eq!(scout.logged(message).len(), 1, "{message}");
    }
}

#[tokio::test]
async fn item_101_a_port_in_use_is_said_and_ends_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = command(&[], &embedded(&folder).each_ref().map(|(name, value)| (*name, value.as_str())))
        .env("PORT", &port)
        .env("SCOUT_LISTEN", "127.0.0.1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(69));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("server error") && log.contains(&port), "{log}");
}

#[tokio::test]
async fn the_json_log_has_nothing_but_objects_with_time_level_and_message_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut scout = start_embedded(&folder, &[("LOG_LEVEL", "debug")]).await;
    scout.get("/health");
    scout.get("/nowhere");
    scout.signal("TERM");
    scout.ended().await;
    let lines = scout.lines();
    assert!(lines.len() > 5, "{lines:?}");
    for line in lines {
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in ["time", "level", "msg"] {
            assert!(object.contains_key(key), "{line}");
        }
        assert!(line.starts_with(r#"{"time":""#), "{line}");
    }
}

#[tokio::test]
async fn messages_survive_kill_9_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut scout = start_embedded(&folder, &[("SCOUT_INTERVAL", "1s")]).await;
    for number in 0..20 {
        let body = format!(r#"{{"title": "t{number}", "message": "m", "severity": "ERROR", "system": "s"}}"#);
        assert_eq!(scout.request("POST", "/pitch", &[], &body).status, 200);
    }
    scout.signal("KILL");
    scout.ended().await;
    let scout = start_embedded(&folder, &[("SCOUT_INTERVAL", "1s")]).await;
    assert_eq!(scout.counts(20).await["severityCounts"]["error"], 20);
}

#[tokio::test]
async fn a_second_process_over_the_same_folder_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let _first = start_embedded(&folder, &[]).await;
    let output = command(&[], &embedded(&folder).each_ref().map(|(name, value)| (*name, value.as_str())))
        .env("PORT", "0")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(69));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains(&folder.path().display().to_string()), "{log}");
}
