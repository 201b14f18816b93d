//! A wall clock of a server's own, which can be set.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

/// Says what time it is in place of the system.
const SOURCE: &str = include_str!("clock.c");
const LIBRARY: &str = "clock.so";
/// By how many seconds the clock is ahead: eight bytes, as the machine has numbers.
const MOVED_BY: &str = "clock";

/// What the server's environment has to be, for a clock that lies in this folder. Kept over restarts.
pub(super) fn environment(folder: &Path) -> io::Result<[String; 2]> {
    let library = folder.join(LIBRARY);
    if !library.is_file() {
        let source = folder.join("clock.c");
        fs::write(&source, SOURCE)?;
        fs::write(folder.join(MOVED_BY), 0_i64.to_ne_bytes())?;
        let output =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("cc cannot make a clock: {said}")));
        }
    }
    let moved_by = folder.join(MOVED_BY);
    Ok([format!("LD_PRELOAD={}", library.display()), format!("SCOUT_TESTKIT_CLOCK={}", moved_by.display())])
}

/// Sets it so many seconds ahead of this machine's, or behind.
pub(super) fn set(folder: &Path, ahead_seconds: i64) -> io::Result<()> {
    // In place, since the server looks into this very file.
    File::options().write(true).open(folder.join(MOVED_BY))?.write_all_at(&ahead_seconds.to_ne_bytes(), 0)
}
