//! What clients of the Go service rely on, by the numbers of the list of its contract.

use std::time::Duration;

use scout_core::{Board, Now, StoreErrorKind};
use scout_http::{BuildInfo, Tokens};

use crate::support::{Harness, error, get, publication, serve, serve_with};

/// A server that lets in who has the token `secret`, with a snapshot of three messages.
async fn locked() -> Harness {
    let harness = serve(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    harness.publish(&[
        (Some("ERROR"), Some("flux")),
        (Some("error"), Some("github")),
        (Some("info"), Some("flux")),
    ]);
    harness
}

async fn open() -> Harness {
    let harness = serve(|_| {}).await;
    harness.publish(&[
        (Some("ERROR"), Some("flux")),
        (Some("error"), Some("github")),
        (Some("info"), Some("flux")),
    ]);
    harness
}

fn with_authorization(method: &str, path: &str, header: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: scout\r\nauthorization:{header}\r\n\r\n")
}

const ANALYTICS: [&str; 3] = ["/analytics/summary", "/analytics/systems", "/analytics/alerts"];

#[tokio::test]
async fn item_18_the_six_routes_are_served_and_all_else_is_404() {
    let harness = open().await;
    for path in ["/", "/health", "/metrics"].into_iter().chain(ANALYTICS) {
        assert_eq!(harness.get(path).await.status(), 200, "{path}");
    }
    for path in ["/health/", "/nothing", "/analytics", "/analytics/digest", "/pitch", "//"] {
        let reply = harness.get(path).await;
        assert_eq!(
            reply.raw(),
            "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
             content-length: 22\r\ndate: *\r\n\r\n{\"error\":\"not found\"}\n",
            "{path}"
        );
    }
}

#[tokio::test]
async fn item_19_root_takes_get_and_head_and_says_so_to_others() {
    let harness = open().await;
    assert_eq!(harness.get("/").await.status(), 200);
    let head = harness.ask("HEAD / HTTP/1.1\r\nhost: scout\r\n\r\n").await;
    assert_eq!(head.head, harness.get("/").await.head);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let reply =
            harness.ask(&format!("{method} / HTTP/1.1\r\nhost: scout\r\ncontent-length: 0\r\n\r\n")).await;
        assert_eq!((reply.status(), reply.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
}

#[tokio::test]
async fn items_20_and_21_root_lists_the_five_endpoints_first() {
    let expected = "{\"service\":\"homerun2-scout\",\"version\":\"dev\",\"endpoints\":[\
        {\"path\":\"/health\",\"description\":\"Health check and uptime\",\"auth\":false},\
        {\"path\":\"/metrics\",\"description\":\"Prometheus metrics\",\"auth\":false},\
        {\"path\":\"/analytics/summary\",\"description\":\"Aggregated event summary\",\"auth\":true},\
        {\"path\":\"/analytics/systems\",\"description\":\"Events grouped by system\",\"auth\":true},\
        {\"path\":\"/analytics/alerts\",\"description\":\"Alert counts and top systems\",\"auth\":true},\
        {\"path\":\"/ready\",\"description\":\"Whether the numbers are fresh\",\"auth\":false},\
        {\"path\":\"/livez\",\"description\":\"Whether the process serves\",\"auth\":false},\
        {\"path\":\"/readyz\",\"description\":\"Whether there are numbers to serve\",\"auth\":false},\
        {\"path\":\"/analytics/systems/{system}\",\"description\":\"Events of one system by severity\",\"auth\":true},\
        {\"path\":\"/analytics/timeseries\",\"description\":\"Events over time\",\"auth\":true},\
        {\"path\":\"/events\",\"description\":\"New snapshots as server-sent events\",\"auth\":true},\
        {\"path\":\"/alerts\",\"description\":\"Alerts that are pending or firing\",\"auth\":true},\
        {\"path\":\"/rules\",\"description\":\"Rules and how they were last judged\",\"auth\":true},\
        {\"path\":\"/openapi.json\",\"description\":\"Description of these routes (OpenAPI)\",\"auth\":false}]}\n";
    assert_eq!(open().await.get("/").await.text(), expected);
    let with_intake = serve_with(|_| {}).await;
    let pitch = ",{\"path\":\"/pitch\",\"description\":\"Intake of messages\",\"auth\":true}]}\n";
    assert_eq!(with_intake.get("/").await.text(), expected.replace("]}\n", pitch));
}

#[tokio::test]
async fn items_22_and_24_health_says_which_build_this_is() {
    let harness = serve(|config| {
        config.build = BuildInfo { version: "1.2.3", commit: "abc", date: "2026-01-01" };
    })
    .await;
    assert_eq!(
        harness.get("/health").await.raw(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 83\r\ndate: *\r\n\r\n\
         {\"status\":\"ok\",\"version\":\"1.2.3\",\"commit\":\"abc\",\"date\":\"2026-01-01\",\"uptime\":\"0s\"}\n"
    );
    let untold = serve(|_| {}).await.get("/health").await.json();
    assert_eq!(
        (&untold["version"], &untold["commit"], &untold["date"]),
        (&"dev".into(), &"unknown".into(), &"unknown".into())
    );
}

#[tokio::test]
async fn item_23_uptime_is_a_go_duration_in_whole_seconds() {
    let harness = serve(|_| {}).await;
    let steps =
        [(999, "0s"), (58_001, "59s"), (1000, "1m0s"), (8_955_000, "2h30m15s"), (167_385_000, "49h0m0s")];
    for (step, shown) in steps {
        harness.clock.advance(Duration::from_millis(step));
        assert_eq!(harness.get("/health").await.json()["uptime"], shown);
    }
}

#[tokio::test]
async fn item_25_health_is_200_whatever_the_store_does() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    harness.publisher.publish(&board.fail(&error(StoreErrorKind::Unreachable), Now::default()));
    assert_eq!(harness.get("/health").await.status(), 200);
}

#[tokio::test]
async fn items_26_and_27_other_methods_than_get_and_head_are_405() {
    let harness = open().await;
    for path in ["/health", "/ready", "/livez", "/readyz"].into_iter().chain(ANALYTICS) {
        let reply = harness.ask(&format!("DELETE {path} HTTP/1.1\r\nhost: scout\r\n\r\n")).await;
        assert_eq!(
            reply.raw(),
            "HTTP/1.1 405 Method Not Allowed\r\ncontent-type: application/json\r\n\
             x-content-type-options: nosniff\r\nallow: GET, HEAD\r\ncontent-length: 31\r\ndate: *\r\n\r\n\
             {\"error\":\"method not allowed\"}\n",
            "{path}"
        );
    }
}

#[tokio::test]
async fn item_26_head_gives_the_head_of_get() {
    let harness = open().await;
    for path in ["/", "/health", "/livez", "/readyz", "/ready"].into_iter().chain(ANALYTICS) {
        let mut client = harness.connect().await;
        let head = client.ask(&format!("HEAD {path} HTTP/1.1\r\nhost: scout\r\n\r\n")).await;
        // On the same connection, so that a body sent by mistake would be taken for the next answer.
        let whole = client.ask(&get(path)).await;
        assert_eq!(head.head, whole.head, "{path}");
        assert!(!whole.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn item_28_without_authorization_the_analytics_are_401() {
    let harness = locked().await;
    for path in ANALYTICS {
        assert_eq!(
            harness.get(path).await.raw(),
            "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
             content-length: 41\r\ndate: *\r\n\r\n{\"error\":\"missing authorization header\"}\n"
        );
    }
}

#[tokio::test]
async fn item_29_a_wrong_scheme_token_or_form_is_401() {
    let harness = locked().await;
    for header in [
        " Basic secret",
        " Bearer wrong",
        " secret",
        " Bearer",
        " Bearersecret",
        " Bearer secret2",
        " Bearer \u{fc}",
    ] {
        let reply = harness.ask(&with_authorization("GET", "/analytics/summary", header)).await;
        assert_eq!((reply.status(), reply.text()), (401, "{\"error\":\"invalid token\"}\n"), "{header:?}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn item_30_the_scheme_has_no_case_and_the_first_space_parts_it_from_the_token() {
    let harness = locked().await;
    for (header, status) in [
        (" Bearer secret", 200),
        (" bearer secret", 200),
        (" BEARER secret", 200),
        (" Bearer secret  ", 200),
        (" Bearer  secret", 401),
        (" Bearer\tsecret", 401),
    ] {
        let reply = harness.ask(&with_authorization("GET", "/analytics/summary", header)).await;
        assert_eq!(reply.status(), status, "{header:?}");
    }
}

#[tokio::test]
async fn item_31_an_empty_header_is_none_and_no_scheme_is_offered() {
    let reply = locked().await.ask(&with_authorization("GET", "/analytics/summary", "")).await;
    assert_eq!(reply.text(), "{\"error\":\"missing authorization header\"}\n");
    assert_eq!(reply.header("www-authenticate"), None);
}

#[tokio::test]
async fn item_32_the_token_comes_before_the_method() {
    let harness = locked().await;
    let bare = "POST /analytics/summary HTTP/1.1\r\nhost: scout\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(harness.ask(bare).await.status(), 401);
    let reply = harness.ask(&with_authorization("POST", "/analytics/summary", " Bearer secret")).await;
    assert_eq!(reply.status(), 405);
}

#[tokio::test]
async fn item_33_root_health_and_metrics_need_no_token() {
    let harness = locked().await;
    for path in ["/", "/health", "/metrics", "/ready", "/livez", "/readyz"] {
        assert_eq!(harness.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn item_34_answers_are_json_in_one_line() {
    let harness = open().await;
    for path in ["/", "/health"].into_iter().chain(ANALYTICS) {
        let reply = harness.get(path).await;
        assert_eq!(reply.header("content-type"), Some("application/json"), "{path}");
        let text = reply.text();
        assert_eq!(text.find('\n'), Some(text.len() - 1), "{path}");
        assert!(!text.contains(": ") && !text.contains(", "), "{path}: {text}");
    }
}

#[tokio::test]
async fn item_35_markup_and_separators_are_escaped_in_names() {
    let harness = serve(|_| {}).await;
    harness.publish(&[(Some("<&>"), Some("a\u{2028}b<c>\u{2029}&\u{fffd}ü"))]);
    let summary = harness.get("/analytics/summary").await;
    assert!(summary.text().contains(r#""severityCounts":{"\u003c\u0026\u003e":1}"#), "{}", summary.text());
    let systems = harness.get("/analytics/systems").await;
    let expected = r#""system":"a\u2028b\u003cc\u003e\u2029\u0026�ü""#;
    assert!(systems.text().contains(expected), "{}", systems.text());
}

#[tokio::test]
async fn item_36_the_summary_has_its_four_keys_in_order() {
    let reply = open().await.get("/analytics/summary").await;
    assert_eq!(
        reply.raw(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\netag: \"7a71705b48ef5b8ed5588fca8e78d1f0\"\r\ncache-control: no-cache\r\n\
         vary: accept-encoding\r\ncontent-length: 114\r\ndate: *\r\n\r\n\
         {\"totalMessages\":3,\"severityCounts\":{\"error\":2,\"info\":1},\"timeWindow\":\"60s\",\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\"}\n"
    );
}

#[tokio::test]
async fn item_37_severity_counts_keys_are_in_byte_order_and_never_null() {
    let harness = serve(|_| {}).await;
    harness.publish(&[]);
    assert!(harness.get("/analytics/summary").await.text().contains("\"severityCounts\":{},"));
    harness.publish(&[
        (Some("ü"), None),
        (Some("z"), None),
        (Some("a_b"), None),
        (Some("ab"), None),
        (Some("a b"), None),
    ]);
    let text = harness.get("/analytics/summary").await.text().to_owned();
    assert!(text.contains(r#""severityCounts":{"a b":1,"a_b":1,"ab":1,"z":1,"ü":1}"#), "{text}");
}

#[tokio::test]
async fn item_38_time_window_repeats_the_configured_text() {
    for configured in ["60s", "1h30m", "500ms"] {
        let harness = serve(|config| configured.clone_into(&mut config.time_window)).await;
        harness.publish(&[]);
        assert_eq!(harness.get("/analytics/summary").await.json()["timeWindow"], configured);
    }
}

#[tokio::test]
async fn item_39_last_updated_is_rfc3339_without_trailing_zeros() {
    let harness = serve(|_| {}).await;
    for (step, shown) in
        [(0, "2026-03-01T12:00:00Z"), (500, "2026-03-01T12:00:00.5Z"), (21, "2026-03-01T12:00:00.521Z")]
    {
        harness.clock.advance(Duration::from_millis(step));
        harness.publish(&[]);
        assert_eq!(harness.get("/analytics/summary").await.json()["lastUpdated"], shown);
    }
}

#[tokio::test]
async fn item_40_the_three_documents_show_one_moment() {
    let harness = open().await;
    for path in ANALYTICS {
        assert_eq!(harness.get(path).await.json()["lastUpdated"], "2026-03-01T12:00:00Z", "{path}");
    }
}

#[tokio::test]
async fn item_41_the_total_is_the_sum_of_the_severities_unknown_included() {
    let harness = serve(|_| {}).await;
    harness.publish(&[(Some("info"), None), (None, Some("a")), (Some(" "), Some("a"))]);
    let summary = harness.get("/analytics/summary").await.json();
    assert_eq!(summary["totalMessages"], 3);
    assert_eq!(summary["severityCounts"], serde_json::json!({"info": 1, "unknown": 2}));
}

#[tokio::test]
async fn item_42_systems_come_by_falling_count() {
    assert_eq!(
        open().await.get("/analytics/systems").await.text(),
        "{\"systems\":[{\"system\":\"flux\",\"count\":2},{\"system\":\"github\",\"count\":1}],\"total\":2,\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\"}\n"
    );
}

#[tokio::test]
async fn item_43_twenty_systems_are_listed_and_all_are_counted() {
    let harness = serve(|_| {}).await;
    let names: Vec<String> = (0..30).map(|number| format!("system-{number:02}")).collect();
    let mut rows: Vec<_> = names.iter().map(|name| (Some("info"), Some(name.as_str()))).collect();
    rows.push((Some("info"), Some("")));
    harness.publish(&rows);
    let systems = harness.get("/analytics/systems").await.json();
    assert_eq!(systems["systems"].as_array().unwrap().len(), 20);
    assert_eq!((&systems["total"], &systems["withoutSystem"]), (&30.into(), &1.into()));
}

#[tokio::test]
async fn items_44_and_45_alerts_have_both_severities_and_lists_are_never_null() {
    let harness = serve(|_| {}).await;
    harness.publish(&[]);
    assert_eq!(
        harness.get("/analytics/alerts").await.text(),
        "{\"totalAlerts\":0,\"severityCounts\":{\"critical\":0,\"error\":0},\"topSystems\":[],\
         \"lastUpdated\":\"2026-03-01T12:00:00Z\"}\n"
    );
    let names: Vec<String> = (0..12).map(|number| format!("system-{number:02}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (Some("FATAL"), Some(name.as_str()))).collect();
    harness.publish(&rows);
    let alerts = harness.get("/analytics/alerts").await.json();
    assert_eq!(alerts["severityCounts"], serde_json::json!({"critical": 12, "error": 0}));
    assert_eq!(alerts["topSystems"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn item_46_alerts_and_summary_count_alike() {
    let harness = serve(|_| {}).await;
    harness.publish(&[
        (Some("ERROR"), None),
        (Some("no error"), None),
        (Some("errors"), None),
        (Some("crit"), None),
    ]);
    let (summary, alerts) =
        (harness.get("/analytics/summary").await.json(), harness.get("/analytics/alerts").await.json());
    assert_eq!(alerts["severityCounts"], serde_json::json!({"critical": 1, "error": 1}));
    assert_eq!(summary["severityCounts"]["error"], 1);
    assert_eq!(summary["severityCounts"]["no error"], 1);
}

#[tokio::test]
async fn item_47_before_the_first_snapshot_there_is_no_answer() {
    let harness = serve(|_| {}).await;
    for path in ANALYTICS {
        assert_eq!(
            harness.get(path).await.raw(),
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
             retry-after: 5\r\ncontent-length: 28\r\ndate: *\r\n\r\n{\"error\":\"no snapshot yet\"}\n",
            "{path}"
        );
    }
    let mut board = Board::new(Duration::from_secs(60));
    harness.publisher.publish(&board.fail(&error(StoreErrorKind::Unreachable), Now::default()));
    assert_eq!(
        harness.get("/analytics/summary").await.text(),
        "{\"error\":\"no snapshot yet\",\"reason\":\"connection refused \\u003c127.0.0.1:6379\\u003e\"}\n"
    );
}

#[tokio::test]
async fn item_48_answers_come_from_what_was_published() {
    // The store of this server panics when it is asked anything.
    let harness = serve_with(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    harness.publisher.publish(&publication(&mut board, &[(Some("info"), None)], Vec::new(), &harness.clock));
    let first = harness.get("/analytics/summary").await;
    assert_eq!(first.status(), 200);
    assert_eq!(harness.get("/analytics/summary").await, first);
}

#[tokio::test]
async fn item_49_query_strings_without_parameters_of_ours_are_ignored() {
    let harness = open().await;
    for path in ["/", "/health"].into_iter().chain(ANALYTICS) {
        let (plain, asked) =
            (harness.get(path).await, harness.get(&format!("{path}?token=info&x=%ff")).await);
        assert_eq!(plain, asked, "{path}");
    }
}
