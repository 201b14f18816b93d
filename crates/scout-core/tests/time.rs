//! Event times are read as RFC3339 says and shown the same way.

use std::time::Duration;

use proptest::prelude::*;
use scout_core::{MonoTime, WallTime};

fn ms(text: &str) -> Option<i64> {
    WallTime::parse_rfc3339(text).map(WallTime::unix_ms)
}

#[test]
fn every_form_of_rfc3339_is_read() {
    let table = [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-04-01T08:00:00Z", 1_775_030_400_000),
        ("2026-04-01t08:00:00z", 1_775_030_400_000),
        ("2026-04-01T10:00:00+02:00", 1_775_030_400_000),
        ("2026-04-01T03:30:00-04:30", 1_775_030_400_000),
        ("2026-04-01T08:00:00+00:00", 1_775_030_400_000),
        ("2026-04-01T08:00:00-00:00", 1_775_030_400_000),
        ("2026-04-02T07:59:00+23:59", 1_775_030_400_000),
        ("2026-04-01T08:00:00.9Z", 1_775_030_400_900),
        ("2026-04-01T08:00:00.12Z", 1_775_030_400_120),
        ("2026-04-01T08:00:00.123Z", 1_775_030_400_123),
        ("2026-04-01T08:00:00.123456789Z", 1_775_030_400_123),
        ("2026-04-01T08:00:00.999999999999999999999+00:00", 1_775_030_400_999),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
    ];
    for (text, expected) in table {
        assert_eq!(ms(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_rfc3339_is_no_time() {
    for text in [
        "",
        "0",
        "now",
        "1775030400",
        "2026-04-01",
        "08:00:00Z",
        "2026-04-01T08:00:00",
        "2026-04-01 08:00:00Z",
        "2026-04-01_08:00:00Z",
        "2026-04-01T08:00Z",
        "2026-04-01T08Z",
        "2026-4-1T8:0:0Z",
        "20260401T080000Z",
        "2026-W14-3T08:00:00Z",
        "2026-091T08:00:00Z",
        "26-04-01T08:00:00Z",
        "+2026-04-01T08:00:00Z",
        "-2026-04-01T08:00:00Z",
        "12026-04-01T08:00:00Z",
        "2026-02-30T08:00:00Z",
        "2025-02-29T08:00:00Z",
        "2026-04-31T08:00:00Z",
        "2026-00-01T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-04-00T08:00:00Z",
        "2026-04-01T24:00:00Z",
        "2026-04-01T08:60:00Z",
        "2026-04-01T08:00:61Z",
        "2026-04-01T08:00:00.Z",
        "2026-04-01T08:00:00,5Z",
        "2026-04-01T08:00:00.5",
        "2026-04-01T08:00:00+02",
        "2026-04-01T08:00:00+0200",
        "2026-04-01T08:00:00+2:00",
        "2026-04-01T08:00:00+24:00",
        "2026-04-01T08:00:00+02:60",
        "2026-04-01T08:00:00 +02:00",
        "2026-04-01T08:00:00+02:00[Europe/Berlin]",
        "2026-04-01T08:00:00Z[UTC]",
        "2026-04-01T08:00:00ZZ",
        "2026-04-01T08:00:00CEST",
        " 2026-04-01T08:00:00Z",
        "2026-04-01T08:00:00Z ",
        "2026-04-01T08:00:00Z\n",
        "2026-04-01T08:00:00\u{2212}02:00",
        "２026-04-01T08:00:00Z",
        "[\"2026-04-01T08:00:00Z\"]",
    ] {
        assert_eq!(ms(text), None, "{text:?}");
    }
}

#[test]
fn a_time_is_shown_in_utc_with_no_more_digits_than_it_needs() {
    let table = [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_775_030_400_000, "2026-04-01T08:00:00Z"),
        (1_775_030_400_500, "2026-04-01T08:00:00.5Z"),
        (1_775_030_400_012, "2026-04-01T08:00:00.012Z"),
        (i64::MAX, "9223372036854775807ms"),
    ];
    for (ms, text) in table {
        assert_eq!(WallTime::from_unix_ms(ms).to_string(), text);
    }
    assert_eq!(serde_json::to_string(&WallTime::default()).unwrap(), "\"1970-01-01T00:00:00Z\"");
}

#[test]
fn seconds_are_rounded_down_before_the_epoch_too() {
    for (ms, seconds) in [(999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2)] {
        assert_eq!(WallTime::from_unix_ms(ms).unix_seconds(), seconds);
    }
}

#[test]
fn times_are_cut_at_the_ends_of_their_range() {
    let (first, last) = (WallTime::from_unix_ms(i64::MIN), WallTime::from_unix_ms(i64::MAX));
    assert_eq!(last.plus(Duration::from_secs(1)), last);
    assert_eq!(first.minus(Duration::MAX), first);
    assert_eq!(
        WallTime::from_unix_ms(5).plus(Duration::from_millis(3)).minus(Duration::from_millis(8)).unix_ms(),
        0
    );
}

#[test]
fn the_monotonic_clock_never_counts_backwards() {
    let (early, late) =
        (MonoTime::from_start(Duration::from_secs(1)), MonoTime::from_start(Duration::from_secs(3)));
    assert_eq!(late.since(early), Duration::from_secs(2));
    assert_eq!(early.since(late), Duration::ZERO);
    assert_eq!(early.plus(Duration::from_secs(2)), late);
    assert!(late.plus(Duration::MAX) > late);
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_as_the_same_time(ms in -62_167_219_200_000_i64..253_402_207_200_000) {
        let time = WallTime::from_unix_ms(ms);
        prop_assert_eq!(WallTime::parse_rfc3339(&time.to_string()), Some(time));
    }

    #[test]
    fn an_offset_moves_the_time_and_nothing_else(seconds in 0_i64..4_000_000_000, hours in 0_i64..24, minutes in 0_i64..60, ahead: bool) {
        let offset = (hours * 3600 + minutes * 60) * if ahead { 1 } else { -1 };
        let local = WallTime::from_unix_ms((seconds + offset) * 1000).to_string();
        let sign = if ahead { '+' } else { '-' };
        let text = format!("{}{sign}{hours:02}:{minutes:02}", local.trim_end_matches('Z'));
        prop_assert_eq!(ms(&text), Some(seconds * 1000));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), digits in "[0-9TtZz:.+-]{0,40}") {
        let _ = (ms(&text), ms(&digits));
    }
}
