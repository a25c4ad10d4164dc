//! Where and as whom the daemon listens.

use std::net::IpAddr;
use std::path::PathBuf;

use nix::unistd::{Gid, Uid};

use super::{HostPattern, Network};

/// Listeners.
#[derive(Debug, Clone, Default)]
pub struct Listen {
    /// Hosts as typed in `--address`; an empty one, or none at all, means all interfaces.
    pub addresses: Vec<String>,
    /// TCP port; `None` when only a Unix socket was asked for. 0 lets the kernel choose. Not yet known to fit a port:
    /// websocketd reports that one when it binds, with exit code 3.
    pub port: Option<i64>,
    /// Port of the redirect server, one listener per address.
    pub redirect_port: Option<i64>,
    /// Sockets come from the service manager (`sd_listen_fds(3)`); as with a Unix socket, TCP ones are bound only if
    /// asked for.
    pub inherited: bool,
    /// What the service manager calls them, one after another (`LISTEN_FDNAMES`).
    pub inherited_names: Vec<String>,
    /// `--proxy-protocol`: trusted proxies begin each connection with a PROXY header.
    pub proxy_protocol: bool,
    /// `--trusted-proxy`: whose `Forwarded` and `X-Forwarded-*` fields, and PROXY headers, are believed.
    pub trusted_proxies: Vec<Network>,
    /// Host and port of the admin server.
    pub admin: Option<(String, i64)>,
    /// Path of the Unix socket.
    pub unix_socket: Option<PathBuf>,
    /// Mode of its file; `None`: what the umask leaves.
    pub unix_socket_mode: Option<u32>,
    /// TLS on the TCP listeners.
    pub tls: Option<Tls>,
}

impl Listen {
    /// Whether the TCP listeners speak TLS.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether `ip` is a `--trusted-proxy`.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(ip))
    }
}

/// PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// For clients that name none of `hosts`; `None`: those are refused.
    pub pair: Option<KeyPair>,
    /// Of `[host NAME]` sections, the most specific first: for clients that name such a host (SNI, RFC 6066 section 3).
    pub hosts: Vec<(HostPattern, KeyPair)>,
    /// Client certificates are required and verified against these.
    pub client_ca: Option<PathBuf>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// Certificate chain, leaf first.
    pub cert: PathBuf,
    /// Private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

impl Tls {
    /// All certificates.
    pub fn pairs(&self) -> impl Iterator<Item = &KeyPair> {
        let hosts = self.hosts.iter().map(|(_, pair)| pair);
        self.pair.iter().chain(hosts)
    }
}

/// `--user`, or a route's own, looked up once.
#[derive(Debug, Clone)]
pub struct User {
    /// How it was set, for messages: `--user=www-data`, or with the file and line before it.
    pub setting: String,
    /// As typed.
    pub name: String,
    /// Its id.
    pub uid: Uid,
    /// Its own group.
    pub gid: Gid,
}

impl User {
    /// Whether programs of one may run as those of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        self.uid == other.uid && self.gid == other.gid && self.name == other.name
    }
}
