//! Percent-encoding, as paths and query strings carry it.

/// What a `+` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plus {
    /// Itself, as in paths.
    Plus,
    /// A space, as in the values of forms and query strings.
    Space,
}

/// The text that was encoded; `None` if that is not UTF-8, or a `%` is not followed by two hexadecimal digits.
pub(crate) fn decode(encoded: &str, plus: Plus) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match *first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.push(digit(digits[0])? << 4 | digit(digits[1])?);
                rest = after;
            }
            b'+' if plus == Plus::Space => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_all_else_stays() {
        for (encoded, decoded) in [
            ("", Some("")),
            ("flux", Some("flux")),
            ("org%2Frepo", Some("org/repo")),
            ("org%2frepo", Some("org/repo")),
            ("K%C3%BCche", Some("Küche")),
            ("a%20b%25", Some("a b%")),
            ("%", None),
            ("%2", None),
            ("%+1", None),
            ("%zz", None),
            ("%ff", None),
        ] {
            assert_eq!(decode(encoded, Plus::Plus).as_deref(), decoded, "{encoded:?}");
        }
    }

    #[test]
    fn a_plus_is_a_space_in_query_strings_alone() {
        assert_eq!(decode("a+b%2B", Plus::Space).as_deref(), Some("a b+"));
        assert_eq!(decode("a+b%2B", Plus::Plus).as_deref(), Some("a+b+"));
    }
}
