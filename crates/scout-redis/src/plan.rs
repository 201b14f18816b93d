//! Which index to count by: how it is made where it is missing, and what is wrong with one that others made.

use std::fmt::Write;

use redis::{Cmd, cmd};
use scout_core::{Finding, FindingKind};

use crate::info::{Attribute, EVENT_TIME, IndexInfo, KeyType};

/// The fields that the platform's index holds as text, in its order.
const TEXTS: [&str; 7] = ["severity", "system", "timestamp", "title", "message", "author", "tags"];

/// The texts of a message that the platform's index leaves out, and another one may hold.
const FURTHER_TEXTS: [&str; 4] = ["assigneeaddress", "assigneename", "artifacts", "url"];

/// Of the platform's texts, what counts.
const COUNTED: [&str; 3] = ["severity", "system", "timestamp"];

/// Makes the index as the newest platform does.
pub(crate) fn create(index: &str) -> Cmd {
    let mut command = cmd("FT.CREATE");
    command.arg(index).arg("ON").arg("JSON").arg("SCHEMA");
    for name in TEXTS {
        command.arg(format!("$.{name}")).arg("AS").arg(name).arg("TEXT");
    }
    command.arg(format!("$.{EVENT_TIME}")).arg("AS").arg(EVENT_TIME).arg("NUMERIC").arg("SORTABLE");
    command
}

/// The schemas that the platform's programs have made over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Seven texts.
    Texts,
    /// Severity, system, author and tags as tags.
    Tags,
    /// Over hashes, which no producer writes any more.
    Hashes,
    /// Seven texts and the time in seconds.
    TextsAndSeconds,
    /// Somebody else's.
    Other,
}

impl Generation {
    pub(crate) fn of(info: &IndexInfo) -> Self {
        if info.key_type == KeyType::Hash {
            return Self::Hashes;
        }
        let is = |name: &str, kind| info.attribute(name).is_some_and(|attribute| attribute.kind == kind);
        let all = |names: &[&str], kind| names.iter().all(|name| is(name, kind));
        if !info.takes_all() {
            Self::Other
        } else if all(&TEXTS, "TEXT") {
            if is(EVENT_TIME, "NUMERIC") { Self::TextsAndSeconds } else { Self::Texts }
        } else if all(&["severity", "system", "author", "tags"], "TAG")
            && all(&["timestamp", "title", "message"], "TEXT")
        {
            Self::Tags
        } else {
            Self::Other
        }
    }

    /// For people.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Texts => "as platforms before timestamp_unix make it; numbers are right",
            Self::Tags => {
                "with tags, as one early version made it; numbers are right, its own alert queries were not"
            }
            Self::Hashes => "over hashes; the platform's messages are not in it",
            Self::TextsAndSeconds => "as the newest platform makes it",
            Self::Other => "made by somebody else; see the findings",
        }
    }
}

/// What is wrong with an index, and what to run about it.
pub(crate) fn findings(index: &str, info: &IndexInfo) -> Vec<Finding> {
    let mut findings = Vec::new();
    match info.key_type {
        KeyType::Hash => findings.push(over_hashes(index, info)),
        KeyType::Json => {
            findings.extend(lacking(index, info));
            findings.extend(types(index, info));
            let is_text = |field: &str| TEXTS.contains(&field) || FURTHER_TEXTS.contains(&field);
            findings.extend(refusing(index, info, is_text));
        }
    }
    findings.extend(filtered(index, info));
    findings.extend(refused(info));
    findings
}

/// What keeps messages out of an index that holds no document, if something does.
pub(crate) fn obstacle(index: &str, info: &IndexInfo) -> Option<Finding> {
    if info.key_type == KeyType::Hash {
        return Some(over_hashes(index, info));
    }
    // Messages without one of the further texts get in.
    filtered(index, info).or_else(|| refusing(index, info, |field| TEXTS.contains(&field)))
}

/// What to do about an index made otherwise.
pub(crate) fn anew(index: &str) -> String {
    format!(
        "run `FT.DROPINDEX {index}` (without DD, which would delete the documents), and Scout makes it anew with \
         its next scan"
    )
}

fn over_hashes(index: &str, info: &IndexInfo) -> Finding {
    let text = format!(
        "the index {index} is made over hashes, so the platform's JSON documents are not in it: the numbers are \
         those of {} hashes, such as copies that old producers left behind; {}",
        info.documents,
        anew(index)
    );
    Finding::new(FindingKind::IndexOnHash, info.documents, text)
}

fn lacking(index: &str, info: &IndexInfo) -> Option<Finding> {
    let missing: Vec<&str> = COUNTED.into_iter().filter(|name| info.attribute(name).is_none()).collect();
    (!missing.is_empty()).then(|| {
        let text = format!(
            "the index {index} lacks {}: Scout reads it from the documents all the same, but searches by it find \
             nothing, and documents in which it is no text are counted; {}",
            missing.join(", "),
            anew(index)
        );
        Finding::new(FindingKind::IndexLacksAttribute, missing.len() as u64, text)
    })
}

/// Types that are not the platform's, under which its messages are in the index all the same.
fn types(index: &str, info: &IndexInfo) -> Option<Finding> {
    let mut wrong = Vec::new();
    for name in TEXTS {
        let Some(attribute) = info.attribute(name) else { continue };
        if attribute.kind == "TAG" {
            wrong.push(format!(
                "{name} is TAG, under which text searches find nothing, and documents with a truth value in it are \
                 counted"
            ));
        }
        if attribute.not_indexed {
            wrong.push(format!("{name} is NOINDEX, so documents with no other field are left out"));
        }
    }
    (!wrong.is_empty()).then(|| {
        let text = format!("in the index {index}, {}; {}", wrong.join("; "), anew(index));
        Finding::new(FindingKind::IndexAttributeType, wrong.len() as u64, text)
    })
}

/// Types under which a message as the platform writes it does not get in, so that the rest would pass for all.
fn refusing(index: &str, info: &IndexInfo, is_text: impl Fn(&str) -> bool) -> Option<Finding> {
    let refuses = |attribute: &Attribute| {
        let (field, kind) = (attribute.field(), attribute.kind.as_str());
        let value = if field == EVENT_TIME {
            (kind != "NUMERIC").then_some("number")
        } else {
            (is_text(field) && !matches!(kind, "TEXT" | "TAG")).then_some("text")
        };
        value.map(|value| {
            format!("{field} is {kind}, under which every document with a {value} in it is refused")
        })
    };
    // Each attribute, since one field may have several.
    let wrong: Vec<String> = info.attributes.iter().filter_map(refuses).collect();
    (!wrong.is_empty()).then(|| {
        let text = format!("in the index {index}, {}; {}", wrong.join("; "), anew(index));
        Finding::new(FindingKind::IndexRefusesMessages, wrong.len() as u64, text)
    })
}

fn filtered(index: &str, info: &IndexInfo) -> Option<Finding> {
    (!info.takes_all()).then(|| {
        let mut limits = Vec::new();
        if !info.prefixes.iter().any(|prefix| matches!(prefix.as_str(), "" | "*")) {
            limits.push(format!("keys that begin with {}", info.prefixes.join(" or ")));
        }
        if let Some(filter) = &info.filter {
            limits.push(format!("documents for which {filter}"));
        }
        let text = format!(
            "the index {index} holds only {}; messages are counted only as far as they are among them; {}",
            limits.join(" and "),
            anew(index)
        );
        Finding::new(FindingKind::IndexIsFiltered, 1, text)
    })
}

/// The writes that an index refused.
pub(crate) fn refused(info: &IndexInfo) -> Option<Finding> {
    (info.refused > 0).then(|| {
        let mut text = format!(
            "the index refused {} writes since it was made (a number that does not fall when the documents are \
             mended or deleted); such documents are counted nowhere",
            info.refused
        );
        if let Some(last) = &info.last_refusal {
            let _ = write!(text, "; the last was {}: {}", last.key, last.reason);
        }
        text.push_str("; let their producer write texts, and timestamp_unix as a number");
        Finding::new(FindingKind::RefusedDocuments, info.refused, text)
    })
}

#[cfg(test)]
mod tests;
