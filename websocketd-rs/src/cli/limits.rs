//! The flags of the bounds that the daemon keeps.

/// Every bound.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitFlags {
    /// Programs (WebSocket and CGI) at once; further requests get 429; 0 or less: unlimited
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub maxforks: i64,
    /// Connections at once; further clients wait in the kernel's queue until one ends
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub maxconns: u64,
    /// Connections at once from one client address (IPv6: from one /64); further ones get 429. For a client behind a
    /// --trusted-proxy its programs are counted. 0: unlimited; behind a proxy that is not trusted all clients share one address
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub maxconnsperip: u64,
    /// Bytes of a message from the client; larger ones close the connection with 1009; 0 or less: unlimited
    #[arg(long, value_name = "BYTES", default_value_t = 1_048_576)]
    pub maxframesize: i64,
    /// Fragments of one message; more close the connection with 1008
    #[arg(long, value_name = "N", default_value_t = 131_072)]
    pub maxfragments: u64,
    /// Bytes of a line from the program; a longer one ends the session with 1011
    #[arg(long, value_name = "BYTES", default_value_t = 4_194_304)]
    pub maxline: u64,
    /// Bytes of a request's head; larger ones get 431
    #[arg(long, value_name = "BYTES", default_value_t = 1_048_576)]
    pub maxheaderbytes: u64,
    /// Header fields of a request; more get 431
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub maxheaders: u64,
    /// Bytes of a program's environment, most of which are the request's headers; larger ones get 431
    #[arg(long, value_name = "BYTES", default_value_t = 1_048_576)]
    pub maxenvbytes: u64,
    /// Milliseconds for the TLS handshake
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub tlstimeout: u64,
    /// Milliseconds from the first byte of a request's head to its end
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub headertimeout: u64,
    /// Milliseconds a kept-alive HTTP connection may be silent between requests
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    pub idletimeout: u64,
    /// Milliseconds a session may pass without a message in either direction (pings do not count) before it is closed
    /// with 4408; 0: for ever
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub sessionidletimeout: u64,
    /// Milliseconds a write to the client may make no progress before the connection is dropped
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    pub writetimeout: u64,
    /// Milliseconds to wait for the client's close frame after ours
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    pub closetimeout: u64,
    /// Milliseconds of a client's silence before it is pinged; one that is silent for two is dropped, and its program gets SIGURG before its stdin ends; 0: no pings
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub pingms: u64,
    /// Milliseconds that programs get to end by themselves when the daemon stops
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    pub shutdowngrace: u64,
}
