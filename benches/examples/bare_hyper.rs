//! The bare hyper server as a process of its own: `bare_hyper FILE` answers with the answer in FILE.

#![expect(clippy::print_stdout, reason = "says where it listens")]

use std::convert::Infallible;
use std::error::Error;
use std::fs;

use scout_benches::bare::{Canned, serve};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> Result<Infallible, Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: bare_hyper FILE")?;
    let canned = Canned::parse(&fs::read(file)?).ok_or("the file holds no HTTP answer")?;
    // As many threads as the service has.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("http://{}", listener.local_addr()?);
        Ok(serve(listener, canned).await?)
    })
}
