//! The commands beside the service.

use std::io::Write as _;

use scout_testkit::{Announce, Generation, Generator, create_index, load};

use crate::scout::{Scout, command};

async fn open_service() -> (tempfile::TempDir, Scout) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let scout =
        Scout::start(&[("SCOUT_STORE", "embedded"), ("SCOUT_DATA", &data), ("SCOUT_INTERVAL", "1s")]).await;
    (folder, scout)
}

#[tokio::test]
async fn pitch_sends_one_message_from_its_flags() {
    let (_folder, scout) = open_service().await;
    let to = format!("http://127.0.0.1:{}", scout.port);
    let arguments = [
        "pitch",
        "--to",
        &to,
        "--title",
        "Backup",
        "--message",
        "done",
        "--severity",
        "SUCCESS",
        "--system",
        "nas",
    ];
    let output = command(&arguments, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scout.counts(1).await["severityCounts"]["success"], 1);
}

#[tokio::test]
async fn pitch_needs_certificates_for_https_only() {
    let (_folder, scout) = open_service().await;
    let none = tempfile::NamedTempFile::new().unwrap();
    let pitch = |scheme: &str| {
        let to = format!("{scheme}://127.0.0.1:{}", scout.port);
        let mut pitch = command(&["pitch", "--to", &to, "--title", "t", "--message", "m"], &[]);
        pitch.env("SSL_CERT_FILE", none.path()).output().unwrap()
    };
    let output = pitch("http");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let output = pitch("https");
    assert_eq!(output.status.code(), Some(69));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("cannot prepare TLS"), "{told}");
}

#[tokio::test]
async fn pitch_sends_the_good_lines_of_a_file_and_names_the_bad_ones() {
    let (_folder, scout) = open_service().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for number in 0..300 {
        writeln!(file, r#"{{"title": "t{number}", "message": "m"}}"#).unwrap();
    }
    writeln!(file, "\n{{\"title\": \"no text\"}}\nnonsense").unwrap();
    let to = format!("http://127.0.0.1:{}/pitch/", scout.port);
    let output = command(&["pitch", file.path().to_str().unwrap(), "--to", &to], &[]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{told}");
    assert!(told.contains("line 302: 400 Bad Request Message is required"), "{told}");
    assert!(told.contains("line 303: 400 Bad Request Invalid JSON payload"), "{told}");
    assert!(told.ends_with("300 sent, 2 refused\n"), "{told}");
    scout.counts(300).await;
}

#[test]
fn pitch_to_nobody_says_who_is_not_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let to = format!("http://127.0.0.1:{port}");
    let output = command(&["pitch", "--to", &to, "--title", "t", "--message", "m"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&to) && told.contains("0 sent"), "{told}");
}

#[tokio::test]
async fn check_says_what_it_found_in_redis() {
    let redis = scout_testkit::redis().await;
    let check = || {
        let output = command(&["check"], &[("REDIS_URL", &redis.url())]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
        told
    };
    let told = check();
    assert!(told.contains("messages is missing") && !told.contains("a scan"), "{told}");
    let mut connection = redis.connection().await.unwrap();
    create_index(&mut connection, "messages", Generation::D).await.unwrap();
    let documents: Vec<_> = Generator::tidy(7, 1_789_196_834_000).take(300).collect();
    load(&mut connection, &documents, Announce::Silently).await.unwrap();
    let told = check();
    assert!(told.contains("300 documents in") && told.contains("memory a document"), "{told}");
}

#[tokio::test]
async fn check_fails_where_the_intake_is_on_and_the_user_may_not_take_messages_in() {
    let redis = scout_testkit::redis().await;
    let mut connection = redis.connection().await.unwrap();
    let rights = "~messages +time +info +multi +exec +xinfo|stream +xread +ft.info +ft.aggregate +ft.cursor \
                  +ft.search +ft.create";
    let mut setuser = redis::cmd("ACL");
    setuser
        .arg("SETUSER")
        .arg("counter")
        .arg("on")
        .arg(">secret")
        .arg(rights.split_whitespace().collect::<Vec<_>>());
    setuser.exec_async(&mut connection).await.unwrap();
    let url = redis.url();
    let counting = [("REDIS_URL", url.as_str()), ("REDIS_USERNAME", "counter"), ("REDIS_PASSWORD", "secret")];
    assert_eq!(command(&["check"], &counting).output().unwrap().status.code(), Some(0));
    let taking_in = command(&["check"], &counting).env("SCOUT_PITCH", "true").env("AUTH_TOKEN", "t").output();
    let output = taking_in.unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(69), "{told}");
    assert!(told.contains("lacks rights for taking messages in"), "{told}");
}

#[test]
fn check_makes_no_store_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for data in [folder.path().to_owned(), folder.path().join("missing/data")] {
        let mut check = command(&["check"], &[("SCOUT_STORE", "embedded")]);
        let output = check.env("SCOUT_DATA", &data).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.contains(&format!("{} has no store yet", data.display())), "{told}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn check_looks_into_a_store_that_is_there() {
    let (folder, mut scout) = open_service().await;
    scout.signal("TERM");
    assert_eq!(scout.ended().await.code(), Some(0));
    let mut check = command(&["check"], &[("SCOUT_STORE", "embedded")]);
    let output = check.env("SCOUT_DATA", folder.path()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("scout.redb") && told.contains("documents"), "{told}");
}

#[test]
fn check_says_that_nobody_is_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://:hidden-word@127.0.0.1:{port}");
    let output = command(&["check"], &[("REDIS_URL", &url)]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("unreachable") && told.contains(&port.to_string()), "{told}");
    assert!(!told.contains("hidden-word"), "{told}");
}

#[tokio::test]
async fn the_demo_serves_numbers_that_grow() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().display().to_string();
    let mut scout = Scout::start_command(
        &["demo"],
        &[("TMPDIR", &folder), ("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")],
    )
    .await;
    let total = |scout: &Scout| {
        let answer = scout.get("/analytics/summary");
        (answer.status == 200).then(|| answer.json()["totalMessages"].as_u64().unwrap())
    };
    let first = scout.eventually("numbers", total).await;
    scout.eventually("growth", |scout| total(scout).filter(|now| *now > first + 3)).await;
    scout.signal("INT");
    assert_eq!(scout.ended().await.code(), Some(0));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the demo leaves nothing behind");
}

#[tokio::test]
async fn the_demo_keeps_to_its_own_store_and_says_so_to_who_names_another() {
    for arguments in [["demo", "--data", "theirs"], ["--data", "theirs", "demo"]] {
        let told = tempfile::NamedTempFile::new().unwrap();
        let variables = [("SCOUT_STORE", "redis"), ("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")];
        let mut demo = command(&arguments, &variables);
        demo.stderr(told.reopen().unwrap());
        let mut scout = Scout::start_process(demo).await;
        scout.answers("/analytics/summary", |answer| answer.status == 200).await;
        scout.signal("INT");
        assert_eq!(scout.ended().await.code(), Some(0));
        let told = std::fs::read_to_string(told.path()).unwrap();
        let warnings: Vec<&str> = told.lines().filter(|line| line.starts_with("warning: ")).collect();
        let why = "not used, since this command sets it itself";
        assert_eq!(
            warnings,
            [
                format!("warning: --data \"theirs\": {why} (flag)"),
                format!("warning: SCOUT_STORE \"redis\": {why} (environment)"),
            ]
        );
        assert!(!std::path::Path::new("theirs").exists());
    }
}

#[tokio::test]
async fn the_demo_speaks_on_standard_error_where_the_log_is_json() {
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut demo = command(&["demo"], &[("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")]);
    demo.stderr(told.reopen().unwrap());
    let mut scout = Scout::start_process(demo).await;
    let url = format!("curl http://127.0.0.1:{}/analytics/summary", scout.port);
    let welcome = |_: &Scout| std::fs::read_to_string(told.path()).unwrap().contains(&url).then_some(());
    scout.eventually("the welcome", welcome).await;
    scout.signal("INT");
    assert_eq!(scout.ended().await.code(), Some(0));
    for line in scout.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
    }
}
