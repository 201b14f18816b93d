//! Secrets of receivers: in the file itself, or in one of their own.

use std::fs::File;
use std::io::Read as _;

use crate::config::alert::Purpose;
use crate::config::secret::Secret;
use crate::config::table::Table;

/// Longer than any token; a wrong path may lead to anything.
const SECRET_BYTES: u64 = 64 << 10;

/// The bearer token, which a header has to carry.
pub(super) fn token(table: &mut Table<'_>, purpose: Purpose) -> Option<Secret> {
    let token = read(table, "token", "token_file", purpose)?;
    if let Err(reason) = check_token(&token) {
        let key = if table.get("token").is_some() { "token" } else { "token_file" };
        table.refuse_hidden(key, reason);
        return None;
    }
    Some(token)
}

/// Whether a header can carry it; else why not.
pub(crate) fn check_token(token: &Secret) -> Result<(), &'static str> {
    let text = token.expose();
    if text.trim() == text && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    Err(
        "cannot stand in a header, since it begins or ends with a blank, or holds something else than printable ASCII",
    )
}

/// A secret that stands in one of two keys.
pub(super) fn read(table: &mut Table<'_>, key: &str, file_key: &str, purpose: Purpose) -> Option<Secret> {
    if table.get(key).is_some() && table.get(file_key).is_some() {
        table.refuse(file_key, format!("stands beside {key}: keep one of them"));
        return None;
    }
    if let Some(text) = table.secret(key) {
        return Some(Secret::new(text));
    }
    let path = table.text(file_key)?;
    if purpose == Purpose::TestRules {
        return None;
    }
    match contents(&table.beside_file(path)) {
        Ok(secret) => Some(secret),
        Err(reason) => {
            table.refuse(file_key, reason);
            None
        }
    }
}

/// A file's text, without the line break that editors put at its end.
fn contents(path: &std::path::Path) -> Result<Secret, String> {
    let reason = |error: std::io::Error| format!("cannot be read: {}", error.to_string().to_lowercase());
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(SECRET_BYTES + 1).read_to_end(&mut bytes)).map_err(reason)?;
    if bytes.len() as u64 > SECRET_BYTES {
        return Err(format!("leads to a file of more than {SECRET_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "leads to a file that is not valid UTF-8".to_owned())?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err("leads to an empty file".to_owned());
    }
    Ok(Secret::new(text))
}
