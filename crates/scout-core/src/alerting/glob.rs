//! Patterns over names: `*` for any text, `?` for any one character.

/// A pattern that a whole name must match, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob(Box<str>);

impl Glob {
    /// The pattern of this text. Every text is one.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of a name is as the pattern says.
    ///
    /// Goes back to the last `*` alone, so it takes time in proportion to both lengths at most.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (&*self.0, name);
        // Where to go on if what follows the last star does not fit: one character further.
        let mut retry: Option<(&str, &str)> = None;
        loop {
            let mut after = rest.chars();
            let next = after.next();
            let mut wanted = pattern.chars();
            match (wanted.next(), next) {
                (Some('*'), _) => {
                    pattern = wanted.as_str();
                    retry = Some((pattern, rest));
                    continue;
                }
                (Some('?'), Some(_)) => {
                    (pattern, rest) = (wanted.as_str(), after.as_str());
                    continue;
                }
                (Some(letter), Some(found)) if letter == found => {
                    (pattern, rest) = (wanted.as_str(), after.as_str());
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((after_star, from)) = retry else { return false };
            let mut skipped = from.chars();
            if skipped.next().is_none() {
                return false;
            }
            (pattern, rest) = (after_star, skipped.as_str());
            retry = Some((after_star, rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_of_a_name() {
        for (pattern, matching, other) in [
            ("flux", "flux", "flux2"),
            ("flux*", "flux/apps", "aflux"),
            ("*flux", "a/flux", "flux2"),
            ("*", "", "-"),
            ("a?c", "aßc", "ac"),
            ("*a*b", "xaxbxb", "xaxbx"),
            ("a*b*c", "abbcbc", "abcb"),
        ] {
            assert!(Glob::new(pattern).matches(matching), "{pattern} should match {matching:?}");
            assert!(
                pattern == "*" || !Glob::new(pattern).matches(other),
                "{pattern} should not match {other:?}"
            );
        }
        assert!(!Glob::new("?").matches(""));
    }

    #[test]
    fn many_stars_over_a_long_name_do_not_take_for_ever() {
        let pattern = "a*".repeat(500) + "b";
        assert!(!Glob::new(pattern).matches(&"a".repeat(20_000)));
    }
}
