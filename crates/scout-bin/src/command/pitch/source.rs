//! Where the messages come from: the flags, a file, or standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use scout_core::Message;
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::task::JoinHandle;

use super::client::PitchError;
use crate::cli::{MessageArgs, PitchArgs};

/// Lines read ahead of those that are sent.
const READ_AHEAD: usize = 256;

/// The intake takes no larger message; a longer line is not one.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// The longest end of a line.
const LINE_END_BYTES: u64 = 2;

/// One message as the body of a request.
pub(super) struct Line {
    /// Counted from one.
    pub(super) number: u64,
    /// What was read for it, its line end included.
    pub(super) bytes: u64,
    pub(super) body: Body,
}

/// What a line holds.
pub(super) enum Body {
    Message(Bytes),
    /// More than any intake takes, so it was not kept.
    TooLong,
}

/// The messages in their order. Blank lines are passed over.
pub(super) struct Source {
    lines: mpsc::Receiver<Result<Line, PitchError>>,
    // Ends by itself once `lines` is gone or the input has ended.
    _reader: Option<JoinHandle<()>>,
}

impl Source {
    /// Opens it; beside it the number of bytes to come, where that is known.
    pub(super) fn open(arguments: &PitchArgs) -> Result<(Self, Option<u64>), PitchError> {
        match arguments.file.as_deref() {
            None => Ok((Self::single(&arguments.message)?, Some(0))),
            Some(path) if path == Path::new("-") => Ok((Self::reading(io::stdin()), None)),
            Some(path) => {
                let unreadable = |source| PitchError::Unreadable { name: path.display().to_string(), source };
                let file = File::open(path).map_err(unreadable)?;
                let length = file.metadata().map_err(unreadable)?.len();
                Ok((Self::reading(file), Some(length)))
            }
        }
    }

    fn single(arguments: &MessageArgs) -> Result<Self, PitchError> {
        let mut message = Message::default();
        for (field, argument) in [
            (&mut message.title, &arguments.title),
            (&mut message.message, &arguments.message),
            (&mut message.severity, &arguments.severity),
            (&mut message.system, &arguments.system),
            (&mut message.author, &arguments.author),
            (&mut message.tags, &arguments.tags),
            (&mut message.url, &arguments.url),
        ] {
            field.clone_from(argument.as_ref().unwrap_or(&String::new()));
        }
        let body = serde_json::to_vec(&message).map_err(PitchError::Json)?;
        let (sender, lines) = mpsc::channel(1);
        // There is room for the one message.
        drop(sender.try_send(Ok(Line { number: 1, bytes: 0, body: Body::Message(body.into()) })));
        Ok(Self { lines, _reader: None })
    }

    fn reading(input: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel(READ_AHEAD);
        let reader = tokio::task::spawn_blocking(move || read_lines(input, &sender));
        Self { lines, _reader: Some(reader) }
    }

    pub(super) async fn next(&mut self) -> Option<Result<Line, PitchError>> {
        self.lines.recv().await
    }

    /// Whether nothing is left; a line that is there is dropped.
    pub(super) fn is_at_its_end(&mut self) -> bool {
        self.lines.try_recv().is_err_and(|error| error == TryRecvError::Disconnected)
    }
}

fn read_lines(input: impl Read, lines: &mpsc::Sender<Result<Line, PitchError>>) {
    let mut input = BufReader::new(input);
    for number in 1.. {
        let line = match read_line(&mut input) {
            Ok((0, _)) => return,
            Ok((bytes, body)) => Ok(Line { number, bytes, body }),
            Err(source) => Err(PitchError::Unreadable { name: format!("line {number}"), source }),
        };
        let failed = line.is_err();
        let blank =
            line.as_ref().is_ok_and(|line| matches!(&line.body, Body::Message(body) if body.is_empty()));
        // Sending fails once nobody receives any more.
        if !blank && lines.blocking_send(line).is_err() || failed {
            return;
        }
    }
}

/// One line and the number of bytes it has with its end; none at the end of the input.
fn read_line(input: &mut impl BufRead) -> io::Result<(u64, Body)> {
    let mut line = Vec::new();
    let most = MAX_LINE_BYTES + LINE_END_BYTES;
    let mut bytes = input.take(most).read_until(b'\n', &mut line)? as u64;
    let is_cut = bytes == most && !line.ends_with(b"\n");
    if is_cut {
        bytes += input.skip_until(b'\n')? as u64;
    }
    let body = line.trim_ascii();
    if is_cut || body.len() as u64 > MAX_LINE_BYTES {
        return Ok((bytes, Body::TooLong));
    }
    Ok((bytes, Body::Message(body.to_vec().into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text: their length with their end, and that of their body.
    fn lines(text: &str) -> Vec<(u64, Option<usize>)> {
        let mut input = BufReader::new(text.as_bytes());
        let next = || match read_line(&mut input).unwrap() {
            (0, _) => None,
            (bytes, Body::Message(body)) => Some((bytes, Some(body.len()))),
            (bytes, Body::TooLong) => Some((bytes, None)),
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_line_beyond_what_an_intake_takes_is_passed_over_to_its_end() {
        let most = 1 << 20;
        for end in ["\n", "\r\n"] {
            let (full, over) = ("x".repeat(most), "x".repeat(most + 1));
            let text = format!("a{end}{full}{end}{over}{end}{over}{over}{end}b");
            let (length, end) = (most as u64, end.len() as u64);
            let expected = [
                (1 + end, Some(1)),
                (length + end, Some(most)),
                (length + 1 + end, None),
                (2 * (length + 1) + end, None),
                (1, Some(1)),
            ];
            assert_eq!(lines(&text), expected);
        }
        assert_eq!(lines(&"x".repeat(most + 3)), [(most as u64 + 3, None)]);
    }
}
