//! The first words on a connection: who we are, which protocol, and what kind of server it is.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value, cmd};
use scout_core::{StoreError, StoreErrorKind};

use crate::config::{Protocol, RedisConfig};
use crate::error::{Faults, says_no_password_needed, text_of};
use crate::metrics::Command;
use crate::value;

/// What a server says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) version: String,
    /// `standalone`, or what else it calls itself.
    pub(crate) mode: String,
    /// 2 or 3.
    pub(crate) protocol: u8,
    /// Name and version number of each module.
    pub(crate) modules: Vec<(String, String)>,
    /// A query that runs out of time is an error, and not an answer with fewer rows.
    pub(crate) fails_on_timeout: bool,
    /// A password was sent, but the server asks for none.
    pub(crate) open_to_anybody: bool,
}

/// Authenticates, agrees on a protocol, and refuses a cluster.
///
/// No SELECT is sent: a connection begins in database 0, and the configuration has no other.
pub(crate) async fn greet(
    connection: &mut MultiplexedConnection,
    config: &RedisConfig,
    faults: &Faults,
) -> Result<Server, StoreError> {
    let mut server = Server::default();
    authenticate(connection, config, faults, &mut server).await?;
    server.protocol = agree_on_protocol(connection, config, faults).await?;
    let sections = ["server", "cluster", "modules"];
    let answers = ask(connection, faults, sections.map(|section| cmd("INFO").arg(section).take())).await?;
    for answer in &answers {
        let text = value::text(faults.accept(Command::Connect, answer)?)
            .ok_or_else(|| faults.form(Command::Connect, "the text of INFO"))?;
        server.take_in(&text);
    }
    if server.mode == "cluster" {
        let text = "it is part of a cluster, where each node answers for its own documents only, so that no count \
                    would be whole; scout needs a standalone Redis";
        return Err(faults.other(StoreErrorKind::Clustered, text));
    }
    Ok(server)
}

async fn authenticate(
    connection: &mut MultiplexedConnection,
    config: &RedisConfig,
    faults: &Faults,
    server: &mut Server,
) -> Result<(), StoreError> {
    let mut auth = cmd("AUTH");
    match (&config.username, &config.password) {
        (None, None) => return Ok(()),
        (None, Some(password)) => auth.arg(password.expose()),
        // A user may have any password, the empty one too.
        (Some(user), password) => {
            auth.arg(user).arg(password.as_ref().map_or("", |password| password.expose()))
        }
    };
    let [answer] = ask(connection, faults, [auth]).await?;
    match &answer {
        // Clients of this platform have always tolerated it, so a setting that was left behind ends no service.
        Value::ServerError(error)
            if config.username.is_none() && says_no_password_needed(&text_of(error)) =>
        {
            server.open_to_anybody = true;
            Ok(())
        }
        answer => faults.accept(Command::Connect, answer).map(drop),
    }
}

async fn agree_on_protocol(
    connection: &mut MultiplexedConnection,
    config: &RedisConfig,
    faults: &Faults,
) -> Result<u8, StoreError> {
    let wanted = if config.protocol == Protocol::Resp2 { 2 } else { 3 };
    let hello = cmd("HELLO").arg(wanted).arg("SETNAME").arg("scout").take();
    let [answer] = ask(connection, faults, [hello]).await?;
    match faults.accept(Command::Connect, &answer) {
        Ok(_) => Ok(wanted),
        Err(error) if error.kind() == StoreErrorKind::ModuleMissing && config.protocol != Protocol::Resp3 => {
            Ok(2)
        }
        Err(error) if error.kind() == StoreErrorKind::ModuleMissing => {
            Err(faults.other(StoreErrorKind::ModuleMissing, "it does not know RESP3, which is asked for"))
        }
        Err(error) => Err(error),
    }
}

async fn ask<const N: usize>(
    connection: &mut MultiplexedConnection,
    faults: &Faults,
    commands: [Cmd; N],
) -> Result<[Value; N], StoreError> {
    let mut pipeline = Pipeline::with_capacity(N);
    for command in commands {
        pipeline.add_command(command);
    }
    let answers = connection.send_packed_commands(&pipeline, 0, N).await;
    let answers = answers.map_err(|error| faults.client(Command::Connect, &error))?;
    answers.try_into().map_err(|_| faults.form(Command::Connect, "an answer for each command"))
}

impl Server {
    fn take_in(&mut self, info: &str) {
        for (name, value) in info.lines().filter_map(|line| line.trim_end().split_once(':')) {
            match name {
                "redis_version" => value.clone_into(&mut self.version),
                "redis_mode" => value.clone_into(&mut self.mode),
                "cluster_enabled" if value != "0" => "cluster".clone_into(&mut self.mode),
                "module" => self.modules.extend(module(value)),
                "search_timeout_policy" => self.fails_on_timeout = value.eq_ignore_ascii_case("fail"),
                _ => {}
            }
        }
    }
}

/// Name and version from `name=search,ver=21005,…`.
fn module(line: &str) -> Option<(String, String)> {
    let part = |name: &str| line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    Some((part("name")?.to_owned(), part("ver").unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_info() {
        let mut server = Server::default();
        server.take_in(
            "# Server\r\nredis_version:8.2.3\r\nredis_mode:standalone\r\n# Cluster\r\ncluster_enabled:0\r\n",
        );
        server.take_in(
            "# Modules\r\nmodule:name=search,ver=21005,api=1,using=[ReJSON]\r\nmodule:name=ReJSON,ver=20803,api=1\r\n\
             # search_runtime_configurations\r\nsearch_timeout_policy:return\r\n",
        );
        assert_eq!((&*server.version, &*server.mode), ("8.2.3", "standalone"));
        assert!(!server.fails_on_timeout);
        let names: Vec<&str> = server.modules.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["search", "ReJSON"]);
        server.take_in("search_timeout_policy:fail");
        assert!(server.fails_on_timeout);
    }

    #[test]
    fn a_cluster_shows_in_either_place() {
        for info in ["redis_mode:cluster\r\n", "redis_mode:standalone\r\ncluster_enabled:1\r\n"] {
            let mut server = Server::default();
            server.take_in(info);
            assert_eq!(server.mode, "cluster", "{info}");
        }
    }
}
