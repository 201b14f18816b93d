//! Answers that are not whole, as other versions of RediSearch give them: from a server that speaks as told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as loudly as tests"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{failure, scan, store};
use scout_core::{FindingKind, StoreErrorKind};
use scout_redis::{Protocol, RedisConfig};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How many rows come, and how the index says it went on.
#[derive(Clone, Copy, Debug)]
struct Script {
    protocol: Protocol,
    /// What FT.INFO says.
    documents: usize,
    /// How many rows come in all if there is a time limit, and if there is none.
    rows: (usize, usize),
    /// Whether the last answer of RESP3 warns.
    warns: bool,
}

#[derive(Debug)]
struct Scripted {
    script: Script,
    /// The commands that came, without the framing of each step.
    seen: Mutex<Vec<String>>,
}

impl Scripted {
    async fn start(script: Script) -> (Arc<Self>, RedisConfig, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = RedisConfig::tcp("127.0.0.1", listener.local_addr().unwrap().port());
        config.protocol = script.protocol;
        let scripted = Arc::new(Self { script, seen: Mutex::default() });
        let mut tasks = JoinSet::new();
        let server = Arc::clone(&scripted);
        tasks.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                server.serve(client).await;
            }
        });
        (scripted, config, tasks)
    }

    async fn serve(&self, client: TcpStream) {
        let (reader, mut writer) = client.into_split();
        let mut reader = BufReader::new(reader);
        let mut queued: Option<Vec<String>> = None;
        while let Some(words) = command(&mut reader).await {
            let said = match (words[0].as_str(), &mut queued) {
                ("MULTI", _) => {
                    queued = Some(Vec::new());
                    "+OK\r\n".to_owned()
                }
                ("EXEC", queue) => {
                    let answers = queue.take().unwrap();
                    format!("*{}\r\n{}", answers.len(), answers.concat())
                }
                (_, Some(queue)) => {
                    queue.push(self.answer(&words));
                    "+QUEUED\r\n".to_owned()
                }
                _ => self.answer(&words),
            };
            writer.write_all(said.as_bytes()).await.unwrap();
        }
    }

    fn answer(&self, words: &[String]) -> String {
        let Script { documents, rows, .. } = self.script;
        match words[0].as_str() {
            "TIME" => "*2\r\n$10\r\n1789196834\r\n$1\r\n5\r\n".to_owned(),
            "XINFO" => "-ERR no such key\r\n".to_owned(),
            "HELLO" => "*0\r\n".to_owned(),
            "INFO" => bulk("redis_version:7.2.4\r\nredis_mode:standalone\r\n"),
            "FT.INFO" => {
                let definition = format!(
                    "*4\r\n{}{}{}*1\r\n{}",
                    bulk("key_type"),
                    bulk("JSON"),
                    bulk("prefixes"),
                    bulk("")
                );
                format!(
                    "*10\r\n{}{definition}{}*0\r\n{}:{documents}\r\n{}:{documents}\r\n{}:0\r\n",
                    bulk("index_definition"),
                    bulk("attributes"),
                    bulk("num_docs"),
                    bulk("max_doc_id"),
                    bulk("indexing"),
                )
            }
            "FT.AGGREGATE" => {
                let limit = words.iter().skip_while(|word| *word != "TIMEOUT").nth(1).unwrap();
                self.seen.lock().unwrap().push(format!("TIMEOUT {limit}"));
                self.rows(if limit == "0" { rows.1 } else { rows.0 })
            }
            other => panic!("{other} was not expected"),
        }
    }

    /// All rows at once; then there is no cursor.
    fn rows(&self, count: usize) -> String {
        let fields = |number: usize| [bulk("k"), bulk(&number.to_string()), bulk("s"), bulk("info")].concat();
        if self.script.protocol == Protocol::Resp2 {
            let rows: Vec<String> = (0..count).map(|number| format!("*4\r\n{}", fields(number))).collect();
            return format!("*2\r\n*{}\r\n:{count}\r\n{}:0\r\n", count + 1, rows.concat());
        }
        let row = |number| format!("%1\r\n{}%2\r\n{}", bulk("extra_attributes"), fields(number));
        let rows = (0..count).map(row).collect::<Vec<_>>().concat();
        let warning = if self.script.warns {
            format!("*1\r\n{}", bulk("Timeout limit was reached"))
        } else {
            "*0\r\n".to_owned()
        };
        format!("*2\r\n%2\r\n{}*{count}\r\n{rows}{}{warning}:0\r\n", bulk("results"), bulk("warning"))
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// The words of the next command; `None` at the end.
async fn command(reader: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> Option<Vec<String>> {
    let count = number(reader, '*').await?;
    let mut words = Vec::new();
    for _ in 0..count {
        let length = number(reader, '$').await?;
        let mut word = vec![0; length + 2];
        reader.read_exact(&mut word).await.ok()?;
        word.truncate(length);
        words.push(String::from_utf8(word).unwrap());
    }
    Some(words)
}

async fn number(reader: &mut BufReader<tokio::net::tcp::OwnedReadHalf>, sign: char) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).await.ok().filter(|count| *count > 0)?;
    line.trim_end().strip_prefix(sign)?.parse().ok()
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Resp2, Protocol::Resp3];

fn script(protocol: Protocol, documents: usize, rows: (usize, usize)) -> Script {
    Script { protocol, documents, rows, warns: false }
}

#[tokio::test]
async fn rows_that_are_whole_take_one_pass() {
    for protocol in PROTOCOLS {
        let (scripted, config, _tasks) = Scripted::start(script(protocol, 30, (30, 0))).await;
        let (counted, report) = scan(&store(config)).await.unwrap();
        assert_eq!((counted.begun, report.rows, report.difference()), (1, 30, 0));
        assert_eq!(scripted.seen(), ["TIMEOUT 3"]);
    }
}

#[tokio::test]
async fn rows_that_are_missing_are_asked_for_again_without_a_time_limit() {
    for protocol in PROTOCOLS {
        let (scripted, config, _tasks) = Scripted::start(script(protocol, 30, (7, 30))).await;
        let (counted, report) = scan(&store(config)).await.unwrap();
        assert_eq!((counted.begun, counted.keys.len(), report.rows, report.difference()), (2, 30, 30, 0));
        assert!(!report.findings.iter().any(|finding| finding.kind == FindingKind::Difference));
        assert_eq!(scripted.seen(), ["TIMEOUT 3", "TIMEOUT 0"]);
    }
}

#[tokio::test]
async fn rows_that_are_missing_again_are_told_as_a_difference() {
    for protocol in PROTOCOLS {
        let (scripted, config, _tasks) = Scripted::start(script(protocol, 30, (7, 28))).await;
        let (_, report) = scan(&store(config)).await.unwrap();
        assert_eq!((report.rows, report.expected, report.difference()), (28, 30, -2));
        let finding = report.findings.iter().find(|finding| finding.kind == FindingKind::Difference).unwrap();
        assert_eq!(finding.count, 2);
        assert_eq!(scripted.seen(), ["TIMEOUT 3", "TIMEOUT 0"]);
    }
}

#[tokio::test]
async fn no_rows_where_there_should_be_some_are_an_error() {
    for protocol in PROTOCOLS {
        let (scripted, config, _tasks) = Scripted::start(script(protocol, 30, (0, 0))).await;
        let error = failure(&store(config)).await;
        assert_eq!(error.kind(), StoreErrorKind::Partial);
        assert!(error.to_string().contains("30 documents but gives none"), "{error}");
        assert_eq!(scripted.seen(), ["TIMEOUT 3", "TIMEOUT 0"]);
    }
}

#[tokio::test]
async fn more_rows_than_documents_are_told_as_a_difference() {
    for protocol in PROTOCOLS {
        let (_, config, _tasks) = Scripted::start(script(protocol, 30, (31, 31))).await;
        let (_, report) = scan(&store(config)).await.unwrap();
        assert_eq!(report.difference(), 1);
        assert!(report.findings.iter().any(|finding| finding.kind == FindingKind::Difference));
    }
}

#[tokio::test]
async fn a_last_answer_that_warns_is_not_whole_whatever_its_rows() {
    let script = Script { warns: true, ..script(Protocol::Resp3, 30, (30, 30)) };
    let (scripted, config, _tasks) = Scripted::start(script).await;
    let error = failure(&store(config)).await;
    assert_eq!(error.kind(), StoreErrorKind::Partial);
    assert!(error.to_string().contains("Timeout limit was reached"), "{error}");
    assert_eq!(scripted.seen(), ["TIMEOUT 3", "TIMEOUT 0"]);
}
