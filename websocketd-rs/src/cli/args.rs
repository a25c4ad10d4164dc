//! Every flag, its default and its help text: the one definition that parser, `--help`, man page and completions
//! come from.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::limits::LimitFlags;
use super::linger::LingerFlags;
use super::shared::SharedFlags;
use super::terminal::TerminalFlags;

/// The command line as typed. Defaults are here; [`crate::config`] checks what the values mean together.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "websocketd-rs",
    about = "Turns any program that reads stdin and writes stdout into a WebSocket server",
    disable_help_flag = true,
    disable_version_flag = true,
    override_usage = "websocketd-rs [options] COMMAND [command args]\n       websocketd-rs [options] --dir=DIR",
    max_term_width = 100
)]
pub struct Args {
    /// The program that serves each WebSocket connection, with its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<OsString>,
    /// Where to listen.
    #[command(flatten)]
    pub listening: ListenFlags,
    /// PEM files.
    #[command(flatten)]
    pub tls: TlsFlags,
    /// What HTTP requests get.
    #[command(flatten)]
    pub content: ContentFlags,
    /// Who may connect.
    #[command(flatten)]
    pub access: AccessFlags,
    /// How programs run.
    #[command(flatten)]
    pub programs: ProgramFlags,
    /// Programs whose streams are a terminal.
    #[command(flatten)]
    pub terminal: TerminalFlags,
    /// One program for many clients.
    #[command(flatten)]
    pub shared: SharedFlags,
    /// Sessions that outlive their connection.
    #[command(flatten)]
    pub linger: LingerFlags,
    /// Every bound.
    #[command(flatten)]
    pub limits: LimitFlags,
    /// The daemon itself.
    #[command(flatten)]
    pub daemon: DaemonFlags,
    /// Texts.
    #[command(flatten)]
    pub about: AboutFlags,
}

/// Where to listen.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Listening")]
pub struct ListenFlags {
    /// Port to listen on. Without the flag 80, or 443 with --ssl; 0 lets the kernel choose one; the log says which
    #[arg(long, value_name = "PORT")]
    pub port: Option<i64>,
    /// Address to bind to, IPv6 in square brackets; may be given several times, each gets a listener on the same port.
    /// Without the flag all interfaces
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,
    /// Listen on this Unix socket. Without --port, --address or --redirport there is then no TCP listener
    #[arg(long, value_name = "PATH", value_parser = path())]
    pub unixsocket: Option<PathBuf>,
    /// Mode of the socket's file in octal: who may write to it may connect. Without the flag what the umask leaves,
    /// which is usually the owner alone. With --user the file is that user's
    #[arg(long = "unixsocket-mode", value_name = "MODE")]
    pub unixsocket_mode: Option<String>,
    /// Answer /metrics (for Prometheus) and /healthz on this address, and only there
    #[arg(long = "admin-address", value_name = "HOST:PORT")]
    pub admin_address: Option<String>,
    /// Second port; its requests are redirected to the main one (for https-only sites); 0: none
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub redirport: i64,
}

/// PEM files.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsFlags {
    /// Serve https and wss (TLS 1.2 or newer); needs --sslcert and --sslkey
    #[arg(long)]
    pub ssl: bool,
    /// Certificate chain, PEM, leaf first
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub sslcert: Option<PathBuf>,
    /// Private key of the certificate, PEM (PKCS#8, PKCS#1 or SEC1)
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub sslkey: Option<PathBuf>,
    /// Require client certificates and verify them against the authorities in this PEM file
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub sslca: Option<PathBuf>,
}

/// What HTTP requests get.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "What is served")]
pub struct ContentFlags {
    /// Serve every program below this directory as a WebSocket endpoint, instead of COMMAND
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub dir: Option<PathBuf>,
    /// Serve static files from this directory over HTTP
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub staticdir: Option<PathBuf>,
    /// Serve CGI programs from this directory over HTTP
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub cgidir: Option<PathBuf>,
    /// Serve a page for trying the endpoint on every path; not together with --staticdir or --cgidir
    #[arg(long)]
    pub devconsole: bool,
    /// Compress stored files and CGI replies of text for clients that accept gzip. Not for CGI programs that put a
    /// secret and a visitor's own words on one page: the length of a compressed page lets a listener guess at the
    /// secret (BREACH)
    #[arg(long)]
    pub gzip: bool,
    /// Header for every response, as "Name: value"; may be given several times
    #[arg(long, value_name = "HEADER")]
    pub header: Vec<String>,
    /// Header for responses that upgrade to WebSocket; may be given several times
    #[arg(long = "header-ws", value_name = "HEADER")]
    pub header_ws: Vec<String>,
    /// Header for all other responses; may be given several times
    #[arg(long = "header-http", value_name = "HEADER")]
    pub header_http: Vec<String>,
    /// Start of a path, as /api/v1/in/, behind which the log shows nothing: what follows is a secret, as in addresses of
    /// incoming webhooks; may be given several times
    #[arg(long, value_name = "PATH")]
    pub hidepath: Vec<String>,
}

/// Who may connect.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Who may connect")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct AccessFlags {
    /// Refuse upgrades (403) whose Origin is not the scheme, host and port of the request. Scripts on a name that its
    /// owner points at this server (DNS rebinding) still pass: name your hosts by --origin to keep them out
    #[arg(long)]
    pub sameorigin: bool,
    /// Refuse upgrades (403) whose Origin is not in this list of [scheme://]host[:port], separated by commas; without a
    /// port any port matches, *.example.org stands for all names below example.org
    #[arg(long, value_name = "LIST")]
    pub origin: Option<String>,
    /// Ask this program before a client gets its 101. It finds the request in its environment and admits by exit
    /// status 0, or prints header fields (Status, Location, Variable, ...) as a CGI program does. Split into words as
    /// a shell splits them
    #[arg(long, value_name = "PROGRAM")]
    pub authorize: Option<String>,
    /// Ask clients for a name and a password of this file (HTTP Basic), which htpasswd -B writes. Pages of other
    /// sites may then connect only if --origin lists them. Read again on SIGHUP
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub htpasswd: Option<PathBuf>,
    /// Have --authorize or --htpasswd decide about plain requests (files, CGI, console) too
    #[arg(long)]
    pub authorizeall: bool,
    /// Milliseconds that --authorize or --htpasswd may take; later the client gets 503
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    pub authorizetimeout: u64,
    /// Proxies whose Forwarded and X-Forwarded-For / -Proto headers are believed: a list of
    /// addresses and networks (192.0.2.0/24), separated by commas
    #[arg(long = "trusted-proxy", value_name = "LIST")]
    pub trusted_proxy: Option<String>,
    /// Expect a PROXY header (version 1 or 2) at the start of each connection from a --trusted-proxy, and take the
    /// client's address from it
    #[arg(long = "proxy-protocol")]
    pub proxy_protocol: bool,
    /// Look up the client's name in DNS for the program (in `REMOTE_HOST`) and the log
    #[arg(long)]
    pub reverselookup: bool,
}

/// How programs run.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Programs")]
pub struct ProgramFlags {
    /// Binary mode: every read from the program is one binary message, every binary message goes to its stdin as it is
    #[arg(long)]
    pub binary: bool,
    /// How messages stand in stdin and stdout of programs: line, each ends with a newline; nul, each text ends with a
    /// NUL byte and may hold newlines; length, records of a length, a type and any bytes, also for binary messages,
    /// close frames and pings. The program finds it in `WEBSOCKETD_FRAMING`. Without the flag lines
    #[arg(long, value_name = "FRAMING")]
    pub framing: Option<String>,
    /// Send stderr lines to the client too: each line of stdout or stderr becomes {"stream":"..","data":".."}
    #[arg(long)]
    pub passstderr: bool,
    /// Subprotocols that programs speak, separated by commas. The first one offered by the client that is listed is
    /// chosen; the program finds it in `WEBSOCKET_PROTOCOL`
    #[arg(long, value_name = "LIST")]
    pub protocol: Option<String>,
    /// Answer an upgrade that is refused with 101 and a close frame whose code is 4000 more than the HTTP status: pages
    /// see a close code, but no status
    #[arg(long = "refuse-with-close")]
    pub refuse_with_close: bool,
    /// Refuse upgrades (503) while this file is there: proxies that know other servers send clients there. Sessions that
    /// are open go on
    #[arg(long = "refuse-while", value_name = "FILE")]
    pub refuse_while: Option<PathBuf>,
    /// Close code for an exit status of the program, as STATUS:CODE with a code from 4000 to 4999; may be given several
    /// times. Without it status 0 gives 1000, any other 1011
    #[arg(long = "close-on-exit", value_name = "STATUS:CODE")]
    pub close_on_exit: Vec<String>,
    /// Variables of the daemon's environment that programs get, separated by commas; all others are left out. A list of
    /// your own replaces the default: name PATH too, or programs find no others, and `LANG` or `LC_ALL`, or some
    /// (Java, Python 2) print ? for what is not ASCII
    #[arg(long, value_name = "LIST", default_value = "PATH,LD_LIBRARY_PATH")]
    pub passenv: String,
    /// Variable for programs, as NAME=VALUE; may be given several times. One of the daemon's own that --passenv names
    /// gets this value
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Working directory of programs; without it the daemon's own. CGI programs start in the directory they are in
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub cwd: Option<PathBuf>,
    /// Milliseconds added to each wait before a program whose session has ended gets SIGINT (after 100), SIGTERM (250
    /// later) and SIGKILL (500 later)
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub closems: u64,
    /// Milliseconds a CGI program may take
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    pub cgitimeout: u64,
    /// Seconds of processor time of each program (`RLIMIT_CPU`); 0: as the daemon's own
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub handlercpu: u64,
    /// Bytes of address space of each program (`RLIMIT_AS`); 0: as the daemon's own. Address space is not memory in
    /// use: Java, Node and Go reserve gigabytes of it and do not start with less
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub handlermemory: u64,
    /// Open files of each program (`RLIMIT_NOFILE`); 0: as the daemon's own
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub handlerfiles: u64,
    /// Processes of the user that programs run as (`RLIMIT_NPROC`); 0: as the daemon's own
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub handlerprocs: u64,
}

/// The daemon itself.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The daemon")]
pub struct DaemonFlags {
    /// Read flags from this file too, as "flag=value" lines without the dashes; flags on the command line win.
    /// Sections [route /PATH] and [route //HOST/PATH] serve more programs and directories below their path, [host
    /// HOST] says what holds for a host, [tcp NAME] serves programs over bare TCP or TLS, and include=DIR reads more
    /// such files. Read again on SIGHUP
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub config: Option<PathBuf>,
    /// Check flags, configuration file and TLS files, report what is wrong, and exit
    #[arg(long)]
    pub check: bool,
    /// Ask the daemon that listens at --admin-address, here or in the file of --config, for /healthz, and exit: 0 if it
    /// serves, else 1
    #[arg(long)]
    pub healthcheck: bool,
    /// Stop when the first session has ended
    #[arg(long)]
    pub once: bool,
    /// Stop when there has been no connection for so many milliseconds (for socket activation); 0: never
    #[arg(long = "exit-when-idle", value_name = "MS", default_value_t = 0)]
    pub exit_when_idle: u64,
    /// Become this user, with its groups only, once the ports are bound. Programs run as that user and can't gain
    /// rights through set-uid bits. Needs root. A reload reads certificates and opens the log file as that user. In a
    /// [route]: the user of that route's programs
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Lowest severity that is logged: debug, trace, access, info, error, fatal or none
    #[arg(long, value_name = "LEVEL", default_value = "access")]
    pub loglevel: String,
    /// Form of a log line: classic (websocketd's), json (one object a line) or journal (priority and no time, for
    /// journald)
    #[arg(long = "log-format", value_name = "FORMAT", default_value = "classic")]
    pub log_format: String,
    /// Append the log to this file instead of stdout; reopened on SIGHUP, for log rotation
    #[arg(long = "log-file", value_name = "FILE", value_parser = path())]
    pub log_file: Option<PathBuf>,
}

/// Texts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "About")]
pub struct AboutFlags {
    /// Print this and exit
    #[arg(long, short = 'h')]
    pub help: bool,
    /// Print the version and exit
    #[arg(long)]
    pub version: bool,
    /// Print the license and exit
    #[arg(long)]
    pub license: bool,
}

/// A path that may be empty: websocketd takes it for a flag that was not given, clap's own parser refuses it.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
