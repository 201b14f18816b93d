//! What answers have to be, counted from the messages that are there, without any of Scout's arithmetic.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scout_core::GoDuration;
use scout_testkit::{Document, Expectation, Generation};
use serde_json::{Value, json};

use crate::scout::Scout;

/// A message, and the moment that a window places it by; none if it is in no window.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) at_ms: Option<i64>,
    pub(crate) severity: String,
    pub(crate) system: Option<String>,
}

impl Message {
    /// What a document says, where it is a message.
    pub(crate) fn of(document: &Document) -> Option<Self> {
        match document.expected(Generation::D) {
            Expectation::Counted { severity, system, event_time_unix_ms: at_ms } => {
                Some(Self { at_ms, severity, system })
            }
            Expectation::Foreign | Expectation::Refused => None,
        }
    }

    fn is_alerting(&self) -> bool {
        matches!(&*self.severity, "error" | "critical")
    }
}

/// A window, and what of it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) length_ms: i64,
    pub(crate) severity: Option<String>,
    pub(crate) system: Option<String>,
}

/// A text as it stands in a query string.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat()
}

impl Window {
    pub(crate) fn path(&self, view: &str, time: &str) -> String {
        let mut path = format!("/analytics/{view}?time={time}&window={}ms", self.length_ms);
        for (name, value) in [("severity", &self.severity), ("system", &self.system)] {
            if let Some(value) = value {
                path = format!("{path}&{name}={}", encoded(value));
            }
        }
        path
    }

    /// How much more than it was asked for an answer may cover, at most.
    fn most_more_ms(&self) -> i64 {
        let second = if self.length_ms % 1000 == 0 { 1000 } else { 2000 };
        (self.length_ms / 50).max(second)
    }

    fn asks_for(&self, message: &Message) -> bool {
        self.severity.as_ref().is_none_or(|severity| *severity == message.severity)
            && self.system.as_ref().is_none_or(|system| Some(system) == message.system.as_ref())
    }

    /// The messages that it asks for from one moment to before another.
    pub(crate) fn of<'a>(&self, messages: &'a [Message], from_ms: i64, to_ms: i64) -> Vec<&'a Message> {
        let lies_in = |message: &&Message| message.at_ms.is_some_and(|at| (from_ms..to_ms).contains(&at));
        messages.iter().filter(lies_in).filter(|message| self.asks_for(message)).collect()
    }
}

/// The moment that a field names.
pub(crate) fn moment_ms(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond()
}

/// The range that an answer names, which has to be the one that was asked for, some time before `now_ms`.
pub(crate) fn range_ms(window: &Window, answer: &Value, now_ms: i64) -> (i64, i64) {
    let [from, to, counted_at] = ["from", "to", "lastUpdated"].map(|name| moment_ms(&answer[name]));
    // The present that it is asked of lies between the two.
    assert!(from <= now_ms - window.length_ms, "it covers less than {window:?}: {answer}");
    assert!(from >= counted_at - window.length_ms - window.most_more_ms(), "more than {window:?}: {answer}");
    // Slots reach a minute ahead.
    assert!(counted_at <= to && to <= now_ms + 61_000, "{answer}");
    (from, to)
}

fn by<'a>(messages: &[&'a Message], key: impl Fn(&'a Message) -> Option<&'a str>) -> BTreeMap<&'a str, u64> {
    let mut counts = BTreeMap::new();
    for key in messages.iter().filter_map(|message| key(message)) {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn by_severity<'a>(messages: &[&'a Message]) -> BTreeMap<&'a str, u64> {
    by(messages, |message| Some(&message.severity))
}

/// The largest counts, as answers list them.
fn largest(counts: &BTreeMap<&str, u64>, limit: usize) -> Vec<Value> {
    let mut ranked: Vec<_> = counts.iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    ranked.into_iter().take(limit).map(|(system, count)| json!({"system": system, "count": count})).collect()
}

/// A number that is left out where it is zero.
fn or_zero(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Every view of a window by event time shows exactly these messages.
pub(crate) fn views_are_true(scout: &Scout, window: &Window, messages: &[Message]) {
    let ask = |view: &str| {
        let path = window.path(view, "event");
        let answer = scout.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let answer = answer.json();
        let (from, to) = range_ms(window, &answer, now_ms());
        let meant = window.of(messages, from, to);
        // There is no upper end but the minute that slots reach ahead.
        assert_eq!(meant.len(), window.of(messages, from, to + 120_000).len(), "{path}: {answer}");
        (answer, meant)
    };
    let (summary, meant) = ask("summary");
    assert_eq!(summary["totalMessages"], meant.len(), "{window:?}: {summary}");
    assert_eq!(summary["severityCounts"], json!(by_severity(&meant)), "{window:?}: {summary}");

    let (systems, meant) = ask("systems");
    let named = by(&meant, |message| message.system.as_deref());
    assert_eq!(systems["total"], named.len(), "{window:?}: {systems}");
    assert_eq!(systems["systems"], json!(largest(&named, 20)), "{window:?}: {systems}");
    let nameless = meant.iter().filter(|message| message.system.is_none()).count();
    assert_eq!(or_zero(&systems["withoutSystem"]), nameless as u64, "{window:?}: {systems}");

    let (alerts, meant) = ask("alerts");
    let alerting: Vec<_> = meant.into_iter().filter(|message| message.is_alerting()).collect();
    assert_eq!(alerts["totalAlerts"], alerting.len(), "{window:?}: {alerts}");
    let of = |severity: &str| by_severity(&alerting).get(severity).copied().unwrap_or_default();
    let both = json!({"critical": of("critical"), "error": of("error")});
    assert_eq!(alerts["severityCounts"], both, "{window:?}: {alerts}");
    let top = largest(&by(&alerting, |message| message.system.as_deref()), 10);
    assert_eq!(alerts["topSystems"], json!(top), "{window:?}: {alerts}");
}

/// How wide slots may be where a window begins, as the page about the API says.
fn slot_ms(window: &Window) -> i64 {
    let reaches = [(600, 1), (3600, 10), (9 * 3600, 60), (84 * 3600, 600)];
    let tier = reaches.into_iter().find(|(reach, _)| window.length_ms <= reach * 1000);
    tier.map_or(3600, |(_, width)| width) * 1000
}

/// Every point of a series by event time shows exactly these messages.
pub(crate) fn series_is_true(scout: &Scout, window: &Window, step_ms: i64, by: &str, messages: &[Message]) {
    let path = format!("{}&step={step_ms}ms&by={by}", window.path("timeseries", "event"));
    let answer = scout.get(&path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    let series = answer.json();
    let (from, to) = range_ms(window, &series, now_ms());
    let meant = window.of(messages, from, to);
    assert_eq!(series["totalMessages"], meant.len(), "{path}: {series}");
    let systems = largest(&self::by(&meant, |message| message.system.as_deref()), 10);
    if by == "system" {
        assert_eq!(series["systems"], json!(systems), "{path}: {series}");
    }
    let step = series["step"].as_str().unwrap().parse::<GoDuration>().unwrap().to_std().unwrap();
    let step = i64::try_from(step.as_millis()).unwrap();
    assert!((step_ms..step_ms + slot_ms(window)).contains(&step), "{path}: {series}");
    let points = series["points"].as_array().unwrap();
    let times: Vec<i64> = points.iter().map(|point| moment_ms(&point["time"])).collect();
    let first = from.div_euclid(step) * step;
    let expected: Vec<i64> =
        (0..1000).map(|number| first + number * step).take_while(|at| *at < to).collect();
    assert_eq!(times, expected, "{path}: {series}");
    for (point, start) in points.iter().zip(times) {
        let of_point = window.of(messages, from.max(start), to.min(start + step));
        point_is_true(point, &of_point, by, &systems);
    }
}

fn point_is_true(point: &Value, messages: &[&Message], by: &str, listed: &[Value]) {
    assert_eq!(point["count"], messages.len(), "{point}");
    if by == "severity" {
        assert_eq!(point["severities"], json!(by_severity(messages)), "{point}");
    }
    if by == "system" {
        let mut named = self::by(messages, |message| message.system.as_deref());
        let all: u64 = named.values().sum();
        named.retain(|system, _| listed.iter().any(|listed| listed["system"] == *system));
        assert_eq!(point["systems"], json!(named), "{point}");
        assert_eq!(or_zero(&point["other"]), all - named.values().sum::<u64>(), "{point}");
        assert_eq!(or_zero(&point["withoutSystem"]), messages.len() as u64 - all, "{point}");
    }
}

/// This machine's time, which is that of its Redis too.
#[expect(clippy::disallowed_methods, reason = "messages are dated around the time of the test")]
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
