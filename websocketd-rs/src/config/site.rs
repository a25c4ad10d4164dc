//! What holds at one place: a host and a path.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Access, HostPattern, Shared, User};

/// Where a site is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SiteKey {
    /// The hosts that a request must name; `None`: those that no route names.
    pub host: Option<HostPattern>,
    /// Prefix of the decoded path without a slash at its end, so the root is empty. Whole segments match.
    pub path: String,
}

/// As its section is called in the file.
impl fmt::Display for SiteKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(formatter, "//{host}")?;
        }
        match self.path.as_str() {
            "" => formatter.write_str("/"),
            path => formatter.write_str(path),
        }
    }
}

/// What is served at one place: the daemon's own settings, or those of a `[route /PATH]` section.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Where.
    pub key: SiteKey,
    /// Who is asked before a client is admitted.
    pub access: Access,
    /// What plain HTTP requests get.
    pub http: Http,
    /// What upgrade requests get.
    pub session: Session,
    /// How programs are started and ended.
    pub process: Process,
    /// Whom programs run as; `None`: the daemon's user.
    pub user: Option<User>,
    /// Which permits programs take.
    pub forks: ForkLimit,
    /// What holds for all places of its host together, where a `[host NAME]` says it.
    pub host: Option<HostLimits>,
}

/// The limits of a `[host NAME]` section, so that one site cannot starve another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostLimits {
    /// NAME.
    pub hosts: HostPattern,
    /// Its own `maxforks`: for those of its routes that have none of their own.
    pub forks: ForkLimit,
    /// Its own `maxconnsperip`: programs, and clients of shared ones, that one client address has there at once.
    pub max_per_address: Option<usize>,
}

/// Which permits the programs of a site take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkLimit {
    /// Those of the daemon, or of its host.
    Shared,
    /// So many of its own; `None`: unlimited.
    Own(Option<usize>),
}

/// What plain HTTP requests get.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// `--staticdir`, canonical.
    pub static_dir: Option<PathBuf>,
    /// `--cgidir`, canonical.
    pub cgi_dir: Option<PathBuf>,
    /// What answers on every path, in place of files and CGI programs.
    pub page: Option<Page>,
    /// How replies of text may be coded, `--gzip`.
    pub coding: Coding,
    /// `--header`: on every response. Name and value, in the order given.
    pub headers: Vec<(String, String)>,
    /// `--header-ws`: on 101 responses.
    pub ws_headers: Vec<(String, String)>,
    /// `--header-http`: on all but 101 responses.
    pub http_headers: Vec<(String, String)>,
    /// `--hidepath`: starts of decoded paths behind which the log shows nothing.
    pub hidden_paths: Vec<String>,
    /// `--sameorigin`.
    pub same_origin: bool,
    /// `--origin`, split at commas and trimmed; `None` when the flag was not given.
    pub allowed_origins: Option<Vec<String>>,
    /// `--reverselookup`.
    pub reverse_lookup: bool,
}

/// A page of the daemon's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `--devconsole`.
    Console,
    /// `--terminal`.
    Terminal,
}

/// How replies of text are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    #[default]
    Identity,
    /// Compressed, to clients that take it.
    Gzip,
}

/// What runs for a WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runnable {
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
    /// `--framing=nul`: a text message ends with a NUL byte.
    Nul,
    /// `--framing=length`: records of length, type and payload.
    Records,
    /// `--passstderr`: one line of either stream a JSON text message.
    TaggedLines,
    /// `--pty`: one read a binary message; what the client sends is keys, or about the terminal.
    Terminal,
}

/// The subprotocol of ttyd's clients, which every terminal takes.
pub const TTYD_PROTOCOL: &str = "tty";

/// What upgrade requests get.
#[derive(Debug, Clone)]
pub struct Session {
    /// `None`: upgrade requests are ordinary HTTP.
    pub program: Option<Runnable>,
    /// Message framing.
    pub framing: Framing,
    /// `--readonly`: what clients send is dropped.
    pub is_read_only: bool,
    /// One program for many clients; `None`: each has its own.
    pub shared: Option<Shared>,
    /// How sessions outlive their connection, where the client asks for it; `None`: not at all.
    pub linger: Option<Linger>,
    /// Largest message from the client in bytes, also when reassembled; `None` is unlimited.
    pub max_message: Option<usize>,
    /// Longest line from the program in bytes.
    pub max_line: usize,
    /// Most fragments of one message.
    pub max_fragments: usize,
    /// `--refuse-with-close`: a refused upgrade gets 101 and a close frame.
    pub refuse_with_close: bool,
    /// `--refuse-while`: upgrades are refused as long as this file is there.
    pub refuse_while: Option<PathBuf>,
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

/// Sessions that outlive their connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linger {
    /// `--linger`: how long a program is kept for a client that is away.
    pub time: Duration,
    /// `--lingerbytes`: bytes without acknowledgement from which on the program waits.
    pub max_bytes: usize,
}

/// What stdin, stdout and stderr of handlers are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Streams {
    /// Pipes.
    #[default]
    Pipes,
    /// `--unbuffered`: pipes, but for stdout, a terminal that changes no byte.
    Unbuffered,
    /// `--pty`: a terminal, which the handler controls.
    Terminal {
        /// `TERM`.
        kind: String,
    },
}

/// How programs are started and ended.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// What handlers read from and write to; CGI programs have pipes.
    pub streams: Streams,
    /// `--framing` as given, which handlers find in `WEBSOCKETD_FRAMING`.
    pub framing: Option<&'static str>,
    /// Variables of the daemon's own environment that programs inherit, `--passenv`, as read once in main.
    pub inherited_env: Vec<(OsString, OsString)>,
    /// `--cwd`: working directory of handlers, canonical; `None`: the daemon's. CGI programs start in their own.
    pub cwd: Option<PathBuf>,
    /// `--maxenvbytes`: bytes of a program's environment.
    pub max_environment: usize,
    /// `--closems`: added to each step of the termination ladder.
    pub close_delay: Duration,
    /// Time programs get to end by themselves when the server stops, before the ladder starts.
    pub shutdown_grace: Duration,
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
    /// `RLIMIT_NPROC`, processes of the program's user, those of other programs included.
    pub processes: Option<u64>,
}

impl Streams {
    /// What a handler finds in its environment, unless the operator names the variable.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Pipes => Vec::new(),
            // For programs that would color what they write to a terminal, or move its cursor.
            Self::Unbuffered => vec![("TERM", "dumb"), ("NO_COLOR", "1")],
            Self::Terminal { kind } => vec![("TERM", kind)],
        }
    }

    /// Whether handlers have a terminal that they control.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal { .. })
    }
}

impl SiteKey {
    /// The place at any host below `path`, which has no slash at its end.
    pub fn at(path: &str) -> Self {
        Self {
            host: None,
            path: path.to_owned(),
        }
    }

    /// Whether a request for a decoded, clean path at `host` (canonical, without its port) is served here.
    pub fn matches(&self, host: &str, path: &[u8]) -> bool {
        let is_host = |own: &HostPattern| own.matches(host);
        self.host.as_ref().is_none_or(is_host)
            && path
                .strip_prefix(self.path.as_bytes())
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
    }

    /// By this sites are sorted, the greatest first: a named host before any host, a longer path before a shorter one.
    pub(super) fn precedence(&self) -> (Option<(bool, usize)>, usize) {
        (
            self.host.as_ref().map(HostPattern::precedence),
            self.path.len(),
        )
    }
}

impl SiteConfig {
    /// Whether there is anything to serve.
    pub fn serves_anything(&self) -> bool {
        let http = &self.http;
        self.session.program.is_some()
            || http.static_dir.is_some()
            || http.cgi_dir.is_some()
            || http.page.is_some()
    }

    /// What websocketd's startup checks refuse only after the log has started: the text of its FATAL line, exit code 4.
    pub fn conflict(&self) -> Option<String> {
        let with = match (&self.http.static_dir, &self.http.cgi_dir) {
            (Some(_), _) => "--staticdir",
            (None, Some(_)) => "--cgidir",
            (None, None) => return None,
        };
        (self.http.page == Some(Page::Console)).then(|| {
            format!("Invalid parameters: --devconsole cannot be used with {with}. Pick one.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_segments_match_at_the_named_host() {
        for (host, path, request, expected) in [
            (None, "", ("h", "/"), true),
            (None, "", ("h", "/a/b"), true),
            (None, "/a", ("h", "/a"), true),
            (None, "/a", ("h", "/a/"), true),
            (None, "/a", ("h", "/ab"), false),
            (None, "/a", ("h", "/"), false),
            (Some("H"), "/a", ("h", "/a/b"), true),
            (Some("h"), "/a", ("i", "/a/b"), false),
            (Some("*.h"), "/a", ("i.h", "/a/b"), true),
            (Some("*.h"), "/a", ("h", "/a/b"), false),
            (Some("h"), "", ("", "/"), false),
        ] {
            let key = SiteKey {
                host: host.map(|host| HostPattern::parse(host).unwrap()),
                path: path.to_owned(),
            };
            let is_match = key.matches(request.0, request.1.as_bytes());
            assert_eq!(is_match, expected, "{key:?} {request:?}");
        }
        let any = SiteKey::at("/a/long/path").precedence();
        let named = SiteKey {
            host: Some(HostPattern::parse("h").unwrap()),
            path: String::new(),
        };
        assert_eq!(
            (named.to_string(), SiteKey::at("/a").to_string()),
            ("//h/".into(), "/a".into())
        );
        assert!(named.precedence() > any && any > SiteKey::at("/a").precedence());
    }
}
