//! Whether a replica still hears of what is written to its master.

use scout_core::{Finding, FindingKind};

/// A replica without its master goes on answering with what it had. `info` is the section `replication` of INFO.
pub(crate) fn lost_master(info: &str) -> Option<Finding> {
    let field = |name: &str| {
        let pairs = info.lines().filter_map(|line| line.trim_end().split_once(':'));
        pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    if field("role") != Some("slave") || field("master_link_status") != Some("down") {
        return None;
    }
    let (host, port) = (field("master_host")?, field("master_port")?);
    let since = field("master_link_down_since_seconds").and_then(|seconds| seconds.parse::<u64>().ok());
    let since = since.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
    let text = format!(
        "this redis is a replica that has lost its master {host}:{port}{since}, so messages since then are not \
         counted; bring the master back, or make this one the master with `REPLICAOF NO ONE`"
    );
    Some(Finding::new(FindingKind::MasterLost, 1, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_replica_whose_link_is_down_has_lost_its_master() {
        let replica = "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n";
        let down = format!("{replica}master_link_status:down\r\nmaster_link_down_since_seconds:12\r\n");
        let text = lost_master(&down).unwrap().text;
        assert!(text.contains("10.0.0.1:6379 for 12 s"), "{text}");
        // It has never been there.
        let never = format!("{replica}master_link_status:down\r\nmaster_link_down_since_seconds:-1\r\n");
        assert!(lost_master(&never).unwrap().text.contains("10.0.0.1:6379, so"));
        assert_eq!(lost_master(&format!("{replica}master_link_status:up\r\n")), None);
        assert_eq!(lost_master("role:master\r\nmaster_link_status:down\r\n"), None);
    }
}
