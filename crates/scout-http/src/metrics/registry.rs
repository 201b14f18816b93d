//! Counters and gauges that the parts of the service record. They are written in order as they stand, where the exporter
//! would make maps of them for each scrape, whose text then has to be sorted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Key, Label};

use super::exposition::{Exposition, Kind};

/// Families of one kind. A gauge's value is the bits of its number.
#[derive(Debug)]
pub(super) struct Registry {
    kind: Kind,
    families: Mutex<BTreeMap<String, Family>>,
}

#[derive(Debug, Default)]
struct Family {
    help: String,
    series: BTreeMap<Vec<Label>, Arc<AtomicU64>>,
}

impl Registry {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, families: Mutex::new(BTreeMap::new()) }
    }

    pub(super) fn describe(&self, name: &str, help: &str) {
        self.with_family(name, |family| help.clone_into(&mut family.help));
    }

    /// The value of a series, which is the same for whoever registers it.
    pub(super) fn register(&self, key: &Key) -> Arc<AtomicU64> {
        let mut labels: Vec<Label> = key.labels().cloned().collect();
        labels.sort_unstable();
        self.with_family(key.name(), |family| Arc::clone(family.series.entry(labels).or_default()))
    }

    fn with_family<T>(&self, name: &str, change: impl FnOnce(&mut Family) -> T) -> T {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        change(families.entry(name.to_owned()).or_default())
    }

    /// Families that were described only are not listed: they have no series.
    pub(super) fn write(&self, out: &mut Exposition) {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, family) in families.iter().filter(|(_, family)| !family.series.is_empty()) {
            let mut samples = out.family(name, self.kind, &family.help);
            for (labels, value) in &family.series {
                let labels: Vec<_> = labels.iter().map(|label| (label.key(), label.value())).collect();
                let bits = value.load(Ordering::Relaxed);
                let number: &dyn Display =
                    if self.kind == Kind::Gauge { &f64::from_bits(bits) } else { &bits };
                samples.sample(&labels, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_written_in_order_under_what_describes_them() {
        let registry = Registry::new(Kind::Gauge);
        registry.describe("unused", "Described, but nobody records it");
        registry.describe("b", "Second");
        for (phase, value) in [("two", 2.5_f64), ("one", f64::NAN)] {
            let key = Key::from_parts("b", vec![Label::new("phase", phase), Label::new("a", "x")]);
            registry.register(&key).store(value.to_bits(), Ordering::Relaxed);
        }
        registry.register(&Key::from_static_name("a"));
        registry.describe("a", "First");
        let mut out = Exposition::default();
        registry.write(&mut out);
        assert_eq!(
            Exposition::join(&[&out]),
            "# HELP a First\n# TYPE a gauge\na 0\n# HELP b Second\n# TYPE b gauge\n\
             b{a=\"x\",phase=\"one\"} NaN\nb{a=\"x\",phase=\"two\"} 2.5\n"
        );
    }

    #[test]
    fn a_series_registered_twice_is_one() {
        let registry = Registry::new(Kind::Counter);
        let key = Key::from_static_name("c");
        registry.register(&key).fetch_add(1, Ordering::Relaxed);
        registry.register(&key).fetch_add(2, Ordering::Relaxed);
        let mut out = Exposition::default();
        registry.write(&mut out);
        assert_eq!(Exposition::join(&[&out]), "# HELP c \n# TYPE c counter\nc 3\n");
    }
}
