//! A message in a request, decoded by the intake's rules.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::Message;

/// A message read with the intake's rules: keys in any case, texts or null only.
#[derive(Default)]
pub(super) struct Pitched(pub(super) Message);

impl<'de> Deserialize<'de> for Pitched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Pitched;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pitched, A::Error> {
                let mut message = Message::default();
                while let Some(mut key) = map.next_key::<Cow<'_, str>>()? {
                    key.to_mut().make_ascii_lowercase();
                    match message.text_field(&key) {
                        // `null` leaves a field as it is.
                        Some(field) => {
                            if let Some(text) = map.next_value::<Option<String>>()? {
                                *field = text;
                            }
                        }
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Pitched(message))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// Half of a surrogate pair, as a producer leaves it that cuts a text within an emoji, becomes U+FFFD: the decoder
/// would refuse it, the platform's intake does not.
pub(super) fn mend_surrogates(json: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    // In JSON a backslash is always the start of an escape.
    while let Some(escape) = json[at..].find('\\') {
        at += escape;
        let is_half = match (unit_at(json, at), unit_at(json, at + ESCAPE_LENGTH)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => {
                at += 2 * ESCAPE_LENGTH;
                continue;
            }
            (Some(unit), _) => (0xd800..=0xdfff).contains(&unit),
            (None, _) => false,
        };
        if is_half {
            mended.push_str(&json[copied..at]);
            mended.push(char::REPLACEMENT_CHARACTER);
            at += ESCAPE_LENGTH;
            copied = at;
        } else {
            // The backslash and the character that it escapes, which may be a backslash.
            at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[copied..]);
    Cow::Owned(mended)
}

/// The length of `\uffff`.
const ESCAPE_LENGTH: usize = 6;

/// The code unit of the escape `\uffff` at that place.
fn unit_at(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE_LENGTH)?.strip_prefix("\\u")?;
    // A sign is no digit, but the number's parser would take it.
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_digits.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}
