//! An endless row of documents, the same for the same seed.

use serde_json::{Map, Value};

use super::Document;
use super::expectation::{Expectation, RefusedBy};
use super::random::Random;
use super::refusals::refusals;
use super::severities::{Spelling, spellings};
use super::strangers::{self, strangers};
use super::systems::{self, System};
use super::texts;
use super::times::{self, Time};

/// Two days: what the platform keeps.
const SPAN_MS: u64 = 48 * 3_600_000;
const SYSTEMS: usize = 500;

/// Makes documents, each with what Scout has to make of it.
///
/// The first [`Generator::tour_length`] documents show every oddity once, one in each; after them oddities are as
/// rare as in the field, and meet each other. Event times lie within the two days before `now`, but for the odd ones.
#[derive(Clone, Debug)]
pub struct Generator {
    random: Random,
    now_unix_ms: i64,
    systems: usize,
    span_ms: u64,
    spellings: Vec<Spelling>,
    refusals: Vec<(&'static str, Value, RefusedBy)>,
    strangers: Vec<(Value, RefusedBy)>,
    tour: std::ops::Range<usize>,
    tidy: bool,
}

/// What a document says in the fields that count.
struct Facts {
    severity: Spelling,
    system: System,
    time: Time,
}

impl Generator {
    /// Documents around this moment, in milliseconds since the epoch.
    pub fn new(seed: u64, now_unix_ms: i64) -> Self {
        let (spellings, refusals, strangers) = (spellings(), refusals(), strangers());
        let tour = spellings.len()
            + systems::NAMED_COUNT
            + systems::ODD_COUNT
            + times::ODD_COUNT
            + refusals.len()
            + strangers.len();
        Self {
            random: Random::new(seed),
            now_unix_ms,
            systems: SYSTEMS,
            span_ms: SPAN_MS,
            spellings,
            refusals,
            strangers,
            tour: 0..tour,
            tidy: false,
        }
    }

    /// Well-formed messages only: each is counted over every index, and dated.
    pub fn tidy(seed: u64, now_unix_ms: i64) -> Self {
        Self { tidy: true, tour: 0..0, ..Self::new(seed, now_unix_ms) }
    }

    /// Spreads messages over so many systems (500 if not told, at least one).
    pub fn systems(self, count: usize) -> Self {
        Self { systems: count.max(1), ..self }
    }

    /// Spreads event times over so many milliseconds before now (two days if not told, at least one).
    pub fn span_ms(self, span_ms: u64) -> Self {
        Self { span_ms: span_ms.max(1), ..self }
    }

    /// How many documents from the beginning on show each oddity once.
    pub fn tour_length(&self) -> usize {
        self.tour.end
    }

    /// The document that shows the oddity of this number.
    fn stop(&mut self, mut stop: usize) -> Document {
        let mut among = |length: usize| {
            let found = (stop < length).then_some(stop);
            stop = stop.wrapping_sub(length);
            found
        };
        let mut facts = Facts {
            severity: self.spellings[0].clone(),
            system: systems::named(0),
            time: times::recent(&mut self.random, self.now_unix_ms, self.span_ms),
        };
        if let Some(index) = among(self.spellings.len()) {
            facts.severity = self.spellings[index].clone();
        } else if let Some(index) = among(systems::NAMED_COUNT) {
            facts.system = systems::named(index);
        } else if let Some(index) = among(systems::ODD_COUNT) {
            facts.system = systems::odd(index);
        } else if let Some(index) = among(times::ODD_COUNT) {
            facts.time = times::odd(index, self.now_unix_ms);
        } else if let Some(index) = among(self.refusals.len()) {
            return self.message(facts, Some(index));
        } else if let Some(index) = among(self.strangers.len()) {
            return self.stranger(index);
        }
        self.message(facts, None)
    }

    /// A document as the field has them.
    fn any(&mut self) -> Document {
        if self.random.per_mille(15) {
            let index = self.random.index(self.strangers.len());
            return self.stranger(index);
        }
        let severity = self.random.weighted(self.spellings.iter().map(|spelling| spelling.weight));
        let facts = Facts {
            severity: self.spellings[severity].clone(),
            system: systems::any(&mut self.random, self.systems),
            time: times::any(&mut self.random, self.now_unix_ms, self.span_ms),
        };
        let refusal = self.random.per_mille(10).then(|| self.random.index(self.refusals.len()));
        self.message(facts, refusal)
    }

    fn well_formed(&mut self) -> Document {
        loop {
            let severity = self.random.weighted(self.spellings.iter().map(|spelling| spelling.weight));
            let facts = Facts {
                severity: self.spellings[severity].clone(),
                system: systems::named(self.random.rank(self.systems)),
                time: times::recent(&mut self.random, self.now_unix_ms, self.span_ms),
            };
            if facts.severity.refused_by == RefusedBy::Nobody {
                return self.message(facts, None);
            }
        }
    }

    fn message(&mut self, facts: Facts, refusal: Option<usize>) -> Document {
        let Facts { severity, system, time } = facts;
        let mut fields = Map::new();
        texts::fill(&mut self.random, &mut fields);
        let name = match &system.value {
            Some(Value::String(name)) => name.clone(),
            _ => String::new(),
        };
        for (field, value) in [
            ("severity", severity.value),
            ("system", system.value),
            ("timestamp", time.text),
            ("timestamp_unix", time.unix),
        ] {
            fields.extend(value.map(|value| (field.to_owned(), value)));
        }
        let mut refused_by = vec![severity.refused_by, system.refused_by, time.refused_by];
        if let Some(index) = refusal {
            let (field, value, by) = self.refusals[index].clone();
            fields.insert(field.to_owned(), value);
            refused_by.push(by);
        }
        let key = if self.random.per_mille(10) && !self.tidy {
            strangers::key(&mut self.random)
        } else {
            format!("{}-{name}", self.random.uuid())
        };
        Document {
            key,
            value: fields.into(),
            meaning: Expectation::Counted {
                severity: severity.folded,
                system: system.name,
                event_time_unix_ms: time.event_time_unix_ms,
            },
            refused_by,
        }
    }

    fn stranger(&mut self, index: usize) -> Document {
        let (value, by) = self.strangers[index].clone();
        Document {
            key: strangers::key(&mut self.random),
            value,
            meaning: Expectation::Foreign,
            refused_by: vec![by],
        }
    }
}

impl Iterator for Generator {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        Some(match self.tour.next() {
            Some(stop) => self.stop(stop),
            None if self.tidy => self.well_formed(),
            None => self.any(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::messages::{Generation, Tally};

    const NOW: i64 = 1_789_196_834_000;

    #[test]
    fn the_same_seed_makes_the_same_documents_and_another_seed_others() {
        let keys =
            |seed| Generator::new(seed, NOW).take(2000).map(|document| document.key).collect::<Vec<_>>();
        let values =
            |seed| Generator::new(seed, NOW).take(2000).map(|document| document.value).collect::<Vec<_>>();
        assert_eq!(keys(1), keys(1));
        assert_eq!(values(1), values(1));
        assert!(keys(1).iter().collect::<HashSet<_>>().is_disjoint(&keys(2).iter().collect()));
    }

    #[test]
    fn no_two_documents_share_a_key() {
        let keys: HashSet<_> = Generator::new(3, NOW).take(50_000).map(|document| document.key).collect();
        assert_eq!(keys.len(), 50_000);
    }

    #[test]
    fn the_tour_shows_each_oddity() {
        let generator = Generator::new(1, NOW);
        let tour: Vec<_> = generator.clone().take(generator.tour_length()).collect();
        for spelling in &generator.spellings {
            assert!(tour.iter().any(|document| document.value.get("severity") == spelling.value.as_ref()));
        }
        for (stranger, _) in &generator.strangers {
            assert!(tour.iter().any(|document| document.value == *stranger));
        }
        for generation in [Generation::A, Generation::B, Generation::D] {
            let tally = Tally::of(&tour, generation);
            assert!(
                tally.messages > 150 && tally.undated > 15 && tally.foreign > 10 && tally.refused > 20,
                "{tally:?}"
            );
        }
    }

    #[test]
    fn oddities_are_as_rare_as_in_the_field() {
        let documents: Vec<_> = Generator::new(1, NOW).skip(1000).take(50_000).collect();
        let tally = Tally::of(&documents, Generation::D);
        assert!((500..1000).contains(&tally.foreign), "{}", tally.foreign);
        assert!((500..2500).contains(&tally.refused), "{}", tally.refused);
        assert!((500..2500).contains(&tally.undated), "{}", tally.undated);
        assert!((400..=540).contains(&tally.by_system.len()), "{}", tally.by_system.len());
    }

    #[test]
    fn tidy_messages_count_over_every_index_and_are_dated() {
        let documents: Vec<_> = Generator::tidy(1, NOW).systems(3).span_ms(60_000).take(5000).collect();
        for generation in [Generation::A, Generation::B, Generation::D] {
            let tally = Tally::of(&documents, generation);
            assert_eq!((tally.messages, tally.undated, tally.by_system.len()), (5000, 0, 3));
        }
        let in_span = |document: &Document| match document.expected(Generation::A) {
            Expectation::Counted { event_time_unix_ms: Some(at), .. } => (NOW - 61_000..=NOW).contains(&at),
            _ => false,
        };
        assert!(documents.iter().all(in_span));
    }
}
