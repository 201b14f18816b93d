//! Where the messages come from: the flags, a file, or standard input.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use scout_core::Message;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::client::PitchError;
use crate::cli::{MessageArgs, PitchArgs};

/// Lines read ahead of those that are sent.
const READ_AHEAD: usize = 256;

/// The intake takes no larger message; a longer line is not one.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// One message as the body of a request.
pub(super) struct Line {
    /// Counted from one.
    pub(super) number: u64,
    /// What was read for it, its line end included.
    pub(super) bytes: u64,
    pub(super) body: Bytes,
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
        drop(sender.try_send(Ok(Line { number: 1, bytes: 0, body: body.into() })));
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
}

fn read_lines(input: impl Read, lines: &mpsc::Sender<Result<Line, PitchError>>) {
    let mut input = BufReader::new(input);
    for number in 1.. {
        let mut line = Vec::new();
        let read = match (&mut input).take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(read) if read as u64 > MAX_LINE_BYTES => Err(PitchError::LineTooLong { number }),
            Ok(read) => Ok(read as u64),
            Err(source) => Err(PitchError::Unreadable { name: format!("line {number}"), source }),
        };
        let failed = read.is_err();
        let line = read.map(|bytes| Line { number, bytes, body: line.trim_ascii().to_vec().into() });
        let blank = line.as_ref().is_ok_and(|line| line.body.is_empty());
        // Sending fails once nobody receives any more.
        if !blank && lines.blocking_send(line).is_err() || failed {
            return;
        }
    }
}
