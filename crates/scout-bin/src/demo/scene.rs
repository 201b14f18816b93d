//! Messages as a small platform would send them: mostly calm, now and then an incident.

use std::time::Duration;

use scout_core::{Message, Now, WallTime};

/// How many messages of the past there are at the start, spread over the day before.
pub(super) const PAST_MESSAGES: u32 = 400;
const PAST: Duration = Duration::from_secs(24 * 3600);

/// One in so many messages starts an incident.
const INCIDENT_ONE_IN: u64 = 150;
/// How many messages an incident brings.
const INCIDENT_MESSAGES: u32 = 40;

/// What one system says: severity, title, text, and how often relative to the others.
struct Line {
    severity: &'static str,
    title: &'static str,
    text: &'static str,
    weight: u64,
}

/// A system and what it says. The spellings of severities differ as real producers' do.
struct Source {
    system: &'static str,
    author: &'static str,
    tags: &'static str,
    calm: &'static [Line],
    trouble: Line,
}

const SOURCES: &[Source] = &[
    Source {
        system: "kubernetes",
        author: "k8s-pitcher",
        tags: "cluster,events",
        calm: &[
            Line {
                severity: "INFO",
                title: "Pod scheduled",
                text: "checkout-7d9f assigned to worker-2",
                weight: 12,
            },
            Line {
                severity: "SUCCESS",
                title: "Deployment rolled out",
                text: "checkout: 3 of 3 updated",
                weight: 4,
            },
            Line {
                severity: "WARNING",
                title: "Back-off restarting container",
                text: "cart-5c6b, try 3",
                weight: 2,
            },
        ],
        trouble: Line {
            severity: "ERROR",
            title: "Node not ready",
            text: "worker-2 missed its lease",
            weight: 1,
        },
    },
    Source {
        system: "flux",
        author: "flux",
        tags: "gitops",
        calm: &[
            Line { severity: "info", title: "Reconciliation finished", text: "apps: no changes", weight: 8 },
            Line { severity: "success", title: "Release upgraded", text: "shop to chart 2.4.1", weight: 2 },
        ],
        trouble: Line {
            severity: "Error",
            title: "Reconciliation failed",
            text: "apps: dry run refused",
            weight: 1,
        },
    },
    Source {
        system: "shop/api gateway",
        author: "prometheus",
        tags: "latency,shop",
        calm: &[
            Line { severity: "debug", title: "Circuit breaker probed", text: "payments: closed", weight: 6 },
            Line {
                severity: "warn",
                title: "Latency above target",
                text: "p99 at 420 ms for 5 minutes",
                weight: 2,
            },
        ],
        trouble: Line {
            severity: "critical",
            title: "Upstream unreachable",
            text: "payments: 503",
            weight: 1,
        },
    },
    Source {
        system: "ci-pipeline",
        author: "builder",
        tags: "ci,build",
        calm: &[
            Line { severity: "success", title: "Build passed", text: "lint, test, package", weight: 6 },
            Line { severity: "info", title: "Build queued", text: "2 before it", weight: 6 },
            Line { severity: "error", title: "Build failed", text: "one test of 812", weight: 1 },
        ],
        trouble: Line {
            severity: "fatal",
            title: "Runner lost",
            text: "runner-4 stopped answering",
            weight: 1,
        },
    },
];

/// Makes the messages, the same ones for the same seed.
#[derive(Debug)]
pub(super) struct Scene {
    state: u64,
    incident: Option<(usize, u32)>,
}

impl Scene {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, incident: None }
    }

    /// The next message of the present.
    pub(super) fn next(&mut self, now: Now) -> Message {
        let (source, line) = match &mut self.incident {
            Some((source, left)) => {
                let source = &SOURCES[*source];
                *left -= 1;
                if *left == 0 {
                    self.incident = None;
                }
                (source, &source.trouble)
            }
            None => self.calm(),
        };
        message(source, line, now.wall)
    }

    /// A message of the day before.
    pub(super) fn past(&mut self, now: Now) -> Message {
        let (source, line) = self.calm();
        let age = Duration::from_millis(self.below(u64::try_from(PAST.as_millis()).unwrap_or(u64::MAX)));
        message(source, line, now.wall.minus(age))
    }

    fn calm(&mut self) -> (&'static Source, &'static Line) {
        let index = usize::try_from(self.below(SOURCES.len() as u64)).unwrap_or_default();
        if self.below(INCIDENT_ONE_IN) == 0 {
            self.incident = Some((index, INCIDENT_MESSAGES));
        }
        let source = &SOURCES[index];
        let mut drawn = self.below(source.calm.iter().map(|line| line.weight).sum());
        let line = source.calm.iter().find(|line| {
            let hit = drawn < line.weight;
            drawn = drawn.saturating_sub(line.weight);
            hit
        });
        (source, line.unwrap_or(&source.trouble))
    }

    /// A number below `end`. The generator is `SplitMix64`: small, and good enough for a show.
    fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

fn message(source: &Source, line: &Line, at: WallTime) -> Message {
    let mut message = Message::default();
    message.title = line.title.into();
    message.message = line.text.into();
    message.severity = line.severity.into();
    message.author = source.author.into();
    message.timestamp = at.to_string();
    message.system = source.system.into();
    message.tags = source.tags.into();
    message.timestamp_unix = Some(at.unix_seconds());
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_message_is_complete_and_dated() {
        let mut scene = Scene::new(7);
        for _ in 0..1_000 {
            let message = scene.next(Now::default());
            assert!(!message.title.is_empty() && !message.message.is_empty() && !message.system.is_empty());
            assert_eq!(WallTime::parse_rfc3339(&message.timestamp), Some(Now::default().wall));
        }
    }

    #[test]
    fn incidents_come_and_go() {
        let mut scene = Scene::new(7);
        let titles: Vec<String> = (0..2_000).map(|_| scene.next(Now::default()).title).collect();
        let troubles: BTreeSet<&str> = SOURCES.iter().map(|source| source.trouble.title).collect();
        let in_trouble = titles.iter().filter(|title| troubles.contains(title.as_str())).count();
        assert!(in_trouble >= INCIDENT_MESSAGES as usize, "{in_trouble} of 2000");
        assert!(in_trouble < titles.len() / 2, "{in_trouble} of 2000");
    }

    #[test]
    fn the_past_lies_within_the_day_before() {
        let mut scene = Scene::new(7);
        let now = Now { wall: WallTime::from_unix_ms(1_800_000_000_000), ..Now::default() };
        for _ in 0..1_000 {
            let at = WallTime::parse_rfc3339(&scene.past(now).timestamp).unwrap();
            assert!(at <= now.wall && at >= now.wall.minus(PAST));
        }
    }
}
