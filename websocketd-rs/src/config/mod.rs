//! The configuration as checked: one sub-config per stage. After this nobody sees a flag.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod check;
mod file;
mod listen;
mod load;
mod log;
mod network;
mod supervisor;

pub use listen::{Listen, Tls, User};
pub use load::{Loaded, load};
pub use log::{Format, Level, Log};
pub use network::Network;
pub use supervisor::Supervisor;

/// The daemon's own environment, as read once in main.
pub type Environment = Vec<(OsString, OsString)>;

/// Everything the daemon was told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: Listen,
    /// What plain HTTP requests get.
    pub http: Http,
    /// What upgrade requests get.
    pub session: Session,
    /// How handlers are started and ended.
    pub process: Process,
    /// Every bound the daemon keeps.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// The user to become; `None`: the one that started the daemon. Of a route: whom its programs run as.
    pub user: Option<User>,
    /// The service manager.
    pub supervisor: Supervisor,
    /// What is served below some paths in another way, the longest path first. All else is served as the fields above say.
    pub routes: Vec<Route>,
}

/// A `[route /path]` section.
#[derive(Debug, Clone)]
pub struct Route {
    /// The prefix without a slash at its end, so the root is empty; matches whole segments only.
    pub path: String,
    /// Its programs count against its own `maxforks`, not against the daemon's.
    pub own_forks: bool,
    /// What holds there; has no routes itself. `listen`, `limits` and `log` are the daemon's.
    pub config: Arc<Config>,
}

/// What plain HTTP requests get.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// `--staticdir`, canonical.
    pub static_dir: Option<PathBuf>,
    /// `--cgidir`, canonical.
    pub cgi_dir: Option<PathBuf>,
    /// `--devconsole`.
    pub dev_console: bool,
    /// `--header`: on every response. Name and value, in the order given.
    pub headers: Vec<(String, String)>,
    /// `--header-ws`: on 101 responses.
    pub ws_headers: Vec<(String, String)>,
    /// `--header-http`: on all but 101 responses.
    pub http_headers: Vec<(String, String)>,
    /// `--sameorigin`.
    pub same_origin: bool,
    /// `--origin`, split at commas and trimmed; `None` when the flag was not given.
    pub allowed_origins: Option<Vec<String>>,
    /// `--reverselookup`.
    pub reverse_lookup: bool,
    /// `--trusted-proxy`: whose `Forwarded` and `X-Forwarded-*` fields say who the client is.
    pub trusted_proxies: Vec<Network>,
}

/// What runs for a WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// COMMAND with its arguments; the path is resolved through PATH once, at start.
    Command {
        /// Resolved path, also argv[0] of the child.
        path: PathBuf,
        /// Arguments, untouched.
        args: Vec<OsString>,
    },
    /// `--dir`: the URL path names the script below this directory (canonical).
    ScriptDir(PathBuf),
}

/// How bytes of the program become messages, and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One line a text message.
    Lines,
    /// One read a binary message.
    Binary,
    /// `--passstderr`: one line of either stream a JSON text message.
    TaggedLines,
}

/// What upgrade requests get.
#[derive(Debug, Clone)]
pub struct Session {
    /// `None`: upgrade requests are ordinary HTTP.
    pub program: Option<Program>,
    /// Message framing.
    pub framing: Framing,
    /// Largest message from the client in bytes, also when reassembled; `None` is unlimited.
    pub max_message: Option<usize>,
    /// Longest line from the program in bytes.
    pub max_line: usize,
    /// Most fragments of one message.
    pub max_fragments: usize,
    /// Subprotocols in the order of preference; empty: none is negotiated.
    pub protocols: Vec<String>,
    /// Close codes by exit status, from 4000 to 4999 (RFC 6455 section 7.4.2: for private use).
    pub exit_codes: Vec<(u8, u16)>,
    /// Interval of keep-alive pings; `None`: no pings.
    pub ping_interval: Option<Duration>,
    /// How long no message may pass either way; `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// How long a write to the client may make no progress.
    pub write_timeout: Duration,
    /// How long to wait for the client's close frame after ours.
    pub close_timeout: Duration,
}

/// How handlers are started and ended.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// Variables of the daemon's own environment that handlers inherit, `--passenv`, as read once in main.
    pub inherited_env: Vec<(OsString, OsString)>,
    /// `--maxenvbytes`: bytes of a program's environment.
    pub max_environment: usize,
    /// `--closems`: added to each step of the termination ladder.
    pub close_delay: Duration,
    /// Wall-clock limit of a CGI program.
    pub cgi_timeout: Duration,
    /// What each program may use.
    pub limits: ResourceLimits,
}

/// Resource limits of one program, soft and hard alike (setrlimit(2)); `None`: as the server's own.
/// A limit above the server's own hard limit becomes that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceLimits {
    /// `RLIMIT_CPU`, seconds.
    pub cpu_seconds: Option<u64>,
    /// `RLIMIT_AS`, bytes of address space.
    pub memory_bytes: Option<u64>,
    /// `RLIMIT_NOFILE`, open files.
    pub open_files: Option<u64>,
    /// `RLIMIT_NPROC`, processes of the handler's user, those of other handlers included.
    pub processes: Option<u64>,
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
    /// Bytes of a request head.
    pub max_header_bytes: usize,
    /// Header fields of a request.
    pub max_headers: usize,
    /// Time handlers get to end when the server stops, before the ladder starts.
    pub shutdown_grace: Duration,
}

impl Config {
    /// Whether `ip` is a `--trusted-proxy`.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        self.http
            .trusted_proxies
            .iter()
            .any(|network| network.contains(ip))
    }

    /// What the startup checks of websocketd refuse only after the log has started: the text of its FATAL line, exit code 4.
    pub fn conflict(&self) -> Option<String> {
        let routes = self.routes.iter().map(|route| &*route.config);
        std::iter::once(self)
            .chain(routes)
            .find_map(Self::own_conflict)
    }

    /// The longest `--closems` of any route.
    pub fn longest_close_delay(&self) -> Duration {
        let routes = self.routes.iter();
        let delays = routes.map(|route| route.config.process.close_delay);
        delays.fold(self.process.close_delay, Duration::max)
    }

    /// The users that programs of routes run as.
    pub fn route_users(&self) -> impl Iterator<Item = &User> {
        self.routes
            .iter()
            .filter_map(|route| route.config.user.as_ref())
    }

    /// The route for a decoded, clean URL path; `None` where the daemon's own settings hold.
    pub fn route(&self, path: &[u8]) -> Option<&Route> {
        self.routes.iter().find(|route| {
            path.strip_prefix(route.path.as_bytes())
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        })
    }

    fn own_conflict(&self) -> Option<String> {
        let with = match (&self.http.static_dir, &self.http.cgi_dir) {
            (Some(_), _) => "--staticdir",
            (None, Some(_)) => "--cgidir",
            (None, None) => return None,
        };
        self.http.dev_console.then(|| {
            format!("Invalid parameters: --devconsole cannot be used with {with}. Pick one.")
        })
    }
}
