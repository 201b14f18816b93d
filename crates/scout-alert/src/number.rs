//! Counts and ratios, in texts.

use std::fmt;

/// A count, or a ratio: shown without a fraction if it has none, else with four digits of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) f64);

impl Number {
    /// The whole number that it is, as long as every one is told from its neighbours.
    pub(crate) fn whole(self) -> Option<i64> {
        const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53
        #[expect(clippy::cast_possible_truncation, reason = "has no fraction, and is within the limit")]
        let whole = (self.0.fract() == 0.0 && self.0.abs() < LIMIT).then_some(self.0 as i64);
        whole
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(whole) = self.whole() {
            return whole.fmt(out);
        }
        let rounded = format!("{:.4}", self.0);
        let short = rounded.trim_end_matches('0').trim_end_matches('.');
        // What is too small for four digits is not nothing.
        if matches!(short, "0" | "-0") { self.0.fmt(out) } else { out.write_str(short) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_short_as_it_is() {
        for (number, text) in [
            (57.0, "57"),
            (0.0, "0"),
            (-3.0, "-3"),
            (0.25, "0.25"),
            (1.0 / 3.0, "0.3333"),
            (2.5, "2.5"),
            (0.000_01, "0.00001"),
            (100.000_001, "100"),
            (1e16, "10000000000000000"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(Number(number).to_string(), text);
        }
    }
}
