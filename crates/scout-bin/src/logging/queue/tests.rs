use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::*;

const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(30);

/// An output whose every write waits until the test takes it.
struct Output(SyncSender<String>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.0.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gap(dropped: u64) -> String {
    format!("gap of {dropped}")
}

/// A queue, its thread, and what the thread writes.
fn written() -> (Arc<Queue>, JoinHandle<()>, Receiver<String>) {
    let queue = Arc::new(Queue::default());
    let (sender, receiver) = sync_channel(0);
    let writer = std::thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.write_to(Output(sender), gap)
    });
    (queue, writer, receiver)
}

fn log(mut queue: &Queue, line: &str) {
    queue.write_all(line.as_bytes()).unwrap();
}

/// Logs a line and waits until the thread has it in hand, so that the queue is empty.
fn log_and_block(queue: &Queue, line: &str) {
    log(queue, line);
    while !queue.state().lines.is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn lines_are_written_in_order() {
    let (queue, writer, output) = written();
    let lines: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    for line in &lines {
        log(&queue, line);
    }
    let seen: Vec<_> = output.iter().take(lines.len()).collect();
    assert_eq!(seen, lines);
    queue.close(LONG);
    writer.join().unwrap();
}

#[test]
fn a_full_queue_drops_lines_and_says_how_many_once_the_rest_is_read() {
    let (queue, _writer, output) = written();
    log_and_block(&queue, "in hand");
    for number in 0..MAX_LINES + 7 {
        log(&queue, &number.to_string());
    }
    assert_eq!(output.recv().unwrap(), "in hand");
    for number in 0..MAX_LINES {
        assert_eq!(output.recv().unwrap(), number.to_string());
    }
    assert_eq!(output.recv().unwrap(), gap(7));
    log(&queue, "after");
    assert_eq!(output.recv().unwrap(), "after");
}

#[test]
fn a_gap_is_not_mixed_with_lines_that_found_room() {
    let (queue, _writer, output) = written();
    log_and_block(&queue, "in hand");
    for _ in 0..=MAX_LINES {
        log(&queue, "old");
    }
    assert_eq!(output.recv().unwrap(), "in hand");
    assert_eq!(output.recv().unwrap(), "old");
    // There is room by now, but what was dropped came before this.
    log(&queue, "new");
    let rest: Vec<_> = output.iter().take(MAX_LINES).collect();
    assert!(rest[..MAX_LINES - 1].iter().all(|line| line == "old"), "{rest:?}");
    assert_eq!(rest[MAX_LINES - 1], gap(2));
}

#[test]
fn long_lines_are_bounded_by_their_bytes() {
    let (queue, _writer, output) = written();
    log_and_block(&queue, "in hand");
    let half = "x".repeat(MAX_BYTES / 2);
    for _ in 0..3 {
        log(&queue, &half);
    }
    assert_eq!(queue.state().bytes, MAX_BYTES);
    let seen: Vec<_> = output.iter().take(4).collect();
    assert_eq!(seen, ["in hand", &half, &half, &gap(1)]);
    assert_eq!(queue.state().bytes, 0);
}

#[test]
fn closing_waits_until_all_is_written() {
    let (queue, writer, output) = written();
    log(&queue, "a");
    log(&queue, "b");
    let reader = std::thread::spawn(move || output.iter().collect::<Vec<_>>());
    queue.close(LONG);
    assert!(queue.state().is_done());
    writer.join().unwrap();
    assert_eq!(reader.join().unwrap(), ["a", "b"]);
}

#[test]
fn closing_gives_up_on_a_reader_that_does_not_read() {
    let (queue, _writer, output) = written();
    log_and_block(&queue, "in hand");
    log(&queue, "waiting");
    queue.close(SHORT);
    assert!(!queue.state().is_done());
    drop(output);
}

#[test]
fn an_output_that_is_gone_neither_stops_nor_busies_the_writer() {
    let (queue, writer, output) = written();
    drop(output);
    for _ in 0..3 {
        log(&queue, "lost");
    }
    queue.close(LONG);
    assert!(queue.state().is_done());
    writer.join().unwrap();
}

#[test]
fn lines_that_could_not_be_written_are_told_when_writing_succeeds_again() {
    /// Fails so many times, then keeps what it is given.
    struct Full<'a>(usize, &'a mut Vec<String>);
    impl Write for Full<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                self.0 -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let queue = Queue::default();
    for line in ["a", "b", "c"] {
        log(&queue, line);
    }
    queue.close(Duration::ZERO);
    let mut kept = Vec::new();
    // "a" itself, then the word about it when "b" comes.
    queue.write_to(Full(2, &mut kept), gap);
    assert_eq!(kept, [gap(2), "c".to_owned()]);
}
