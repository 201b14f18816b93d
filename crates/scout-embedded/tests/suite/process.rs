//! A second process with a store: this test program started again, told by a file in its folder what to do.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use scout_core::MessageIntake as _;
use scout_embedded::{EmbeddedConfig, EmbeddedStore};

use crate::support::{TestClock, message, open, scan};

/// What the other process is to do with the store in `data`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Orders {
    /// Submit from several callers without an end, telling each key that is on disk.
    Submit,
    /// Submit large messages until one fails, and again when told to; tell each outcome, and at last the rows.
    Fill,
    /// Keep the store open until told to end.
    Hold,
}

const FILE: &str = "orders";

impl Orders {
    const ALL: [Self; 3] = [Self::Submit, Self::Fill, Self::Hold];
}

/// The other process.
pub(crate) struct Other {
    pub(crate) process: Child,
    pub(crate) told: Lines<BufReader<ChildStdout>>,
    input: Option<ChildStdin>,
}

impl Other {
    /// Starts it; a script that ends in `exec "$@"` may set it up first.
    pub(crate) fn start(folder: &Path, orders: Orders, script: &str) -> Self {
        fs::write(folder.join(FILE), format!("{orders:?}")).expect("the orders are written");
        let mut process = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(std::env::current_exe().expect("this program has a path"))
            .args(["process::other", "--exact", "--ignored", "--nocapture"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the other process starts");
        let told = BufReader::new(process.stdout.take().expect("its output is taken")).lines();
        let input = process.stdin.take();
        Self { process, told, input }
    }

    /// The next line that begins so, without its beginning; `None` if it ends before.
    pub(crate) fn hear(&mut self, beginning: &str) -> Option<String> {
        self.told.find_map(|line| line.ok()?.strip_prefix(beginning).map(str::to_owned))
    }

    /// Tells it to go on.
    pub(crate) fn go_on(&mut self) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(b"\n").expect("it listens");
    }

    /// Kills it as the kernel does, and waits for its end. All that it told before can still be heard.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn tell(text: &str) {
    // On a line of its own, whatever the test runner has written before.
    write!(io::stdout(), "\n{text}\n").expect("somebody listens");
}

fn wait_until_told() {
    io::stdin().lock().read_line(&mut String::new()).expect("somebody tells");
}

#[test]
#[ignore = "is the other process, started by the tests that need one"]
fn other() {
    let Ok(orders) = fs::read_to_string(FILE) else { return };
    let orders = Orders::ALL.into_iter().find(|known| format!("{known:?}") == orders).expect("known orders");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        tell("starting");
        match orders {
            Orders::Submit => submit().await,
            Orders::Fill => fill().await,
            Orders::Hold => {
                let _store = open(Path::new("data"));
                tell("open");
                wait_until_told();
            }
        }
    });
}

async fn submit() {
    let store = open(Path::new("data"));
    tell("open");
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            loop {
                let receipt =
                    store.submit(&message(&format!("caller {number}"), "t")).await.expect("a receipt");
                tell(&format!("on disk {}", receipt.key));
            }
        });
    }
    callers.join_all().await;
}

async fn fill() {
    let clock = TestClock::new();
    let store = EmbeddedStore::open(&EmbeddedConfig::new("data"), clock.clone()).expect("a store");
    let large = message("a", &"x".repeat(64 << 10));
    let mut stored = 0;
    let error = loop {
        match store.submit(&large).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    let again =
        store.submit(&large).await.map_or_else(|error| error.kind().to_string(), |_| "stored".to_owned());
    tell(&format!("full after {stored}: {}: {again}: {error}", error.kind()));
    wait_until_told();
    clock.step(5_000);
    match store.submit(&large).await {
        Ok(_) => tell(&format!("rows {}", scan(&store).await.1.rows)),
        Err(error) => tell(&format!("rows none: {error}")),
    }
}
