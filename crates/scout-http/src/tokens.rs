//! Bearer tokens: who may read the analytics and pitch messages.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The tokens that are accepted; several, so that they can be rotated. Without any, everybody is let in.
///
/// Only digests are kept. Comparing digests takes the same time whatever the length of a token and
/// wherever a guess first differs from it.
#[derive(Clone, Default)]
pub struct Tokens {
    digests: Vec<[u8; 32]>,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// It carries no token.
    Missing,
    /// What it carries is not one of ours.
    Invalid,
}

impl Tokens {
    /// Accepts each of `tokens`; empty texts are none.
    pub fn new(tokens: impl IntoIterator<Item = String>) -> Self {
        let tokens = tokens.into_iter().filter(|token| !token.is_empty());
        Self { digests: tokens.map(|token| digest(token.as_bytes())).collect() }
    }

    /// Whether everybody is let in.
    pub fn is_open(&self) -> bool {
        self.digests.is_empty()
    }

    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        if self.is_open() {
            return Ok(());
        }
        let header = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        if header.is_empty() {
            return Err(Denied::Missing);
        }
        // At the first space: what follows it is the token, further spaces included.
        let Some(space) = header.iter().position(|byte| *byte == b' ') else { return Err(Denied::Invalid) };
        let (scheme, token) = (&header[..space], &header[space + 1..]);
        if scheme.eq_ignore_ascii_case(b"bearer") && self.accepts(token) {
            Ok(())
        } else {
            Err(Denied::Invalid)
        }
    }

    /// Compares with every token, also after one was right.
    fn accepts(&self, token: &[u8]) -> bool {
        let given = digest(token);
        let accepted =
            self.digests.iter().fold(Choice::from(0), |accepted, known| accepted | known.ct_eq(&given));
        accepted.into()
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tokens({} hidden)", self.digests.len())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(tokens: &Tokens, header: &'static str) -> Result<(), Denied> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(header));
        tokens.check(&headers)
    }

    #[test]
    fn every_one_of_several_tokens_is_accepted() {
        let tokens = Tokens::new(["old".to_owned(), "new".to_owned()]);
        assert_eq!(check(&tokens, "Bearer old"), Ok(()));
        assert_eq!(check(&tokens, "Bearer new"), Ok(()));
        assert_eq!(check(&tokens, "Bearer ol"), Err(Denied::Invalid));
        assert_eq!(check(&tokens, "Bearer oldnew"), Err(Denied::Invalid));
    }

    #[test]
    fn empty_tokens_are_none_and_leave_the_door_open() {
        let tokens = Tokens::new([String::new()]);
        assert!(tokens.is_open());
        assert_eq!(tokens.check(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn an_empty_token_opens_no_locked_door() {
        assert_eq!(check(&Tokens::new(["secret".to_owned()]), "Bearer "), Err(Denied::Invalid));
    }

    #[test]
    fn a_token_may_hold_spaces() {
        let tokens = Tokens::new(["two words".to_owned()]);
        assert_eq!(check(&tokens, "Bearer two words"), Ok(()));
        assert_eq!(check(&tokens, "Bearer words"), Err(Denied::Invalid));
    }

    #[test]
    fn debug_shows_neither_tokens_nor_their_digests() {
        let shown = format!("{:?}", Tokens::new(["secret".to_owned()]));
        assert_eq!(shown, "Tokens(1 hidden)");
    }
}
