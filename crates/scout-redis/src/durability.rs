//! Whether what Redis holds outlives it.

use scout_core::{Finding, FindingKind};

use crate::moment::info_field;

/// Whether what was written last is gone if the server dies: it has no append-only file and no replica. A replica is
/// not asked, since nothing is written to it.
pub(crate) fn loses_writes(persistence: &str, replication: &str) -> bool {
    info_field(persistence, "aof_enabled") != "1"
        && info_field(replication, "connected_slaves") == "0"
        && info_field(replication, "role") != "slave"
}

/// Alerts are as durable as the Redis that holds them. The arguments are those sections of INFO.
pub(crate) fn alerts_not_durable(persistence: &str, replication: &str) -> Option<Finding> {
    loses_writes(persistence, replication).then(|| {
        let text = "alerts are as durable as the redis that holds them, and this one has neither an append-only file \
                    nor a replica: if it dies, some are told again, and the end of some is never told; run `CONFIG SET \
                    appendonly yes`";
        Finding::new(FindingKind::AlertsNotDurable, 1, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_FILE: &str = "# Persistence\r\nloading:0\r\naof_enabled:0\r\n";
    const ALONE: &str = "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n";

    #[test]
    fn a_file_or_a_replica_keeps_alerts() {
        assert!(alerts_not_durable(NO_FILE, ALONE).is_some());
        assert_eq!(alerts_not_durable(&NO_FILE.replace("aof_enabled:0", "aof_enabled:1"), ALONE), None);
        assert_eq!(alerts_not_durable(NO_FILE, &ALONE.replace("slaves:0", "slaves:1")), None);
    }

    #[test]
    fn a_replica_is_not_written_to() {
        assert_eq!(alerts_not_durable(NO_FILE, &ALONE.replace("master", "slave")), None);
    }
}
