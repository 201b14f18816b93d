//! Values that an index refuses in fields which Scout does not count: the whole document is lost to it.

use serde_json::{Value, json};

use super::expectation::RefusedBy;

/// Field, value, and who refuses the document for it.
pub(super) fn refusals() -> Vec<(&'static str, Value, RefusedBy)> {
    vec![
        ("title", json!(5), RefusedBy::All),
        ("title", json!(true), RefusedBy::All),
        ("title", json!(["a", 5]), RefusedBy::All),
        ("message", json!(1.5), RefusedBy::All),
        ("message", json!({"kind": "Pod", "metadata": {"name": "x"}}), RefusedBy::All),
        ("message", json!([{}]), RefusedBy::All),
        ("author", json!(7), RefusedBy::All),
        ("author", json!(true), RefusedBy::Text),
        ("tags", json!(7), RefusedBy::All),
        ("tags", json!(false), RefusedBy::Text),
        ("tags", json!({"team": "ops"}), RefusedBy::All),
        ("tags", json!(["ops", 7]), RefusedBy::All),
        ("tags", json!([["ops"]]), RefusedBy::All),
        // Beside them what is odd and taken.
        ("title", Value::Null, RefusedBy::Nobody),
        ("title", json!(["in", "pieces"]), RefusedBy::Nobody),
        ("message", Value::Null, RefusedBy::Nobody),
        ("tags", json!([]), RefusedBy::Nobody),
        ("tags", json!(["ops", null]), RefusedBy::Nobody),
        ("url", json!({"not": "indexed"}), RefusedBy::Nobody),
        ("unheard_of", json!([1, {"deep": [2]}]), RefusedBy::Nobody),
    ]
}
