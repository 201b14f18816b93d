//! How many messages there are, and when they arrive.

use std::time::Duration;

use figment::value::Value;
use scout_core::GoDuration;

/// The most messages of one test, and the most intervals that they are spread over.
pub(super) const MOST: u64 = 1_000_000;

/// When messages arrive, counted from the start of the test, in order.
///
/// `"0 10x5 3"` are counts of one interval after the other, `10x5` standing for `10 10 10 10 10`; the messages of an
/// interval arrive evenly within it. A list of numbers is the same. A table has moments and how many arrive then.
pub(super) fn arrivals(counts: &Value, interval: Duration) -> Result<Vec<Duration>, String> {
    match counts {
        Value::String(_, text) => spread(&series(text)?, interval),
        Value::Array(_, items) => {
            let counts: Option<Vec<u64>> = items.iter().map(whole).collect();
            let counts = counts.ok_or("must hold whole numbers of 0 or more")?;
            spread(&counts.into_iter().map(|count| (count, 1)).collect::<Vec<_>>(), interval)
        }
        Value::Dict(_, moments) => {
            let mut arrivals = Vec::new();
            for (moment, count) in moments {
                let at: GoDuration =
                    moment.parse().map_err(|_| format!("has {moment:?}, which is no duration"))?;
                let at = at.to_std().ok_or_else(|| format!("has {moment:?}, which is before the start"))?;
                let count = whole(count).ok_or("must hold whole numbers of 0 or more")?;
                arrivals.extend((0..bounded(count, &arrivals)?).map(|_| at));
            }
            arrivals.sort_unstable();
            Ok(arrivals)
        }
        _ => Err("must be text such as \"0 10x5\", a list of numbers, or a table such as { \"90s\" = 10 }"
            .to_owned()),
    }
}

fn whole(value: &Value) -> Option<u64> {
    value.to_i128().and_then(|count| u64::try_from(count).ok())
}

/// How often each count stands.
fn series(text: &str) -> Result<Vec<(u64, u64)>, String> {
    let item = |item: &str| {
        let (count, times) = item.split_once('x').unwrap_or((item, "1"));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed =
            (count.parse().ok().zip(times.parse().ok())).filter(|_| is_plain(count) && is_plain(times));
        parsed.ok_or_else(|| format!("has {item:?}, which is neither a count nor one such as 10x5"))
    };
    text.split_whitespace().map(item).collect()
}

fn spread(series: &[(u64, u64)], interval: Duration) -> Result<Vec<Duration>, String> {
    let mut arrivals = Vec::new();
    let mut from = 0_u64;
    for (count, times) in series {
        if from.saturating_add(*times) > MOST {
            return Err(format!("has more than {MOST} intervals"));
        }
        for _ in 0..*times {
            let start = interval.as_nanos() * u128::from(from);
            let count = bounded(*count, &arrivals)?;
            // In the middle of its part of the interval each, so that none stands at an edge.
            let within = |index: u64| interval.as_nanos() * u128::from(2 * index + 1) / u128::from(2 * count);
            arrivals.extend((0..count).map(|index| nanos(start + within(index))));
            from += 1;
        }
    }
    Ok(arrivals)
}

fn nanos(nanos: u128) -> Duration {
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}

fn bounded(count: u64, before: &[Duration]) -> Result<u64, String> {
    let all = count.saturating_add(before.len() as u64);
    if all > MOST { Err(format!("has more than {MOST} messages")) } else { Ok(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn seconds(counts: impl Into<Value>) -> Vec<u64> {
        arrivals(&counts.into(), MINUTE).unwrap().iter().map(Duration::as_secs).collect()
    }

    #[test]
    fn messages_of_an_interval_arrive_evenly_within_it() {
        assert_eq!(seconds("0 2x2 1"), [75, 105, 135, 165, 210]);
        assert_eq!(seconds(vec![0, 1]), [90]);
        assert_eq!(seconds(""), [0_u64; 0]);
    }

    #[test]
    fn messages_at_moments_arrive_together_and_in_order() {
        let moments = figment::value::Dict::from([("2m".into(), 1.into()), ("90s".into(), 2.into())]);
        assert_eq!(seconds(moments), [90, 90, 120]);
    }

    #[test]
    fn what_is_no_count_or_too_many_is_refused() {
        for text in ["x", "x5", "5x", "-1", "+1", "1x2x3", "1.5", "1,2", "1000001", "1000x1001", "0x1000001"]
        {
            assert!(arrivals(&text.into(), MINUTE).is_err(), "{text}");
        }
        let negative = figment::value::Dict::from([("-2m".into(), 1.into())]);
        let nonsense = figment::value::Dict::from([("2".into(), 1.into())]);
        for value in [Value::from(negative), nonsense.into(), vec![-1].into(), 5.into()] {
            assert!(arrivals(&value, MINUTE).is_err(), "{value:?}");
        }
    }
}
