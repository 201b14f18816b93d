//! What is asked of a snapshot: every answer equals an independent count over the range that it names.
#![expect(clippy::expect_used, clippy::panic, reason = "tests show behaviour by failing loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{
    AHEAD, Announced, Board, By, Facts, Ledger, LedgerConfig, LiveConfig, LiveLedger, Moment, MonoTime, Now,
    Offset, Publication, Query, QueryError, Row, ScanCount, ScanSink as _, SeriesQuery, Severity, Snapshot,
    Span, StoreError, StoreErrorKind, TimeOf, Views, WallTime,
};
use serde_json::{Value, json};

/// 2026-04-01T08:00:00.25Z
const NOW: WallTime = WallTime::from_unix_ms(1_775_030_400_250);
const RETENTION: Duration = Duration::from_secs(48 * 3600);
const TAKEN: Now = Now { wall: NOW, mono: MonoTime::from_start(Duration::ZERO) };

#[derive(Clone, Debug)]
struct Message {
    severity: &'static str,
    system: &'static str,
    at: WallTime,
}

impl Message {
    fn new(severity: &'static str, system: &'static str, age_ms: i64) -> Self {
        Self { severity, system, at: WallTime::from_unix_ms(NOW.unix_ms() - age_ms) }
    }

    fn row(&self) -> Row<'static> {
        Row { severity: Some(self.severity), system: Some(self.system), ..Row::default() }
    }

    fn folded(&self) -> String {
        Severity::fold(Some(self.severity)).to_string()
    }
}

fn publication(messages: &[Message], budget_bytes: usize) -> Publication {
    let mut ledger = Ledger::new(LedgerConfig::new(RETENTION, budget_bytes).expect("a budget"), NOW);
    for message in messages {
        let row = message.row();
        let facts = row.facts().expect("a message");
        ledger.record(&Facts { event_time: Some(message.at), ..facts });
    }
    board(Snapshot::new(&ledger, 1, NOW, 0)).publication().clone()
}

fn board(snapshot: Snapshot) -> Board {
    let mut board = Board::new(Duration::from_secs(60));
    board.succeed(snapshot, Vec::new(), TAKEN);
    board
}

fn published(messages: &[Message]) -> Publication {
    publication(messages, 48 << 20)
}

fn span(text: &str) -> Span {
    text.parse().expect("a span")
}

fn window(text: &str) -> Query {
    Query { window: Some(span(text)), ..Query::default() }
}

struct Answer {
    summary: Value,
    systems: Value,
    alerts: Value,
}

fn ask_at(publication: &Publication, query: &Query, present: WallTime) -> Answer {
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let found = query.find(snapshot, present).expect("an answer");
    let views = Views::of(publication).expect("a snapshot").with(&found);
    Answer {
        summary: serde_json::to_value(views.summary("60s")).expect("JSON"),
        systems: serde_json::to_value(views.systems()).expect("JSON"),
        alerts: serde_json::to_value(views.alerts()).expect("JSON"),
    }
}

fn ask(publication: &Publication, query: &Query) -> Answer {
    ask_at(publication, query, NOW)
}

fn series_at(publication: &Publication, query: &SeriesQuery, present: WallTime) -> Value {
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let series = query.find(snapshot, present).expect("a series");
    let views = Views::of(publication).expect("a snapshot");
    serde_json::to_value(views.series(&series)).expect("JSON")
}

fn time(value: &Value) -> WallTime {
    value.as_str().and_then(WallTime::parse_rfc3339).unwrap_or_else(|| panic!("{value} is no time"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn sum(counts: &Value) -> u64 {
    match counts {
        Value::Object(counts) => counts.values().map(number).sum(),
        Value::Array(counts) => counts.iter().map(|of| number(&of["count"])).sum(),
        other => panic!("{other} has no counts"),
    }
}

#[test]
fn a_window_counts_what_lies_in_it_and_names_its_range_after_the_contracts_fields() {
    let publication = published(&[
        Message::new("ERROR", "flux", 30_000),
        Message::new("info", "flux", 59_999),
        Message::new("info", "github", 61_000),
    ]);
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let found = window("60s").find(snapshot, NOW).expect("an answer");
    let views = Views::of(&publication).expect("a snapshot").with(&found);
    let range =
        r#""window":"60s","time":"event","from":"2026-04-01T07:59:00Z","to":"2026-04-01T08:00:00.25Z"}"#;
    let updated = r#""lastUpdated":"2026-04-01T08:00:00.25Z","#;
    assert_eq!(
        [
            serde_json::to_string(&views.summary("10s")).expect("JSON"),
            serde_json::to_string(&views.systems()).expect("JSON"),
            serde_json::to_string(&views.alerts()).expect("JSON"),
        ],
        [
            format!(
                r#"{{"totalMessages":2,"severityCounts":{{"error":1,"info":1}},"timeWindow":"10s",{updated}{range}"#
            ),
            format!(r#"{{"systems":[{{"system":"flux","count":2}}],"total":1,{updated}{range}"#),
            format!(
                r#"{{"totalAlerts":1,"severityCounts":{{"critical":0,"error":1}},"topSystems":[{{"system":"flux","count":1}}],{updated}{range}"#
            ),
        ]
    );
}

#[test]
fn a_query_for_everything_answers_as_the_snapshot_does() {
    let messages = [Message::new("ERROR", "flux", 30_000), Message::new("info", "", 200_000_000)];
    let publication = published(&messages);
    let everything = ask(&publication, &Query::default());
    let views = Views::of(&publication).expect("a snapshot");
    assert_eq!(everything.summary, json!(views.summary("60s")));
    assert_eq!(everything.systems, json!(views.systems()));
    assert_eq!(everything.alerts, json!(views.alerts()));
}

#[test]
fn a_window_moves_on_with_time_until_the_numbers_are_stale() {
    let snapshot = publication(&[Message::new("error", "a", 10_000)], 48 << 20);
    let mut board = board((*snapshot.snapshot.expect("a snapshot")).clone());
    let later = MonoTime::from_start(Duration::from_secs(20));
    let present = board.publication().present(later).expect("a snapshot");
    assert_eq!(present, NOW.plus(Duration::from_secs(20)));
    let fresh = ask_at(board.publication(), &window("15s"), present);
    assert_eq!(
        (&fresh.summary["totalMessages"], &fresh.summary["to"]),
        (&json!(0), &json!("2026-04-01T08:00:20.25Z"))
    );
    board.fail(&StoreError::new(StoreErrorKind::Unreachable, "gone"), TAKEN);
    assert_eq!(board.publication().present(later), Some(NOW));
    let stale = ask_at(board.publication(), &window("15s"), NOW);
    assert_eq!((&stale.summary["totalMessages"], &stale.summary["stale"]), (&json!(1), &json!(true)));
    assert_eq!(Publication::default().present(later), None);
}

#[test]
fn what_is_dated_up_to_a_minute_ahead_counts_and_moves_the_end() {
    let publication = published(&[Message::new("error", "a", -30_000), Message::new("error", "a", -61_000)]);
    let summary = ask(&publication, &window("1m")).summary;
    assert_eq!((&summary["totalMessages"], &summary["to"]), (&json!(1), &json!("2026-04-01T08:00:31Z")));
}

#[test]
fn systems_are_compared_exactly_and_severities_folded() {
    let publication = published(&[
        Message::new("WARN", "flux", 1000),
        Message::new("warning", "Flux", 1000),
        Message::new("", "flux", 1000),
    ]);
    let system = Query { system: Some("flux".into()), ..window("1m") };
    assert_eq!(ask(&publication, &system).summary["severityCounts"], json!({"warning": 1, "unknown": 1}));
    let severity = Query { severity: Some(Severity::fold(Some(" Warn "))), ..Query::default() };
    let systems = ask(&publication, &severity).systems;
    assert_eq!(systems["systems"], json!([{"system": "Flux", "count": 1}, {"system": "flux", "count": 1}]));
    let nobody = Query { system: Some("nobody".into()), ..Query::default() };
    assert_eq!(ask(&publication, &nobody).summary["totalMessages"], 0);
    assert_eq!(ask(&publication, &nobody).summary.get("unattributed"), None);
}

#[test]
fn a_limit_cuts_the_lists_and_not_the_totals() {
    let publication = published(&["a", "b", "c", "d"].map(|system| Message::new("error", system, 1000)));
    let answer = ask(&publication, &Query { limit: Some(3), ..window("1m") });
    assert_eq!(answer.systems["systems"].as_array().map(Vec::len), Some(3));
    assert_eq!((&answer.systems["total"], &answer.alerts["totalAlerts"]), (&json!(4), &json!(4)));
    assert_eq!(answer.alerts["topSystems"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_may_belong_to_the_system_asked_for_is_named() {
    let needed = match LedgerConfig::new(RETENTION, 0) {
        Err(scout_core::LedgerConfigError::BudgetTooSmall { needed, .. }) => needed,
        other => panic!("{other:?}"),
    };
    let mut ledger = Ledger::new(LedgerConfig::new(RETENTION, needed).expect("a budget"), NOW);
    for number in 0..60_000 {
        let system = format!("system {number}");
        let row = Row { severity: Some("error"), system: Some(&system), ..Row::default() };
        ledger.record(&Facts { event_time: Some(NOW), ..row.facts().expect("a message") });
    }
    let board = board(Snapshot::new(&ledger, 1, NOW, 0));
    let asked = |query: Query| ask(board.publication(), &query).summary;
    let folded = asked(Query { system: Some("system 59999".into()), ..Query::default() });
    assert_eq!(folded["totalMessages"], 0);
    assert!(number(&folded["unattributed"]) > 10_000, "{folded}");
    let severity = asked(Query { severity: Some(Severity::fold(Some("error"))), ..Query::default() });
    assert_eq!((&severity["totalMessages"], severity.get("unattributed")), (&json!(60_000), None));
}

#[test]
fn a_window_beyond_what_is_kept_is_refused_with_what_is() {
    let publication = published(&[]);
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    assert!(window("48h").find(snapshot, NOW).is_ok());
    let error = window("48h1ms").find(snapshot, NOW).expect_err("too long");
    assert_eq!(error.to_string(), "invalid window \"48h1ms\": messages are kept for 48h0m0s");
    let arrivals = Query { time: TimeOf::Arrival, ..Query::default() };
    assert_eq!(arrivals.find(snapshot, NOW).expect_err("none kept"), QueryError::NoArrivals);
}

/// A ledger that has been scanned empty and has then read these arrivals, its feed having lost what came before a time.
fn arrived(messages: &[Message], lost_before: Option<WallTime>) -> Publication {
    let config = LiveConfig::new(RETENTION, 96 << 20).expect("a budget");
    let mut live = LiveLedger::new(config);
    let mut joined = Moment::new(NOW);
    let mut mark = scout_core::FeedMark::new(Offset::from_bits(u128::MAX), 0);
    mark.lost_before = lost_before;
    joined.feeds.insert("messages".into(), mark);
    let mut sorted: Vec<&Message> = messages.iter().collect();
    sorted.sort_by_key(|message| message.at);
    for (number, message) in sorted.into_iter().enumerate() {
        let offset = Offset::from_bits(number as u128 + 1);
        live.announce(&Announced::new(("messages", offset), message.at, "key", Some(message.row())));
    }
    live.join(&joined);
    let mut count = ScanCount::new(config.ledger());
    count.begin(&joined);
    live.complete(count);
    // By the second look it is known that all until the first has been read.
    for _ in 0..2 {
        live.ask(joined.clone());
        live.caught_up();
        live.verdict();
    }
    live.advance(NOW);
    let snapshot = Snapshot::new(live.ledger(), 1, NOW, 0).with_arrivals(live.arrivals());
    board(snapshot).publication().clone()
}

#[test]
fn arrivals_count_by_when_they_came_for_an_hour() {
    let publication =
        arrived(&[Message::new("error", "a", 30_000), Message::new("error", "a", 90_000)], None);
    let by_arrival = Query { time: TimeOf::Arrival, ..window("1m") };
    let summary = ask(&publication, &by_arrival).summary;
    assert_eq!((&summary["totalMessages"], &summary["time"]), (&json!(1), &json!("arrival")));
    assert_eq!(ask(&publication, &window("1m")).summary["totalMessages"], 0, "undated");
    let whole = ask(&publication, &Query { window: None, ..by_arrival.clone() }).summary;
    assert_eq!((&whole["totalMessages"], &whole["window"]), (&json!(2), &json!("1h0m0s")));
    let snapshot = publication.snapshot.as_deref().expect("a snapshot");
    let error = Query { window: Some(span("61m")), ..by_arrival }.find(snapshot, NOW).expect_err("too long");
    assert_eq!(error.to_string(), "invalid window \"61m\": arrivals are kept for 1h0m0s");
}

#[test]
fn arrivals_that_may_be_missing_are_a_lower_bound_and_say_since_when_they_are_not() {
    let lost_before = NOW.minus(Duration::from_secs(100));
    let publication = arrived(&[Message::new("error", "a", 30_000)], Some(lost_before));
    let query = |text| Query { time: TimeOf::Arrival, ..window(text) };
    assert_eq!(ask(&publication, &query("99s")).summary.get("coveredFrom"), None);
    let covered_from = lost_before.plus(Duration::from_millis(1));
    assert_eq!(ask(&publication, &query("2m")).summary["coveredFrom"], json!(covered_from));
}

#[test]
fn a_series_has_a_point_for_every_step_and_its_points_add_up() {
    let publication = published(&[
        Message::new("error", "a", 30_000),
        Message::new("warn", "b", 31_000),
        Message::new("error", "c", 600_000),
    ]);
    let query = SeriesQuery { by: By::Severity, ..SeriesQuery::default() };
    let series = series_at(&publication, &query, NOW);
    assert_eq!((&series["step"], &series["window"]), (&json!("1m0s"), &json!("1h0m0s")));
    let points = series["points"].as_array().expect("points");
    assert_eq!(points.len(), 61, "the window begins and ends within a minute");
    assert_eq!(points[0], json!({"time": "2026-04-01T07:00:00Z", "count": 0, "severities": {}}));
    let expected =
        json!({"time": "2026-04-01T07:59:00Z", "count": 2, "severities": {"error": 1, "warning": 1}});
    assert_eq!(points[59], expected);
    assert_eq!(series["severityCounts"], json!({"error": 2, "warning": 1}));
    assert_eq!(series["totalMessages"], 3);
}

#[test]
fn a_step_finer_than_the_slots_is_rounded_up_and_the_answer_says_so() {
    let publication = published(&[]);
    for (asked, over, in_effect, is_told) in [
        ("1s", "10m", "1s", false),
        ("1ns", "10m", "1s", true),
        ("1500ms", "10m", "2s", true),
        ("1s", "11m", "10s", true),
        ("25s", "1h", "30s", true),
        ("90s", "2h", "2m0s", true),
        ("1s", "48h", "10m0s", true),
        ("1000h", "48h", "1000h0m0s", false),
    ] {
        let query = SeriesQuery { query: window(over), step: Some(span(asked)), by: By::None };
        let series = series_at(&publication, &query, NOW);
        assert_eq!(series["step"], in_effect, "{asked} over {over}");
        assert_eq!(
            series.get("requestedStep"),
            is_told.then(|| json!(asked)).as_ref(),
            "{asked} over {over}"
        );
    }
}

#[test]
fn the_usual_step_gives_about_sixty_points() {
    let publication = published(&[]);
    for (over, step) in [
        ("1s", "1s"),
        ("1m", "1s"),
        ("15m", "20s"),
        ("1h", "1m0s"),
        ("6h", "10m0s"),
        ("24h", "30m0s"),
        ("48h", "1h0m0s"),
    ] {
        let query = SeriesQuery { query: window(over), ..SeriesQuery::default() };
        assert_eq!(series_at(&publication, &query, NOW)["step"], step, "{over}");
    }
}

#[test]
fn more_than_a_thousand_points_are_refused() {
    let year = Duration::from_secs(366 * 24 * 3600);
    let ledger = Ledger::new(LedgerConfig::new(year, 200 << 20).expect("a budget"), NOW);
    let board = board(Snapshot::new(&ledger, 1, NOW, 0));
    let snapshot = board.publication().snapshot.as_deref().expect("a snapshot");
    let query = |over, step| SeriesQuery { query: window(over), step: Some(span(step)), by: By::None };
    let error = query("8784h", "1h").find(snapshot, NOW).expect_err("too many");
    assert_eq!(
        error.to_string(),
        "invalid step \"1h\": a window of 8784h0m0s would have more than 1000 points"
    );
    assert!(query("997h", "1h").find(snapshot, NOW).is_ok());
    assert!(query("998h", "1h").find(snapshot, NOW).is_err());
    assert!(SeriesQuery { step: None, ..query("8784h", "1h") }.find(snapshot, NOW).is_ok());
}

#[test]
fn systems_beyond_the_limit_are_summed_up_beside_the_named_ones() {
    let mut messages = vec![Message::new("info", "other", 1000), Message::new("info", "", 1000)];
    messages.extend(["a", "a", "a", "b", "b", "other"].map(|system| Message::new("info", system, 2000)));
    let query = Query { limit: Some(1), ..window("1m") };
    let series = series_at(&published(&messages), &SeriesQuery { query, step: None, by: By::System }, NOW);
    assert_eq!(series["systems"], json!([{"system": "a", "count": 3}]));
    assert_eq!(
        (&series["other"], &series["withoutSystem"], &series["totalMessages"]),
        (&json!(4), &json!(1), &json!(8))
    );
    let points = series["points"].as_array().expect("points");
    let expected = json!({"time": "2026-04-01T07:59:58Z", "count": 6, "systems": {"a": 3}, "other": 3});
    assert_eq!(points[points.len() - 3], expected);
}

/// Few names, and times around the present, the tiers' ends and the retention's.
fn any_message() -> impl Strategy<Value = Message> {
    let age_ms = prop_oneof![
        -120_000_i64..120_000,
        0_i64..3_700_000,
        0_i64..200_000_000,
        prop::sample::select(vec![-60_000, 0, 600_000, 3_600_000, 32_400_000, 172_800_000]),
    ];
    let severity = prop::sample::select(vec!["info", "ERROR", "warn", "", "page", "fatal"]);
    let system = prop::sample::select(vec!["", "a", "b", "org/repo", "Küche"]);
    (severity, system, age_ms).prop_map(|(severity, system, age)| Message::new(severity, system, age))
}

fn any_query() -> impl Strategy<Value = Query> {
    let longest = RETENTION.as_secs_f64();
    let window = (0.0_f64..=1.0, any::<bool>()).prop_map(move |(part, whole_seconds)| {
        let length = Duration::from_secs_f64(longest.powf(part).clamp(1.0, longest));
        Span::from(if whole_seconds { Duration::from_secs(length.as_secs()) } else { length })
    });
    let system = prop::option::of(prop::sample::select(vec!["a", "b", "org/repo", "nobody"]));
    let severity =
        prop::option::of(prop::sample::select(vec!["error", "WARN", "unknown", "page", "nothing"]));
    (window, system, severity).prop_map(|(window, system, severity)| Query {
        window: Some(window),
        system: system.map(Into::into),
        severity: severity.map(|text| Severity::fold(Some(text))),
        ..Query::default()
    })
}

/// The messages that a query means within a range: first moment included, last excluded.
fn meant<'a>(messages: &'a [Message], query: &Query, range: &Value) -> Vec<&'a Message> {
    let (from, to) = (time(&range["from"]), time(&range["to"]));
    // What is ahead of the snapshot by more than a minute waits for the next scan.
    let is_counted =
        |message: &&Message| message.at <= NOW.plus(AHEAD) && from <= message.at && message.at < to;
    let is_meant = |message: &&Message| {
        query.system.as_deref().is_none_or(|system| system == message.system)
            && query.severity.as_ref().is_none_or(|severity| severity.as_str() == message.folded())
    };
    messages.iter().filter(is_counted).filter(is_meant).collect()
}

fn by_severity(messages: &[&Message]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for message in messages {
        *counts.entry(message.folded()).or_insert(0) += 1;
    }
    counts
}

proptest! {
    #[test]
    fn any_window_equals_an_independent_count_over_the_range_it_names(
        messages in prop::collection::vec(any_message(), 0..80), query in any_query(), passed_ms in 0_u64..60_000,
    ) {
        let publication = published(&messages);
        let present = NOW.plus(Duration::from_millis(passed_ms));
        let Answer { summary, systems, alerts } = ask_at(&publication, &query, present);
        let expected = meant(&messages, &query, &summary);
        prop_assert_eq!(&summary["severityCounts"], &json!(by_severity(&expected)));
        prop_assert_eq!(number(&summary["totalMessages"]), expected.len() as u64);
        let names: BTreeSet<&str> =
            expected.iter().map(|message| message.system).filter(|system| !system.is_empty()).collect();
        prop_assert_eq!(number(&systems["total"]), names.len() as u64);
        let without = systems.get("withoutSystem").map_or(0, number);
        prop_assert_eq!(sum(&systems["systems"]) + without, expected.len() as u64);
        let alerting = expected.iter().filter(|message| ["error", "critical"].contains(&&*message.folded()));
        prop_assert_eq!(number(&alerts["totalAlerts"]), alerting.count() as u64);
        prop_assert_eq!(sum(&alerts["severityCounts"]), number(&alerts["totalAlerts"]));
    }

    #[test]
    fn a_range_covers_what_was_asked_for_and_little_more(query in any_query(), passed_ms in 0_u64..60_000) {
        let publication = published(&[Message::new("info", "a", 0)]);
        let present = NOW.plus(Duration::from_millis(passed_ms));
        let summary = ask_at(&publication, &query, present).summary;
        let asked = query.window.as_ref().expect("a window").length();
        let (from, to) = (time(&summary["from"]), time(&summary["to"]));
        prop_assert!(from <= present.minus(asked) && present <= to);
        let more = Duration::from_millis((to.unix_ms() - from.unix_ms()).unsigned_abs()).saturating_sub(asked);
        // A window of whole seconds ends within the second that it begins in; any other may touch one more.
        let seconds = if asked.subsec_nanos() == 0 { 1 } else { 2 };
        prop_assert!(more <= Duration::from_secs(seconds).max(asked / 50), "{more:?} more than {asked:?}");
    }

    #[test]
    fn a_series_adds_up_to_the_window_point_by_point(
        messages in prop::collection::vec(any_message(), 0..80), query in any_query(), passed_ms in 0_u64..60_000,
        step_s in 1_u64..20_000, by in prop::sample::select(vec![By::None, By::Severity, By::System]),
    ) {
        let publication = published(&messages);
        let present = NOW.plus(Duration::from_millis(passed_ms));
        let step = Some(Span::from(Duration::from_secs(step_s)));
        let series = series_at(&publication, &SeriesQuery { query: query.clone(), step, by }, present);
        let summary = ask_at(&publication, &query, present).summary;
        prop_assert_eq!((&series["from"], &series["to"]), (&summary["from"], &summary["to"]));
        prop_assert_eq!(&series["totalMessages"], &summary["totalMessages"]);
        let expected = meant(&messages, &query, &series);
        let step: scout_core::GoDuration = series["step"].as_str().expect("a step").parse().expect("a duration");
        let step = step.to_std().expect("it is above zero");
        let points = series["points"].as_array().expect("points");
        prop_assert!(points.len() <= scout_core::MAX_POINTS);
        for (index, point) in points.iter().enumerate() {
            let start = time(&point["time"]);
            let of_point: Vec<&Message> = expected
                .iter()
                .copied()
                .filter(|message| start <= message.at && message.at < start.plus(step))
                .collect();
            prop_assert_eq!(number(&point["count"]), of_point.len() as u64, "point {} of {}", index, series);
            if by == By::Severity {
                prop_assert_eq!(&point["severities"], &json!(by_severity(&of_point)));
            }
        }
        let total: u64 = points.iter().map(|point| number(&point["count"])).sum();
        prop_assert_eq!(total, expected.len() as u64);
    }
}

#[test]
fn while_more_has_arrived_than_was_taken_in_a_window_ends_with_the_last_slot_that_is_whole() {
    let messages = [("error", -20_000), ("error", 100), ("error", 2_000)];
    let messages = messages.map(|(severity, age_ms)| Message::new(severity, "flux", age_ms));
    let whole = published(&messages);
    let mut snapshot = (**whole.snapshot.as_ref().expect("a snapshot")).clone();
    assert_eq!(ask_at(&whole, &window("1m"), NOW).summary["totalMessages"], 3);
    snapshot.is_behind = true;
    let behind = ask_at(board(snapshot).publication(), &window("1m"), NOW).summary;
    assert_eq!((&behind["totalMessages"], &behind["to"]), (&json!(1), &json!("2026-04-01T08:00:00Z")));
}

#[test]
fn before_the_first_scan_only_windows_of_what_was_counted_have_an_answer() {
    let published = published(&[Message::new("error", "flux", 60_000)]);
    let snapshot = (**published.snapshot.as_ref().expect("a snapshot")).clone();
    let snapshot = snapshot.with_events_from(NOW.minus(Duration::from_secs(3600)));
    assert!(window("30m").find(&snapshot, NOW).is_ok());
    for query in [window("2h"), Query::default()] {
        let error = query.find(&snapshot, NOW).expect_err("no answer");
        assert!(matches!(error, QueryError::StillCounting { .. }), "{error}");
    }
}
