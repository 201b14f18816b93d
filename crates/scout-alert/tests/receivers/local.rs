//! What the store is given in place of omni-pitcher.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use scout_alert::LocalPitcher;
use scout_core::alerting::{DeliveryErrorKind, Receiver as _};
use scout_core::{Message, MessageIntake, Receipt, StoreError, StoreErrorKind};
use scout_testkit::Recorder;

use crate::support::{failure, firing, no_templates, pitcher, resolved};

/// Keeps what it is given, or refuses it.
#[derive(Debug, Default)]
struct Store {
    messages: Mutex<Vec<Message>>,
    refuses: Option<StoreErrorKind>,
}

#[async_trait]
impl MessageIntake for Store {
    async fn submit(&self, message: &Message) -> Result<Receipt, StoreError> {
        if let Some(kind) = self.refuses {
            return Err(StoreError::new(kind, "the reason"));
        }
        self.messages.lock().unwrap().push(message.clone());
        Ok(Receipt { key: "k".to_owned(), stream: "messages".to_owned(), entry: "1-0".to_owned() })
    }
}

#[tokio::test]
async fn the_store_is_given_the_message_that_omni_pitcher_would_make() {
    let store = Arc::new(Store::default());
    let receiver = LocalPitcher::new(store.clone(), no_templates());
    let recorder = Recorder::start().await.unwrap();
    for notification in [firing(), resolved()] {
        receiver.deliver(&notification).await.unwrap();
        pitcher(&recorder.url("")).deliver(&notification).await.unwrap();
        let (given, sent) =
            (store.messages.lock().unwrap().pop().unwrap(), recorder.requests().pop().unwrap());
        assert_eq!(given, Message::from_pitch(&sent.body, notification.at).unwrap());
        assert_eq!(given.system, "homerun2-scout");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_tried_again_and_one_that_refuses_is_not() {
    for (refuses, is_refusal) in [
        (StoreErrorKind::Unreachable, false),
        (StoreErrorKind::NotWritable, false),
        (StoreErrorKind::Permission, true),
        (StoreErrorKind::Refused, true),
    ] {
        let store = Arc::new(Store { refuses: Some(refuses), ..Store::default() });
        let error = failure(&LocalPitcher::new(store, no_templates())).await;
        assert_eq!((error.kind(), error.is_refusal()), (DeliveryErrorKind::Store, is_refusal), "{refuses}");
        assert!(error.to_string().ends_with("the reason"), "{error}");
    }
}
