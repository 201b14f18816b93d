//! A server is what a test asked for, and leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use scout_testkit::{Modules, RedisServer, redis};

async fn ask<T: redis::FromRedisValue>(
    connection: &mut MultiplexedConnection,
    line: &str,
) -> redis::RedisResult<T> {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word);
    });
    command.query_async(connection).await
}

fn is_alive(pid: u32) -> bool {
    // A dead process that nobody has asked about yet does not count.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..1000 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn an_index_over_json_can_be_made_and_asked() {
    let redis = redis().await;
    let mut connection = redis.connection().await.unwrap();
    let _: () = ask(&mut connection, "FT.CREATE ix ON JSON SCHEMA $.a AS a TEXT").await.unwrap();
    let _: () = ask(&mut connection, r#"JSON.SET k . {"a":"x"}"#).await.unwrap();
    let found: redis::Value = ask(&mut connection, "FT.SEARCH ix x NOCONTENT").await.unwrap();
    assert_eq!(
        found,
        redis::Value::Array(vec![redis::Value::Int(1), redis::Value::BulkString(b"k".to_vec())])
    );
}

#[tokio::test]
async fn what_is_handed_out_is_empty_and_has_lost_its_former_clients() {
    let mut former = Vec::new();
    // More rounds than servers, so that one of them comes round again.
    for _ in 0..10 {
        let redis = redis().await;
        let mut connection = redis.connection().await.unwrap();
        assert_eq!(ask::<u64>(&mut connection, "DBSIZE").await.unwrap(), 0);
        assert!(ask::<Vec<String>>(&mut connection, "FT._LIST").await.unwrap().is_empty());
        let _: () = ask(&mut connection, "SET k v").await.unwrap();
        let _: () = ask(&mut connection, "FT.CREATE ix ON JSON SCHEMA $.a AS a TEXT").await.unwrap();
        former.push((redis.url(), connection));
        let come_round = former.iter().position(|(url, _)| *url == redis.url()).unwrap();
        if come_round < former.len() - 1 {
            let (_, connection) = &mut former[come_round];
            assert!(ask::<String>(connection, "GET k").await.is_err());
            return;
        }
    }
    panic!("no server came round again");
}

#[tokio::test]
async fn two_that_are_held_at_once_are_two_servers() {
    // A server that was named is one alone, so the second would wait for ever.
    let first = redis().await;
    if let Ok(second) = tokio::time::timeout(Duration::from_secs(5), redis()).await {
        assert_ne!(first.url(), second.url());
    }
}

#[tokio::test]
async fn a_killed_server_comes_back_on_its_port_with_what_was_on_disk() {
    let mut server = RedisServer::builder().append_only().start().await.unwrap();
    let (url, pid) = (server.url(), server.pid());
    let _: () = ask(&mut server.connection().await.unwrap(), "SET k v").await.unwrap();
    server.kill().unwrap();
    assert!(!server.is_running());
    assert!(server.connection().await.is_err());
    server.restart().await.unwrap();
    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert_eq!(ask::<String>(&mut server.connection().await.unwrap(), "GET k").await.unwrap(), "v");
}

#[tokio::test]
async fn a_stopped_server_has_said_goodbye() {
    let mut server = RedisServer::start().await.unwrap();
    server.stop().await.unwrap();
    assert!(!is_alive(server.pid()));
    assert!(server.log().contains("bye bye"), "{}", server.log());
}

#[tokio::test]
async fn a_paused_server_answers_when_it_is_resumed_and_can_be_stopped() {
    let mut server = RedisServer::start().await.unwrap();
    let mut connection = server.connection().await.unwrap();
    server.pause().unwrap();
    let silence =
        tokio::time::timeout(Duration::from_millis(50), ask::<String>(&mut connection, "PING")).await;
    assert!(silence.is_err());
    server.resume().unwrap();
    assert_eq!(ask::<String>(&mut connection, "PING").await.unwrap(), "PONG");
    server.pause().unwrap();
    server.stop().await.unwrap();
    assert!(!server.is_running());
}

#[tokio::test]
async fn a_password_is_asked_for_and_can_change_at_a_restart() {
    let mut server = RedisServer::builder().password("p@ss \"word\"\\ß").start().await.unwrap();
    assert_eq!(ask::<String>(&mut server.connection().await.unwrap(), "PING").await.unwrap(), "PONG");
    let old = redis::Client::open(server.url()).unwrap();
    server.restart_with(|settings| settings.password("another")).await.unwrap();
    assert!(old.get_multiplexed_async_connection().await.is_err());
    assert_eq!(ask::<String>(&mut server.connection().await.unwrap(), "PING").await.unwrap(), "PONG");
    server.restart_with(scout_testkit::server::Builder::no_password).await.unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}/", server.port()));
}

#[tokio::test]
async fn modules_can_be_left_out_and_come_back() {
    let mut server = RedisServer::builder().modules(Modules::None).start().await.unwrap();
    let create = "FT.CREATE ix ON JSON SCHEMA $.a AS a TEXT";
    let error = ask::<()>(&mut server.connection().await.unwrap(), create).await.unwrap_err().to_string();
    assert!(error.contains("unknown command"), "{error}");

    server.restart_with(|settings| settings.modules(Modules::SearchOnly)).await.unwrap();
    let error = ask::<()>(&mut server.connection().await.unwrap(), create).await.unwrap_err().to_string();
    assert!(error.contains("rule type: JSON"), "{error}");

    server.restart_with(|settings| settings.modules(Modules::SearchAndJson)).await.unwrap();
    let _: () = ask(&mut server.connection().await.unwrap(), create).await.unwrap();
}

#[tokio::test]
async fn lines_of_configuration_are_taken() {
    let server =
        RedisServer::builder().config("maxmemory 10mb").config("maxmemory 20mb").start().await.unwrap();
    let answer: Vec<String> =
        ask(&mut server.connection().await.unwrap(), "CONFIG GET maxmemory").await.unwrap();
    assert_eq!(answer, ["maxmemory", "20971520"]);
}

#[tokio::test]
async fn a_configuration_that_redis_refuses_is_an_error_with_its_reason() {
    let error = RedisServer::builder().config("nonsense yes").start().await.unwrap_err().to_string();
    assert!(error.contains("nonsense"), "{error}");
}

#[tokio::test]
async fn nothing_is_left_of_a_dropped_server() {
    let server = RedisServer::start().await.unwrap();
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    assert!(is_alive(pid) && folder.is_dir());
    drop(server);
    assert!(!is_alive(pid) && !folder.exists());
}

/// Not a test by itself: what the next one starts and kills.
#[tokio::test]
#[ignore = "holds servers until it is killed"]
#[expect(clippy::print_stdout, reason = "tells the test that started it what it holds")]
async fn holds_servers_until_it_is_killed() {
    let running = RedisServer::start().await.unwrap();
    let paused = RedisServer::start().await.unwrap();
    let mut dead = RedisServer::start().await.unwrap();
    paused.pause().unwrap();
    dead.kill().unwrap();
    for server in [&running, &paused, &dead] {
        println!("\nholding {} {}", server.pid(), server.folder().display());
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[tokio::test]
async fn nothing_is_left_when_the_test_itself_is_killed() {
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "holds_servers_until_it_is_killed", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held: Vec<(u32, PathBuf)> = BufReader::new(test.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            let (pid, folder) = line.strip_prefix("holding ")?.split_once(' ')?;
            Some((pid.parse().ok()?, folder.into()))
        })
        .take(3)
        .collect();
    assert_eq!(held.iter().map(|(pid, _)| is_alive(*pid)).collect::<Vec<_>>(), [true, true, false]);
    assert!(held.iter().all(|(_, folder)| folder.is_dir()));
    test.kill().unwrap();
    test.wait().unwrap();
    assert!(
        eventually(|| held.iter().all(|(pid, folder)| !is_alive(*pid) && !folder.exists())).await,
        "{held:?}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_clock_of_its_own_is_set_while_the_server_runs_and_stays_over_a_restart() {
    let mut server = RedisServer::builder().own_clock().start().await.unwrap();
    let machine = redis().await;
    let mut of_machine = machine.connection().await.unwrap();
    let mut apart = async |server: &RedisServer| {
        let mut connection = server.connection().await.unwrap();
        let (there, _): (i64, i64) = ask(&mut connection, "TIME").await.unwrap();
        let (here, _): (i64, i64) = ask(&mut of_machine, "TIME").await.unwrap();
        // A minute for a machine that is busy.
        (here - there).div_euclid(60)
    };
    assert_eq!(apart(&server).await, 0);
    server.set_clock(3600).unwrap();
    assert_eq!(apart(&server).await, -60);
    server.restart().await.unwrap();
    assert_eq!(apart(&server).await, -60);
    server.set_clock(-3600).unwrap();
    assert_eq!(apart(&server).await, 60);
}
