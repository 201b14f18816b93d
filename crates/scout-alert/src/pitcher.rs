//! omni-pitcher, and Scout's own store in its place.

mod body;
mod local;
mod remote;

pub use local::LocalPitcher;
pub use remote::Pitcher;
