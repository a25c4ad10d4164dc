//! From what was typed to what is meant, in websocketd's order of checks and with its texts and exit codes.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};

use super::{
    Config, Environment, Framing, Http, Level, Limits, Listen, Log, Process, Program,
    ResourceLimits, Session, Tls,
};
use crate::cli::{Args, Exit};

/// Longest wait that is accepted, in milliseconds (a day): longer ones are typing errors, and timers need an end.
const MAX_WAIT_MS: u64 = 24 * 60 * 60 * 1000;
/// Most connections that can be asked for: far above what a process can have open files.
const MAX_COUNT: u64 = 1 << 24;
/// Largest size in bytes that can be asked for: one buffer of that size can still be had.
const MAX_BYTES: u64 = 1 << 30;
/// A request's head needs some room: shorter limits would refuse every browser.
const MIN_HEADER_BYTES: u64 = 1024;

/// Checks `args` against `environment`, which must be the daemon's own.
///
/// # Errors
/// The [`Exit`] to make; `program` is the name to show in it.
pub fn check(args: &Args, environment: &Environment, program: &str) -> Result<Config, Exit> {
    let level = Level::from_name(&args.loglevel).ok_or_else(|| {
        let message = format!(
            "Incorrect loglevel flag '{}'. Use --help to see allowed values.",
            args.loglevel
        );
        Exit::told_on_stdout(1, &message, program)
    })?;
    let tls = check_tls(args)?;
    if args.binary && args.passstderr {
        let message = "please only specify one of --binary and --passstderr";
        return Err(Exit::message(1, message));
    }
    let command = find_program(args, environment);
    let program = command.map_err(|message| Exit::usage(1, &message, program))?;
    let http = check_http(args).map_err(|message| Exit::message(1, &message))?;
    let limits = check_limits(args).map_err(|message| Exit::message(1, &message))?;
    let session = check_session(args, program).map_err(|message| Exit::message(1, &message))?;
    Ok(Config {
        listen: check_listen(args, tls),
        http,
        session,
        process: Process {
            inherited_env: inherited(&args.passenv, environment),
            close_delay: Duration::from_millis(args.closems.min(MAX_WAIT_MS)),
            cgi_timeout: wait("cgitimeout", args.cgitimeout)
                .map_err(|message| Exit::message(1, &message))?,
            limits: ResourceLimits::default(),
        },
        limits,
        log: Log { level },
    })
}

fn check_tls(args: &Args) -> Result<Option<Tls>, Exit> {
    // websocketd takes an empty file name for a flag that was not given.
    let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    match (args.ssl, given(&args.sslcert), given(&args.sslkey)) {
        (true, Some(cert), Some(key)) => Ok(Some(Tls {
            cert,
            key,
            client_ca: given(&args.sslca),
        })),
        (true, _, _) => Err(Exit::message(
            1,
            "please specify both --sslcert and --sslkey when requesting --ssl",
        )),
        (false, None, None) => Ok(None),
        (false, _, _) => Err(Exit::message(
            1,
            "you should not be using --ssl* flags when there is no --ssl option",
        )),
    }
}

fn check_listen(args: &Args, tls: Option<Tls>) -> Listen {
    let unix_socket = args
        .unixsocket
        .clone()
        .filter(|path| !path.as_os_str().is_empty());
    let tcp_asked = args.port.is_some() || !args.address.is_empty() || args.redirport != 0;
    let standard = if tls.is_some() { 443 } else { 80 };
    let port = args.port.unwrap_or(standard);
    Listen {
        addresses: args.address.clone(),
        port: (tcp_asked || unix_socket.is_none()).then_some(port),
        redirect_port: (args.redirport != 0).then_some(args.redirport),
        unix_socket,
        tls,
    }
}

/// COMMAND or `--dir`; the errors are shown with the short usage.
fn find_program(args: &Args, environment: &Environment) -> Result<Option<Program>, String> {
    let dir = args.dir.as_ref().filter(|dir| !dir.as_os_str().is_empty());
    let files = [("static", &args.staticdir), ("CGI", &args.cgidir)];
    let files =
        files.map(|(kind, dir)| (kind, dir.as_ref().filter(|dir| !dir.as_os_str().is_empty())));
    let program = match (args.command.split_first(), dir) {
        (None, None) if files.iter().all(|(_, dir)| dir.is_none()) => {
            return Err(
                "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument.".into(),
            );
        }
        (None, None) => None,
        (Some(_), Some(_)) => {
            return Err(
                "ambiguous: provided COMMAND and --dir argument, please only specify one".into(),
            );
        }
        (Some((name, arguments)), None) => {
            let path = resolve(name, environment).ok_or_else(|| {
                format!(
                    "unable to locate specified COMMAND '{}' in OS path",
                    name.display()
                )
            })?;
            Some(Program::Command {
                path,
                args: arguments.to_vec(),
            })
        }
        (None, Some(dir)) => Some(Program::ScriptDir(script_dir(dir)?)),
    };
    for (kind, dir) in files {
        if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
            return Err(format!(
                "your {kind} dir '{}' is not pointing to an accessible directory",
                dir.display()
            ));
        }
    }
    Ok(program)
}

fn script_dir(dir: &Path) -> Result<PathBuf, String> {
    let missing = || format!("could not find your script dir '{}'", dir.display());
    let canonical = dir.canonicalize().map_err(|_| missing())?;
    if !canonical.is_dir() {
        let dir = dir.display();
        return Err(format!(
            "did you mean to specify COMMAND instead of --dir '{dir}'?"
        ));
    }
    Ok(canonical)
}

/// The file that `name` stands for, looked up as Go's `exec.LookPath` does: a name with a slash is a path, others are searched
/// in PATH. Entries of PATH that are empty or relative are skipped: what they find depends on where the daemon was started.
fn resolve(name: &OsStr, environment: &Environment) -> Option<PathBuf> {
    let executable = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.as_bytes().contains(&b'/') {
        return Some(PathBuf::from(name)).filter(executable);
    }
    let path = variable(environment, "PATH")?;
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(executable)
}

fn variable<'env>(environment: &'env Environment, name: &str) -> Option<&'env OsString> {
    environment
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// `--passenv`: unset and blank variables are left out; HTTPS is the daemon's to set, for it tells about the connection.
fn inherited(names: &str, environment: &Environment) -> Environment {
    let mut kept = Environment::new();
    for name in names.split(',').map(str::trim) {
        let Some(value) = variable(environment, name) else {
            continue;
        };
        let blank = value.as_bytes().trim_ascii().is_empty();
        if name != "HTTPS" && !blank && !kept.iter().any(|(key, _)| key == name) {
            kept.push((name.into(), value.clone()));
        }
    }
    kept
}

fn check_http(args: &Args) -> Result<Http, String> {
    let canonical = |dir: &Option<PathBuf>| -> Result<Option<PathBuf>, String> {
        match dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
            None => Ok(None),
            Some(dir) => match dir.canonicalize() {
                Ok(path) => Ok(Some(path)),
                Err(error) => Err(format!(
                    "cannot open directory '{}': {error}",
                    dir.display()
                )),
            },
        }
    };
    // An empty --origin is one that was not given, as in websocketd; a list of nothing but commas admits nobody.
    let origins = args.origin.as_ref().filter(|list| !list.is_empty());
    Ok(Http {
        static_dir: canonical(&args.staticdir)?,
        cgi_dir: canonical(&args.cgidir)?,
        dev_console: args.devconsole,
        headers: check_headers("header", &args.header)?,
        ws_headers: check_headers("header-ws", &args.header_ws)?,
        http_headers: check_headers("header-http", &args.header_http)?,
        same_origin: args.sameorigin,
        allowed_origins: origins.map(|list| {
            list.split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(Into::into)
                .collect()
        }),
        reverse_lookup: args.reverselookup,
    })
}

/// websocketd skips a header without a colon silently and sends any bytes; both are told here, for such a header would be
/// missing from, or would break, every response.
fn check_headers(flag: &str, typed: &[String]) -> Result<Vec<(String, String)>, String> {
    let parse = |header: &String| {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            format!(
                "--{flag}: '{}' is no header; write it as \"Name: value\"",
                header.escape_debug()
            )
        })?;
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(format!(
                "--{flag}: '{}' is no header name",
                name.escape_debug()
            ));
        }
        let value = value.trim_matches([' ', '\t']);
        if value
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(format!(
                "--{flag}: the value of {name} holds a control character"
            ));
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    typed.iter().map(parse).collect()
}

fn check_session(args: &Args, program: Option<Program>) -> Result<Session, String> {
    Ok(Session {
        program,
        framing: match (args.binary, args.passstderr) {
            (true, _) => Framing::Binary,
            (false, true) => Framing::TaggedLines,
            (false, false) => Framing::Lines,
        },
        max_message: usize::try_from(args.maxframesize)
            .ok()
            .filter(|&bytes| bytes > 0),
        max_line: bounded("maxline", args.maxline, 1, MAX_BYTES)?,
        max_fragments: bounded("maxfragments", args.maxfragments, 1, MAX_COUNT)?,
        ping_interval: match args.pingms {
            0 => None,
            interval => Some(wait("pingms", interval)?),
        },
        write_timeout: wait("writetimeout", args.writetimeout)?,
        close_timeout: wait("closetimeout", args.closetimeout)?,
    })
}

fn check_limits(args: &Args) -> Result<Limits, String> {
    Ok(Limits {
        max_forks: usize::try_from(args.maxforks)
            .ok()
            .filter(|&forks| forks > 0),
        max_connections: bounded("maxconns", args.maxconns, 1, MAX_COUNT)?,
        max_connections_per_address: match args.maxconnsperip {
            0 => None,
            connections => Some(bounded("maxconnsperip", connections, 1, MAX_COUNT)?),
        },
        tls_timeout: wait("tlstimeout", args.tlstimeout)?,
        header_timeout: wait("headertimeout", args.headertimeout)?,
        idle_timeout: wait("idletimeout", args.idletimeout)?,
        max_header_bytes: bounded(
            "maxheaderbytes",
            args.maxheaderbytes,
            MIN_HEADER_BYTES,
            MAX_BYTES,
        )?,
        max_headers: bounded("maxheaders", args.maxheaders, 1, 1 << 16)?,
        shutdown_grace: match args.shutdowngrace {
            0 => Duration::ZERO,
            grace => wait("shutdowngrace", grace)?,
        },
    })
}

fn bounded(flag: &str, value: u64, least: u64, most: u64) -> Result<usize, String> {
    if !(least..=most).contains(&value) {
        return Err(format!(
            "--{flag} must be from {least} to {most}, not {value}"
        ));
    }
    usize::try_from(value).map_err(|_| format!("--{flag} {value} is too large for this machine"))
}

fn wait(flag: &str, ms: u64) -> Result<Duration, String> {
    if !(1..=MAX_WAIT_MS).contains(&ms) {
        return Err(format!(
            "--{flag} must be from 1 to {MAX_WAIT_MS} milliseconds, not {ms}"
        ));
    }
    Ok(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn environment() -> Environment {
        [
            ("PATH", "bin::/nowhere:/usr/bin:/bin"),
            ("HTTPS", "on"),
            ("BLANK", " \t"),
            ("X", "1"),
        ]
        .map(|(key, value)| (key.into(), value.into()))
        .to_vec()
    }

    fn run(words: &[&str]) -> Result<Config, Exit> {
        let argv: Vec<OsString> = std::iter::once("wd")
            .chain(words.iter().copied())
            .map(Into::into)
            .collect();
        check(&crate::cli::parse(&argv)?, &environment(), "wd")
    }

    fn good(words: &[&str]) -> Config {
        run(words).unwrap_or_else(|exit| panic!("{words:?}: {exit:?}"))
    }

    /// The message (without the usage that follows) of an exit with code 1 that uses stderr alone.
    #[track_caller]
    fn refused(words: &[&str]) -> (String, bool) {
        let exit = run(words).expect_err("these words are wrong");
        assert_eq!((exit.code, exit.stdout.as_str()), (1, ""), "{words:?}");
        let (message, usage) = exit.stderr.split_once('\n').expect("a line");
        assert!(usage.is_empty() || usage.starts_with("\nUsage:\n"));
        (message.to_owned(), !usage.is_empty())
    }

    #[test]
    fn loglevels() {
        for level in Level::ALL {
            let flag = format!("--loglevel={}", level.name());
            assert_eq!(good(&[&flag, "cat"]).log.level, level);
        }
        assert_eq!(good(&["cat"]).log.level, Level::Access);
        for bad in ["x", "", "ACCESS", "Info"] {
            let exit = run(&[&format!("--loglevel={bad}"), "--ssl"]).unwrap_err();
            assert_eq!(exit.code, 1);
            let text =
                format!("Incorrect loglevel flag '{bad}'. Use --help to see allowed values.\n");
            assert_eq!(exit.stdout, text);
            assert!(exit.stderr.starts_with("\nUsage:\n"));
        }
    }

    #[test]
    fn tls_files_and_the_flag_belong_together() {
        let both = "please specify both --sslcert and --sslkey when requesting --ssl";
        for words in [
            &["--ssl", "cat"][..],
            &["--ssl", "--sslcert=a", "cat"],
            &["--ssl", "--sslkey=a", "cat"],
            &["--ssl", "--sslkey=a", "--sslcert=", "cat"],
        ] {
            assert_eq!(refused(words), (both.to_owned(), false));
        }
        let without = "you should not be using --ssl* flags when there is no --ssl option";
        assert_eq!(
            refused(&["--sslcert=a", "cat"]),
            (without.to_owned(), false)
        );
        assert_eq!(refused(&["--sslkey=a", "cat"]), (without.to_owned(), false));
        assert!(good(&["--sslca=a", "cat"]).listen.tls.is_none());
        let tls = good(&["--ssl", "--sslcert=a", "--sslkey=b", "--sslca=c", "cat"]);
        assert_eq!(tls.listen.port, Some(443));
        let tls = tls.listen.tls.unwrap();
        assert_eq!((tls.cert, tls.key), ("a".into(), "b".into()));
        assert_eq!(tls.client_ca, Some("c".into()));
    }

    #[test]
    fn binary_and_passstderr_exclude_each_other() {
        let text = "please only specify one of --binary and --passstderr";
        assert_eq!(
            refused(&["--binary", "--passstderr"]),
            (text.to_owned(), false)
        );
        assert_eq!(good(&["--binary", "cat"]).session.framing, Framing::Binary);
        assert_eq!(
            good(&["--passstderr", "cat"]).session.framing,
            Framing::TaggedLines
        );
    }

    #[test]
    fn something_must_be_served_and_only_one_program() {
        let nothing = "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument.";
        assert_eq!(refused(&["--port=1"]), (nothing.to_owned(), true));
        assert_eq!(refused(&["--devconsole"]), (nothing.to_owned(), true));
        assert_eq!(refused(&["--dir="]), (nothing.to_owned(), true));
        let two = "ambiguous: provided COMMAND and --dir argument, please only specify one";
        assert_eq!(refused(&["--dir=/", "cat"]), (two.to_owned(), true));
        assert!(good(&["--staticdir=/"]).session.program.is_none());
        assert!(good(&["--cgidir=/"]).session.program.is_none());
    }

    #[test]
    fn directories_must_be_there() {
        let text = "could not find your script dir '/nope'";
        assert_eq!(refused(&["--dir=/nope"]), (text.to_owned(), true));
        let text = "did you mean to specify COMMAND instead of --dir '/etc/passwd'?";
        assert_eq!(refused(&["--dir=/etc/passwd"]), (text.to_owned(), true));
        for bad in ["/nope", "/etc/passwd"] {
            let text =
                format!("your static dir '{bad}' is not pointing to an accessible directory");
            assert_eq!(
                refused(&[&format!("--staticdir={bad}"), "cat"]),
                (text, true)
            );
            let text = format!("your CGI dir '{bad}' is not pointing to an accessible directory");
            assert_eq!(refused(&[&format!("--cgidir={bad}"), "cat"]), (text, true));
        }
        let config = good(&["--dir=/usr/../etc"]);
        assert!(
            matches!(config.session.program, Some(Program::ScriptDir(dir)) if dir == Path::new("/etc"))
        );
    }

    #[test]
    fn the_command_is_found_once() {
        let Some(Program::Command { path, args }) = good(&["cat", "-u"]).session.program else {
            panic!("no command")
        };
        assert_eq!((path, args), ("/usr/bin/cat".into(), vec!["-u".into()]));
        for bad in ["nosuch", "/etc/passwd", "/etc", "-", "", "./cat"] {
            let text = format!("unable to locate specified COMMAND '{bad}' in OS path");
            assert_eq!(refused(&["--port=1", "--", bad]), (text, true));
        }
    }

    #[test]
    fn relative_entries_of_path_are_not_searched() {
        let dir = std::env::temp_dir().join(format!("websocketd-path-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("only-here");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let path = |entries: &str| vec![("PATH".into(), entries.into())];
        let name = OsStr::new("only-here");
        let found = resolve(name, &path(&format!("/nowhere:{}", dir.display())));
        let relative = resolve(name, &path("::."));
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(found, Some(file));
        assert_eq!(relative, None);
    }

    #[test]
    fn ports_and_listeners() {
        assert_eq!(good(&["cat"]).listen.port, Some(80));
        assert_eq!(good(&["--port=0", "cat"]).listen.port, Some(0));
        assert_eq!(good(&["--port=70000", "cat"]).listen.port, Some(70000));
        assert_eq!(good(&["--unixsocket=/s", "cat"]).listen.port, None);
        for tcp in ["--port=80", "--address=::1", "--redirport=81"] {
            let listen = good(&["--unixsocket=/s", tcp, "cat"]).listen;
            assert_eq!(listen.port, Some(80), "{tcp}");
        }
        assert_eq!(good(&["--unixsocket=", "cat"]).listen.unix_socket, None);
        assert_eq!(
            good(&["--redirport=81", "cat"]).listen.redirect_port,
            Some(81)
        );
        assert_eq!(good(&["cat"]).listen.redirect_port, None);
    }

    #[test]
    fn origins_are_trimmed_and_empty_entries_admit_nobody() {
        assert_eq!(good(&["cat"]).http.allowed_origins, None);
        assert_eq!(good(&["--origin=", "cat"]).http.allowed_origins, None);
        let listed = good(&["--origin= a , b:80 ,", "cat"])
            .http
            .allowed_origins
            .unwrap();
        assert_eq!(listed, ["a", "b:80"]);
        assert_eq!(
            good(&["--origin=,", "cat"]).http.allowed_origins,
            Some(vec![])
        );
    }

    #[test]
    fn headers_are_split_at_the_first_colon() {
        let http = good(&["--header=A:  b:c", "--header=A:d", "--header-ws=X:", "cat"]).http;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(http.headers, [pair("A", "b:c"), pair("A", "d")]);
        assert_eq!(http.ws_headers, [pair("X", "")]);
        for bad in [
            "nocolon",
            ": x",
            "A b: c",
            "A: b\r\nSet-Cookie: x",
            "A\n: b",
            "Á: b",
        ] {
            let (message, usage) = refused(&["--header-http", bad, "cat"]);
            assert!(
                message.starts_with("--header-http: ") && !usage,
                "{message}"
            );
        }
    }

    #[test]
    fn passenv_keeps_what_is_set() {
        let env = |list: &str| {
            let config = good(&[&format!("--passenv={list}"), "cat"]);
            config
                .process
                .inherited_env
                .into_iter()
                .map(|(key, _)| key)
                .collect::<Vec<_>>()
        };
        assert_eq!(env("X,PATH,HTTPS,BLANK,UNSET,X"), ["X", "PATH"]);
        assert!(env("").is_empty());
        assert!(env("x,PAT").is_empty());
        assert_eq!(good(&["cat"]).process.inherited_env[0].0, "PATH");
    }

    #[test]
    fn limits_have_sane_ranges() {
        let limits = good(&["--maxforks=0", "--maxconnsperip=7", "cat"]).limits;
        assert_eq!(
            (limits.max_forks, limits.max_connections_per_address),
            (None, Some(7))
        );
        assert_eq!(good(&["--maxforks=-1", "cat"]).limits.max_forks, None);
        assert_eq!(good(&["cat"]).limits.max_forks, Some(1024));
        assert_eq!(
            good(&["--maxframesize=-1", "cat"]).session.max_message,
            None
        );
        assert_eq!(good(&["cat"]).session.max_message, Some(1 << 20));
        assert_eq!(good(&["cat"]).session.ping_interval, None);
        let every = good(&["--pingms=20", "cat"]).session.ping_interval;
        assert_eq!(every, Some(Duration::from_millis(20)));
        for bad in [
            "--maxconns=0",
            "--maxline=0",
            "--maxheaderbytes=1",
            "--maxheaders=0",
            "--maxfragments=0",
            "--headertimeout=0",
            "--tlstimeout=86400001",
            "--idletimeout=0",
            "--writetimeout=0",
            "--closetimeout=0",
            "--cgitimeout=0",
            "--pingms=86400001",
            "--shutdowngrace=86400001",
        ] {
            let (message, usage) = refused(&[bad, "cat"]);
            let flag = bad.split('=').next().unwrap();
            assert!(
                message.starts_with(&format!("{flag} must be from ")) && !usage,
                "{message}"
            );
        }
    }

    #[test]
    fn the_console_takes_the_place_of_files() {
        assert_eq!(good(&["--devconsole", "cat"]).conflict(), None);
        assert_eq!(
            good(&["--devconsole", "--staticdir=/", "--cgidir=/", "cat"])
                .conflict()
                .unwrap(),
            "Invalid parameters: --devconsole cannot be used with --staticdir. Pick one."
        );
        let conflict = good(&["--devconsole", "--cgidir=/", "cat"])
            .conflict()
            .unwrap();
        assert!(conflict.contains("--cgidir"));
        assert_eq!(good(&["--staticdir=/", "cat"]).conflict(), None);
    }
}
