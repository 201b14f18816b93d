//! What `/openapi.json` says, compared with what is answered.

use std::time::Duration;

use scout_core::{
    Announced, Board, Clock as _, FeedMark, Finding, FindingKind, LiveConfig, LiveLedger, Moment, Offset,
    Row, ScanCount, ScanSink as _, Snapshot, StoreErrorKind,
};
use scout_http::Tokens;
use serde_json::Value;

use crate::support::{Harness, Reply, error, get, serve, serve_with};

/// The schema that a reference leads to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref") {
        Some(reference) => document.pointer(reference.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// What is wrong with a value; every key of it has to stand in the schema.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = resolved(document, schema);
    if let Some(choices) = schema.get("enum") {
        assert!(choices.as_array().unwrap().contains(value), "{at}: {value} is none of {choices}");
    }
    let kind = schema["type"].as_str().unwrap_or_else(|| panic!("{at}: no type"));
    match value {
        Value::Object(object) => {
            assert_eq!(kind, "object", "{at}");
            let known = &schema["properties"];
            for (key, value) in object {
                let of_key = known.get(key).unwrap_or(&schema["additionalProperties"]);
                assert!(of_key.is_object() || of_key == true, "{at}: {key} is not in the schema");
                if of_key.is_object() {
                    check(document, of_key, value, &format!("{at}.{key}"));
                }
            }
            let required = schema.get("required").map_or(&[][..], |keys| keys.as_array().unwrap());
            for key in required {
                assert!(object.contains_key(key.as_str().unwrap()), "{at}: {key} is missing");
            }
        }
        Value::Array(items) => {
            assert_eq!(kind, "array", "{at}");
            for item in items {
                check(document, &schema["items"], item, &format!("{at}[]"));
            }
        }
        Value::String(_) => assert_eq!(kind, "string", "{at}"),
        Value::Number(number) => assert!(kind == "number" || kind == "integer" && !number.is_f64(), "{at}"),
        Value::Bool(_) => assert_eq!(kind, "boolean", "{at}"),
        Value::Null => panic!("{at}: there is never a null"),
    }
}

/// Compares an answer with what the document says about that status of that path.
fn compare(document: &Value, path: &str, method: &str, reply: &Reply) {
    let at = format!("{method} {path} {}", reply.status());
    let responses = &document["paths"][path][method]["responses"];
    let described =
        responses.get(reply.status().to_string()).unwrap_or_else(|| panic!("{at}: not described"));
    let described = resolved(document, described);
    let content = reply.header("content-type").map(|kind| kind.split(';').next().unwrap());
    let Some(content) = content else {
        assert!(described.get("content").is_none(), "{at}: no content");
        return;
    };
    let schema = &described["content"][content]["schema"];
    assert!(schema.is_object(), "{at}: {content} is not described");
    if content == "application/json" {
        check(document, schema, &reply.json(), &at);
    }
}

/// A publication with as many marks as there can be.
fn publish_all_marks(harness: &Harness) {
    let now = harness.clock.now().wall;
    let config = LiveConfig::new(Duration::from_secs(48 * 3600), 96 << 20).unwrap();
    let mut live = LiveLedger::new(config);
    let mut joined = Moment::new(now);
    let mut mark = FeedMark::new(Offset::START, 0);
    mark.lost_before = Some(now.minus(Duration::from_secs(60)));
    joined.feeds.insert("messages".into(), mark);
    live.join(&joined);
    let mut count = ScanCount::new(config.ledger());
    count.begin(&joined);
    let long = "x".repeat(2000);
    let messages = [("error", "flux"), ("info", "github"), ("error", " "), ("error", &long), (&long, "flux")];
    for (severity, system) in messages {
        let row = Row {
            severity: Some(severity),
            system: Some(system),
            timestamp: Some("2026-03-01T11:59:30Z"),
            ..Row::default()
        };
        count.row("key", &row);
    }
    live.complete(count);
    let row = Row { severity: Some("error"), ..Row::default() };
    live.announce(&Announced::new(("messages", Offset::from_bits(1)), now, "late", Some(row)));
    live.advance(now);
    let snapshot = Snapshot::new(live.ledger(), 1, now, -3).with_arrivals(live.arrivals());
    let mut board = Board::new(Duration::from_secs(60));
    let findings = vec![Finding::new(FindingKind::IndexOnHash, 1, "a sentence")];
    board.succeed(snapshot, findings, harness.clock.now());
    harness.publisher.publish(&board.fail(&error(StoreErrorKind::Unreachable), harness.clock.now()));
}

#[tokio::test]
async fn every_key_of_every_answer_stands_in_the_document() {
    let harness = serve_with(|_| {}).await;
    let document = harness.get("/openapi.json").await.json();
    for path in ["/readyz", "/ready", "/analytics/summary", "/analytics/timeseries"] {
        let reply = harness.get(path).await;
        assert_eq!(reply.status(), 503);
        compare(&document, path, "get", &reply);
    }
    publish_all_marks(&harness);
    let mut seen = String::new();
    for (path, query, status) in [
        ("/", "", 200),
        ("/health", "", 200),
        ("/livez", "", 200),
        ("/readyz", "", 200),
        ("/ready", "", 200),
        ("/metrics", "", 200),
        ("/openapi.json", "", 200),
        ("/analytics/summary", "", 200),
        ("/analytics/systems", "", 200),
        ("/analytics/alerts", "", 200),
        ("/alerts", "", 200),
        ("/rules", "", 200),
        ("/analytics/summary", "?window=1h&system=flux", 200),
        ("/analytics/summary", "?window=1h&time=arrival", 200),
        ("/analytics/systems", "?window=1h&severity=error", 200),
        ("/analytics/alerts", "?window=1h&limit=1", 200),
        ("/analytics/summary", "?window=never", 400),
        ("/analytics/timeseries", "?step=1ms", 200),
        ("/analytics/timeseries", "?by=severity", 200),
        ("/analytics/timeseries", "?by=system&limit=1", 200),
        ("/analytics/timeseries", "?by=colour", 400),
    ] {
        let reply = harness.get(&format!("{path}{query}")).await;
        assert_eq!(reply.status(), status, "{path}{query}");
        compare(&document, path, "get", &reply);
        seen.push_str(reply.text());
    }
    for (system, status) in [("flux?window=1h", 200), ("nobody", 404), ("flux?by=system", 400)] {
        let reply = harness.get(&format!("/analytics/systems/{system}")).await;
        assert_eq!(reply.status(), status, "{system}");
        compare(&document, "/analytics/systems/{system}", "get", &reply);
    }
    // So that the comparison is one of answers with everything in them that there can be.
    for key in [
        "coveredFrom",
        "unattributed",
        "foldedMessages",
        "withoutSystem",
        "requestedStep",
        "other",
        "stale",
        "staleSince",
        "difference",
        "incomplete",
        "findings",
        "lastError",
    ] {
        assert!(seen.contains(&format!("\"{key}\":")), "{key} was in no answer");
    }
}

#[tokio::test]
async fn refusals_pitches_and_streams_are_as_described() {
    let harness = serve_with(|config| config.tokens = Tokens::new(["secret".to_owned()])).await;
    let document = harness.get("/openapi.json").await.json();
    for path in ["/analytics/summary", "/analytics/timeseries", "/events", "/alerts", "/rules"] {
        compare(&document, path, "get", &harness.get(path).await);
    }
    let pitch = |body: &str, header: &str| {
        format!("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: {}\r\n{header}\r\n{body}", body.len())
    };
    let token = "authorization: Bearer secret\r\n";
    for (body, header, status) in
        [("{}", "", 401), ("{}", token, 400), ("{\"title\":\"t\",\"message\":\"m\"}", token, 200)]
    {
        let reply = harness.ask(&pitch(body, header)).await;
        assert_eq!(reply.status(), status);
        compare(&document, "/pitch", "post", &reply);
    }
    let events = get("/events").replace("\r\n\r\n", &format!("\r\n{token}\r\n"));
    compare(&document, "/events", "get", &harness.ask(&events).await);
    for path in ["/livez", "/openapi.json"] {
        let reply = harness.ask(&format!("DELETE {path} HTTP/1.1\r\nhost: scout\r\n\r\n")).await;
        compare(&document, path, "get", &reply);
    }
    let known = harness.ask("GET /openapi.json HTTP/1.1\r\nhost: scout\r\nif-none-match: *\r\n\r\n").await;
    compare(&document, "/openapi.json", "get", &known);
}

#[tokio::test]
async fn without_an_intake_a_pitch_is_not_found_as_described() {
    let harness = serve(|_| {}).await;
    let document = harness.get("/openapi.json").await.json();
    let reply = harness.ask("POST /pitch HTTP/1.1\r\nhost: scout\r\ncontent-length: 0\r\n\r\n").await;
    compare(&document, "/pitch", "post", &reply);
}
