//! Through a proxy, and past it.

use scout_alert::{AllowList, Client, ClientSettings, Proxies, Secret, Trust};
use scout_core::alerting::DeliveryErrorKind;
use scout_core::alerting::Receiver as _;
use scout_testkit::{Certificates, Recorder, Reply};

use crate::support::{firing, outcome, pitcher_by};

fn client_of(variables: &[(&str, &str)], certificates: Option<&Certificates>) -> Client {
    let find =
        |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
    let mut settings = ClientSettings::default();
    settings.proxies = Proxies::of_variables(find).unwrap();
    if let Some(certificates) = certificates {
        settings.trust = Trust::Only(vec![certificates.root()]);
    }
    Client::new(settings)
}

fn with_user(proxy: &Recorder) -> String {
    proxy.url("").replace("://", "://scout:pass-word@")
}

// printf 'scout:pass-word' | base64
const AUTHORIZATION: &str = "Basic c2NvdXQ6cGFzcy13b3Jk";

#[tokio::test]
async fn a_plain_request_is_sent_whole_to_the_proxy() {
    let proxy = Recorder::start().await.unwrap();
    let client = client_of(&[("http_proxy", &with_user(&proxy))], None);
    // The name is for the proxy to resolve.
    pitcher_by(client, "http://pitcher.invalid:8080/base").deliver(&firing()).await.unwrap();
    let [request] = &proxy.requests()[..] else { panic!() };
    assert_eq!((&*request.method, &*request.path), ("POST", "http://pitcher.invalid:8080/base/pitch"));
    assert_eq!(request.header("host"), Some("pitcher.invalid:8080"));
    assert_eq!(request.header("proxy-authorization"), Some(AUTHORIZATION));
    assert!(request.text().starts_with("{\"title\""), "{request:?}");
}

#[tokio::test]
async fn an_encrypted_request_goes_through_a_tunnel_which_sees_none_of_it() {
    let certificates = Certificates::issue();
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    let proxy = Recorder::start().await.unwrap();
    let client = client_of(&[("HTTPS_PROXY", &with_user(&proxy))], Some(&certificates));
    pitcher_by(client, &recorder.url("")).deliver(&firing()).await.unwrap();
    let ([tunnel], [request]) = (&proxy.requests()[..], &recorder.requests()[..]) else { panic!() };
    assert_eq!((&*tunnel.method, &*tunnel.path), ("CONNECT", &*recorder.address().to_string()));
    assert_eq!(tunnel.header("proxy-authorization"), Some(AUTHORIZATION));
    assert_eq!((&*request.method, &*request.path), ("POST", "/pitch"));
    assert_eq!(request.header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_may_itself_be_reached_by_tls() {
    let certificates = Certificates::issue();
    let proxy = Recorder::start_encrypted(&certificates).await.unwrap();
    let recorder = Recorder::start_encrypted(&certificates).await.unwrap();
    let variables = [("HTTP_PROXY", &*proxy.url("")), ("HTTPS_PROXY", &*proxy.url(""))];
    let client = client_of(&variables, Some(&certificates));
    pitcher_by(client.clone(), "http://pitcher.invalid").deliver(&firing()).await.unwrap();
    pitcher_by(client, &recorder.url("")).deliver(&firing()).await.unwrap();
    assert_eq!(proxy.requests()[0].path, "http://pitcher.invalid/pitch");
    assert_eq!(proxy.requests()[1].method, "CONNECT");
    assert_eq!(recorder.requests().len(), 1);
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_directly() {
    let (proxy, recorder) = (Recorder::start().await.unwrap(), Recorder::start().await.unwrap());
    let proxied = client_of(&[("HTTP_PROXY", &proxy.url(""))], None);
    assert_eq!(outcome(proxied, &recorder.url("")).await, Ok(()));
    assert_eq!((proxy.requests().len(), recorder.requests().len()), (1, 0));
    let direct = client_of(&[("HTTP_PROXY", &proxy.url("")), ("no_proxy", "10.0.0.0/8,127.0.0.0/8")], None);
    assert_eq!(outcome(direct, &recorder.url("")).await, Ok(()));
    assert_eq!((proxy.requests().len(), recorder.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let certificates = Certificates::issue();
    let proxy = Recorder::start().await.unwrap();
    proxy.reply(Reply::status(407));
    let variables = [("HTTP_PROXY", &*with_user(&proxy)), ("HTTPS_PROXY", &*with_user(&proxy))];
    let client = client_of(&variables, Some(&certificates));
    let error = pitcher_by(client.clone(), "https://pitcher.invalid").deliver(&firing()).await.unwrap_err();
    assert_eq!(error.kind(), DeliveryErrorKind::Connect);
    let text = error.to_string();
    let expected = format!("https://pitcher.invalid: through the proxy {}: ", proxy.address());
    assert!(text.starts_with(&expected) && text.contains("authorization required"), "{text}");
    assert!(!text.contains("pass-word"), "{text}");
    assert_eq!(outcome(client, "http://pitcher.invalid").await, Err(DeliveryErrorKind::Rejected));
}

#[tokio::test]
async fn a_proxy_that_is_away_is_no_reason_to_go_past_it() {
    let gone = Recorder::start().await.unwrap().url("");
    let recorder = Recorder::start().await.unwrap();
    let client = client_of(&[("HTTP_PROXY", &gone)], None);
    assert_eq!(outcome(client, &recorder.url("")).await, Err(DeliveryErrorKind::Connect));
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn through_a_proxy_the_allow_list_goes_by_name() {
    let proxy = Recorder::start().await.unwrap();
    let mut settings = ClientSettings::default();
    settings.proxies = Proxies::new(Some(&Secret::new(proxy.url(""))), None, "").unwrap();
    settings.allowed = "pitcher.invalid,10.0.0.0/8".parse::<AllowList>().unwrap();
    let client = Client::new(settings);
    for (url, expected) in [
        ("http://pitcher.invalid", Ok(())),
        ("http://10.0.0.1", Ok(())),
        ("http://other.invalid", Err(DeliveryErrorKind::NotAllowed)),
        ("http://192.0.2.1", Err(DeliveryErrorKind::NotAllowed)),
    ] {
        assert_eq!(outcome(client.clone(), url).await, expected, "{url}");
    }
    assert_eq!(proxy.requests().len(), 2);
}
