//! A file of tests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use scout_core::LiveConfig;
use scout_core::alerting::Rule;

use super::counts::{self, MOST};
use super::expectation::Expectation;
use crate::config::file::read_table;
use crate::config::rules::{self, Surroundings};
use crate::config::table::Table;
use crate::config::{ConfigError, Layer, Loaded, Origin, Purpose, Sources, load_for};

/// Rules, and tests of them.
#[derive(Debug)]
pub(crate) struct Suite {
    rules: Vec<Rule>,
    live: LiveConfig,
    interval: Duration,
    tests: Vec<Test>,
}

/// Messages, and what they are to lead to.
#[derive(Debug)]
pub(crate) struct Test {
    name: String,
    messages: Vec<TestMessage>,
    expectations: Vec<Expectation>,
}

/// One message.
#[derive(Clone, Debug)]
pub(super) struct TestMessage {
    /// Since the start of the test.
    pub(super) arrives: Duration,
    /// How long before that it happened.
    pub(super) late: Duration,
    pub(super) severity: Option<String>,
    pub(super) system: Option<String>,
    pub(super) tags: Option<String>,
}

/// How long messages are kept unless it is said.
const RETENTION: Duration = Duration::from_secs(48 * 3600);

/// The longest time between two judgings. A longer one is an outage, after which what waits begins anew.
const LONGEST_STEP: Duration = Duration::from_secs(60);

/// The longest that a test may go on.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// More than any test needs: a limit that stands in nobody's way.
const BUDGET_BYTES: usize = 1 << 30;

impl Suite {
    /// Reads a file of tests, and the rules that they are of: its own, those of the configuration that it names, or else
    /// those that are in effect.
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub(crate) fn read(
        path: &Path,
        in_effect: impl FnOnce() -> Result<Loaded, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let values = read_table(path).map_err(|problem| ConfigError::all(vec![problem]))?;
        let origin = Origin { layer: Layer::File, file: Some(path.to_owned()) };
        let mut table = Table::new(String::new(), &values, &origin);
        table.only(&["config", "interval", "retention", "rules", "tests"]);
        let interval = table.span("interval", Duration::from_secs(1)..=Duration::from_secs(24 * 3600));
        let interval = interval.unwrap_or(LONGEST_STEP);
        let (rules, retention) = rules_of(&mut table, &origin, in_effect);
        let live = LiveConfig::new(retention, BUDGET_BYTES);
        let live = live.map_err(|error| table.refuse("retention", error.to_string())).ok();
        if table.get("tests").is_none() {
            table.missing("tests", "there is nothing to test: each stands below [[tests]]");
        }
        let mut tests = Vec::new();
        for mut test in table.tables("tests") {
            tests.push(Test::read(&mut test, tests.len() + 1, interval, &rules));
            table.problems.append(&mut test.problems);
        }
        match live {
            Some(live) if table.problems.is_empty() => Ok(Self { rules, live, interval, tests }),
            _ => Err(ConfigError::all(table.problems)),
        }
    }

    pub(crate) fn tests(&self) -> &[Test] {
        &self.tests
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn live_config(&self) -> LiveConfig {
        self.live
    }

    /// From one judging to the next: an interval, or an even part of it.
    pub(super) fn step(&self) -> Duration {
        let parts = self.interval.as_nanos().div_ceil(LONGEST_STEP.as_nanos()).max(1);
        self.interval / u32::try_from(parts).unwrap_or(u32::MAX)
    }
}

/// The rules that are tested, and how long messages are kept.
fn rules_of(
    table: &mut Table<'_>,
    origin: &Origin,
    in_effect: impl FnOnce() -> Result<Loaded, ConfigError>,
) -> (Vec<Rule>, Duration) {
    let config = table.text("config").map(|path| table.beside_file(path));
    let retention = table.span("retention", Duration::from_secs(60)..=scout_core::MAX_RETENTION);
    let own = table.get("rules").is_some();
    if own {
        if config.is_some() {
            table.refuse("config", "stands beside [[rules]]: keep one of them");
        }
        let retention = retention.unwrap_or(RETENTION);
        let Some(values) = table.get("rules").and_then(|value| value.as_array()) else {
            table.refuse("rules", "is a list of tables: each stands below [[rules]]");
            return (Vec::new(), retention);
        };
        let mut read = rules::read(values, origin, &Surroundings { retention, receivers: None });
        table.problems.append(&mut read.problems);
        return (read.readable.into_iter().map(|read| read.rule).collect(), retention);
    }
    if retention.is_some() {
        table.refuse("retention", "goes with [[rules]] alone: a configuration has its own");
    }
    let loaded = match config {
        Some(path) => of_file(path),
        None => in_effect(),
    };
    match loaded {
        Ok(loaded) => {
            if loaded.settings.alert.rules.is_empty() {
                let reason = "there are no rules to test: [[rules]] or config names some";
                table.missing("rules", reason);
            }
            (loaded.settings.alert.rules, loaded.settings.retention.ttl)
        }
        Err(error) => {
            table.problems.extend(error.into_problems());
            (Vec::new(), RETENTION)
        }
    }
}

/// A configuration as far as its file alone says it, so that a test gives the same everywhere.
fn of_file(path: PathBuf) -> Result<Loaded, ConfigError> {
    load_for(Purpose::TestRules, &Sources { file: Some(path), ..Sources::default() })
}

impl Test {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// In the order in which they arrive.
    pub(super) fn messages(&self) -> &[TestMessage] {
        &self.messages
    }

    /// In the order of time.
    pub(super) fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }

    fn read(table: &mut Table<'_>, number: usize, interval: Duration, rules: &[Rule]) -> Self {
        table.only(&["name", "messages", "expect"]);
        let name = table.text("name").map_or_else(|| format!("test {number}"), str::to_owned);
        let mut messages = Vec::new();
        for mut of_table in table.tables("messages") {
            messages.extend(messages_of(&mut of_table, interval));
            table.problems.append(&mut of_table.problems);
        }
        if messages.len() as u64 > MOST {
            table.refuse("messages", format!("are more than {MOST}"));
        }
        messages.sort_by_key(|message: &TestMessage| message.arrives);
        if table.get("expect").is_none() {
            table.missing("expect", "a test expects something, if only no alerts");
        }
        let mut expectations = Vec::new();
        for mut of_table in table.tables("expect") {
            expectations.extend(Expectation::read(&mut of_table, LONGEST, rules));
            table.problems.append(&mut of_table.problems);
        }
        expectations.sort_by_key(|expectation| expectation.at);
        Self { name, messages, expectations }
    }
}

fn messages_of(table: &mut Table<'_>, interval: Duration) -> Vec<TestMessage> {
    table.only(&["severity", "system", "tags", "counts", "late"]);
    let severity = table.text("severity").map(str::to_owned);
    let system = table.text("system").map(str::to_owned);
    let tags = table.texts("tags").map(|tags| tags.join(","));
    let late = table.span("late", Duration::ZERO..=scout_core::MAX_RETENTION).unwrap_or_default();
    let Some(counts) = table.get("counts") else {
        table.missing("counts", "how many messages there are, such as \"0 10x5\"");
        return Vec::new();
    };
    let arrivals = counts::arrivals(counts, interval).unwrap_or_else(|reason| {
        table.refuse("counts", reason);
        Vec::new()
    });
    let message = |arrives| TestMessage {
        arrives,
        late,
        severity: severity.clone(),
        system: system.clone(),
        tags: tags.clone(),
    };
    arrivals.into_iter().map(message).collect()
}
