//! `scout completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Exit;
use super::arguments::Arguments;

pub(super) fn run(shell: Shell) -> Exit {
    let mut script = Vec::new();
    // Into memory, since the generator panics when it cannot write.
    clap_complete::generate(shell, &mut Arguments::command(), "scout", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}
