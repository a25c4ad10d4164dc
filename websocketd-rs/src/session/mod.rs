//! A session: an upgraded connection with its handler, from the 101 to the access line.

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::logging::Fields;
use crate::net::Stream;
use crate::process::Handler;

/// A connection whose 101 has been written, with its running handler.
#[derive(Debug)]
pub struct Upgraded {
    /// The client.
    pub stream: Stream,
    /// Bytes that came after the request head: the beginning of the first frames.
    pub early: Vec<u8>,
    /// The program.
    pub handler: Handler,
    /// The fork slot, held until the process is gone.
    pub fork: Option<OwnedSemaphorePermit>,
    /// For the log lines of this session.
    pub fields: Fields,
}

/// Runs a session to its end: relay, close frame, terminate, reap, access line.
/// `stopping` is cancelled when the server goes down.
pub async fn run(session: Upgraded, config: &Config, stopping: &CancellationToken) {
    let _ = (session, config, stopping);
}
