//! `scout alert-test`: sends a receiver an alert that means nothing, and says what came of it.

use std::io::{self, Write as _};
use std::sync::Arc;

use scout_core::Clock;
use scout_core::alerting::{AlertState, DeliveryError, Notification};

use crate::app::{SystemClock, open_receiver};
use crate::cli::{AlertTestArgs, Exit, print};
use crate::config::Settings;

/// Tells the receiver of a beginning and of its end.
pub(super) async fn run(arguments: &AlertTestArgs, settings: &Settings) -> Exit {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let name = arguments.receiver.as_str();
    let receiver = match open_receiver(name, settings, &clock).await {
        Ok(Some(receiver)) => receiver,
        Ok(None) => return refuse(Exit::Usage, &unknown(name, settings)),
        Err(error) => return refuse(error.exit(), &error.to_string()),
    };
    for state in [AlertState::Firing, AlertState::Resolved] {
        let notification = Notification::example(name, state, clock.now().wall);
        if let Err(error) = receiver.deliver(&notification).await {
            return not_accepted(name, state, &error);
        }
        let printed = print(&format!("{name} accepted {state} as {}\n", notification.key));
        if printed != Exit::Ok {
            return printed;
        }
    }
    Exit::Ok
}

fn unknown(name: &str, settings: &Settings) -> String {
    let known: Vec<&str> = settings.alert.receivers.keys().map(|name| &**name).collect();
    let known =
        if known.is_empty() { "none is".to_owned() } else { format!("there are {}", known.join(", ")) };
    format!("no receiver {name:?} is configured; {known}")
}

fn not_accepted(name: &str, state: AlertState, error: &DeliveryError) -> Exit {
    let kind = error.kind();
    refuse(Exit::Unavailable, &format!("{name} did not accept {state} ({kind}): {error}"))
}

fn refuse(exit: Exit, text: &str) -> Exit {
    // Nobody is left to tell when the terminal is gone.
    drop(writeln!(io::stderr().lock(), "{text}"));
    exit
}
