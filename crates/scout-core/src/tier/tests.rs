use proptest::prelude::*;

use super::*;

const YEAR: u64 = 366 * 24 * 3600;

/// Presents from 1970 to 2100, at any millisecond.
fn any_now() -> impl Strategy<Value = WallTime> {
    (0_i64..4_102_444_800_000).prop_map(WallTime::from_unix_ms)
}

/// Retentions from a minute to a year, short ones as often as long ones.
fn any_retention() -> impl Strategy<Value = Duration> {
    let picked = prop::sample::select(vec![
        60,
        599,
        600,
        601,
        3600,
        32_400,
        48 * 3600,
        84 * 3600,
        84 * 3600 + 1,
        YEAR,
    ]);
    let any = (60.0_f64.ln()..(YEAR as f64).ln()).prop_map(f64::exp);
    prop_oneof![picked.prop_map(Duration::from_secs), any.prop_map(Duration::from_secs_f64)]
}

/// All slots of a grid, from the newest to the oldest, found by asking for what lies before each.
fn slots(grid: &Grid) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut event = grid.now().plus(AHEAD);
    while let Place::Slot(slot) = grid.place(event) {
        slots.push(slot);
        event = slot.start().minus(Duration::from_millis(1));
    }
    assert_eq!(grid.place(event), Place::Older);
    slots
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn slots_are_contiguous_aligned_and_wider_the_older_they_are(now in any_now(), retention in any_retention()) {
        let grid = Grid::new(now, retention);
        let slots = slots(&grid);
        for slot in &slots {
            prop_assert_eq!(slot.start_ms % slot.width_ms, 0);
            prop_assert_eq!(grid.place(slot.start()), Place::Slot(*slot));
            let last = WallTime::from_unix_ms(slot.end().unix_ms() - 1);
            prop_assert_eq!(grid.place(last.min(now.plus(AHEAD))), Place::Slot(*slot));
        }
        for pair in slots.windows(2) {
            prop_assert_eq!(pair[1].end(), pair[0].start());
            prop_assert!(pair[1].width_ms >= pair[0].width_ms);
        }
        prop_assert_eq!(grid.place(now.plus(AHEAD).plus(Duration::from_millis(1))), Place::Ahead);
    }

    #[test]
    fn slots_cover_the_retention_and_at_most_2_percent_more(now in any_now(), retention in any_retention()) {
        let oldest = *slots(&Grid::new(now, retention)).last().unwrap();
        let more = now.minus(retention).unix_ms() - oldest.start().unix_ms();
        prop_assert!(more >= 0);
        prop_assert!(more < SECOND || more * 50 <= millis(retention));
    }

    #[test]
    fn there_are_never_more_slots_than_foreseen(now in any_now(), retention in any_retention()) {
        prop_assert!(slots(&Grid::new(now, retention)).len() <= Grid::max_slots(retention));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_window_is_met_to_2_percent_or_a_second_and_never_less_than_asked(
        now in any_now(), retention in any_retention(), part in 0.0_f64..=1.0, whole_seconds: bool,
    ) {
        let longest = retention.as_secs_f64();
        let span = Duration::from_secs_f64(longest.powf(part).clamp(1.0, longest));
        let span = if whole_seconds { Duration::from_secs(span.as_secs()) } else { span };
        let from = now.minus(span);
        let covered = Grid::new(now, retention).covered_from(from);
        prop_assert!(covered <= from);
        let more = from.unix_ms() - covered.unix_ms();
        let asked = millis(span);
        prop_assert!(more < SECOND || more * 50 <= asked, "{more} ms more than {asked} ms");
    }

    #[test]
    fn a_later_layout_takes_whole_slots_of_an_earlier_one(
        now in any_now(), retention in any_retention(), later in 0_u64..2 * YEAR, shift in 0_u32..30, age in 0.0_f64..=1.0,
    ) {
        let event = now.plus(AHEAD).minus(retention.mul_f64(age));
        let (before, after) = (Grid::new(now, retention), Grid::new(now.plus(Duration::from_secs(later >> shift)), retention));
        if let Place::Slot(slot) = before.place(event) {
            let place = after.place(event);
            prop_assert_eq!(after.place(slot.start()), place);
            let last = WallTime::from_unix_ms(slot.end().unix_ms() - 1).min(now.plus(AHEAD));
            prop_assert_eq!(after.place(last), place);
        }
    }

    #[test]
    fn no_time_is_out_of_every_place(now in any_now(), retention in any_retention(), event in any::<i64>()) {
        match Grid::new(now, retention).place(WallTime::from_unix_ms(event)) {
            Place::Slot(slot) => prop_assert!(slot.start_ms <= event && event < slot.end().unix_ms()),
            Place::Older => prop_assert!(event < now.minus(retention).unix_ms()),
            Place::Ahead => prop_assert!(event > now.plus(AHEAD).unix_ms()),
        }
    }
}

#[test]
fn presents_at_the_ends_of_time_are_laid_out_too() {
    for now in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX].map(WallTime::from_unix_ms) {
        let grid = Grid::new(now, Duration::from_secs(48 * 3600));
        for event in [i64::MIN, -1, 0, i64::MAX].map(WallTime::from_unix_ms) {
            grid.place(event);
            grid.covered_from(event);
        }
    }
}

#[test]
fn an_event_one_minute_ahead_has_a_slot_and_one_further_has_none() {
    let now = WallTime::from_unix_ms(1_775_030_400_250);
    let grid = Grid::new(now, Duration::from_secs(3600));
    let slot = Slot { start_ms: 1_775_030_460_000, width_ms: SECOND };
    assert_eq!(grid.place(WallTime::from_unix_ms(1_775_030_460_250)), Place::Slot(slot));
    assert_eq!(grid.place(WallTime::from_unix_ms(1_775_030_460_251)), Place::Ahead);
}
