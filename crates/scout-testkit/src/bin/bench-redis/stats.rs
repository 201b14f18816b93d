//! Redis' own account of the commands that it ran.

use std::collections::BTreeMap;
use std::str::FromStr;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value, cmd};

/// Commands of the probe, the producer and this program, and greetings. MULTI and EXEC are not among those that are
/// summed up either, since EXEC repeats the time of what it executes.
const NOT_COUNTED: [&str; 11] =
    ["ping", "json.set", "xadd", "config", "slowlog", "hello", "auth", "select", "client", "multi", "exec"];

/// What producers send, the probe among them.
const WRITES: [&str; 2] = ["json.set", "xadd"];

/// What a scan sends.
const SCAN: [&str; 2] = ["ft.aggregate", "ft.cursor"];

/// Commands longer than this are kept in the slow log: the stall budget.
pub(crate) const STALL_BUDGET_MICROS: u32 = 5_000;

/// What one command came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) calls: u64,
    pub(crate) micros: f64,
    pub(crate) longest_micros: f64,
}

/// The measured program's commands since [`reset`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    /// By name.
    pub(crate) commands: BTreeMap<String, Spent>,
    /// The longest time that Redis did nothing else: a command, or a transaction.
    pub(crate) longest: (String, f64),
    /// The longest of the producers' own commands, which the others have to wait for as well.
    pub(crate) longest_write: (String, f64),
    /// How many commands were above the stall budget.
    pub(crate) above_budget: usize,
    /// How often Redis forked, which stalls it for a while.
    pub(crate) forks: u64,
}

impl Stats {
    pub(crate) fn busy_ms(&self) -> f64 {
        self.commands.values().fold(0.0, |sum, spent| sum + spent.micros) / 1e3
    }

    /// The part of it that a scan takes: opening a cursor, and reading it.
    pub(crate) fn scan_ms(&self) -> f64 {
        let scan =
            self.commands.iter().filter(|(name, _)| SCAN.contains(&name.split('|').next().unwrap_or(name)));
        scan.fold(0.0, |sum, (_, spent)| sum + spent.micros) / 1e3
    }
}

/// Lets the account begin anew.
pub(crate) async fn reset(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    for (name, value) in [
        ("slowlog-log-slower-than", STALL_BUDGET_MICROS.to_string().as_str()),
        ("slowlog-max-len", "100000"),
        ("latency-tracking-info-percentiles", "100"),
    ] {
        let () = cmd("CONFIG").arg("SET").arg(name).arg(value).query_async(connection).await?;
    }
    let () = cmd("SLOWLOG").arg("RESET").query_async(connection).await?;
    cmd("CONFIG").arg("RESETSTAT").query_async(connection).await
}

/// Reads the account. The very INFO that asks is not in it yet, so it costs nothing.
pub(crate) async fn read(connection: &mut MultiplexedConnection) -> Result<Stats, RedisError> {
    let sections = ["commandstats", "latencystats", "stats"];
    let info: String = cmd("INFO").arg(&sections).query_async(connection).await?;
    let mut stats = parse(&info);
    let slow: Vec<Value> = cmd("SLOWLOG").arg("GET").arg(-1).query_async(connection).await?;
    for (name, micros) in slow.iter().filter_map(slow_command).filter(|(name, _)| is_counted(name)) {
        stats.above_budget += 1;
        // The other account ends at a second.
        if micros > stats.longest.1 {
            stats.longest = (name, micros);
        }
    }
    Ok(stats)
}

/// The memory that Redis uses for what it holds.
pub(crate) async fn memory(connection: &mut MultiplexedConnection) -> Result<u64, RedisError> {
    let info: String = cmd("INFO").arg("memory").query_async(connection).await?;
    Ok(info.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok()).unwrap_or(0))
}

/// The version of Redis.
pub(crate) async fn version(connection: &mut MultiplexedConnection) -> Result<String, RedisError> {
    let info: String = cmd("INFO").arg("server").query_async(connection).await?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("?").trim().to_owned())
}

fn is_counted(name: &str) -> bool {
    let command = name.split('|').next().unwrap_or(name);
    !NOT_COUNTED.contains(&command)
}

/// An entry of the slow log is its number, its time, how long it took, and the words of the command.
fn slow_command(entry: &Value) -> Option<(String, f64)> {
    let Value::Array(parts) = entry else { return None };
    let micros = redis::from_redis_value_ref(parts.get(2)?).ok()?;
    let words: Vec<String> = redis::from_redis_value_ref(parts.get(3)?).ok()?;
    Some((words.first()?.to_lowercase(), micros))
}

fn parse(info: &str) -> Stats {
    let mut stats = Stats::default();
    for line in info.lines() {
        let Some((key, rest)) = line.trim_end().split_once(':') else { continue };
        let key = key.to_lowercase();
        if let Some(name) = key.strip_prefix("cmdstat_")
            && is_counted(name)
        {
            let spent = stats.commands.entry(name.to_owned()).or_default();
            spent.calls = number(rest, "calls").unwrap_or_default();
            spent.micros = number(rest, "usec").unwrap_or_default();
        } else if let Some(name) = key.strip_prefix("latency_percentiles_usec_") {
            let longest = number(rest, "p100").unwrap_or_default();
            if let Some(spent) = stats.commands.get_mut(name) {
                spent.longest_micros = longest;
            }
            if WRITES.contains(&name) && longest > stats.longest_write.1 {
                stats.longest_write = (name.to_owned(), longest);
            }
            if (is_counted(name) || name == "exec") && longest > stats.longest.1 {
                stats.longest = (name.to_owned(), longest);
            }
        } else if key == "total_forks" {
            stats.forks = rest.parse().unwrap_or(0);
        }
    }
    stats
}

/// A number of a line such as `calls=5,usec=123`.
fn number<T: FromStr>(line: &str, name: &str) -> Option<T> {
    line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Commandstats\r\n\
        cmdstat_FT.AGGREGATE:calls=2,usec=1500,usec_per_call=750.00,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_xinfo|stream:calls=1,usec=12,usec_per_call=12.00,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_exec:calls=1,usec=900,usec_per_call=900.00,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_JSON.SET:calls=9,usec=9999,usec_per_call=1111.00,rejected_calls=0,failed_calls=0\r\n\
        # Latencystats\r\n\
        latency_percentiles_usec_FT.AGGREGATE:p100=800.255\r\n\
        latency_percentiles_usec_exec:p100=901.119\r\n\
        latency_percentiles_usec_JSON.SET:p100=5000.255\r\n";

    #[test]
    fn the_time_of_a_transaction_counts_once_and_that_of_others_not_at_all() {
        let stats = parse(INFO);
        assert!((stats.busy_ms() - 1.512).abs() < 1e-9, "{}", stats.busy_ms());
        assert!((stats.scan_ms() - 1.5).abs() < 1e-9, "{}", stats.scan_ms());
        assert_eq!(stats.commands["ft.aggregate"].calls, 2);
    }

    #[test]
    fn a_write_is_known_for_what_others_wait_for_it() {
        assert_eq!(parse(INFO).longest_write, ("json.set".to_owned(), 5000.255));
    }

    #[test]
    fn a_transaction_is_as_long_a_stall_as_a_command() {
        assert_eq!(parse(INFO).longest, ("exec".to_owned(), 901.119));
    }
}
