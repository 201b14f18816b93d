//! What must not be shown of an endpoint, though a receiver may repeat it.

use http::Uri;

/// A part of a path that is shorter than this is a word, and a value in a query a number; keys are longer.
const SHORTEST_KEY: (usize, usize) = (12, 4);

/// Texts to be hidden.
#[derive(Clone, Default)]
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn add(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.push(text.to_owned());
            // A whole before its parts.
            self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
        }
    }

    /// The query with all its values, and what in the path may be a key.
    pub(super) fn add_target(&mut self, uri: &Uri) {
        let (in_path, in_query) = SHORTEST_KEY;
        if let Some(query) = uri.query() {
            self.add(query);
            for pair in query.split('&') {
                let value = pair.split_once('=').map_or(pair, |(_, value)| value);
                if value.len() >= in_query {
                    self.add(value);
                }
            }
        }
        uri.path().split('/').filter(|part| part.len() >= in_path).for_each(|part| self.add(part));
    }

    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, hidden| text.replace(hidden, "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_path_and_query_are_hidden_wherever_they_are_repeated() {
        let mut hidden = Hidden::default();
        hidden.add_target(&"http://a/hook/0123456789abcdef?key=s3cret&on=1&flag".parse().unwrap());
        let text = "1 error: cannot POST /hook/0123456789abcdef?key=s3cret&on=1&flag (key is s3cret)";
        assert_eq!(hidden.hide(text), "1 error: cannot POST /hook/***?*** (key is ***)");
    }
}
