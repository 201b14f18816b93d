//! From the settings to the receivers they name.

use std::collections::BTreeMap;
use std::sync::Arc;

use scout_alert::{
    AllowList, Client, ClientSettings, Heartbeat, HeartbeatMethod, LocalPitcher, Log, Pitcher, Proxies,
    Secret, SetupError, Templates, Webhook, WebhookSettings,
};
use scout_core::alerting::Receiver;
use scout_core::{Clock, MessageIntake};
use scout_http::Telemetry;

use super::opening::Opening;
use crate::app::AppError;
use crate::config::{AlertSettings, HeartbeatSettings, ReceiverKind, ReceiverSettings, Settings};

/// What receivers are made with.
pub(crate) struct Workshop {
    allow: AllowList,
    proxies: Proxies,
    templates: Arc<Templates>,
    intake: Arc<dyn MessageIntake>,
}

impl Workshop {
    /// Receivers go through the proxies of the settings, to where they may lead, and write to this store if they are told to.
    ///
    /// # Errors
    /// [`SetupError`] if the allow-list or a proxy cannot be understood.
    pub(crate) fn new(settings: &AlertSettings, intake: Arc<dyn MessageIntake>) -> Result<Self, SetupError> {
        let texts = settings.rules.iter().flat_map(|rule| rule.text.annotations.values());
        let proxies = &settings.proxies;
        Ok(Self {
            allow: AllowList::new(settings.allow.iter().map(String::as_str))?,
            proxies: Proxies::of_variables(|name| proxies.get(name).map(|url| url.expose().to_owned()))?,
            templates: Arc::new(Templates::new(texts.map(String::as_str))),
            intake,
        })
    }

    /// Every receiver of the settings, by name.
    ///
    /// # Errors
    /// [`SetupError`] of the first that cannot be made.
    pub(crate) fn all(
        &self,
        settings: &AlertSettings,
    ) -> Result<BTreeMap<Arc<str>, Arc<dyn Receiver>>, SetupError> {
        let named = |(name, settings)| Ok((Arc::clone(name), self.receiver(settings)?));
        settings.receivers.iter().map(named).collect()
    }

    /// The client that receivers with these settings send with.
    pub(crate) fn client(&self, timeout: std::time::Duration) -> Client {
        let mut settings = ClientSettings::default();
        settings.connect_timeout = settings.connect_timeout.min(timeout);
        settings.timeout = timeout;
        settings.proxies = self.proxies.clone();
        settings.allowed = self.allow.clone();
        Client::new(settings)
    }

    /// Who is to notice when Scout is gone.
    ///
    /// # Errors
    /// [`SetupError`] if nothing can be sent there.
    pub(crate) fn heartbeat(&self, settings: &HeartbeatSettings) -> Result<Heartbeat, SetupError> {
        let url = Secret::new(settings.url.expose());
        Heartbeat::new(&url, HeartbeatMethod::Get, self.client(ClientSettings::default().timeout))
    }

    fn receiver(&self, settings: &ReceiverSettings) -> Result<Arc<dyn Receiver>, SetupError> {
        let secret = |text: &crate::config::Secret| Secret::new(text.expose());
        let client = || self.client(settings.timeout);
        let templates = Arc::clone(&self.templates);
        Ok(match &settings.kind {
            ReceiverKind::Pitcher { url, token } => {
                let token = token.as_ref().map(secret);
                Arc::new(Pitcher::new(&secret(url), token.as_ref(), client(), templates)?)
            }
            ReceiverKind::LocalPitcher => Arc::new(LocalPitcher::new(Arc::clone(&self.intake), templates)),
            ReceiverKind::Webhook { url, token, hmac_secret } => {
                let mut webhook = WebhookSettings::default();
                webhook.token = token.as_ref().map(secret);
                webhook.signing_key = hmac_secret.as_ref().map(secret);
                Arc::new(Webhook::new(&secret(url), &webhook, client(), templates)?)
            }
            ReceiverKind::Log => Arc::new(Log),
        })
    }
}

/// The receiver of this name, for somebody who wants to try it; `None` if there is none. Opens the store where the receiver
/// writes to it.
///
/// # Errors
/// [`AppError`] if the receiver or the store cannot be used as it is configured.
pub(crate) async fn open(
    name: &str,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<dyn Receiver>>, AppError> {
    let Some(receiver) = settings.alert.receivers.get(name) else { return Ok(None) };
    let opening = Opening::new();
    if receiver.kind == ReceiverKind::LocalPitcher {
        opening.opened(super::store::open(settings, clock, &Telemetry::new()).await?);
    }
    let workshop = Workshop::new(&settings.alert, Arc::new(opening))?;
    Ok(Some(workshop.receiver(receiver)?))
}
