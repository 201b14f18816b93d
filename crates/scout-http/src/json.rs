//! JSON as the Go service writes it: compact, in one line, with what HTML would read as markup escaped.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::Formatter;

/// Writes what Go's `encoding/json` writes: beside what JSON wants escaped, `<`, `>`, `&` and the two line separators.
struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, special) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut characters = special.chars();
            if let Some(character) = characters.next() {
                write!(out, "\\u{:04x}", u32::from(character))?;
            }
            rest = characters.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

/// The value in one line that ends in a line feed.
pub(crate) fn line<T: Serialize>(value: &T) -> Bytes {
    let mut out = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, GoFormatter);
    #[expect(
        clippy::expect_used,
        reason = "a `Vec` takes every write, and all keys of our answers are texts"
    )]
    value.serialize(&mut serializer).expect("answers can be written as JSON");
    out.push(b'\n');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_line_separators_are_escaped_in_keys_and_values() {
        let value = std::collections::BTreeMap::from([("<a&b>", "x\u{2028}y\u{2029}z")]);
        let expected = "{\"\\u003ca\\u0026b\\u003e\":\"x\\u2028y\\u2029z\"}\n";
        assert_eq!(line(&value), expected);
    }

    #[test]
    fn control_characters_and_quotes_are_escaped_as_go_does() {
        let expected = "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\\u{7f}ü\"\n";
        assert_eq!(line(&"\0\u{1f}\u{8}\u{c}\n\r\t\"\\\u{7f}ü"), expected);
    }
}
