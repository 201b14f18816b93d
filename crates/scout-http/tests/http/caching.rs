//! Entity tags, conditional requests and compression.

use crate::support::{Harness, Reply, serve};

async fn harness() -> Harness {
    let harness = serve(|_| {}).await;
    let names: Vec<String> = (0..20).map(|number| format!("kubernetes-cluster-{number:02}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (Some("info"), Some(name.as_str()))).collect();
    harness.publish(&rows);
    harness
}

async fn ask(harness: &Harness, headers: &str) -> Reply {
    harness.ask(&format!("GET /analytics/systems HTTP/1.1\r\nhost: scout\r\n{headers}\r\n")).await
}

#[tokio::test]
async fn who_has_the_current_answer_gets_304_without_a_body() {
    let harness = harness().await;
    let tag = ask(&harness, "").await.header("etag").unwrap().to_owned();
    for header in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let reply = ask(&harness, &format!("if-none-match: {header}\r\n")).await;
        let expected = format!(
            "HTTP/1.1 304 Not Modified\r\netag: {tag}\r\ncache-control: no-cache\r\nvary: accept-encoding\r\ndate: *\r\n\r\n"
        );
        assert_eq!(reply.raw(), expected, "{header}");
    }
}

#[tokio::test]
async fn after_a_304_the_connection_goes_on() {
    let harness = harness().await;
    let mut client = harness.connect().await;
    let request = "GET /analytics/systems HTTP/1.1\r\nhost: scout\r\nif-none-match: *\r\n\r\n";
    assert_eq!(client.ask(request).await.status(), 304);
    assert_eq!(client.ask(request).await.status(), 304);
}

#[tokio::test]
async fn a_tag_holds_until_the_content_changes() {
    let harness = harness().await;
    let before = ask(&harness, "").await;
    let tag = before.header("etag").unwrap();
    assert!(tag.starts_with('"'), "strong: {tag}");
    harness.publish(&[(Some("info"), Some("other"))]);
    let after = ask(&harness, &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!(after.status(), 200);
    assert_ne!(after.header("etag"), Some(tag));
}

#[tokio::test]
async fn the_compressed_form_has_the_same_content_and_another_tag() {
    let harness = harness().await;
    let plain = ask(&harness, "").await;
    let compressed = ask(&harness, "accept-encoding: br, gzip\r\n").await;
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert_eq!(compressed.gunzipped(), plain.text());
    assert!(compressed.body.len() < plain.body.len());
    let (plain_tag, tag) = (plain.header("etag").unwrap(), compressed.header("etag").unwrap());
    assert_ne!(plain_tag, tag);
    for reply in [&plain, &compressed] {
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
    }
    let again = |tag: &str| format!("accept-encoding: gzip\r\nif-none-match: {tag}\r\n");
    assert_eq!(ask(&harness, &again(tag)).await.status(), 304);
    assert_eq!(ask(&harness, &again(plain_tag)).await.status(), 200, "the selected form is another");
}

#[tokio::test]
async fn what_compression_would_lengthen_is_sent_as_it_is() {
    let harness = serve(|_| {}).await;
    harness.publish(&[]);
    let reply =
        harness.ask("GET /analytics/alerts HTTP/1.1\r\nhost: scout\r\naccept-encoding: gzip\r\n\r\n").await;
    let length: usize = reply.header("content-length").unwrap().parse().unwrap();
    match reply.header("content-encoding") {
        Some(_) => assert!(length < reply.gunzipped().len()),
        None => assert!(reply.text().starts_with('{')),
    }
}

#[tokio::test]
async fn head_is_conditional_too() {
    let harness = harness().await;
    let request = "HEAD /analytics/systems HTTP/1.1\r\nhost: scout\r\nif-none-match: *\r\n\r\n";
    assert_eq!(harness.ask(request).await.status(), 304);
}
