//! Where connections may lead.

use scout_alert::AllowList;

use super::{Kind, Reading, Shape};
use crate::config::layer::Layer;

/// Hosts (`hooks.example`), hosts of a domain (`*.example`), addresses and networks (`10.0.0.0/8`).
#[derive(Debug)]
pub(crate) struct Destinations;

/// The most of them: each connection is compared with all.
const DESTINATIONS: usize = 64;

impl Kind for Destinations {
    type Value = Vec<String>;

    fn read(&self, text: &str, _: Layer) -> Reading<Vec<String>> {
        let mut destinations: Vec<String> = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            AllowList::new([entry]).map_err(|error| error.to_string())?;
            if !destinations.iter().any(|known| known == entry) {
                destinations.push(entry.to_owned());
            }
        }
        match destinations.len() {
            // Taken as none it would allow everything.
            0 => Err("names nothing".to_owned()),
            1..=DESTINATIONS => Ok(destinations.into()),
            _ => Err(format!("holds more than {DESTINATIONS}")),
        }
    }

    fn domain(&self) -> String {
        format!("up to {DESTINATIONS} hosts, *.domains, addresses or networks, between commas")
    }

    fn shape(&self) -> Shape {
        Shape::List
    }
}
