//! Titles, texts, authors and tags: nothing that counts, in all the forms that have to pass.

use serde_json::{Map, Value, json};

use super::random::Random;

const TITLES: [&str; 6] = [
    "Deployment completed",
    "Pod/nginx-abc delete",
    "[ERROR] health check failed",
    "Überlauf im Speicher",
    "Scout: Error threshold exceeded",
    "シャットダウン 🚨",
];

const MESSAGES: [&str; 6] = [
    "Build #1337 passed all stages: lint, test, build, scan, push",
    "Name: nginx-abc\nNamespace: default\nPhase: Running\nConditions:\n  - Ready=True (PodReady)",
    r#"{"kind":"Pod","metadata":{"name":"nginx","labels":{"severity":"error"}},"status":{"phase":"Failed"}}"#,
    "no error, no critical failure, no warning at all",
    "Zeile 1\r\nZeile 2\t<b>fett</b> & \"zitiert\" \\ \u{2028} \u{0007}",
    "Error: dial tcp: i/o timeout",
];

const AUTHORS: [&str; 6] =
    ["k8s-pitcher-in-cluster", "grafana", "ops-bot", "unknown", "Björn O'Neill", "scout"];

const TAGS: [&str; 6] = [
    "ci,build,success",
    "k8s,Pod,delete,default",
    "usage,alert, memory",
    "",
    "check=tls,type=expiry",
    "überwachung",
];

/// Puts in what a message has beside the fields that count; each may be missing.
pub(super) fn fill(random: &mut Random, fields: &mut Map<String, Value>) {
    if !random.per_mille(20) {
        fields.insert("title".to_owned(), (*random.pick(&TITLES)).into());
    }
    if !random.per_mille(20) {
        let mut text = (*random.pick(&MESSAGES)).to_owned();
        if random.per_mille(5) {
            text = text.repeat(100);
        }
        fields.insert("message".to_owned(), text.into());
    }
    if !random.per_mille(50) {
        fields.insert("author".to_owned(), (*random.pick(&AUTHORS)).into());
    }
    if !random.per_mille(300) {
        let tags = *random.pick(&TAGS);
        let tags =
            if random.per_mille(100) { json!(tags.split(',').collect::<Vec<_>>()) } else { tags.into() };
        fields.insert("tags".to_owned(), tags);
    }
    for field in ["assigneeaddress", "assigneename", "artifacts", "url"] {
        if random.per_mille(200) {
            fields
                .insert(field.to_owned(), format!("https://example.com/{field}/{:x}", random.next()).into());
        }
    }
    if random.per_mille(5) {
        // The index does not see a key of another case.
        fields.insert("Severity".to_owned(), "CRITICAL".into());
    }
}
