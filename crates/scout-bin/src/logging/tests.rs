use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::subscriber;
use crate::config::{LogFormat, LogLevel, LogSettings};

/// Standard output's place in a test.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn noon() -> jiff::Timestamp {
    "2026-03-01T12:00:00.5Z".parse().unwrap()
}

/// The lines that these events leave.
fn lines_of(level: LogLevel, format: LogFormat, events: impl FnOnce()) -> Vec<String> {
    let paper = Paper::default();
    let subscriber = subscriber(LogSettings { level, format }, noon, paper.clone());
    tracing::subscriber::with_default(subscriber, events);
    let written = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(written.is_empty() || written.ends_with('\n'));
    written.lines().map(str::to_owned).collect()
}

fn json(events: impl FnOnce()) -> Vec<String> {
    lines_of(LogLevel::Debug, LogFormat::Json, events)
}

fn text(events: impl FnOnce()) -> Vec<String> {
    lines_of(LogLevel::Debug, LogFormat::Text, events)
}

const FIRST: &str = r#"{"time":"2026-03-01T12:00:00.5Z","level":"INFO","msg":"#;

#[test]
fn time_level_and_message_stand_first_and_fields_beside_them() {
    let lines =
        json(|| tracing::info!(port = 8080, ratio = 0.5, ok = true, index = "messages", "server starting"));
    let expected =
        format!(r#"{FIRST}"server starting","port":8080,"ratio":0.5,"ok":true,"index":"messages"}}"#);
    assert_eq!(lines, [expected]);
}

#[test]
fn levels_have_gos_names() {
    let lines = json(|| {
        tracing::debug!("d");
        tracing::info!("i");
        tracing::warn!("w");
        tracing::error!("e");
    });
    for (line, level) in lines.iter().zip(["DEBUG", "INFO", "WARN", "ERROR"]) {
        assert!(line.contains(&format!(r#""level":"{level}""#)), "{line}");
    }
    assert_eq!(lines.len(), 4);
}

#[test]
fn whatever_a_value_holds_the_line_is_one_json_object() {
    let wild = "a\"b\\c\nd\u{1}e<é>\u{2028}";
    let lines = json(|| tracing::info!(wild, shown = ?wild, number = f64::NAN, "{wild}"));
    assert_eq!(lines.len(), 1);
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["wild"], wild);
    assert_eq!(line["msg"], wild);
    assert_eq!(line["shown"], format!("{wild:?}"));
    assert_eq!(line["number"], "NaN");
    // As in Go's log, characters that only HTML minds are left alone.
    assert!(lines[0].contains("<é>"));
}

#[test]
fn an_error_is_told_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot connect")]
    struct Outer(#[source] io::Error);
    let error = Outer(io::Error::other("refused"));
    let lines = json(|| tracing::warn!(error = &error as &dyn std::error::Error, "scan failed"));
    assert!(lines[0].contains(r#""error":"cannot connect: refused""#), "{lines:?}");
}

#[test]
fn a_field_named_like_a_leading_key_does_not_hide_it() {
    let lines = json(|| tracing::info!(time = 1, level = "x", msg = "y", "text"));
    assert_eq!(lines, [format!(r#"{FIRST}"text","time_":1,"level_":"x","msg_":"y"}}"#)]);
}

#[test]
fn fields_of_spans_follow_the_nearest_first_and_once() {
    let lines = json(|| {
        let outer = tracing::info_span!("outer", cycle = 1, feed = "scan");
        let _outer = outer.enter();
        let inner = tracing::info_span!("inner", feed = "tail", rows = tracing::field::Empty);
        let _inner = inner.enter();
        inner.record("rows", 7);
        tracing::info!(own = 0, "done");
    });
    assert_eq!(lines, [format!(r#"{FIRST}"done","own":0,"feed":"tail","rows":7,"cycle":1}}"#)]);
}

#[test]
fn an_event_without_text_has_an_empty_message() {
    assert_eq!(json(|| tracing::info!(port = 1)), [format!(r#"{FIRST}"","port":1}}"#)]);
}

#[test]
fn text_lines_quote_only_what_would_be_misread() {
    let lines = text(|| {
        tracing::info!(bare = "a/b", blank = "a b", empty = "", assigned = "a=b", n = 1, "two words");
    });
    assert_eq!(
        lines,
        [concat!(
            r#"time=2026-03-01T12:00:00.5Z level=INFO msg="two words" bare=a/b blank="a b" "#,
            r#"empty="" assigned="a=b" n=1"#
        )]
    );
}

#[test]
fn our_crates_log_from_the_configured_level_and_others_from_warn() {
    let events = || {
        tracing::debug!(target: "scout_redis::scan", "ours");
        tracing::info!(target: "scout_redis::scan", "ours");
        tracing::info!(target: "hyper::proto", "theirs");
        tracing::warn!(target: "hyper::proto", "theirs");
        tracing::error!(target: "hyper::proto", "theirs");
    };
    let count = |level| lines_of(level, LogFormat::Json, events).len();
    assert_eq!(count(LogLevel::Debug), 4);
    assert_eq!(count(LogLevel::Info), 3);
    assert_eq!(count(LogLevel::Warn), 2);
    assert_eq!(count(LogLevel::Error), 1);
}

#[test]
fn a_line_of_another_crate_names_it() {
    let lines = json(|| tracing::warn!(target: "hyper::proto", "theirs"));
    assert!(lines[0].ends_with(r#""msg":"theirs","target":"hyper::proto"}"#), "{lines:?}");
}
