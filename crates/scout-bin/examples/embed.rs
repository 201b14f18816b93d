//! Scout inside another program: `cargo run --package scout-bin --example embed`.
//!
//! It starts the service over a folder, submits a message, and stops.

use std::error::Error;
use std::time::Duration;

use scout_bin::App;
use scout_bin::config::{Overrides, Sources, load};
use scout_core::{Message, WallTime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut overrides = Overrides::default();
    overrides.set("store.kind", "embedded");
    overrides.set("store.data", folder.path().to_string_lossy());
    overrides.set("http.listen", "127.0.0.1");
    overrides.set("http.port", "0");
    overrides.set("interval", "100ms");
    let loaded = load(&Sources { overrides, ..Sources::default() })?;

    // Nothing global is installed: logging, signals and TLS stay this program's own business.
    let app = App::start(&loaded.settings).await?;

    let body = br#"{"title": "Backup", "message": "done", "severity": "success", "system": "nas"}"#;
    let message = Message::from_pitch(body, WallTime::from_unix_ms(1_800_000_000_000))?;
    let receipt = app.store().submit(&message).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;

    #[expect(clippy::print_stdout, reason = "an example talks to its reader")]
    {
        println!("stored as {}", receipt.key);
        println!("try: curl http://{}/analytics/summary", app.local_addr());
    }
    app.stop().await;
    Ok(())
}
