//! The commands beside the service.

use scout_testkit::{Announce, Generation, Generator, create_index, load};

use crate::scout::{Scout, command, open_service};

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
async fn the_demo_serves_numbers_that_grow_whatever_the_interval() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().display().to_string();
    let variables = [
        ("TMPDIR", folder.as_str()),
        ("SCOUT_INTERVAL", "24h"),
        ("LOG_LEVEL", "info"),
        ("LOG_FORMAT", "json"),
    ];
    let mut scout = Scout::start_command(&["demo"], &variables).await;
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
async fn the_demo_removes_what_a_killed_one_left_and_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().display().to_string();
    let variables = [("TMPDIR", folder.as_str()), ("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")];
    let folders = || {
        let entries = std::fs::read_dir(temporary.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<std::collections::BTreeSet<_>>()
    };
    for others in ["scout-demo-without-lock", "theirs"] {
        std::fs::create_dir(temporary.path().join(others)).unwrap();
    }
    let before = folders();
    let mut killed = Scout::start_command(&["demo"], &variables).await;
    let leftover = folders();
    killed.signal("KILL");
    killed.ended().await;
    assert_eq!(folders(), leftover);

    let mut running = Scout::start_command(&["demo"], &variables).await;
    let of_running = folders();
    assert_eq!(of_running.len(), before.len() + 1);
    assert_ne!(of_running, leftover);
    let mut further = Scout::start_command(&["demo"], &variables).await;
    assert!(folders().is_superset(&of_running));
    for demo in [&mut running, &mut further] {
        demo.signal("INT");
        assert_eq!(demo.ended().await.code(), Some(0));
    }
    assert_eq!(folders(), before);
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
    welcome(&scout, &told, &url).await;
    scout.signal("INT");
    assert_eq!(scout.ended().await.code(), Some(0));
    for line in scout.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
    }
}

/// What the demo has told, once this is in it.
async fn welcome(scout: &Scout, told: &tempfile::NamedTempFile, part: &str) -> String {
    let told =
        |_: &Scout| Some(std::fs::read_to_string(told.path()).unwrap()).filter(|told| told.contains(part));
    scout.eventually("the welcome", told).await
}

#[tokio::test]
async fn the_demo_offers_the_intake_only_where_it_is_on() {
    for (pitch, status) in [("true", 200), ("false", 404)] {
        let told = tempfile::NamedTempFile::new().unwrap();
        let variables = [("LOG_LEVEL", "info"), ("LOG_FORMAT", "json"), ("SCOUT_PITCH", pitch)];
        let mut demo = command(&["demo"], &variables);
        demo.stderr(told.reopen().unwrap());
        let scout = Scout::start_process(demo).await;
        let told = welcome(&scout, &told, "/metrics\n").await;
        assert_eq!(told.contains("/pitch"), status == 200, "{told}");
        let answer = scout.request("POST", "/pitch", &[], r#"{"title": "t", "message": "m"}"#);
        assert_eq!(answer.status, status);
    }
}
