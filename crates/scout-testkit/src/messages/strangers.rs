//! Documents of other programs, which an index without prefix holds too.

use serde_json::{Value, json};

use super::expectation::RefusedBy;
use super::random::Random;

/// Documents without severity, system and timestamp, and who refuses them.
pub(super) fn strangers() -> Vec<(Value, RefusedBy)> {
    let taken = [
        json!({"name": "cart", "items": [1, 2, 3]}),
        json!({"title": "a title alone", "message": "and a text"}),
        json!({"severity": null, "system": null, "timestamp": null}),
        json!({"Severity": "ERROR", "System": "flux", "Timestamp": "2026-09-12T07:07:14Z"}),
        json!({"data": {"severity": "error", "system": "flux"}}),
        json!({"timestamp_unix": 1_789_196_834}),
        json!({}),
        json!([]),
        json!(["severity", "error"]),
        json!("severity"),
        json!(5),
        json!(true),
        Value::Null,
    ];
    let mut all: Vec<_> = taken.into_iter().map(|value| (value, RefusedBy::Nobody)).collect();
    all.push((json!({"title": 5}), RefusedBy::All));
    all.push((json!({"tags": true}), RefusedBy::Text));
    all.push((json!({"timestamp_unix": "soon"}), RefusedBy::Numeric));
    all
}

/// A key of another program's, or one that looks like the platform's.
pub(super) fn key(random: &mut Random) -> String {
    match random.index(4) {
        0 => format!("cart:{}", random.next()),
        1 => format!("{}-", random.uuid()),
        2 => format!("session/{:x} of user {}", random.next(), random.below(1000)),
        _ => format!("2026-09-12T07:07:14.{:09}Z-flux-{:x}", random.below(1_000_000_000), random.next()),
    }
}
