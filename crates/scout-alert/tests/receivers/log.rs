//! What the log is told.

use std::io;
use std::sync::{Arc, Mutex};

use scout_alert::Log;
use scout_core::alerting::Notification;
use scout_core::alerting::Receiver as _;
use tracing::instrument::WithSubscriber as _;

use crate::support::{firing, resolved};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn written(notification: &Notification) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .without_time()
        .with_ansi(false)
        .finish();
    Log.deliver(notification).with_subscriber(subscriber).await.unwrap();
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn each_notification_is_one_line_with_all_that_tells_it_from_others() {
    let line = written(&firing()).await;
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.trim_start().starts_with("WARN "), "{line}");
    let key = firing().key.to_string();
    for part in [
        &*format!("key={key}"),
        "rule=\"ErrorThreshold\"",
        "state=\"firing\"",
        "reason=\"fired\"",
        "flux",
        "value=57",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    let line = written(&resolved()).await;
    assert!(line.trim_start().starts_with("INFO ") && line.contains("state=\"resolved\""), "{line}");
}

#[tokio::test]
async fn a_label_with_a_line_break_stays_on_its_line() {
    let mut notification = firing();
    notification.labels.insert("system".to_owned(), "a\nb".to_owned());
    assert_eq!(written(&notification).await.lines().count(), 1);
}
