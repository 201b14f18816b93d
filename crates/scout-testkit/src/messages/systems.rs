//! Names of systems: those of the field, those that something may trip over, and as many more as wanted.

use serde_json::{Value, json};

use super::expectation::RefusedBy;
use super::random::Random;

/// What a document says about its system.
#[derive(Clone, Debug)]
pub(super) struct System {
    /// `None` leaves the field out.
    pub value: Option<Value>,
    /// `None` where there is no name.
    pub name: Option<String>,
    pub refused_by: RefusedBy,
}

/// The most frequent first.
const NAMES: [&str; 26] = [
    "kubernetes",
    "flux",
    "homerun2-omni-pitcher",
    "homerun2-git-pitcher",
    "github",
    "in-cluster",
    "argocd",
    "stuttgart-things/homerun2-scout",
    "homerun2-schedule-pitcher",
    "monitoring",
    "scale",
    "cert-manager",
    "configmaps",
    "homerun2-scout",
    "scout-digest",
    "staging db",
    "Build Server 7",
    "api.example.com:8443",
    "node-3.rack 2/row 1",
    "Müllabfuhr Süd",
    "システム監視",
    "emoji 🚒 brigade",
    "a,b;c|d",
    "<b>&\"'\u{2028}",
    "back\\slash\nand \"second line\"",
    "0",
];

pub(super) const ODD_COUNT: usize = 10;

/// A name of this rank; the same rank is always the same name, and no two ranks share one.
pub(super) fn named(rank: usize) -> System {
    let name = NAMES.get(rank).map_or_else(
        || match rank % 4 {
            0 => format!("service-{rank}"),
            1 => format!("team {}/repository-{rank}", rank % 7),
            2 => format!("host{rank}.example.com"),
            _ => format!("Anlage {rank} Süd"),
        },
        |name| (*name).to_owned(),
    );
    System { value: Some(name.clone().into()), name: Some(name), refused_by: RefusedBy::Nobody }
}

pub(super) const NAMED_COUNT: usize = NAMES.len();

/// One of the ways not to name a system.
pub(super) fn odd(index: usize) -> System {
    let nameless = |value| System { value, name: None, refused_by: RefusedBy::Nobody };
    match index {
        0 | 1 => nameless(None),
        2 => nameless(Some(Value::Null)),
        3 => nameless(Some("".into())),
        4 => nameless(Some("  ".into())),
        5 => System { value: Some(true.into()), name: Some("1".to_owned()), refused_by: RefusedBy::Text },
        6 => System { value: Some(false.into()), name: Some("0".to_owned()), refused_by: RefusedBy::Text },
        7 => System { refused_by: RefusedBy::All, ..nameless(Some(json!(7))) },
        8 => System { refused_by: RefusedBy::All, ..nameless(Some(json!({"name": "flux"}))) },
        _ => System { refused_by: RefusedBy::All, ..nameless(Some(json!(["flux", 1]))) },
    }
}

/// One of `count` names, few of them frequent, or rarely none.
pub(super) fn any(random: &mut Random, count: usize) -> System {
    if random.per_mille(20) { odd(random.index(ODD_COUNT)) } else { named(random.rank(count)) }
}
