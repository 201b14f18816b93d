//! Steps stay within the stall budget, and leave the store to others for as long as they were told to.

use std::time::Duration;

use proptest::prelude::*;
use scout_core::{PacePolicy, Pacer};

const BUDGET: Duration = Duration::from_millis(5);
/// The part of the budget that a step aims at.
const AIM: f64 = 0.4;
const MAX_ROWS: u32 = 100_000;

fn pacer() -> Pacer {
    Pacer::new(PacePolicy::new(BUDGET, 0.5, MAX_ROWS))
}

/// What a store takes for a step: so much for each row, and so much for the command itself.
#[derive(Clone, Copy, Debug)]
struct Cost {
    row_nanos: f64,
    command_nanos: f64,
}

impl Cost {
    fn of(self, rows: u32) -> Duration {
        Duration::from_secs_f64((self.row_nanos * f64::from(rows) + self.command_nanos) / 1e9)
    }
}

fn rows_only(row_nanos: f64) -> Cost {
    Cost { row_nanos, command_nanos: 0.0 }
}

/// Takes so many steps at that cost; the rows of the last one.
fn run(pacer: &mut Pacer, cost: Cost, steps: usize) -> u32 {
    let mut rows = pacer.rows();
    for _ in 0..steps {
        rows = pacer.rows();
        pacer.observe(rows, cost.of(rows));
    }
    rows
}

/// A row from 10 ns to 1 ms, cheap ones as often as dear ones.
fn any_row_nanos() -> impl Strategy<Value = f64> {
    (1.0_f64..6.0).prop_map(|exponent| 10_f64.powf(exponent))
}

/// Costs that change under the pacer, each for some steps.
fn any_weather() -> impl Strategy<Value = Vec<Cost>> {
    let phase = (any_row_nanos(), 1_usize..30);
    (prop::collection::vec(phase, 1..12), 0.0_f64..500_000.0).prop_map(|(phases, command_nanos)| {
        phases
            .into_iter()
            .flat_map(|(row_nanos, steps)| vec![Cost { row_nanos, command_nanos }; steps])
            .collect()
    })
}

proptest! {
    #[test]
    fn no_step_is_above_the_stall_budget_but_by_what_a_rise_of_the_cost_explains(weather in any_weather()) {
        let mut pacer = pacer();
        let mut before = None;
        for cost in weather {
            let rows = pacer.rows();
            let busy = cost.of(rows);
            // The first step is a guess; a single row cannot be made smaller.
            if let Some(earlier) = before && rows > 1 {
                let earlier: Cost = earlier;
                let rise = (cost.row_nanos / earlier.row_nanos).max(1.0);
                let explained = BUDGET.mul_f64(AIM * rise) + Duration::from_secs_f64(cost.command_nanos / 1e9);
                prop_assert!(busy <= explained, "{rows} rows took {busy:?} after {earlier:?}, now {cost:?}");
                prop_assert!(busy <= BUDGET || rise > 2.0);
            }
            pacer.observe(rows, busy);
            before = Some(cost);
        }
    }

    #[test]
    fn a_step_after_one_that_was_too_long_is_within_the_budget(before in any_row_nanos(), rise in 1.0_f64..1000.0) {
        let mut pacer = pacer();
        run(&mut pacer, rows_only(before), 40);
        let dear = rows_only(before * rise);
        run(&mut pacer, dear, 1);
        let next = pacer.rows();
        prop_assert!(dear.of(next) <= BUDGET || next == 1);
    }

    #[test]
    fn a_pause_at_one_half_is_as_long_as_the_step(busy_nanos in 0_u64..100_000_000_000) {
        let busy = Duration::from_nanos(busy_nanos);
        prop_assert!(pacer().observe(50, busy) >= busy);
    }

    #[test]
    fn the_share_of_the_stores_time_is_kept_over_time(share in 0.001_f64..=0.5, weather in any_weather()) {
        let mut pacer = Pacer::new(PacePolicy::new(BUDGET, share, MAX_ROWS));
        let (mut busy, mut paused) = (Duration::ZERO, Duration::ZERO);
        for cost in weather {
            let step = cost.of(pacer.rows());
            busy += step;
            paused += pacer.observe(pacer.rows(), step);
        }
        let used = busy.as_secs_f64() / (busy + paused).as_secs_f64();
        prop_assert!((used - share).abs() < 1e-4, "{used} of {share}");
    }

    #[test]
    fn a_steady_cost_is_met_with_steps_near_the_aim(row_nanos in 25.0_f64..30_000.0) {
        let mut pacer = pacer();
        let rows = run(&mut pacer, rows_only(row_nanos), 60);
        let busy = rows_only(row_nanos).of(rows).as_secs_f64();
        let aim = BUDGET.as_secs_f64() * AIM;
        prop_assert!(busy > aim * 0.9 && busy <= aim * 1.001, "{rows} rows take {busy}");
    }

    #[test]
    fn one_outlier_is_forgotten(row_nanos in 25.0_f64..10_000.0, factor in 2.0_f64..10_000.0) {
        let mut pacer = pacer();
        let before = run(&mut pacer, rows_only(row_nanos), 60);
        run(&mut pacer, rows_only(row_nanos * factor), 1);
        prop_assert!(pacer.rows() < before);
        let after = run(&mut pacer, rows_only(row_nanos), 120);
        prop_assert!(f64::from(after) >= f64::from(before) * 0.9, "{after} rows, {before} before");
    }

    #[test]
    fn a_step_is_never_empty_nor_above_the_limit(
        max_rows in any::<u32>(), steps in prop::collection::vec((any::<u32>(), any::<u64>()), 0..50),
    ) {
        let mut pacer = Pacer::new(PacePolicy::new(BUDGET, 0.5, max_rows));
        for (rows, busy_nanos) in steps {
            prop_assert!(pacer.rows() >= 1 && pacer.rows() <= max_rows.max(1));
            pacer.observe(rows, Duration::from_nanos(busy_nanos));
        }
    }
}

#[test]
fn a_store_that_takes_no_time_is_asked_for_as_much_as_allowed() {
    let mut pacer = pacer();
    for _ in 0..20 {
        assert_eq!(pacer.observe(pacer.rows(), Duration::ZERO), Duration::ZERO);
    }
    assert_eq!(pacer.rows(), MAX_ROWS);
}

#[test]
fn steps_grow_by_no_more_than_double() {
    let mut pacer = pacer();
    let first = pacer.rows();
    pacer.observe(first, Duration::ZERO);
    assert_eq!(pacer.rows(), 2 * first);
}

#[test]
fn a_row_dearer_than_the_budget_is_asked_for_alone() {
    let mut pacer = pacer();
    assert_eq!(run(&mut pacer, rows_only(50_000_000.0), 3), 1);
}

#[test]
fn no_duration_is_too_long_to_be_observed() {
    for share in [0.001, 0.5] {
        let mut pacer = Pacer::new(PacePolicy::new(BUDGET, share, MAX_ROWS));
        assert_eq!(pacer.observe(1, Duration::MAX), Duration::MAX);
        assert_eq!(pacer.rows(), 1);
    }
}

#[test]
fn a_budget_of_nothing_leaves_steps_of_one_row() {
    let mut pacer = Pacer::new(PacePolicy::new(Duration::ZERO, 0.5, MAX_ROWS));
    pacer.observe(50, Duration::from_micros(10));
    assert_eq!(pacer.rows(), 1);
}

#[test]
fn a_share_that_makes_no_sense_is_brought_into_its_range() {
    let step = Duration::from_millis(1);
    let pause = |share| Pacer::new(PacePolicy::new(BUDGET, share, MAX_ROWS)).observe(1, step);
    for share in [0.5, 0.6, 1.0, f64::INFINITY] {
        assert_eq!(pause(share), step, "{share}");
    }
    for share in [0.001, 0.0, -1.0, f64::NEG_INFINITY, f64::NAN] {
        assert_eq!(pause(share), step * 999, "{share}");
    }
}
