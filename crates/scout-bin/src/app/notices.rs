//! What the operator should know about the feeds, and the log of all that was found.

use scout_core::{Finding, FindingKind, StoreError};
use tracing::{info, warn};

/// The streams cannot be followed.
pub(super) fn not_followed(error: &StoreError) -> Finding {
    let text = format!(
        "what is announced cannot be read, so that numbers are only as fresh as scans, which are made every \
         SCOUT_INTERVAL instead: {error}"
    );
    Finding::new(FindingKind::NotFollowed, 1, text)
}

/// Differences come back after each scan.
pub(super) fn unannounced(difference: i64) -> Finding {
    let text = "the number of documents differs from what is counted again and again: somebody writes or deletes \
                messages without announcing it on the streams that Scout reads; name all of them in SCOUT_STREAMS";
    Finding::new(FindingKind::Unannounced, difference.unsigned_abs(), text)
}

/// The findings of the last cycle.
#[derive(Debug, Default)]
pub(super) struct Notices(Vec<Finding>);

impl Notices {
    /// Says each finding once when it appears, and once when it is gone.
    pub(super) fn log_changes(&mut self, findings: &[Finding]) {
        let is_among =
            |finding: &Finding, others: &[Finding]| others.iter().any(|other| other.is_same_as(finding));
        for finding in findings.iter().filter(|finding| !is_among(finding, &self.0)) {
            warn!(kind = finding.kind.as_str(), count = finding.count, text = finding.text, "finding");
        }
        for gone in self.0.iter().filter(|noticed| !is_among(noticed, findings)) {
            info!(kind = gone.kind.as_str(), text = gone.text, "finding is gone");
        }
        self.0 = findings.to_vec();
    }
}
