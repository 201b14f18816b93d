//! Programs as they are released: built, and found.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds what these arguments of `cargo build` name.
pub(crate) fn build(what: &[&str]) -> io::Result<()> {
    let status = Command::new("cargo").args(["build", "--release"]).args(what).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("the build failed")) }
}

/// A program in the release folder, which stands beside the one that this very program was built into.
pub(crate) fn path(program: &str) -> io::Result<PathBuf> {
    let target = std::env::current_exe()?.ancestors().nth(2).map(Path::to_owned).unwrap_or_default();
    Ok(target.join("release").join(program))
}
