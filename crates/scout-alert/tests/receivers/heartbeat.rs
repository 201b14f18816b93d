//! What a dead-man's switch sees.

use scout_alert::{Client, Heartbeat, HeartbeatMethod, Secret};
use scout_core::WallTime;
use scout_core::alerting::DeliveryErrorKind;
use scout_testkit::{Recorder, Reply};

use crate::support::{client, impatient};

fn heartbeat(recorder: &Recorder, method: HeartbeatMethod) -> Heartbeat {
    heartbeat_by(client(), recorder, method)
}

fn heartbeat_by(client: Client, recorder: &Recorder, method: HeartbeatMethod) -> Heartbeat {
    Heartbeat::new(&Secret::new(recorder.url("/ping/a-key?x=1")), method, client).unwrap()
}

#[tokio::test]
async fn a_beat_is_a_request_without_a_body() {
    let recorder = Recorder::start().await.unwrap();
    for (method, name) in [(HeartbeatMethod::Get, "GET"), (HeartbeatMethod::Post, "POST")] {
        heartbeat(&recorder, method).beat(WallTime::default()).await.unwrap();
        let request = recorder.requests().pop().unwrap();
        assert_eq!((&*request.method, &*request.path, request.text()), (name, "/ping/a-key?x=1", ""));
    }
}

#[tokio::test]
async fn a_beat_that_is_not_taken_is_an_error() {
    let recorder = Recorder::start().await.unwrap();
    for (reply, kind) in [
        (Reply::status(404), DeliveryErrorKind::Rejected),
        (Reply::status(503), DeliveryErrorKind::Unavailable),
        (Reply::Hang, DeliveryErrorKind::Timeout),
    ] {
        recorder.reply(reply);
        let error = heartbeat_by(impatient(), &recorder, HeartbeatMethod::Get)
            .beat(WallTime::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}
