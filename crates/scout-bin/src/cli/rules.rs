//! `scout rules`.

use std::io::{self, Write as _};
use std::iter;

use super::{Exit, Invocation, RulesArgs, RulesCommand};
use crate::config::{Environment, Loaded, in_words};
use crate::rule_tests::{self, Suite};

pub(super) fn run(arguments: &RulesArgs, invocation: &Invocation, environment: &Environment) -> Exit {
    match &arguments.command {
        RulesCommand::Check => match invocation.load(environment.clone()) {
            Ok(loaded) => check(&loaded),
            Err(error) => super::refuse(&error),
        },
        RulesCommand::Test { files } => test(files, invocation, environment),
    }
}

/// Each rule in one line.
fn check(loaded: &Loaded) -> Exit {
    let mut err = io::stderr().lock();
    for warning in &loaded.warnings {
        drop(writeln!(err, "warning: {warning}"));
    }
    let rules = &loaded.settings.alert.rules;
    if rules.is_empty() {
        return super::print("no rules\n");
    }
    let lines: Vec<String> =
        rules.iter().map(|rule| format!("{}: {}\n", rule.name(), in_words(rule))).collect();
    super::print(&lines.concat())
}

/// A line for each test, with what was expected and found below it if it failed.
fn test(files: &[std::path::PathBuf], invocation: &Invocation, environment: &Environment) -> Exit {
    // All files are read first, so that all mistakes are told at once.
    let (mut suites, mut mistakes) = (Vec::new(), Vec::new());
    for file in files {
        match Suite::read(file, || invocation.load(environment.clone())) {
            Ok(suite) => suites.push((file, suite)),
            Err(error) => mistakes.push(error.to_string()),
        }
    }
    if !mistakes.is_empty() {
        // Two files may name one configuration with one mistake.
        mistakes.dedup();
        drop(writeln!(io::stderr().lock(), "{}", mistakes.join("\n")));
        return Exit::Usage;
    }
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for (file, suite) in &suites {
        for test in suite.tests() {
            let differences = rule_tests::run(suite, test);
            let (word, counter) =
                if differences.is_empty() { ("ok", &mut passed) } else { ("FAILED", &mut failed) };
            *counter += 1;
            let first = format!("{word:6}  {}: {}\n", file.display(), test.name());
            let rest = differences.iter().map(|difference| format!("        {difference}\n"));
            let printed = super::print(&iter::once(first).chain(rest).collect::<Vec<_>>().concat());
            if printed != Exit::Ok {
                return printed;
            }
        }
    }
    let printed = super::print(&format!("{passed} passed, {failed} failed\n"));
    if failed > 0 { Exit::TestsFailed } else { printed }
}
