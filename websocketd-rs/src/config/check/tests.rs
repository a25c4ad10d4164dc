//! Every row of websocketd's table of exits, and every range.

use super::program::resolve;
use crate::cli::Ending;
use crate::config::{Config, Environment, Framing, Level, Runnable, SiteConfig, load};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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

fn run(words: &[&str]) -> Result<Config, Ending> {
    let argv: Vec<OsString> = std::iter::once("wd")
        .chain(words.iter().copied())
        .map(Into::into)
        .collect();
    load(&argv, &environment()).map(|loaded| loaded.config().expect("no --healthcheck"))
}

fn good(words: &[&str]) -> Config {
    run(words).unwrap_or_else(|exit| panic!("{words:?}: {exit:?}"))
}

/// What holds at the only place.
fn site(config: Config) -> SiteConfig {
    let site = config.sites.into_iter().next();
    Arc::unwrap_or_clone(site.expect("it is there"))
}

/// The message (without the usage that follows) of an exit with code 1 that uses stderr alone.
#[track_caller]
fn refused(words: &[&str]) -> (String, bool) {
    let exit = run(words).expect_err("these words are wrong");
    assert_eq!((exit.code, exit.stdout.as_str()), (1, ""), "{words:?}");
    match exit.stderr.split_once("\n\nUsage:\n") {
        Some((message, _)) => (message.to_owned(), true),
        None => (exit.stderr.trim_end().to_owned(), false),
    }
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
        let text = format!("Incorrect loglevel flag '{bad}'. Use --help to see allowed values.\n");
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
    let pair = tls.pair.unwrap();
    assert_eq!((pair.cert, pair.key), ("a".into(), "b".into()));
    assert_eq!(tls.client_ca, Some("c".into()));
}

#[test]
fn binary_and_passstderr_exclude_each_other() {
    let text = "please only specify one of --binary and --passstderr";
    assert_eq!(
        refused(&["--binary", "--passstderr"]),
        (text.to_owned(), false)
    );
    assert_eq!(
        site(good(&["--binary", "cat"])).session.framing,
        Framing::Binary
    );
    assert_eq!(
        site(good(&["--passstderr", "cat"])).session.framing,
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
    assert!(site(good(&["--staticdir=/"])).session.program.is_none());
    assert!(site(good(&["--cgidir=/"])).session.program.is_none());
}

#[test]
fn directories_must_be_there() {
    let text = "could not find your script dir '/nope'";
    assert_eq!(refused(&["--dir=/nope"]), (text.to_owned(), true));
    let text = "did you mean to specify COMMAND instead of --dir '/etc/passwd'?";
    assert_eq!(refused(&["--dir=/etc/passwd"]), (text.to_owned(), true));
    for bad in ["/nope", "/etc/passwd"] {
        let text = format!("your static dir '{bad}' is not pointing to an accessible directory");
        assert_eq!(
            refused(&[&format!("--staticdir={bad}"), "cat"]),
            (text, true)
        );
        let text = format!("your CGI dir '{bad}' is not pointing to an accessible directory");
        assert_eq!(refused(&[&format!("--cgidir={bad}"), "cat"]), (text, true));
    }
    let config = good(&["--dir=/usr/../etc"]);
    assert!(
        matches!(site(config).session.program, Some(Runnable::ScriptDir(dir)) if dir == Path::new("/etc"))
    );
}

#[test]
fn the_command_is_found_once() {
    let Some(Runnable::Command { path, args }) = site(good(&["cat", "-u"])).session.program else {
        panic!("no command")
    };
    assert_eq!((path, args), ("/usr/bin/cat".into(), vec!["-u".into()]));
    for (bad, why) in [
        ("nosuch", ""),
        ("/etc/passwd", "\nit is not executable; run chmod +x on it"),
        (
            "/etc",
            "\nit is a directory; to serve the programs in it use --dir",
        ),
        ("-", ""),
        ("", ""),
        ("./cat", ""),
    ] {
        let text = format!("unable to locate specified COMMAND '{bad}' in OS path{why}");
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
    let found = resolve(name, &path(&format!("/nowhere:{}", dir.display())), "");
    let relative = resolve(name, &path("::."), "");
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
    assert_eq!(site(good(&["cat"])).http.allowed_origins, None);
    assert_eq!(site(good(&["--origin=", "cat"])).http.allowed_origins, None);
    let listed = site(good(&["--origin= a , b:80 ,", "cat"]))
        .http
        .allowed_origins
        .unwrap();
    assert_eq!(listed, ["a", "b:80"]);
    assert_eq!(
        site(good(&["--origin=,", "cat"])).http.allowed_origins,
        Some(vec![])
    );
}

#[test]
fn headers_are_split_at_the_first_colon() {
    let http = site(good(&[
        "--header=A:  b:c",
        "--header=A:d",
        "--header-ws=X:",
        "cat",
    ]))
    .http;
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
        let site = site(good(&[&format!("--passenv={list}"), "cat"]));
        site.process
            .inherited_env
            .into_iter()
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
    };
    assert_eq!(env("X,PATH,HTTPS,BLANK,UNSET,X"), ["X", "PATH"]);
    assert!(env("").is_empty());
    assert!(env("x,PAT").is_empty());
    assert_eq!(site(good(&["cat"])).process.inherited_env[0].0, "PATH");
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
        site(good(&["--maxframesize=-1", "cat"]))
            .session
            .max_message,
        None
    );
    assert_eq!(site(good(&["cat"])).session.max_message, Some(1 << 20));
    assert_eq!(site(good(&["cat"])).session.ping_interval, None);
    let every = site(good(&["--pingms=20", "cat"])).session.ping_interval;
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

#[test]
fn protocols_and_exit_codes() {
    let session = site(good(&[
        "--protocol= chat , b,chat,",
        "--close-on-exit=3:4003",
        "--close-on-exit=3:4004",
        "cat",
    ]))
    .session;
    assert_eq!(session.protocols, ["chat", "b"]);
    assert_eq!(session.exit_codes, [(3, 4004)]);
    assert!(site(good(&["cat"])).session.protocols.is_empty());
    for bad in [
        "--protocol=a b",
        "--close-on-exit=3",
        "--close-on-exit=256:4000",
        "--close-on-exit=1:1000",
        "--close-on-exit=1:5000",
    ] {
        let (message, usage) = refused(&[bad, "cat"]);
        assert!(
            message.starts_with(bad.split('=').next().unwrap()) && !usage,
            "{message}"
        );
    }
}

#[test]
fn log_formats() {
    use crate::config::Format;
    assert_eq!(good(&["cat"]).log.format, Format::Classic);
    let log = good(&["--log-format=json", "--log-file=/x", "cat"]).log;
    assert_eq!((log.format, log.file), (Format::Json, Some("/x".into())));
    let log = good(&["--log-format=journal", "cat"]).log;
    assert_eq!(log.format, Format::Journal);
    assert_eq!(good(&["--log-file=", "cat"]).log.file, None);
    let (message, _) = refused(&["--log-format=xml", "cat"]);
    assert_eq!(
        message,
        "--log-format must be classic, json or journal, not 'xml'"
    );
}

#[test]
fn the_proxy_protocol_needs_somebody_to_trust() {
    let (message, _) = refused(&["--proxy-protocol", "cat"]);
    assert!(
        message.starts_with("--proxy-protocol needs --trusted-proxy"),
        "{message}"
    );
    let config = good(&["--proxy-protocol", "--trusted-proxy=10.0.0.0/8", "cat"]);
    assert!(config.listen.proxy_protocol && config.trusts([10, 1, 2, 3].into()));
    assert!(!config.trusts([11, 1, 2, 3].into()));
}

#[test]
fn sessions_linger_where_that_is_asked_for_and_has_a_sense() {
    assert_eq!(site(good(&["cat"])).session.linger, None);
    assert_eq!(site(good(&["--linger=0", "cat"])).session.linger, None);
    let config = good(&["--linger=1500", "--lingertotal=300000", "cat"]);
    assert_eq!(config.limits.linger_total, 300_000);
    let linger = site(config).session.linger.unwrap();
    assert_eq!(
        (linger.time, linger.max_bytes),
        (Duration::from_millis(1500), 262_144)
    );
    for (flags, wanted) in [
        (&["--linger=86400001", "cat"][..], "--linger must be from"),
        (&["--lingerbytes=0", "cat"], "--lingerbytes must be from"),
        (&["--lingertotal=0", "cat"], "--lingertotal must be from"),
        (
            &["--linger=1", "--lingertotal=1000", "cat"],
            "--lingertotal must be at least --lingerbytes",
        ),
        (
            &["--linger=1", "--shared=ids", "cat"],
            "--linger keeps a program for one client",
        ),
    ] {
        let (message, usage) = refused(flags);
        assert!(message.starts_with(wanted) && !usage, "{message}");
        assert_eq!(message.lines().count(), 1);
    }
}
