//! `scout pitch`.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::scout::{command, open_service, signal};

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

#[tokio::test]
async fn pitch_passes_over_a_line_that_is_too_long_and_sends_the_rest() {
    let (_folder, scout) = open_service().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let long = "x".repeat(3 << 20);
    for text in ["m", &long, "m"] {
        writeln!(file, r#"{{"title": "t", "message": "{text}"}}"#).unwrap();
    }
    let to = format!("http://127.0.0.1:{}", scout.port);
    let output = command(&["pitch", file.path().to_str().unwrap(), "--to", &to], &[]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{told}");
    let expected = "line 2: longer than 1 MiB, which no intake takes\n2 sent, 1 refused\n";
    assert!(told.ends_with(expected), "{told}");
    scout.counts(2).await;
}

#[tokio::test]
async fn pitch_names_the_first_bad_lines_with_their_reason_and_counts_the_others() {
    let (_folder, scout) = open_service().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&b"{\"title\": \n".repeat(30)).unwrap();
    let to = format!("http://127.0.0.1:{}", scout.port);
    let output = command(&["pitch", file.path().to_str().unwrap(), "--to", &to], &[]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{told}");
    let named =
        |line: &&str| line.starts_with("line ") && line.ends_with(": 400 Bad Request Invalid JSON payload");
    assert_eq!(told.lines().filter(named).count(), 20, "{told}");
    assert!(told.ends_with("… and 10 more\n0 sent, 30 refused\n"), "{told}");
}

#[test]
fn pitch_to_nobody_says_who_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let to = format!("http://127.0.0.1:{port}");
    let output = command(&["pitch", "--to", &to, "--title", "t", "--message", "m"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&to) && told.contains("0 sent"), "{told}");
}

#[test]
fn pitch_to_a_port_that_is_none_ends_with_64_and_says_which_ports_there_are() {
    for port in ["99999", "abc", "0"] {
        let to = format!("http://127.0.0.1:{port}");
        let output =
            command(&["pitch", "--to", &to, "--title", "t", "--message", "m"], &[]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(
            told.ends_with("must name a port of 1 to 65535 or none\n") && !told.contains("sent"),
            "{told}"
        );
    }
}

#[test]
fn pitch_asks_where_to_send_to_where_the_port_is_any_free_one() {
    let message = ["pitch", "--title", "t", "--message", "m"];
    for (more, variables) in [(&[][..], &[("PORT", "0")][..]), (&["--port", "0"], &[])] {
        let output = command(&[&message, more].concat(), variables).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.ends_with("so nobody knows where to send to: set --to\n"), "{told}");
    }
}

#[tokio::test]
async fn pitch_to_what_is_no_intake_counts_nothing_as_sent_whatever_the_status() {
    let page = "<p>".repeat(100_000);
    for body in ["OK", r#"{"status":"success"}"#, page.as_str()] {
        let port = answer_with(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let to = format!("http://127.0.0.1:{port}");
        let output =
            command(&["pitch", "--to", &to, "--title", "t", "--message", "m"], &[]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(69), "{told}");
        let why = format!("{to}/pitch answered 200, but not as an intake does; is --to right?\n");
        assert!(told.ends_with(&format!("0 sent, 0 refused\n{why}")), "{told}");
    }
}

/// The port of a server that gives one connection this answer, whatever it is asked.
fn answer_with(answer: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _read = stream.read(&mut [0; 16 << 10]).unwrap();
        // The other side may have seen enough.
        drop(stream.write_all(answer.as_bytes()));
    });
    port
}

#[tokio::test]
async fn pitch_stopped_by_a_signal_says_what_it_sent_and_where_to_go_on() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (_folder, scout) = open_service().await;
        let to = format!("http://127.0.0.1:{}", scout.port);
        let mut pitch = command(&["pitch", "-", "--to", &to], &[]);
        let mut pitch = pitch.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Open to the end of the test, so that only the signal ends it.
        let mut input = pitch.stdin.take().unwrap();
        let message = r#"{"title": "t", "message": "m"}"#;
        write!(input, "{message}\n{message}\n").unwrap();
        scout.counts(2).await;
        signal(&pitch, name);
        let (ended, told) = outcome(pitch).await;
        assert!(told.ends_with("2 sent, 0 refused, stopped by a signal; go on from line 3\n"), "{told}");
        assert_eq!(ended, Some(code));
    }
}

#[tokio::test]
async fn pitch_waits_for_what_is_under_way_until_a_second_signal() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}", silent.local_addr().unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, r#"{{"title": "t", "message": "m"}}"#).unwrap();
    let mut pitch = command(&["pitch", file.path().to_str().unwrap(), "--to", &to], &[]);
    let mut pitch = pitch.stderr(Stdio::piped()).spawn().unwrap();
    let _connection = silent.accept().unwrap();
    signal(&pitch, "TERM");
    let mut told = String::new();
    let mut errors = std::io::BufReader::new(pitch.stderr.take().unwrap());
    while !told.contains("a second signal stops at once\n") {
        assert!(errors.read_line(&mut told).unwrap() > 0, "{told}");
    }
    assert_eq!(pitch.try_wait().unwrap(), None);
    signal(&pitch, "TERM");
    let (ended, _) = outcome(pitch).await;
    errors.read_to_string(&mut told).unwrap();
    assert!(told.ends_with("0 sent, 0 refused, stopped by a signal; go on from line 1\n"), "{told}");
    assert_eq!(ended, Some(143));
}

/// Exit code and standard error, once it has ended.
async fn outcome(mut child: Child) -> (Option<i32>, String) {
    let ended = async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let code = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("pitch ends");
    let mut told = String::new();
    child.stderr.take().map(|mut errors| errors.read_to_string(&mut told).unwrap());
    (code, told)
}
