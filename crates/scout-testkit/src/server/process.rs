//! A child process that never outlives the process that started it, whatever ends that one.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Leaves a watchdog behind and becomes the program. The watchdog reads our end of a pipe: at its end, which also
/// comes when we are killed, it kills the program and removes its folder. `gone` tells it that the process number
/// is free for others, `over` that nothing is left to do.
///
/// The watchdog has no parent here, so that the program never meets a child it does not know. Hang-up is ignored
/// since the kernel sends it to a group whose leader is stopped when we die.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
folder=$1
shift
(
    trap '' HUP INT TERM
    {
        pid=$$
        while read -r word; do
            case $word in
                gone) pid= ;;
                over) exit ;;
            esac
        done
        if [ -n "$pid" ]; then kill -KILL "$pid"; fi
        rm -rf -- "$folder"
    } <&3 &
)
exec "$@" 3<&-
"#;

/// Where a program's output goes, in its folder.
pub(super) const OUTPUT: &str = "output.log";

/// How often a process that was told to end is looked at.
const POLL: Duration = Duration::from_millis(2);

/// A running program with its watchdog.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lifeline: Option<ChildStdin>,
}

/// What a running process can be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    Terminate,
    Stop,
    Continue,
}

impl Process {
    /// Starts `program` in `folder`, which the watchdog removes should this process die. What the program writes
    /// goes to the file [`OUTPUT`] in there.
    pub(super) fn start(program: &Path, arguments: &[String], folder: &Path) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(folder.join(OUTPUT))?;
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "scout-testkit"])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C in a terminal is for us; the program ends when we say so.
            .process_group(0)
            .spawn()?;
        let lifeline = child.stdin.take();
        Ok(Self { child, lifeline })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, once it has ended.
    pub(super) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.tell("gone");
        }
        Ok(status)
    }

    /// Ends it at once and waits until it is gone.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.tell("gone");
        Ok(())
    }

    /// Waits until it is gone.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.status()? {
                return Ok(status);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        let name = match signal {
            Signal::Terminate => "TERM",
            Signal::Stop => "STOP",
            Signal::Continue => "CONT",
        };
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "scout-testkit", name, &self.id().to_string()])
            .stderr(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("cannot send SIG{name} to {}", self.id())))
        }
    }

    fn tell(&mut self, word: &str) {
        if let Some(lifeline) = &mut self.lifeline {
            // A watchdog that is gone has nothing to be told.
            let _ = writeln!(lifeline, "{word}");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever fails here, the watchdog sees the end of the pipe and does it.
        if self.kill().is_ok() {
            self.tell("over");
        }
    }
}
