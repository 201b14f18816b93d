//! Which rights the user lacks, found by sending harmless forms of the commands that need them.
//!
//! `ACL DRYRUN` would tell too, but is itself a right that a careful operator does not give. Redis looks at rights
//! before anything else, so a command with too few arguments does nothing and still shows whether it is permitted.

use redis::{Cmd, Value, cmd};
use scout_core::StoreError;

use crate::alerts::Keys;
use crate::config::{Alerts, RedisConfig};
use crate::connection::Connection;
use crate::error::text_of;
use crate::metrics::Command;
use crate::value::{list, text};

/// What a right is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Scanning.
    Count,
    /// Making an index that is missing.
    Create,
    /// Taking messages in.
    Submit,
    /// Keeping alerts and the lease.
    KeepAlerts,
}

/// A right that the user lacks, as `ACL SETUSER` wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    pub(crate) purpose: Purpose,
    pub(crate) rule: String,
}

struct Probe {
    purpose: Purpose,
    command: Cmd,
    /// The right to the command, and the right to the keys that it touches.
    rules: (&'static str, String),
}

/// Tries everything that this adapter sends.
pub(crate) async fn lacks(connection: &Connection, config: &RedisConfig) -> Result<Vec<Lack>, StoreError> {
    let probes = probes(config);
    let commands = probes.iter().map(|probe| probe.command.clone()).collect();
    let answers = connection.send(Command::Probe, commands).await?;
    let mut lacks = Vec::new();
    for (probe, answer) in probes.iter().zip(&answers) {
        let Value::ServerError(error) = answer else { continue };
        let text = text_of(error);
        if error.code() == "LOADING" || error.code() == "BUSY" || text.contains("unknown command") {
            return Err(connection.faults().refusal(Command::Probe, error));
        }
        // EXEC wraps the refusal.
        if !text.contains("NOPERM") {
            continue;
        }
        let rule =
            if text.contains("access a key") { probe.rules.1.clone() } else { probe.rules.0.to_owned() };
        let lack = Lack { purpose: probe.purpose, rule };
        if !lacks.contains(&lack) {
            lacks.push(lack);
        }
    }
    if config.alerts == Alerts::On {
        lacks.extend(lacks_in_scripts(connection, config).await?);
    }
    Ok(lacks)
}

/// Says which of some commands the user may not run in a script: they have no harmless forms to be sent in.
const IN_SCRIPTS: &str = "\
#!lua flags=no-writes
local lacking = {}
for _, call in ipairs({{'set', KEYS[1], 'x'}, {'del', KEYS[1]}, {'pttl', KEYS[1]}, {'sadd', KEYS[1], 'x'}, {'srem', KEYS[1], 'x'}}) do
  if not redis.acl_check_cmd(unpack(call)) then
    table.insert(lacking, call[1])
  end
end
return lacking";

/// Tells nothing where scripts cannot be run: that is a lack of its own.
async fn lacks_in_scripts(connection: &Connection, config: &RedisConfig) -> Result<Vec<Lack>, StoreError> {
    let keys = Keys::new(&config.index);
    let script = cmd("EVAL").arg(IN_SCRIPTS).arg(1).arg(&keys.meta).take();
    let answers = connection.send(Command::Probe, vec![script]).await?;
    let commands = answers.first().and_then(list).unwrap_or_default();
    let lack = |command| Lack { purpose: Purpose::KeepAlerts, rule: format!("+{command}") };
    Ok(commands.iter().filter_map(text).map(lack).collect())
}

fn probes(config: &RedisConfig) -> Vec<Probe> {
    let index = format!("~{}", config.index);
    let probe =
        |purpose, command, right, keys: &str| Probe { purpose, command, rules: (right, keys.to_owned()) };
    let count = |command, right| probe(Purpose::Count, command, right, &index);
    let mut probes = vec![
        count(cmd("TIME"), "+time"),
        count(cmd("MULTI"), "+multi"),
        count(cmd("EXEC"), "+exec"),
        count(cmd("FT.INFO").arg(&config.index).take(), "+ft.info"),
        // Without a query.
        count(cmd("FT.AGGREGATE").arg(&config.index).take(), "+ft.aggregate"),
        // Without a cursor.
        count(cmd("FT.CURSOR").arg("DEL").arg(&config.index).take(), "+ft.cursor"),
        // Without a query.
        count(cmd("FT.SEARCH").arg(&config.index).take(), "+ft.search"),
        // Without a schema.
        probe(Purpose::Create, cmd("FT.CREATE").arg(&config.index).take(), "+ft.create", &index),
        // Without a document.
        probe(
            Purpose::Submit,
            cmd("JSON.SET").arg("00000000-0000-0000-0000-000000000000-").take(),
            "+json.set",
            "~*",
        ),
        // Under an id that is none.
        probe(
            Purpose::Submit,
            cmd("XADD").arg(&config.stream).arg("none").arg("messageID").arg("none").take(),
            "+xadd",
            &format!("~{}", config.stream),
        ),
    ];
    if config.alerts == Alerts::On {
        let keys = Keys::new(&config.index);
        let keep =
            |command: &mut Cmd, right| probe(Purpose::KeepAlerts, command.take(), right, &keys.right());
        probes.extend([
            keep(cmd("EVAL").arg("return 0").arg(1).arg(&keys.meta), "+eval"),
            // A script that nobody has.
            keep(cmd("EVALSHA").arg("0".repeat(40)).arg(1).arg(&keys.meta), "+evalsha"),
            keep(cmd("GET").arg(&keys.meta), "+get"),
            keep(cmd("MGET").arg(&keys.meta), "+mget"),
            keep(cmd("SSCAN").arg(&keys.fingerprints).arg(0), "+sscan"),
        ]);
    }
    for stream in &config.streams {
        let keys = format!("~{stream}");
        let read = |command: &mut Cmd, right| probe(Purpose::Count, command.take(), right, &keys);
        probes.push(read(cmd("XINFO").arg("STREAM").arg(stream), "+xinfo|stream"));
        // What comes after now, without waiting for it.
        probes.push(read(cmd("XREAD").arg("COUNT").arg(1).arg("STREAMS").arg(stream).arg("$"), "+xread"));
    }
    probes
}
