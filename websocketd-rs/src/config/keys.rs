//! What can stand in which section, and what is said of a key that can't.

use clap::CommandFactory;

use super::sections::{LINE_ONLY, ROUTE_FLAGS};
use crate::cli::Args;

/// Keys of a section that are flags by a shorter name.
pub(super) const SHORT_KEYS: [(&str, &str); 2] = [("cgi", "cgidir"), ("static", "staticdir")];

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Global,
    Route,
    Host,
    Tcp,
}

/// Flags that say what is served, which a `[route]` alone does.
pub(super) const CONTENT_FLAGS: [&str; 5] =
    ["dir", "staticdir", "cgidir", "devconsole", "terminal"];

/// Flags of a `[host NAME]` that hold without any route of that host.
pub(super) const CERTIFICATE_FLAGS: [&str; 2] = ["sslcert", "sslkey"];

/// Flags that a `[host NAME]` may set: those of its routes, and what belongs to the name.
pub(super) fn host_flags() -> Vec<&'static str> {
    let of_routes = ROUTE_FLAGS
        .iter()
        .filter(|flag| !CONTENT_FLAGS.contains(flag));
    let own = CERTIFICATE_FLAGS.iter().chain(&["maxconnsperip"]);
    of_routes.chain(own).copied().collect()
}

/// Flags that a `[tcp NAME]` may set.
pub(super) const TCP_FLAGS: [&str; 30] = [
    "address",
    "port",
    "unixsocket",
    "unixsocket-mode",
    "ssl",
    "sslcert",
    "sslkey",
    "sslca",
    "trusted-proxy",
    "proxy-protocol",
    "reverselookup",
    "unbuffered",
    "passenv",
    "user",
    "cwd",
    "closems",
    "handlercpu",
    "handlermemory",
    "handlerfiles",
    "handlerprocs",
    "maxforks",
    "maxconns",
    "maxconnsperip",
    "maxenvbytes",
    "tlstimeout",
    "headertimeout",
    "sessionidletimeout",
    "writetimeout",
    "closetimeout",
    "pingms",
];

/// Those that are about one listener: a section does not have them from the daemon.
const OF_ONE_LISTENER: [&str; 4] = ["port", "unixsocket", "ssl", "proxy-protocol"];

/// Whether the daemon's own word holds for sections that say nothing else.
pub(super) fn is_inherited(flag: &str) -> bool {
    flag == "shutdowngrace" || TCP_FLAGS.contains(&flag) && !OF_ONE_LISTENER.contains(&flag)
}

/// Flags that mean nothing to a TCP connection, and why.
const MEANINGLESS: [(&[&str], &str); 10] = [
    (
        &["origin", "sameorigin"],
        "no page opens a TCP connection, so that it has no origin; sslca asks clients for a certificate",
    ),
    (
        &["authorize", "htpasswd", "authorizeall", "authorizetimeout"],
        "is asked about HTTP requests; here the program itself decides, or sslca asks for a certificate",
    ),
    (
        &["dir"],
        "a TCP connection names no path that could choose a program; write a [tcp] section for each",
    ),
    (
        &[
            "staticdir",
            "cgidir",
            "cgitimeout",
            "devconsole",
            "terminal",
            "gzip",
            "header",
            "header-ws",
            "header-http",
            "hidepath",
            "redirport",
            "maxheaderbytes",
            "maxheaders",
        ],
        "is about HTTP, which nobody speaks here",
    ),
    (
        &["idletimeout"],
        "is about HTTP connections between two requests; write sessionidletimeout",
    ),
    (
        &[
            "binary",
            "framing",
            "passstderr",
            "maxline",
            "maxframesize",
            "maxfragments",
        ],
        "is about messages; over TCP bytes pass as they are",
    ),
    (
        &[
            "protocol",
            "close-on-exit",
            "refuse-with-close",
            "refuse-while",
        ],
        "is about WebSocket: TCP has no subprotocols and no close codes",
    ),
    (
        &["pty", "term", "readonly"],
        "needs messages that say what is a key and what a size; write a [route] for it",
    ),
    (
        &[
            "shared",
            "sharedby",
            "sharedenv",
            "replay",
            "sharedrestart",
            "sharedidle",
            "maxshared",
            "maxqueue",
            "slowms",
            "slowclient",
        ],
        "is about programs that serve many clients; each TCP connection has a program of its own",
    ),
    (
        &["linger", "lingerbytes"],
        "is about clients that come again and say where they were; TCP has nothing to say it with",
    ),
];

/// Why a flag that is none of [`TCP_FLAGS`] can't stand in a `[tcp NAME]`.
fn refusal(flag: &str) -> &'static str {
    let found = MEANINGLESS.iter().find(|(flags, _)| flags.contains(&flag));
    found.map_or(
        "not a key of a [tcp NAME]; write it before the first section, where it holds for the daemon",
        |(_, why)| why,
    )
}

/// Whether `name` can name a section: it stands in log lines and in `LISTEN_FDNAMES`, which colons divide.
pub(super) fn is_name(name: &str) -> bool {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_sound)
}

/// Least likeness (Jaro-Winkler, from 0 to 1) of a key that is offered for an unknown one.
const LIKENESS: f64 = 0.8;

/// What to say of a key that is not allowed: where it belongs, or which one may be meant.
pub(super) fn unknown_key(key: &str, kind: Kind, allowed: &[&str]) -> String {
    let definition = Args::command();
    let mut flags = definition.get_arguments().filter_map(clap::Arg::get_long);
    let short = SHORT_KEYS.iter().find(|(short, _)| *short == key);
    let full = short.map_or(key, |(_, flag)| flag);
    if let Some(flag) = flags.find(|flag| *flag == full) {
        return match kind {
            _ if LINE_ONLY.contains(&flag) => {
                format!("unknown key; --{flag} is for the command line only")
            }
            Kind::Tcp => refusal(flag).to_owned(),
            Kind::Host if CONTENT_FLAGS.contains(&flag) => {
                "not a key of a host; write it into a [route //HOST/PATH]".to_owned()
            }
            Kind::Host => {
                "not a key of a host; write it before the first section, where it holds for the daemon"
                    .to_owned()
            }
            Kind::Global | Kind::Route => {
                "not a key of a route; write it before the first [route], where it holds for the daemon"
                    .to_owned()
            }
        };
    }
    if kind == Kind::Host && key == "command" {
        return "not a key of a host; write it into a [route //HOST/PATH]".to_owned();
    }
    let short = SHORT_KEYS.iter().map(|(short, _)| short);
    let known = allowed.iter().chain(["command", "env"].iter()).chain(short);
    let likeness = |known: &&&str| strsim::jaro_winkler(key, known);
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|nearest| likeness(nearest) >= LIKENESS) {
        Some(nearest) => format!("unknown key; did you mean {nearest}?"),
        None => "unknown key; keys are the flags of --help without their dashes".to_owned(),
    }
}
