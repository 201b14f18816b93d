//! Every answer equals an independent count over the range that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use scout_core::{AHEAD, By, Query, SeriesQuery, Severity, Span, WallTime};
use serde_json::{Value, json};

use crate::asked::{Answer, Message, NOW, RETENTION, ask_at, number, published, series_at};

fn time(value: &Value) -> WallTime {
    value.as_str().and_then(WallTime::parse_rfc3339).unwrap_or_else(|| panic!("{value} is no time"))
}

fn sum(counts: &Value) -> u64 {
    match counts {
        Value::Object(counts) => counts.values().map(number).sum(),
        Value::Array(counts) => counts.iter().map(|of| number(&of["count"])).sum(),
        other => panic!("{other} has no counts"),
    }
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
