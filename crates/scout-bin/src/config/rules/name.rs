//! Names of rules and receivers.

use scout_core::alerting::{SOURCE_RESET, SOURCE_UNREACHABLE};

use crate::config::table::Table;

/// The longest name.
const NAME_BYTES: usize = 128;

/// Whether a text can be a name; else what is wrong with it.
pub(crate) fn check(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > NAME_BYTES || !name.bytes().all(is_plain) {
        return Err(format!("must be 1 to {NAME_BYTES} letters, digits, _, - or ."));
    }
    Ok(())
}

pub(super) fn read<'a>(table: &mut Table<'a>) -> Option<&'a str> {
    if table.get("name").is_none() {
        table.missing("name", "every rule has one");
    }
    let name = table.text("name")?;
    if let Err(reason) = check(name) {
        table.refuse("name", reason);
        return None;
    }
    if [SOURCE_UNREACHABLE, SOURCE_RESET].contains(&name) {
        table.refuse("name", "is the name of an alert of Scout's own");
    }
    Some(name)
}
