//! Proof that a body is Scout's.

use std::fmt;

use http::HeaderValue;
use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::{Secret, SetupError};

/// Signs bodies with a key that the receiver knows as well.
#[derive(Clone)]
pub(super) struct Signer(Key);

impl Signer {
    pub(super) fn new(key: &Secret) -> Result<Self, SetupError> {
        // Anybody could sign with it.
        if key.expose().is_empty() {
            return Err(SetupError::EmptyKey);
        }
        Ok(Self(Key::new(HMAC_SHA256, key.expose().as_bytes())))
    }

    /// `sha256=` and the HMAC in hexadecimal digits.
    pub(super) fn sign(&self, body: &[u8]) -> HeaderValue {
        let mut text = "sha256=".to_owned();
        for byte in sign(&self.0, body).as_ref() {
            // A half of a byte is always a digit.
            text.extend(
                [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or_default()),
            );
        }
        // Digits and letters can always stand in a header.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Signer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_hmac_of_the_body_by_sha_256() {
        // The second test case of RFC 4231.
        let signed = Signer::new(&Secret::new("Jefe")).unwrap().sign(b"what do ya want for nothing?");
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signed, expected);
    }

    #[test]
    fn an_empty_key_is_none() {
        assert_eq!(Signer::new(&Secret::new("")).unwrap_err(), SetupError::EmptyKey);
    }
}
