//! Reading answers, whose form differs between protocols and versions: a number may come as text, a map as a list.

use std::borrow::Cow;

use redis::Value;

/// The bytes of a text.
pub(crate) fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.as_bytes()),
        Value::Okay => Some(b"OK"),
        _ => None,
    }
}

/// A text; what is not UTF-8 in it is replaced.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    bytes(value).map(String::from_utf8_lossy)
}

/// A number, written as one or as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::Boolean(yes) => Some(f64::from(u8::from(*yes))),
        value => std::str::from_utf8(bytes(value)?).ok()?.trim().parse().ok(),
    }
}

/// A number of things.
pub(crate) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        value => {
            let number = number(value)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates, after the check for a sign"
            )]
            (number >= 0.0).then_some(number as u64)
        }
    }
}

/// The elements of a list.
pub(crate) fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) | Value::Set(items) => Some(items),
        _ => None,
    }
}

/// The names and values of a map, which RESP2 writes as a list.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let (map, flat): (&[(Value, Value)], &[Value]) = match value {
        Value::Map(map) => (map, &[]),
        value => (&[], list(value).unwrap_or_default()),
    };
    let pairs = flat.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
    map.iter().map(|(name, value)| (name, value)).chain(pairs)
}

/// The value of that name in a map.
pub(crate) fn field<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    entries(map).find(|(key, _)| bytes(key) == Some(name.as_bytes())).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(answer: &str) -> Value {
        redis::parse_redis_value(answer.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_come_in_every_form() {
        for answer in [":7\r\n", ",7\r\n", "$1\r\n7\r\n", "+7\r\n", "$4\r\n 7.0\r\n"] {
            assert_eq!(number(&parse(answer)), Some(7.0), "{answer}");
            assert_eq!(count(&parse(answer)), Some(7), "{answer}");
        }
        for answer in ["$-1\r\n", "*0\r\n", "$1\r\nx\r\n"] {
            assert_eq!(number(&parse(answer)), None, "{answer}");
        }
        assert_eq!(count(&parse(":-1\r\n")), None);
        assert_eq!(count(&parse(",nan\r\n")), None);
    }

    #[test]
    fn a_map_reads_like_a_list_of_pairs() {
        for answer in ["*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n"] {
            let map = parse(answer);
            assert_eq!(field(&map, "b").and_then(count), Some(2), "{answer}");
            assert_eq!(field(&map, "c"), None, "{answer}");
        }
        assert_eq!(field(&Value::Nil, "a"), None);
    }
}
