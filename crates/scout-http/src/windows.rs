//! Answers to questions, kept for as long as they hold: dashboards ask the same again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::view::View;

/// Different questions whose answers are kept at the same time.
const KEPT: usize = 64;

/// The longest question and the longest answer that are kept, in bytes, so that all together stay within some megabytes.
const KEPT_QUESTION_BYTES: usize = 1 << 10;
const KEPT_ANSWER_BYTES: usize = 64 << 10;

/// Answers of one publication.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    of_this_second: Mutex<OfOneSecond>,
}

/// Answers whose windows end within the same second.
#[derive(Debug, Default)]
struct OfOneSecond {
    second: i64,
    answers: HashMap<Box<str>, Arc<View>>,
}

impl Windows {
    /// The answer to a question, by its path and query string, if it was given in this second before.
    pub(crate) fn get(&self, second: i64, question: &str) -> Option<Arc<View>> {
        let kept = self.of_this_second.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(question).filter(|_| kept.second == second).cloned()
    }

    /// Keeps an answer, if there is room.
    pub(crate) fn keep(&self, second: i64, question: &str, answer: &Arc<View>) {
        if question.len() > KEPT_QUESTION_BYTES || answer.body().len() > KEPT_ANSWER_BYTES {
            return;
        }
        let mut kept = self.of_this_second.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.second < second {
            *kept = OfOneSecond { second, answers: HashMap::new() };
        }
        if kept.second == second && kept.answers.len() < KEPT {
            kept.answers.insert(question.into(), Arc::clone(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;

    use super::*;
    use crate::encoding::Compressor;

    fn view(bytes: usize) -> Arc<View> {
        Arc::new(View::new(vec![b'x'; bytes].into(), &Compressor::new(Compression::fast())))
    }

    #[test]
    fn an_answer_is_kept_for_its_second() {
        let windows = Windows::default();
        windows.keep(7, "/a?window=1m", &view(10));
        assert!(windows.get(7, "/a?window=1m").is_some());
        assert!(windows.get(7, "/a?window=2m").is_none());
        assert!(windows.get(8, "/a?window=1m").is_none());
        windows.keep(8, "/b", &view(10));
        assert!(windows.get(8, "/a?window=1m").is_none() && windows.get(7, "/a?window=1m").is_none());
        // One who was slow brings an answer of the second before.
        windows.keep(7, "/c", &view(10));
        assert!(windows.get(8, "/b").is_some() && windows.get(7, "/c").is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let windows = Windows::default();
        windows.keep(1, "/large", &view(KEPT_ANSWER_BYTES + 1));
        windows.keep(1, &"q".repeat(KEPT_QUESTION_BYTES + 1), &view(10));
        for number in 0..2 * KEPT {
            windows.keep(1, &format!("/{number}"), &view(10));
        }
        let kept = windows.of_this_second.lock().unwrap();
        assert_eq!(kept.answers.len(), KEPT);
        assert!(kept.answers.contains_key("/0") && !kept.answers.contains_key("/large"));
    }
}
