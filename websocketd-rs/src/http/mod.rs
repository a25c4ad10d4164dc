//! One HTTP connection: requests are parsed, routed and answered until one of them becomes a session.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::net::{Peer, Stream};
use crate::process::Spawner;
use crate::session::Upgraded;

/// What every connection shares.
#[derive(Debug)]
pub struct Service {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// Starts programs. Shared with the service of an older configuration after a reload.
    pub spawner: Arc<Spawner>,
    /// Slots for handler and CGI processes; `None`: unlimited.
    pub forks: Option<Arc<Semaphore>>,
    /// Cancelled when the server goes down: a connection between requests ends at once, one in a request after it.
    pub stopping: CancellationToken,
}

/// Serves requests on `stream` until the connection ends, or until a request was answered with 101:
/// then the session is returned for the caller to run, and this future (with its buffers) can be dropped.
pub async fn serve(stream: Stream, peer: Peer, service: &Service) -> Option<Upgraded> {
    let _ = (stream, peer, service);
    None
}
