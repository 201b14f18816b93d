//! Prometheus' text format: families of samples, written one after the other and joined in order.

use std::fmt::{Display, Write as _};
use std::ops::Range;

/// What a family measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Families as text, each under its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposition {
    text: String,
    families: Vec<Family>,
}

#[derive(Clone, Debug)]
struct Family {
    name: Range<usize>,
    start: usize,
}

impl Exposition {
    /// Room for so many bytes, to be gone beyond at a cost.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), families: Vec::with_capacity(32) }
    }

    /// Begins a family; what is written next belongs to it.
    pub(crate) fn family(&mut self, name: &str, kind: Kind, help: &str) -> Samples<'_> {
        let start = self.text.len();
        self.push(&["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind.as_str(), "\n"]);
        let name_start = start + "# HELP ".len();
        let name = name_start..name_start + name.len();
        self.families.push(Family { name: name.clone(), start });
        Samples { exposition: self, name }
    }

    /// Begins a family of text that is written already.
    pub(crate) fn foreign_family<'a>(&mut self, header: impl Iterator<Item = &'a str>, name: &str) {
        let start = self.text.len();
        for line in header {
            self.push(&[line, "\n"]);
        }
        // Both kinds of header lines have seven bytes before the name.
        let name_start = start + "# TYPE ".len();
        self.families.push(Family { name: name_start..name_start + name.len(), start });
    }

    /// Adds to the family begun last.
    pub(crate) fn line(&mut self, line: &str) {
        self.push(&[line, "\n"]);
    }

    /// A family of one sample without labels.
    pub(crate) fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help).sample(&[], value);
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }

    fn families(&self) -> impl Iterator<Item = (&str, &str)> {
        let ends = self.families.iter().skip(1).map(|next| next.start).chain([self.text.len()]);
        self.families
            .iter()
            .zip(ends)
            .map(|(family, end)| (&self.text[family.name.clone()], &self.text[family.start..end]))
    }

    /// All families sorted by name. Of two that have the same, the one of the earlier part stays: Prometheus would
    /// refuse the whole text.
    pub(crate) fn join(parts: &[&Self]) -> String {
        let mut families: Vec<_> = parts.iter().flat_map(|part| part.families()).collect();
        families.sort_by_key(|(name, _)| *name);
        families.dedup_by_key(|(name, _)| *name);
        let mut text = String::with_capacity(families.iter().map(|(_, text)| text.len()).sum());
        for (_, family) in families {
            text.push_str(family);
        }
        text
    }
}

/// The samples of one family.
#[derive(Debug)]
pub(crate) struct Samples<'a> {
    exposition: &'a mut Exposition,
    name: Range<usize>,
}

impl Samples<'_> {
    /// Writes one sample; the caller keeps labels and samples in order.
    pub(crate) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.suffixed("", labels, value);
    }

    /// Writes a sample whose name goes on after the family's, as those of histograms do.
    pub(crate) fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let text = &mut self.exposition.text;
        text.extend_from_within(self.name.clone());
        text.push_str(suffix);
        for (index, (label, content)) in labels.iter().enumerate() {
            text.push_str(if index == 0 { "{" } else { "," });
            text.push_str(label);
            text.push_str("=\"");
            push_escaped(text, content);
            text.push('"');
        }
        if !labels.is_empty() {
            text.push('}');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, " {value}");
    }
}

fn push_escaped(text: &mut String, content: &str) {
    let mut rest = content;
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        text.push_str(&rest[..at]);
        text.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_all_parts_are_sorted_by_name() {
        let (mut one, mut two) = (Exposition::default(), Exposition::default());
        one.single("b", Kind::Gauge, "Second", 2);
        one.single("a_b", Kind::Gauge, "First", 0.5);
        two.single("c", Kind::Counter, "Third", 3);
        assert_eq!(
            Exposition::join(&[&two, &one]),
            "# HELP a_b First\n# TYPE a_b gauge\na_b 0.5\n# HELP b Second\n# TYPE b gauge\nb 2\n\
             # HELP c Third\n# TYPE c counter\nc 3\n"
        );
    }

    #[test]
    fn of_two_families_with_the_same_name_the_earlier_stays() {
        let (mut one, mut two) = (Exposition::default(), Exposition::default());
        one.single("a", Kind::Gauge, "Ours", 1);
        two.single("a", Kind::Gauge, "Theirs", 2);
        assert_eq!(Exposition::join(&[&one, &two]), "# HELP a Ours\n# TYPE a gauge\na 1\n");
    }

    #[test]
    fn label_values_are_escaped() {
        let mut exposition = Exposition::default();
        exposition.family("a", Kind::Gauge, "A").sample(&[("x", "q\"b\\n\nü"), ("y", "")], 1);
        let text = Exposition::join(&[&exposition]);
        assert!(text.ends_with("a{x=\"q\\\"b\\\\n\\nü\",y=\"\"} 1\n"), "{text}");
    }
}
