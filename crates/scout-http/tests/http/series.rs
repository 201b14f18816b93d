//! Counts over time.

use crate::support::{Harness, serve};

async fn harness() -> Harness {
    let harness = serve(|_| {}).await;
    harness.publish_dated(&[
        ("error", "flux", "2026-03-01T11:59:30Z"),
        ("info", "flux", "2026-03-01T11:59:31Z"),
        ("info", "other", "2026-03-01T11:58:00Z"),
    ]);
    harness
}

const RANGE: &str = "\"lastUpdated\":\"2026-03-01T12:00:00Z\",\"window\":\"2m\",\"time\":\"event\",\
                     \"from\":\"2026-03-01T11:58:00Z\",\"to\":\"2026-03-01T12:00:00Z\"";

#[tokio::test]
async fn a_series_is_divided_as_asked() {
    let harness = harness().await;
    let path = "/analytics/timeseries?window=2m&step=1m";
    assert_eq!(
        harness.get(path).await.text(),
        format!(
            "{{\"totalMessages\":3,\"by\":\"none\",\"step\":\"1m0s\",\"points\":[\
             {{\"time\":\"2026-03-01T11:58:00Z\",\"count\":1}},\
             {{\"time\":\"2026-03-01T11:59:00Z\",\"count\":2}}],{RANGE}}}\n"
        )
    );
    assert_eq!(
        harness.get(&format!("{path}&by=severity")).await.text(),
        format!(
            "{{\"totalMessages\":3,\"by\":\"severity\",\"step\":\"1m0s\",\"points\":[\
             {{\"time\":\"2026-03-01T11:58:00Z\",\"count\":1,\"severities\":{{\"info\":1}}}},\
             {{\"time\":\"2026-03-01T11:59:00Z\",\"count\":2,\"severities\":{{\"error\":1,\"info\":1}}}}],\
             \"severityCounts\":{{\"error\":1,\"info\":2}},{RANGE}}}\n"
        )
    );
    assert_eq!(
        harness.get(&format!("{path}&by=system&limit=1")).await.text(),
        format!(
            "{{\"totalMessages\":3,\"by\":\"system\",\"step\":\"1m0s\",\"points\":[\
             {{\"time\":\"2026-03-01T11:58:00Z\",\"count\":1,\"systems\":{{}},\"other\":1}},\
             {{\"time\":\"2026-03-01T11:59:00Z\",\"count\":2,\"systems\":{{\"flux\":2}}}}],\
             \"systems\":[{{\"system\":\"flux\",\"count\":2}}],{RANGE},\"other\":1}}\n"
        )
    );
}

#[tokio::test]
async fn the_last_hour_by_minutes_is_what_is_not_asked_otherwise() {
    let series = harness().await.get("/analytics/timeseries").await.json();
    assert_eq!(
        (&series["window"], &series["step"], &series["by"]),
        (&"1h0m0s".into(), &"1m0s".into(), &"none".into())
    );
    assert_eq!(series["points"].as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn a_step_that_is_too_fine_is_rounded_up_beside_the_one_asked_for() {
    let series = harness().await.get("/analytics/timeseries?window=24h&step=1s").await.json();
    assert_eq!((&series["step"], &series["requestedStep"]), (&"10m0s".into(), &"1s".into()));
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let harness = harness().await;
    for (query, error) in [
        ("step=0s", "invalid step \"0s\": it has to be longer than zero"),
        ("by=colour", "invalid by \"colour\": it has to be one of none, severity, system"),
        ("limit=101", "invalid limit \"101\": it has to be a number from 1 to 100"),
        ("window=1m&nonsense", "unknown parameter \"nonsense\""),
    ] {
        let reply = harness.get(&format!("/analytics/timeseries?{query}")).await;
        assert_eq!((reply.status(), &reply.json()["error"]), (400, &error.into()), "{query}");
    }
}
