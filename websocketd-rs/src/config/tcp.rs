//! What holds for the clients of a `[tcp NAME]` section.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{ForkLimit, Listen, Process, User};

/// A `[tcp NAME]` section: where its clients connect, and what runs for each of them.
#[derive(Debug, Clone)]
pub struct TcpConfig {
    /// NAME.
    pub name: String,
    /// Where the section stands, for messages: `FILE:LINE: [tcp NAME]`.
    pub place: String,
    /// Addresses, Unix socket, TLS, proxies. Its port is not used: there may be several.
    pub listen: Listen,
    /// A listener for each of them on each address; 0 lets the kernel choose.
    pub ports: Vec<u16>,
    /// The program, resolved through PATH once, also argv[0].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// How it is started and ended.
    pub process: Process,
    /// Whom it runs as; `None`: the daemon's user.
    pub user: Option<User>,
    /// Which permits it takes.
    pub forks: ForkLimit,
    /// Every bound of its connections.
    pub limits: TcpLimits,
    /// `--reverselookup`.
    pub reverse_lookup: bool,
}

/// The bounds of a section's connections.
#[derive(Debug, Clone)]
pub struct TcpLimits {
    /// The section's own `maxconns`, beside that of the daemon, which counts all connections.
    pub max_connections: Option<usize>,
    /// Connections at once from one client address; `None` is unlimited.
    pub max_connections_per_address: Option<usize>,
    /// Whether those are counted for this section alone, because it has a limit of its own.
    pub counts_addresses_alone: bool,
    /// Time for the TLS handshake.
    pub tls_timeout: Duration,
    /// Time for the PROXY header.
    pub header_timeout: Duration,
    /// How long no byte may pass either way; `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// How long a write to the client may make no progress.
    pub write_timeout: Duration,
    /// How long to wait for the client's end after ours.
    pub close_timeout: Duration,
    /// Interval of TCP's own keep-alive probes; `None`: no probes.
    pub probe_interval: Option<Duration>,
}
