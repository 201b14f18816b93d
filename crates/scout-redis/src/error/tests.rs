use super::*;
use StoreErrorKind as Kind;

/// Every text as a server sent it, and some of other versions.
const TEXTS: &[(&str, Kind)] = &[
    ("messages: no such index", Kind::IndexMissing),
    ("messages: No such Index", Kind::IndexMissing),
    ("Unknown index name", Kind::IndexMissing),
    ("Unknown Index name", Kind::IndexMissing),
    ("SEARCH_INDEX_NOT_FOUND Index not found: messages", Kind::IndexMissing),
    ("The index was dropped while the cursor was idle", Kind::IndexMissing),
    // The name of an index is no code.
    ("OOM: no such index", Kind::IndexMissing),
    ("Index already exists", Kind::Refused),
    ("ERR unknown command 'FT.AGGREGATE', with args beginning with: 'messages' '*' ", Kind::ModuleMissing),
    ("Invalid rule type: JSON", Kind::ModuleMissing),
    ("NOPROTO unsupported protocol version", Kind::ModuleMissing),
    ("Timeout limit was reached", Kind::Timeout),
    ("LOADING Redis is loading the dataset in memory", Kind::NotReady),
    (
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        Kind::NotReady,
    ),
    (
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        Kind::NotReady,
    ),
    ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Kind::NotReady),
    ("Too many cursors allocated for index", Kind::NotReady),
    ("OOM command not allowed when used memory > 'maxmemory'.", Kind::NotWritable),
    ("READONLY You can't write against a read only replica.", Kind::NotWritable),
    (
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
         Commands that may modify the data set are disabled.",
        Kind::NotWritable,
    ),
    ("NOREPLICAS Not enough good replicas to write.", Kind::NotWritable),
    ("NOAUTH Authentication required.", Kind::Authentication),
    (
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
         <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the \
         same time",
        Kind::Authentication,
    ),
    ("ERR Protocol error: unauthenticated multibulk length", Kind::Authentication),
    ("ERR Protocol error: unauthenticated bulk length", Kind::Authentication),
    ("WRONGPASS invalid username-password pair or user is disabled.", Kind::Authentication),
    ("ERR invalid password", Kind::Authentication),
    ("ERR wrong number of arguments for 'auth' command", Kind::Authentication),
    (
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
         configuration is correct?",
        Kind::Authentication,
    ),
    ("ERR Client sent AUTH, but no password is set", Kind::Authentication),
    ("DENIED Redis is running in protected mode because protected mode is enabled", Kind::Authentication),
    ("NOPERM User u1 has no permissions to run the 'FT.AGGREGATE' command", Kind::Permission),
    ("NOPERM No permissions to access a key", Kind::Permission),
    (
        "ERR ACL failure in script: User u1 has no permissions to run the 'set' command script: \
         2f31ba2bb6d6a0f42cc159d2e2dad55440778de3, on @user_script:16.",
        Kind::Permission,
    ),
    ("ERR max number of clients reached", Kind::Unreachable),
    ("MOVED 3999 127.0.0.1:6381", Kind::Clustered),
    ("ASK 3999 127.0.0.1:6381", Kind::Clustered),
    ("CROSSSLOT Keys in request don't hash to the same slot", Kind::Clustered),
    ("CLUSTERDOWN Hash slot not served", Kind::Clustered),
    ("Cursor not found", Kind::Partial),
    ("Cursor does not exist", Kind::Partial),
    ("WRONGTYPE Operation against a key holding the wrong kind of value", Kind::Refused),
    ("Existing key has wrong Redis type", Kind::Refused),
    ("Cannot create index on db != 0", Kind::Refused),
    ("No such property `nope`", Kind::Refused),
    ("Syntax error at offset 10 near severity", Kind::Refused),
    ("Unknown argument `FOO` at position 1 for <main>", Kind::Refused),
    ("LIMIT exceeds maximum of 1000000", Kind::Refused),
    ("DIALECT requires a non negative integer >=1 and <= 4", Kind::Refused),
    ("NOGROUP No such key 'messages' or consumer group 'g' in XREADGROUP with GROUP option", Kind::Refused),
    ("BUSYGROUP Consumer Group name already exists", Kind::Refused),
    ("ERR The XGROUP subcommand requires the key to exist.", Kind::Refused),
    (
        "EXECABORT Transaction discarded because of: NOPERM User u1 has no permissions to run the 'exec' command",
        Kind::Permission,
    ),
    ("EXECABORT Transaction discarded because of previous errors.", Kind::Refused),
    ("", Kind::Refused),
];

#[test]
fn every_known_text_has_its_kind() {
    for (text, kind) in TEXTS {
        assert_eq!(kind_of(text), *kind, "{text}");
    }
}

#[test]
fn every_meaning_is_used_by_a_known_text() {
    for (phrase, kind) in MEANINGS {
        let used = TEXTS
            .iter()
            .any(|(text, expected)| phrase.fits(text, &text.to_ascii_lowercase()) && expected == kind);
        let (Code(words) | Holds(words)) = phrase;
        assert!(used, "{words}");
    }
}

#[test]
fn a_lost_race_and_a_needless_password_are_recognised() {
    assert!(says_index_exists("Index already exists"));
    assert!(says_index_exists("index already exists."));
    assert!(!says_index_exists("messages: no such index"));
    assert!(says_no_password_needed(
        "ERR AUTH <password> called without any password configured for the default user."
    ));
    assert!(!says_no_password_needed("WRONGPASS invalid username-password pair or user is disabled."));
}

#[test]
fn io_errors_tell_silence_from_absence() {
    let faults = faults();
    let of = |kind: std::io::ErrorKind| faults.io(&kind.into()).kind();
    assert_eq!(of(std::io::ErrorKind::TimedOut), Kind::Timeout);
    assert_eq!(of(std::io::ErrorKind::ConnectionRefused), Kind::Unreachable);
    assert_eq!(of(std::io::ErrorKind::ConnectionReset), Kind::Unreachable);
    assert_eq!(of(std::io::ErrorKind::UnexpectedEof), Kind::Unreachable);
    assert_eq!(faults.silence(Command::Cursor, Duration::from_secs(5)).kind(), Kind::Timeout);
    assert_eq!(faults.form(Command::Cursor, "rows").kind(), Kind::Protocol);
}

#[test]
fn errors_name_the_redis_and_the_command() {
    let text = faults().silence(Command::Cursor, Duration::from_secs(5)).to_string();
    assert_eq!(text, "redis at redis:6379 did not answer ft.cursor within 5s");
}

#[test]
fn what_a_server_repeats_of_the_password_is_left_out() {
    let answers = [
        "-ERR unknown command 'AUTH', with args beginning with: 'hunter2' \r\n",
        "-ERR this is hunter2\r\n",
        "-hunter2\r\n",
    ];
    for answer in answers {
        let Ok(Value::ServerError(error)) = redis::parse_redis_value(answer.as_bytes()) else {
            panic!("{answer} is an error");
        };
        let error = faults().refusal(Command::Connect, &error);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

fn faults() -> Faults {
    Faults::new(Address::Tcp("redis".to_owned(), 6379), Some(Password::new("hunter2")))
}
