//! A look at Redis and the index for somebody who is about to rely on them.

use std::collections::HashMap;

use redis::cmd;
use scout_core::{Clock, Finding, FindingKind, StoreError, StoreErrorKind, StoreReport};

use crate::config::{Alerts, Intake, RedisConfig};
use crate::connection::Connection;
use crate::durability::{alerts_not_durable, loses_writes};
use crate::emptiness::believe;
use crate::greeting::Server;
use crate::index::Index;
use crate::info::{IndexInfo, Progress};
use crate::metrics::Command;
use crate::permission::{Lack, Purpose, lacks};
use crate::plan::{self, Generation};
use crate::replication::lost_master;
use crate::unfollowed::{Unfollowed, unfollowed};
use crate::value;

/// Facts and findings, without changing anything.
pub(crate) async fn inspect(
    connection: &Connection,
    config: &RedisConfig,
    clock: &dyn Clock,
) -> Result<StoreReport, StoreError> {
    let mut report = Report::default();
    let server = connection.server();
    report.server(server, config);
    let info = Info::ask(connection).await?;
    report.role(&info);
    report.memory(&info);
    report.persistence(&info, config.alerts);
    let mut streams = vec![&config.stream];
    streams.extend(config.streams.iter().filter(|stream| **stream != config.stream));
    for stream in streams {
        report.stream(stream, stream_type(connection, stream).await?.as_deref());
    }
    let lacks = lacks(connection, config).await?;
    let may_count = lacks.iter().all(|lack| lack.purpose != Purpose::Count);
    if may_count && let Some(unfollowed) = unfollowed(connection, config, clock).await? {
        report.unfollowed(&unfollowed, config);
    }
    let index = Index::new(connection, &config.index).info().await;
    let index_is_missing = index.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::IndexMissing);
    report.rights(&lacks, |purpose| match purpose {
        Purpose::Count => true,
        Purpose::Create => index_is_missing,
        Purpose::Submit => config.intake == Intake::On,
        Purpose::KeepAlerts => config.alerts == Alerts::On,
    });
    match index {
        Ok(index) => {
            report.index(&config.index, &index);
            report.cost(&info, &index);
            report.emptiness(connection, &config.index, &index).await?;
        }
        Err(error) if error.kind() == StoreErrorKind::IndexMissing => {
            report.missing_index(&config.index, &info);
        }
        // Among the rights that are lacking.
        Err(error) if error.kind() == StoreErrorKind::Permission => {
            report.unusable(StoreErrorKind::Permission);
        }
        Err(error) => return Err(error),
    }
    Ok(report.0)
}

#[derive(Default)]
struct Report(StoreReport);

impl Report {
    fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.0.facts.push((name.to_owned(), value.into()));
    }

    fn finding(&mut self, count: usize, text: impl Into<String>) {
        self.0.findings.push(Finding::new(FindingKind::Server, count as u64, text));
    }

    /// The first reason counts.
    fn unusable(&mut self, why: StoreErrorKind) {
        self.0.unusable.get_or_insert(why);
    }

    fn server(&mut self, server: &Server, config: &RedisConfig) {
        self.fact("redis", format!("{} at {}, {}", server.version, config.address, server.mode));
        self.fact("protocol", format!("RESP{}", server.protocol));
        let modules: Vec<String> =
            server.modules.iter().map(|(name, version)| format!("{name} {version}")).collect();
        self.fact("modules", modules.join(", "));
        if server.open_to_anybody {
            let text = "a password is configured, but this redis asks for none: whoever reaches it can read and \
                        delete everything; set one there with requirepass or ACL SETUSER";
            self.finding(1, text);
        }
        if server.fails_on_timeout {
            let text = "RediSearch is told to fail on a timeout, so steps can be kept short by their measured cost \
                        only; `FT.CONFIG SET ON_TIMEOUT RETURN` lets Redis end one that turns out dear";
            self.finding(1, text);
        }
    }

    fn role(&mut self, info: &Info) {
        let role = match info.get("role") {
            "slave" => "replica, so messages can be counted but not taken in",
            role => role,
        };
        self.fact("role", role);
        self.0.findings.extend(lost_master(&info.text));
    }

    fn memory(&mut self, info: &Info) {
        let (used, limit, policy) =
            (info.get("used_memory_human"), info.get("maxmemory_human"), info.get("maxmemory_policy"));
        let limited = info.get("maxmemory") != "0";
        let of = if limited { format!(" of {limit}") } else { " without limit".to_owned() };
        self.fact("memory", format!("{used}{of}, {policy}"));
        if limited && policy != "noeviction" {
            let text = format!(
                "when its memory is full, this redis deletes keys on its own ({policy}), messages among them, and \
                 nobody hears of it; run `CONFIG SET maxmemory-policy noeviction`"
            );
            self.finding(1, text);
        }
    }

    fn persistence(&mut self, info: &Info, alerts: Alerts) {
        let append_only = info.get("aof_enabled") == "1";
        let replicas = info.get("connected_slaves");
        let file = if append_only { "append-only file" } else { "no append-only file" };
        self.fact("persistence", format!("{file}, {replicas} replicas"));
        if loses_writes(&info.text, &info.text) {
            let text = "this redis has neither an append-only file nor a replica: messages since its last snapshot \
                        are lost when it dies; run `CONFIG SET appendonly yes`";
            self.finding(1, text);
        }
        if alerts == Alerts::On {
            self.0.findings.extend(alerts_not_durable(&info.text, &info.text));
        }
        if [info.get("rdb_last_bgsave_status"), info.get("aof_last_write_status")].contains(&"err") {
            self.finding(1, "this redis cannot write to its disk, and may refuse messages; its log says why");
        }
    }

    /// `None` where the user may not ask.
    fn stream(&mut self, name: &str, kind: Option<&str>) {
        if let Some(kind) = kind
            && !["none", "stream"].contains(&kind)
        {
            let text = format!(
                "the key {name}, on which messages are announced, is a {kind} and no stream, so that none can be \
                 taken in; run `RENAME {name} {name}-{kind}` if nobody needs it there"
            );
            self.finding(1, text);
        }
    }

    fn unfollowed(&mut self, Unfollowed { streams, is_cut }: &Unfollowed, config: &RedisConfig) {
        if *is_cut {
            self.fact("other streams", "looked for among some of the keys only, as there are so many");
        }
        if !streams.is_empty() {
            let text = format!(
                "on streams that are not followed messages are announced too, it seems: {}; those that are in the \
                 index count with the next scan only; set SCOUT_STREAMS={}",
                streams.join(", "),
                config.streams.iter().chain(streams).map(String::as_str).collect::<Vec<_>>().join(",")
            );
            self.finding(streams.len(), text);
        }
    }

    fn rights(&mut self, lacks: &[Lack], is_needed: impl Fn(Purpose) -> bool) {
        let of = |purpose| {
            let rules: Vec<&str> =
                lacks.iter().filter(|lack| lack.purpose == purpose).map(|lack| lack.rule.as_str()).collect();
            (rules.len(), rules.join(" "))
        };
        for (purpose, name) in [
            (Purpose::Count, "counting"),
            (Purpose::Create, "making the index"),
            (Purpose::Submit, "taking messages in"),
            (Purpose::KeepAlerts, "keeping alerts"),
        ] {
            let (count, rules) = of(purpose);
            if count == 0 {
                continue;
            }
            let run = format!("`ACL SETUSER <user> {rules}`");
            if is_needed(purpose) {
                self.unusable(StoreErrorKind::Permission);
                self.finding(count, format!("the user lacks rights for {name}: run {run}"));
            } else {
                self.fact(name, format!("not permitted, and needs {run}"));
            }
        }
    }

    fn missing_index(&mut self, name: &str, info: &Info) {
        if info.get("role") != "slave" {
            self.fact("index", format!("{name} is missing; Scout makes it with its first scan"));
            return;
        }
        self.fact("index", format!("{name} is missing"));
        self.unusable(StoreErrorKind::IndexMissing);
        self.finding(
            1,
            format!("the index {name} is missing, and a replica cannot make it: make it on the master"),
        );
    }

    fn index(&mut self, name: &str, info: &IndexInfo) {
        self.fact("index", format!("{name}, {}", Generation::of(info).describe()));
        let attributes: Vec<String> = info
            .attributes
            .iter()
            .map(|attribute| {
                let sortable = if attribute.sortable { " SORTABLE" } else { "" };
                format!("{} {}{sortable}", attribute.name, attribute.kind)
            })
            .collect();
        self.fact("attributes", attributes.join(", "));
        let documents = match info.progress {
            Progress::Built => info.documents.to_string(),
            Progress::Building(part) => {
                format!("{}, {:.0} % of the index are built", info.documents, part * 100.0)
            }
        };
        self.fact("documents", documents);
        self.0.findings.extend(plan::findings(name, info));
    }

    /// What the documents take, all indexes and streams included: Redis does not tell them apart.
    fn cost(&mut self, info: &Info, index: &IndexInfo) {
        if index.progress == Progress::Built {
            self.0.documents = Some(index.documents);
        }
        let used = info.get("used_memory").parse::<u64>().ok();
        if let Some(each) = used.and_then(|used| used.checked_div(index.documents)) {
            self.fact("memory a document", format!("{each} bytes, with all that Redis keeps"));
        }
        let slow: Vec<&str> = ["severity", "system"]
            .into_iter()
            .filter(|name| index.attribute(name).is_some_and(|attribute| !attribute.sortable))
            .collect();
        if !slow.is_empty() {
            let text = "not SORTABLE, so whoever groups by them opens every document; Scout reads documents either way";
            self.fact("unsorted", format!("{}: {text}", slow.join(", ")));
        }
    }

    /// Looks at what a scan would look at before it says zero.
    async fn emptiness(
        &mut self,
        connection: &Connection,
        name: &str,
        info: &IndexInfo,
    ) -> Result<(), StoreError> {
        if info.documents > 0 || info.progress != Progress::Built {
            return Ok(());
        }
        match believe(connection, name, info).await {
            Ok(doubt) => self.0.findings.extend(doubt),
            Err(error) if error.kind() == StoreErrorKind::Refused => {
                self.unusable(StoreErrorKind::Refused);
                // What stands in the way is among the findings of the index.
                if plan::obstacle(name, info).is_none() {
                    self.finding(1, error.to_string());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// What Redis says that the stream's key is; `None` where the user may not ask.
async fn stream_type(connection: &Connection, stream: &str) -> Result<Option<String>, StoreError> {
    let answers = connection.send(Command::Probe, vec![cmd("TYPE").arg(stream).take()]).await?;
    let answer = answers.first().map(|answer| connection.accept_of("type", answer)).transpose();
    match answer {
        Ok(answer) => Ok(answer.and_then(value::text).map(Into::into)),
        Err(error) if error.kind() == StoreErrorKind::Permission => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer to INFO.
struct Info {
    text: String,
    fields: HashMap<String, String>,
}

impl Info {
    async fn ask(connection: &Connection) -> Result<Self, StoreError> {
        let answers = connection.send(Command::Server, vec![cmd("INFO")]).await?;
        let form = || connection.faults().form(Command::Server, "the text of INFO");
        let answer = connection.accept(Command::Server, answers.first().ok_or_else(form)?)?;
        let text = value::text(answer).ok_or_else(form)?;
        let pairs = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        let fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { fields, text: text.into_owned() })
    }

    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("unknown", String::as_str)
    }
}
