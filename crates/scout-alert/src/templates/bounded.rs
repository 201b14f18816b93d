//! A text that does not get longer than it may.

use std::io;

/// Takes in a text up to a length, and refuses the rest.
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_full: false }
    }

    /// Whether some of what was written is not there.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn into_text(self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        // One character may have lost its end.
        text.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned()
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.bytes.len();
        let (fits, rest) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(fits);
        if !rest.is_empty() {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As much of a text as fits.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let ends = text.char_indices().map(|(start, letter)| start + letter.len_utf8());
    &text[..ends.take_while(|&end| end <= limit).last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_text_is_cut_between_two_characters() {
        let mut bounded = Bounded::new(3);
        assert!(bounded.write_all("aé".as_bytes()).is_ok() && !bounded.is_full());
        assert!(bounded.write_all(b"b").is_err() && bounded.is_full());
        assert_eq!(bounded.into_text(), "aé");
        let mut bounded = Bounded::new(2);
        assert!(bounded.write_all("aé".as_bytes()).is_err());
        assert_eq!(bounded.into_text(), "a");
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
