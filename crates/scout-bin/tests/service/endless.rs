//! No content of a store makes scans follow each other without end.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Generation, RedisServer, create_index, index_info};
use uuid::Uuid;

use crate::scout::Scout;

/// Writes the next of what is tried.
type Content = fn(u32) -> Vec<Vec<String>>;

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A document under a key of the platform's shape, announced or not.
fn written(document: &str, is_announced: bool) -> Vec<Vec<String>> {
    let key = format!("{}-flux", Uuid::new_v4());
    let mut commands = vec![command(&["JSON.SET", &key, ".", document])];
    commands.extend(is_announced.then(|| command(&["XADD", "messages", "*", "messageID", &key])));
    commands
}

const MESSAGE: &str = r#"{"severity":"ERROR","system":"flux","timestamp":"2026-09-12T05:00:00Z"}"#;

/// Documents of other programs.
fn foreign(number: u32) -> Vec<Vec<String>> {
    written(r#"{"colour":"red","items":[1,2]}"#, number.is_multiple_of(2))
}

/// Messages with a numeric title, or with tags that are an object.
fn refused(number: u32) -> Vec<Vec<String>> {
    let odd = [
        r#"{"severity":"error","title":5}"#,
        r#"{"severity":"error","system":"flux","tags":{"team":"ops"}}"#,
    ];
    let mut commands = written(odd[number as usize % 2], !number.is_multiple_of(3));
    // Some take the place of a message; every other one stays.
    let key = format!("message {}", number / 2);
    let document = if number % 4 == 1 { odd[0] } else { MESSAGE };
    commands.push(command(&["JSON.SET", &key, ".", document]));
    if number.is_multiple_of(2) {
        commands.push(command(&["XADD", "messages", "*", "messageID", &key]));
    }
    commands
}

/// Messages that come, and go again as retention deletes them: unannounced, and with their entries.
fn retained(number: u32) -> Vec<Vec<String>> {
    let key = |number| format!("message {number}");
    let mut commands = vec![
        command(&["JSON.SET", &key(number), ".", MESSAGE]),
        command(&["XADD", "messages", "*", "messageID", &key(number)]),
    ];
    if number >= 20 {
        commands.push(command(&["UNLINK", &key(number - 20)]));
        commands.push(command(&["XTRIM", "messages", "MAXLEN", "20"]));
    }
    commands
}

/// Messages that nobody announces.
fn unannounced(_: u32) -> Vec<Vec<String>> {
    written(MESSAGE, false)
}

/// Scans by their reason.
fn scans(scout: &Scout, reason: &str) -> u64 {
    let text = scout.get("/metrics").body;
    let start = format!("homerun2_scout_scans_total{{reason=\"{reason}\"");
    let of_reason = text.lines().filter_map(|line| line.strip_prefix(&start));
    of_reason.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// How often the store was compared with what is counted.
fn checks(scout: &Scout) -> u64 {
    let text = scout.get("/metrics").body;
    let line = "homerun2_scout_redis_command_duration_seconds_count{command=\"xinfo\"} ";
    text.lines().find_map(|found| found.strip_prefix(line)).map_or(0, |count| count.parse().unwrap())
}

async fn write(connection: &mut MultiplexedConnection, commands: Vec<Vec<String>>) {
    for words in commands {
        redis::cmd(&words[0]).arg(&words[1..]).exec_async(connection).await.unwrap();
    }
}

/// Writes such content all the time until it has been checked some times, at two paces of scanning: as it is, and with as
/// much of it as can be.
async fn brings_few_scans(name: &str, content: Content) {
    let redis = RedisServer::start().await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    // An empty index beside refused documents is no zero, and a scan of it an error.
    for number in 0..4 {
        write(&mut connection, content(number)).await;
    }
    let url = redis.url();
    let usual = Scout::start(&[("REDIS_URL", &url), ("SCOUT_INTERVAL", "1s")]).await;
    let eager = [("REDIS_URL", &*url), ("SCOUT_INTERVAL", "1s"), ("SCOUT_RESCAN_INTERVAL", "4s")];
    let eager = Scout::start(&eager).await;
    let mut number = 4;
    loop {
        write(&mut connection, content(number)).await;
        number += 1;
        let rotations = scans(&eager, "rotation") + scans(&eager, "difference");
        if checks(&usual) >= 4 && rotations >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let summary = usual.get("/analytics/summary").json();
    assert!(summary.get("difference").is_some(), "{name}: {summary}");
    for reason in ["rotation", "difference", "blind", "gap", "replaced"] {
        assert_eq!(scans(&usual, reason), 0, "{name}: {reason}");
    }
    for reason in ["blind", "gap", "replaced"] {
        assert_eq!(scans(&eager, reason), 0, "{name}: {reason}");
    }
    assert_eq!((scans(&usual, "start"), scans(&eager, "start")), (1, 1), "{name}");
    let refused = index_info(&mut connection, "messages", "hash_indexing_failures").await.unwrap();
    assert_eq!(refused > 0, name == "refused", "{name}: {refused} documents are refused");
}

#[tokio::test]
async fn no_content_makes_scans_follow_each_other() {
    tokio::join!(
        brings_few_scans("foreign", foreign),
        brings_few_scans("refused", refused),
        brings_few_scans("retained", retained),
        brings_few_scans("unannounced", unannounced),
    );
}
