//! `scout serve` and `scout demo`.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing::{error, info};

use crate::app::{App, AppError, SystemClock};
use crate::cli::{Command, Exit, Invocation};
use crate::config::{LogFormat, Settings};
use crate::demo::DemoFolder;

/// What the demo needs beyond the service: a folder that goes when it ends.
pub(super) struct Demo {
    folder: DemoFolder,
}

impl Demo {
    /// Makes the folder and points the configuration at it, if the demo was asked for.
    pub(super) fn prepare(invocation: &mut Invocation) -> io::Result<Option<Self>> {
        if invocation.command != Command::Demo {
            return Ok(None);
        }
        let folder = DemoFolder::make()?;
        for (path, text) in crate::demo::DEFAULTS {
            invocation.defaults.set(path, text);
        }
        invocation.fixed.set("store.kind", "embedded");
        invocation.fixed.set("store.data", folder.path().to_string_lossy());
        Ok(Some(Self { folder }))
    }

    fn welcome(&self, at: SocketAddr, settings: &Settings) {
        let token = if settings.http.tokens.is_empty() {
            ""
        } else {
            "All but /metrics want the header  Authorization: Bearer <AUTH_TOKEN>\n\n"
        };
        let pitch = if settings.http.pitch {
            format!(
                "  curl http://{at}/pitch --json \
                 '{{\"title\": \"Hello\", \"message\": \"from curl\", \"severity\": \"error\"}}'\n"
            )
        } else {
            String::new()
        };
        let text = format!(
            "Scout is running over messages of its own, kept in {folder} until you press Ctrl-C.\n\n\
             \x20 curl http://{at}/analytics/summary\n\
             \x20 curl http://{at}/analytics/systems\n\
             \x20 curl http://{at}/analytics/alerts\n\
             \x20 curl http://{at}/metrics\n{pitch}\n{token}",
            folder = self.folder.path().display(),
        );
        // Nobody is left to tell when the terminal is gone.
        drop(match settings.log.format {
            LogFormat::Text => io::stdout().lock().write_all(text.as_bytes()),
            // Who reads JSON from standard output can read nothing else there.
            LogFormat::Json => io::stderr().lock().write_all(text.as_bytes()),
        });
    }
}

/// Serves until it is told to stop.
pub(super) async fn run(settings: &Settings, demo: Option<Demo>) -> Exit {
    match serve(settings, demo.as_ref()).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            error!(error = %error, "server error");
            error.exit()
        }
    }
}

async fn serve(settings: &Settings, demo: Option<&Demo>) -> Result<(), AppError> {
    // Before the service is up, so that a signal during the start is not missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(AppError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AppError::Signals)?;
    let started = tokio::select! {
        app = App::start(settings) => Some(app?),
        // Opening a store takes long where a large one has to be repaired.
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    let Some(mut app) = started else {
        info!("shutting down...");
        info!("shutdown complete");
        return Ok(());
    };
    let mut writers = JoinSet::new();
    if let Some(demo) = demo {
        demo.welcome(app.local_addr(), settings);
        writers.spawn(crate::demo::write_messages(app.store(), Arc::new(SystemClock::new())));
    }
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        failure = app.failed() => Some(failure),
    };
    writers.shutdown().await;
    tokio::select! {
        () = app.stop() => {}
        // A second signal is for those who do not want to wait.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    failed.map_or(Ok(()), Err)
}
