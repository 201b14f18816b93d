//! Flags made from the table of keys.

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, Error};
use std::ffi::OsStr;

use crate::config::{AnyKey, Overrides, keys};
use crate::demo;

/// The flags that stand for keys of the configuration. Their values are checked with all others, by the table.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyFlags(pub(super) Overrides);

impl clap::Args for KeyFlags {
    fn augment_args(command: Command) -> Command {
        command.args(flagged().map(|(key, flag)| arg(key, flag, key.info().default.map(default))))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for KeyFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for (key, _) in flagged() {
            let path = key.info().path;
            if let Some(text) = matches.get_one::<String>(path) {
                self.0.set(path, text.clone());
            }
        }
        Ok(())
    }
}

/// The same flags for the demo, where other things hold.
pub(super) fn of_demo() -> impl Iterator<Item = Arg> {
    flagged().map(|(key, flag)| {
        let info = key.info();
        let in_demo = |table: &[(&str, &'static str)]| {
            table.iter().find(|(path, _)| *path == info.path).map(|(_, text)| *text)
        };
        let fixed = in_demo(&demo::FIXED).map(|text| format!(" [always: {text}]"));
        arg(key, flag, fixed.or_else(|| in_demo(&demo::DEFAULTS).or(info.default).map(default)))
    })
}

fn default(text: &str) -> String {
    format!(" [default: {text}]")
}

fn arg(key: &dyn AnyKey, flag: &'static str, unset: Option<String>) -> Arg {
    let info = key.info();
    let unset = unset.unwrap_or_default();
    Arg::new(info.path)
        .long(flag)
        .value_name(value_name(key))
        .help(format!("{}{unset} [env: {}]", info.help.trim_end_matches('.'), info.env))
        .help_heading("Settings")
        .global(true)
        .action(ArgAction::Set)
        .value_parser(Unchecked { choices: key.choices() })
}

fn flagged() -> impl Iterator<Item = (&'static dyn AnyKey, &'static str)> {
    keys::ALL.iter().filter_map(|key| Some((*key, key.info().flag?)))
}

/// The last part of the path, as a placeholder.
fn value_name(key: &dyn AnyKey) -> String {
    let path = key.info().path;
    path.rsplit('.').next().unwrap_or(path).to_uppercase()
}

/// Takes any text but an empty one. The choices serve completion and help; a wrong one is told together with all
/// other bad keys.
#[derive(Clone)]
struct Unchecked {
    choices: Vec<&'static str>,
}

impl TypedValueParser for Unchecked {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        clap::builder::NonEmptyStringValueParser::new().parse_ref(command, arg, value).map_err(|error| {
            // A value that is not Unicode may still be a secret, and is not repeated.
            if error.kind() == ErrorKind::InvalidUtf8 {
                Error::new(ErrorKind::InvalidUtf8).with_cmd(command)
            } else {
                error
            }
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = || self.choices.iter().map(|name| PossibleValue::new(*name));
        (!self.choices.is_empty()).then(|| Box::new(values()) as Box<dyn Iterator<Item = PossibleValue>>)
    }
}
