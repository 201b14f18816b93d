//! A server with a clock and a store that the test moves, and a client that hides nothing.

mod client;
mod doubles;
mod server;

pub(crate) use client::{Client, Reply, get};
pub(crate) use doubles::{Reaction, StoreDouble, TestClock};
pub(crate) use server::{Harness, error, metric, publication, serve, serve_with, snapshot};
