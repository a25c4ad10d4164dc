//! The configuration as checked: one part per stage. No later stage sees a flag.

use std::ffi::OsString;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

mod access;
mod accounts;
mod check;
mod file;
mod host;
mod include;
mod keys;
mod listen;
mod load;
mod log;
mod network;
mod section;
mod sections;
mod shared;
mod site;
mod supervisor;
mod tcp;

pub use access::{Access, Authorizer};
pub use accounts::Accounts;
pub use host::{HostPattern, canonical};
pub use listen::{KeyPair, Listen, Tls, User};
pub use load::{Loaded, load};
pub use log::{Format, Level, Log};
pub use network::Network;
pub use shared::{JOIN_VARIABLES, Restart, Shared, SharedBy, SharedMode, SlowClient};
pub use site::{
    Coding, ForkLimit, Framing, HostLimits, Http, Linger, Page, Process, ResourceLimits, Runnable,
    Session, SiteConfig, SiteKey, Streams, TTYD_PROTOCOL,
};
pub use supervisor::Supervisor;
pub use tcp::{TcpConfig, TcpLimits};

/// The daemon's own environment, as read once in main.
pub type Environment = Vec<(OsString, OsString)>;

/// Everything the daemon was told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: Listen,
    /// What is served where, the most specific place first. The last one is served at any host and path.
    pub sites: Vec<Arc<SiteConfig>>,
    /// The `[tcp NAME]` sections, in the file's order.
    pub tcp: Vec<Arc<TcpConfig>>,
    /// Every bound the daemon keeps.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// The user to become; `None`: the one that started the daemon.
    pub user: Option<User>,
    /// The service manager.
    pub supervisor: Supervisor,
    /// Some of it came from a file (`--config`).
    pub has_config_file: bool,
}

/// Every bound the daemon keeps.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `--maxforks`: handler and CGI processes at once; `None` is unlimited.
    pub max_forks: Option<usize>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one client address (an IPv6 client is its /64); `None` is unlimited.
    pub max_connections_per_address: Option<usize>,
    /// Time for the TLS handshake.
    pub tls_timeout: Duration,
    /// Time from the first byte of a request head to its end.
    pub header_timeout: Duration,
    /// Time a kept-alive connection may be silent between requests.
    pub idle_timeout: Duration,
    /// `--lingertotal`: bytes that wait for all clients of sessions that linger, from which on the programs of those
    /// away wait.
    pub linger_total: usize,
    /// `--once`: the server stops when the first session has ended.
    pub once: bool,
    /// `--exit-when-idle`: the server stops when it has had no connection for so long; `None`: never.
    pub exit_when_idle: Option<Duration>,
    /// Bytes of a request head.
    pub max_header_bytes: usize,
    /// Header fields of a request.
    pub max_headers: usize,
}

impl Config {
    /// Whether there is a file that a reload would read again.
    pub fn has_files(&self) -> bool {
        let has_passwords = |site: &Arc<SiteConfig>| site.access.is_ambient();
        self.has_config_file
            || self.listen.is_tls()
            || self.log.file.is_some()
            || self.sites.iter().any(has_passwords)
    }

    /// Whether `ip` is a `--trusted-proxy`.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        self.listen.trusts(ip)
    }

    /// What websocketd's startup checks refuse only after the log has started: the text of its FATAL line, exit code 4.
    pub fn conflict(&self) -> Option<String> {
        // The daemon's own settings first, as websocketd knows no others.
        self.sites.iter().rev().find_map(|site| site.conflict())
    }

    /// The settings where no route matches: the daemon's own.
    pub fn default_site(&self) -> &Arc<SiteConfig> {
        self.sites.last().expect("the daemon's own is always there")
    }

    /// The longest time that programs of any site may take to end when the server stops: their grace, and what
    /// `--closems` adds to the three steps of the ladder.
    pub fn longest_end(&self) -> Duration {
        let sites = self.sites.iter().map(|site| &site.process);
        let tcp = self.tcp.iter().map(|section| &section.process);
        sites
            .chain(tcp)
            .map(|process| process.shutdown_grace + process.close_delay * 3)
            .max()
            .unwrap_or_default()
    }

    /// The users that programs run as where it is not the daemon's.
    pub fn route_users(&self) -> impl Iterator<Item = &User> {
        let (_, routes) = self.sites.split_last().unzip();
        let routes: &[Arc<SiteConfig>] = routes.unwrap_or_default();
        let tcp = self.tcp.iter().filter_map(|section| section.user.as_ref());
        routes
            .iter()
            .filter_map(|site| site.user.as_ref())
            .chain(tcp)
    }
}
