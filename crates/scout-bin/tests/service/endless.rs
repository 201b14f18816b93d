//! No content of a store makes scans follow each other without end.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::index_info;
use uuid::Uuid;

use crate::meters::{checks, scans};
use crate::scene::{indexed, run};
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
fn scans_for(scout: &Scout, reason: &str) -> u64 {
    scans(scout, &format!("reason=\"{reason}\""))
}

async fn write(connection: &mut MultiplexedConnection, commands: Vec<Vec<String>>) {
    for words in commands {
        run(connection, &words).await;
    }
}

/// Writes such content all the time until it has been checked some times, at two paces of scanning: as it is, and with as
/// much of it as can be.
async fn brings_few_scans(name: &str, content: Content) {
    let (redis, mut connection) = indexed().await;
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
        let rotations = scans_for(&eager, "rotation") + scans_for(&eager, "difference");
        if checks(&usual) >= 4 && rotations >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let summary = usual.get("/analytics/summary").json();
    assert!(summary.get("difference").is_some(), "{name}: {summary}");
    for reason in ["rotation", "difference", "blind", "gap", "replaced"] {
        assert_eq!(scans_for(&usual, reason), 0, "{name}: {reason}");
    }
    for reason in ["blind", "gap", "replaced"] {
        assert_eq!(scans_for(&eager, reason), 0, "{name}: {reason}");
    }
    assert_eq!((scans_for(&usual, "start"), scans_for(&eager, "start")), (1, 1), "{name}");
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
