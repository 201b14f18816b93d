//! `/metrics`: what dashboards of the Go service rely on, by the numbers of the list of its contract, and the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata};
use scout_core::{Board, Clock as _, Finding, FindingKind, StoreErrorKind};

use crate::support::{Harness, error, get, publication, serve};

const METADATA: Metadata<'static> = Metadata::new("test", Level::INFO, None);

/// The eight names of the Go service, with types and texts.
const OLD_FAMILIES: [(&str, &str, &str); 8] = [
    ("homerun2_scout_messages_total", "gauge", "Total messages indexed in RediSearch"),
    ("homerun2_scout_systems_total", "gauge", "Total distinct systems in RediSearch index"),
    ("homerun2_scout_severity_count", "gauge", "Message count per severity"),
    ("homerun2_scout_system_message_count", "gauge", "Message count per system"),
    ("homerun2_scout_alert_count", "gauge", "Alert message count per severity (error/critical)"),
    ("homerun2_scout_top_alerting_system_count", "gauge", "Alert count for top alerting systems"),
    ("homerun2_scout_aggregation_duration_seconds", "histogram", "Duration of aggregation cycles in seconds"),
    ("homerun2_scout_aggregation_errors_total", "counter", "Total number of aggregation errors"),
];

async fn counted() -> Harness {
    let harness = serve(|_| {}).await;
    harness.publish(&[
        (Some("ERROR"), Some("flux")),
        (Some("error"), Some("a/b \"c\"\\\n")),
        (Some("info"), Some("flux")),
        (None, None),
    ]);
    harness
}

async fn scrape(harness: &Harness) -> String {
    harness.get("/metrics").await.text().to_owned()
}

/// The samples of a scrape without those that differ from run to run.
fn steady(text: &str) -> String {
    let varies = |line: &str| line.split(' ').any(|word| word.starts_with("process_"));
    text.lines().filter(|line| !varies(line)).fold(String::new(), |all, line| all + line + "\n")
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is missing in\n{text}")).parse().unwrap()
}

/// The families of a scrape in their order: name, type, help and lines of samples.
fn families(text: &str) -> Vec<(&str, &str, &str, Vec<&str>)> {
    let mut families: Vec<(&str, &str, &str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|line| line.split_once(' ')) {
            families.push((name, "", help, Vec::new()));
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' '))
        {
            let family = families.last_mut().unwrap();
            assert_eq!(family.0, name, "HELP comes before TYPE");
            family.1 = kind;
        } else {
            families.last_mut().unwrap().3.push(line);
        }
    }
    families
}

#[tokio::test]
async fn the_whole_text_of_a_first_scrape() {
    let expected = include_str!("golden/metrics.txt");
    assert_eq!(steady(&scrape(&counted().await).await), expected);
}

#[tokio::test]
async fn items_60_to_64_the_old_names_types_and_texts_stay() {
    let text = scrape(&counted().await).await;
    for (name, kind, help) in OLD_FAMILIES {
        let head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        assert!(text.contains(&head), "{head} is missing in\n{text}");
    }
    assert!((value(&text, "homerun2_scout_messages_total") - 4.0).abs() < 0.1);
    assert!((value(&text, "homerun2_scout_systems_total") - 2.0).abs() < 0.1);
}

#[tokio::test]
async fn item_62_the_aggregation_histogram_keeps_its_buckets() {
    let harness = counted().await;
    let key = Key::from_static_name("homerun2_scout_aggregation_duration_seconds");
    harness.telemetry.recorder().register_histogram(&key, &METADATA).record(0.3);
    let text = scrape(&harness).await;
    let (_, _, _, samples) = families(&text).into_iter().find(|family| family.0 == key.name()).unwrap();
    let expected: Vec<String> =
        [".005 0", ".01 0", ".025 0", ".05 0", ".1 0", ".25 0", ".5 1", "1 1", "2.5 1", "5 1", "10 1"]
            .iter()
            .map(|bucket| {
                let (bound, count) = bucket.split_once(' ').unwrap();
                let bound = if bound.starts_with('.') { format!("0{bound}") } else { bound.to_owned() };
                format!("{}_bucket{{le=\"{bound}\"}} {count}", key.name())
            })
            .collect();
    assert_eq!(samples[..11], expected);
    assert_eq!(samples[11], format!("{}_bucket{{le=\"+Inf\"}} 1", key.name()));
}

#[tokio::test]
async fn item_63_the_error_counter_is_there_at_zero_and_counts() {
    let harness = serve(|_| {}).await;
    let name = "homerun2_scout_aggregation_errors_total";
    assert!(scrape(&harness).await.contains(&format!("\n{name} 0\n")));
    let counter = harness.telemetry.recorder().register_counter(&Key::from_static_name(name), &METADATA);
    counter.increment(2);
    assert!(scrape(&harness).await.contains(&format!("\n{name} 2\n")));
}

#[tokio::test]
async fn item_65_severities_are_folded_and_systems_stand_as_written() {
    let text = scrape(&counted().await).await;
    for line in [
        "homerun2_scout_severity_count{severity=\"error\"} 2\n",
        "homerun2_scout_severity_count{severity=\"unknown\"} 1\n",
        "homerun2_scout_alert_count{severity=\"critical\"} 0\n",
        "homerun2_scout_alert_count{severity=\"error\"} 2\n",
        "homerun2_scout_system_message_count{system=\"a/b \\\"c\\\"\\\\\\n\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("ERROR"));
}

#[tokio::test]
async fn item_66_all_gauges_are_made_anew_so_that_nothing_stale_remains() {
    let harness = counted().await;
    harness.publish(&[(Some("warning"), Some("other"))]);
    let text = scrape(&harness).await;
    for gone in ["severity=\"info\"", "system=\"flux\"", "homerun2_scout_top_alerting_system_count"] {
        assert!(!text.contains(gone), "{gone} is still there in\n{text}");
    }
    assert!(text.contains("homerun2_scout_alert_count{severity=\"error\"} 0\n"));
}

#[tokio::test]
async fn item_68_process_metrics_are_there() {
    let text = scrape(&serve(|_| {}).await).await;
    for name in [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_virtual_memory_bytes",
    ] {
        assert_eq!(text.contains(&format!("\n{name} ")), cfg!(target_os = "linux"), "{name}");
    }
}

#[tokio::test]
async fn item_69_it_is_text_of_the_old_format_and_gzip_when_asked() {
    let harness = counted().await;
    let plain = harness.get("/metrics").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let request = format!(
        "GET /metrics HTTP/1.1\r\nhost: scout\r\naccept: {accept}\r\naccept-encoding: zstd, gzip\r\n\r\n"
    );
    let compressed = harness.ask(&request).await;
    assert_eq!(compressed.header("content-type"), plain.header("content-type"));
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert!(compressed.gunzipped().contains("homerun2_scout_messages_total 4\n"));
}

#[tokio::test]
async fn item_70_families_and_series_are_sorted_and_empty_ones_left_out() {
    let harness = counted().await;
    for command in ["b", "a", "c"] {
        let key = Key::from_parts("homerun2_scout_test_total", vec![Label::new("command", command)]);
        harness.telemetry.recorder().register_counter(&key, &METADATA).increment(1);
    }
    for path in ["/health", "/nothing", "/", "/analytics/summary"] {
        harness.get(path).await;
    }
    let text = scrape(&harness).await;
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no family twice");
    let mut series: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.contains("le=\"")) {
        let (series_of, _) = line.rsplit_once(' ').unwrap();
        series.entry(series_of.split('{').next().unwrap()).or_default().push(series_of);
    }
    for (name, series) in series {
        assert!(series.is_sorted(), "{name}: {series:?}");
    }
    harness.publish(&[]);
    let empty = scrape(&harness).await;
    for name in ["severity_count", "system_message_count", "top_alerting_system_count"] {
        assert!(!empty.contains(&format!("homerun2_scout_{name}")), "{name}");
    }
}

#[tokio::test]
async fn item_71_metrics_are_not_limited_to_get() {
    let harness = counted().await;
    for method in ["GET", "POST", "PUT", "OPTIONS"] {
        let request = format!("{method} /metrics HTTP/1.1\r\nhost: scout\r\ncontent-length: 0\r\n\r\n");
        let reply = harness.ask(&request).await;
        assert_eq!(reply.status(), 200, "{method}");
        assert!(!reply.body.is_empty());
    }
    let mut client = harness.connect().await;
    assert_eq!(client.ask("HEAD /metrics HTTP/1.1\r\nhost: scout\r\n\r\n").await.status(), 200);
    assert_eq!(client.ask(&get("/metrics")).await.status(), 200);
}

#[tokio::test]
async fn before_the_first_snapshot_there_are_no_counts_and_no_zeros() {
    let text = scrape(&serve(|_| {}).await).await;
    for name in
        ["messages_total", "systems_total", "severity_count", "alert_count", "difference", "last_success"]
    {
        assert!(!text.contains(&format!("homerun2_scout_{name}")), "{name} is there in\n{text}");
    }
}

#[tokio::test]
async fn after_a_failure_the_last_good_numbers_stay_and_stale_is_one() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    harness.publisher.publish(&publication(&mut board, &[(Some("error"), None)], Vec::new(), &harness.clock));
    let before = scrape(&harness).await;
    assert!(before.contains("\nhomerun2_scout_stale 0\n"));
    harness.clock.advance(Duration::from_millis(60_500));
    harness.publisher.publish(&board.fail(&error(StoreErrorKind::Timeout), harness.clock.now()));
    let after = scrape(&harness).await;
    for line in [
        "\nhomerun2_scout_stale 1\n",
        "\nhomerun2_scout_consecutive_failures 1\n",
        "\nhomerun2_scout_messages_total 1\n",
        "\nhomerun2_scout_severity_count{severity=\"error\"} 1\n",
        "\nhomerun2_scout_last_success_timestamp_seconds 1772366400\n",
    ] {
        assert!(after.contains(line), "{line} is missing in\n{after}");
    }
}

#[tokio::test]
async fn findings_are_shown_by_kind_and_go_with_their_cause() {
    let harness = serve(|_| {}).await;
    let mut board = Board::new(Duration::from_secs(60));
    let findings = vec![
        Finding::new(FindingKind::ForeignDocuments, 7, ""),
        Finding::new(FindingKind::Server, 1, "one"),
        Finding::new(FindingKind::Server, 1, "another"),
    ];
    harness.publisher.publish(&publication(&mut board, &[], findings, &harness.clock));
    let text = scrape(&harness).await;
    for (kind, count) in [("foreign_documents", 7), ("server", 2), ("folded", 0)] {
        assert!(text.contains(&format!("homerun2_scout_findings{{kind=\"{kind}\"}} {count}\n")), "{text}");
    }
    harness.publisher.publish(&publication(&mut board, &[], Vec::new(), &harness.clock));
    assert!(scrape(&harness).await.contains("homerun2_scout_findings{kind=\"foreign_documents\"} 0\n"));
}

#[tokio::test]
async fn requests_are_counted_by_route_and_code_with_unknown_paths_as_one() {
    let harness = counted().await;
    for path in ["/health", "/health", "/a", "/b", "/c?d=e"] {
        harness.get(path).await;
    }
    let text = scrape(&harness).await;
    for line in [
        "homerun2_scout_http_requests_total{code=\"200\",route=\"/health\"} 2\n",
        "homerun2_scout_http_requests_total{code=\"404\",route=\"other\"} 3\n",
        "homerun2_scout_http_request_duration_seconds_count{route=\"other\"} 3\n",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

/// The rules of `promtool check metrics` as far as they can apply here.
#[tokio::test]
async fn names_follow_the_rules_but_for_six_old_ones() {
    let harness = counted().await;
    harness.get("/health").await;
    let text = scrape(&harness).await;
    let mut complaints = Vec::new();
    for (name, kind, help, samples) in families(&text) {
        assert!(!help.is_empty(), "{name} has no help");
        assert!(!samples.is_empty(), "{name} has no samples");
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
            "{name}"
        );
        assert!(!name.contains(kind), "{name} has its type in its name");
        for unit in ["_ms", "_milliseconds", "_minutes", "_hours", "_kilobytes", "_mb", "_percent"] {
            assert!(!name.contains(unit), "{name} is in another unit than the base one");
        }
        let suffixes = ["_count", "_sum", "_bucket"];
        match kind {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "histogram" => assert!(name.ends_with("_seconds"), "{name}"),
            "gauge" if name.ends_with("_total") || suffixes.iter().any(|suffix| name.ends_with(suffix)) => {
                complaints.push(name);
            }
            "gauge" => {}
            other => panic!("{name} is a {other}"),
        }
    }
    assert_eq!(
        complaints,
        [
            "homerun2_scout_alert_count",
            "homerun2_scout_messages_total",
            "homerun2_scout_severity_count",
            "homerun2_scout_system_message_count",
            "homerun2_scout_systems_total",
            "homerun2_scout_top_alerting_system_count",
        ]
    );
}
