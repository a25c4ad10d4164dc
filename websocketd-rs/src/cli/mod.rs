//! Arguments as typed: websocketd's flags, parsed as Go's `flag` package parses them.
//!
//! [`Args`] is the one definition of every flag: the parser, `--help`, the man page and the shell completions come from it.

mod flag;
mod text;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches, Parser};

pub use text::version;

/// What was typed. Defaults stand here; what the values mean together is checked by [`crate::config`].
// Each bool is a flag of its own that somebody types; config::check turns them into enums.
#[allow(clippy::struct_excessive_bools)]
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
    /// Port to listen on. Without the flag 80, or 443 with --ssl; 0 lets the kernel choose one, which the log tells
    #[arg(long, value_name = "PORT", help_heading = "Listening")]
    pub port: Option<i64>,

    /// Address to bind to, IPv6 in square brackets; may be given several times, each gets a listener on the same port.
    /// Without the flag all interfaces
    #[arg(long, value_name = "ADDRESS", help_heading = "Listening")]
    pub address: Vec<String>,

    /// Listen on a Unix socket; without --port, --address and --redirport there is then no TCP listener
    #[arg(long, value_name = "PATH", help_heading = "Listening", value_parser = path())]
    pub unixsocket: Option<PathBuf>,

    /// Second port whose requests are redirected to the main one (for https-only sites); 0: none
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        help_heading = "Listening"
    )]
    pub redirport: i64,

    /// Serve https and wss (TLS 1.2 or newer); needs --sslcert and --sslkey
    #[arg(long, help_heading = "TLS")]
    pub ssl: bool,

    /// Certificate chain, PEM, leaf first
    #[arg(long, value_name = "FILE", help_heading = "TLS", value_parser = path())]
    pub sslcert: Option<PathBuf>,

    /// Private key of the certificate, PEM (PKCS#8, PKCS#1 or SEC1)
    #[arg(long, value_name = "FILE", help_heading = "TLS", value_parser = path())]
    pub sslkey: Option<PathBuf>,

    /// Require client certificates and verify them against the authorities in this PEM file
    #[arg(long, value_name = "FILE", help_heading = "TLS", value_parser = path())]
    pub sslca: Option<PathBuf>,

    /// Serve every program below this directory as a WebSocket endpoint, in place of COMMAND
    #[arg(long, value_name = "DIR", help_heading = "What is served", value_parser = path())]
    pub dir: Option<PathBuf>,

    /// Serve static files from this directory over HTTP
    #[arg(long, value_name = "DIR", help_heading = "What is served", value_parser = path())]
    pub staticdir: Option<PathBuf>,

    /// Serve CGI programs from this directory over HTTP
    #[arg(long, value_name = "DIR", help_heading = "What is served", value_parser = path())]
    pub cgidir: Option<PathBuf>,

    /// Serve a page to try the endpoint with on every path; not together with --staticdir or --cgidir
    #[arg(long, help_heading = "What is served")]
    pub devconsole: bool,

    /// Header for every response, as "Name: value"; may be given several times
    #[arg(long, value_name = "HEADER", help_heading = "What is served")]
    pub header: Vec<String>,

    /// Header for the responses that upgrade to WebSocket; may be given several times
    #[arg(
        long = "header-ws",
        value_name = "HEADER",
        help_heading = "What is served"
    )]
    pub header_ws: Vec<String>,

    /// Header for all responses but those that upgrade; may be given several times
    #[arg(
        long = "header-http",
        value_name = "HEADER",
        help_heading = "What is served"
    )]
    pub header_http: Vec<String>,

    /// Refuse upgrades (403) whose Origin is not the host and port of the request
    #[arg(long, help_heading = "Who may connect")]
    pub sameorigin: bool,

    /// Refuse upgrades (403) whose Origin is not in this list of [scheme://]host[:port], separated by commas; without a port
    /// any port matches
    #[arg(long, value_name = "LIST", help_heading = "Who may connect")]
    pub origin: Option<String>,

    /// Look up the client's name in DNS for `REMOTE_HOST` and the log
    #[arg(long, help_heading = "Who may connect")]
    pub reverselookup: bool,

    /// Binary mode: every read from the program is one binary message, every binary message goes to its stdin as it is
    #[arg(long, help_heading = "Programs")]
    pub binary: bool,

    /// Send stderr lines to the client too: each line of stdout or stderr becomes {"stream":"..","data":".."}
    #[arg(long, help_heading = "Programs")]
    pub passstderr: bool,

    /// Variables of the daemon's environment that programs get, separated by commas; all others are left out
    #[arg(
        long,
        value_name = "LIST",
        default_value = "PATH,LD_LIBRARY_PATH",
        help_heading = "Programs"
    )]
    pub passenv: String,

    /// Milliseconds added to each wait before a program that was told to end gets SIGINT (100), SIGTERM (250 later) and
    /// SIGKILL (500 later)
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 0,
        help_heading = "Programs"
    )]
    pub closems: u64,

    /// Milliseconds a CGI program may take
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 60_000,
        help_heading = "Programs"
    )]
    pub cgitimeout: u64,

    /// Programs (WebSocket and CGI) at once; more requests are refused with 429; 0 or less: unlimited
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1024,
        help_heading = "Limits"
    )]
    pub maxforks: i64,

    /// Connections at once; more wait in the kernel's queue until one ends
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        help_heading = "Limits"
    )]
    pub maxconns: u64,

    /// Connections at once from one client address (IPv6: from one /64); 0: unlimited, as behind a proxy all clients have
    /// one address
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub maxconnsperip: u64,

    /// Bytes of a message from the client; larger ones close the connection with 1009; 0 or less: unlimited
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 1_048_576,
        help_heading = "Limits"
    )]
    pub maxframesize: i64,

    /// Fragments of one message; more close the connection with 1008
    #[arg(
        long,
        value_name = "N",
        default_value_t = 131_072,
        help_heading = "Limits"
    )]
    pub maxfragments: u64,

    /// Bytes of a line from the program; a longer one ends the session with 1011
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 4_194_304,
        help_heading = "Limits"
    )]
    pub maxline: u64,

    /// Bytes of a request's head; larger ones get 431
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 1_048_576,
        help_heading = "Limits"
    )]
    pub maxheaderbytes: u64,

    /// Header fields of a request; more get 431
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Limits")]
    pub maxheaders: u64,

    /// Milliseconds for the TLS handshake
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 10_000,
        help_heading = "Limits"
    )]
    pub tlstimeout: u64,

    /// Milliseconds from the first byte of a request's head to its end
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 10_000,
        help_heading = "Limits"
    )]
    pub headertimeout: u64,

    /// Milliseconds a kept-alive HTTP connection may be silent between requests
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 60_000,
        help_heading = "Limits"
    )]
    pub idletimeout: u64,

    /// Milliseconds a write to the client may make no progress before the connection is given up
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 60_000,
        help_heading = "Limits"
    )]
    pub writetimeout: u64,

    /// Milliseconds to wait for the client's close frame after ours
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 3_000,
        help_heading = "Limits"
    )]
    pub closetimeout: u64,

    /// Milliseconds between keep-alive pings; a client that shows no sign of life for two of them is gone; 0: no pings
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = "Limits")]
    pub pingms: u64,

    /// Milliseconds programs get to end by themselves when the daemon stops
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 3_000,
        help_heading = "Limits"
    )]
    pub shutdowngrace: u64,

    /// Least severity that is logged: debug, trace, access, info, error, fatal or none
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "access",
        help_heading = "Log"
    )]
    pub loglevel: String,

    /// Print this and exit
    #[arg(long, short = 'h', help_heading = "About")]
    pub help: bool,

    /// Print the version and exit
    #[arg(long, help_heading = "About")]
    pub version: bool,

    /// Print the license and exit
    #[arg(long, help_heading = "About")]
    pub license: bool,

    /// The program that serves each WebSocket connection, with its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<OsString>,
}

/// A path that may be empty: websocketd takes it for a flag that was not given, clap's own parser refuses it.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// An end of the program before it serves anything: what goes to which stream, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Exit code.
    pub code: u8,
    /// Text for stdout.
    pub stdout: String,
    /// Text for stderr.
    pub stderr: String,
}

impl Exit {
    /// Writes both texts. A reader that went away is no error: the exit code tells the rest.
    pub fn print(&self) -> u8 {
        let _ = io::stdout().write_all(self.stdout.as_bytes());
        let _ = io::stdout().flush();
        let _ = io::stderr().write_all(self.stderr.as_bytes());
        self.code
    }

    /// `message` and the short usage on stderr.
    pub fn usage(code: u8, message: &str, program: &str) -> Self {
        let stderr = format!("{message}\n{}", text::short_usage(program));
        Self {
            code,
            stdout: String::new(),
            stderr,
        }
    }

    /// `message` alone on stderr.
    pub fn message(code: u8, message: &str) -> Self {
        Self {
            code,
            stdout: String::new(),
            stderr: format!("{message}\n"),
        }
    }

    /// `message` on stdout, the short usage on stderr.
    pub fn told_on_stdout(code: u8, message: &str, program: &str) -> Self {
        Self {
            code,
            stdout: format!("{message}\n"),
            stderr: text::short_usage(program),
        }
    }
}

/// The name the program was called by, for its own texts.
pub fn program_name(argv: &[OsString]) -> String {
    let base = argv.first().and_then(|word| Path::new(word).file_name());
    base.map_or_else(
        || "websocketd-rs".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Parses `argv` (the program's name first).
///
/// # Errors
/// The [`Exit`] to make when the words are wrong or ask for a text.
pub fn parse(argv: &[OsString]) -> Result<Args, Exit> {
    let program = program_name(argv);
    let definition = Args::command();
    let words = match flag::canonicalize(&definition, argv.iter().skip(1).cloned()) {
        Ok(words) => words,
        Err(flag::Refusal::Help) => {
            let stderr = text::help(&program);
            return Err(Exit {
                code: 0,
                stdout: String::new(),
                stderr,
            });
        }
        Err(flag::Refusal::Syntax(message)) => return Err(Exit::usage(2, &message, &program)),
    };
    if argv.len() <= 1 {
        let missing = "Command line arguments are missing.";
        return Err(Exit::told_on_stdout(1, missing, &program));
    }
    let invalid = |error: clap::Error| Exit::usage(2, error.to_string().trim_end(), &program);
    let words = std::iter::once(OsString::from("websocketd-rs")).chain(words);
    let matches = definition.try_get_matches_from(words).map_err(invalid)?;
    let typed = Args::from_arg_matches(&matches).map_err(invalid)?;
    if typed.version || typed.license {
        let mut stdout = format!("{}\n", version(&program));
        if typed.license && !typed.version {
            stdout.push('\n');
            stdout.push_str(text::LICENSE);
        }
        return Err(Exit {
            code: 0,
            stdout,
            stderr: String::new(),
        });
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(words: &[&str]) -> Exit {
        let argv: Vec<OsString> = std::iter::once("/usr/bin/wd")
            .chain(words.iter().copied())
            .map(Into::into)
            .collect();
        parse(&argv).expect_err("these words end the program")
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_names_every_flag_and_goes_to_stderr() {
        let help = exit(&["--help"]);
        assert_eq!((help.code, help.stdout.as_str()), (0, ""));
        for arg in Args::command().get_arguments() {
            let Some(name) = arg.get_long() else { continue };
            assert!(
                help.stderr.lines().any(|line| line
                    .split([' ', '=', ','])
                    .any(|word| word == format!("--{name}"))),
                "--help lacks --{name}"
            );
            assert!(arg.get_help().is_some(), "--{name} has no text");
        }
        assert_eq!(exit(&["-h"]), help);
    }

    #[test]
    fn no_arguments_at_all() {
        let exit = exit(&[]);
        assert_eq!(exit.code, 1);
        assert_eq!(exit.stdout, "Command line arguments are missing.\n");
        assert!(exit.stderr.starts_with("\nUsage:\n"), "{}", exit.stderr);
        assert!(
            exit.stderr
                .contains("\n    wd [options] COMMAND [command args]\n")
        );
    }

    #[test]
    fn version_and_license() {
        let version = exit(&["--version"]);
        assert_eq!((version.code, version.stderr.as_str()), (0, ""));
        assert!(version.stdout.starts_with("wd "), "{}", version.stdout);
        assert!(version.stdout.contains("websocketd") && version.stdout.ends_with('\n'));
        let license = exit(&["--license"]);
        assert_eq!((license.code, license.stderr.as_str()), (0, ""));
        assert!(license.stdout.starts_with(&version.stdout));
        assert!(license.stdout.contains("MIT"));
        assert_eq!(exit(&["--license", "--version=1", "cat"]), version);
    }

    #[test]
    fn bad_words_exit_with_2_and_the_short_usage() {
        let unknown = exit(&["--nope", "cat"]);
        assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
        assert!(
            unknown
                .stderr
                .starts_with("flag provided but not defined: -nope\n\nUsage:\n")
        );
        for words in [["--port=x", "cat"], ["--binary=x", "cat"], ["cat", ""]] {
            if words[0] != "cat" {
                assert_eq!(exit(&words).code, 2, "{words:?}");
            }
        }
        assert_eq!(exit(&["--port"]).code, 2);
    }

    #[test]
    fn words_become_args() {
        let argv = [
            "wd",
            "-port",
            "0x50",
            "--ssl=f",
            "--header=A: b",
            "--",
            "cat",
            "--ssl",
            "-",
        ];
        let typed = parse(&argv.map(OsString::from)).unwrap();
        assert_eq!(typed.port, Some(80));
        assert!(!typed.ssl);
        assert_eq!(typed.header, ["A: b"]);
        assert_eq!(typed.command, ["cat", "--ssl", "-"]);
        assert_eq!(
            (typed.maxforks, typed.maxframesize, typed.loglevel.as_str()),
            (1024, 1 << 20, "access")
        );
        let negative = parse(&["wd", "--maxforks=-1", "--port", "-5", "cat"].map(OsString::from));
        assert_eq!(
            negative.map(|typed| (typed.maxforks, typed.port)),
            Ok((-1, Some(-5)))
        );
    }
}
