//! What a file says, what it may not say, and who wins.

use std::path::Path;

use clap::CommandFactory;

use super::super::sections::{LINE_ONLY, ROUTE_FLAGS};
use super::*;
use crate::cli::Args;
use crate::config::{Authorizer, Runnable, SiteConfig};

/// Loads `text` as the file of `--config`, after the other `words`.
pub(super) fn load_text(text: &str, words: &[&str]) -> Result<Config, Ending> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("it can be written");
    let mut argv = vec![OsString::from("wd"), "--config".into(), file.path().into()];
    argv.extend(words.iter().map(OsString::from));
    let environment = [("PATH", "/usr/bin:/bin"), ("X", "1")];
    let environment = environment.map(|(key, value)| (key.into(), value.into()));
    let name = file.path().display().to_string();
    load(&argv, &environment.to_vec())
        .map(|loaded| loaded.config().expect("no --healthcheck"))
        .map_err(|exit| Ending {
            stderr: exit.stderr.replace(&name, "FILE"),
            ..exit
        })
}

pub(super) fn good(text: &str, words: &[&str]) -> Config {
    load_text(text, words).unwrap_or_else(|exit| panic!("{exit:?}"))
}

#[track_caller]
pub(super) fn refused(text: &str) -> String {
    let exit = load_text(text, &[]).expect_err("the file is wrong");
    assert_eq!((exit.code, exit.stdout.as_str()), (1, ""));
    exit.stderr.trim_end().to_owned()
}

/// The daemon's own settings.
pub(super) fn own(config: &Config) -> &SiteConfig {
    config.default_site()
}

pub(super) fn command(site: &SiteConfig) -> Vec<OsString> {
    match &site.session.program {
        Some(Runnable::Command { path, args }) => {
            [&[path.clone().into_os_string()], args.as_slice()].concat()
        }
        other => panic!("{other:?} is no command"),
    }
}

#[test]
fn every_flag_is_a_key() {
    for arg in Args::command().get_arguments() {
        let Some(flag) = arg.get_long().filter(|flag| !LINE_ONLY.contains(flag)) else {
            continue;
        };
        let problem = load_text(&format!("{flag}=\u{20}\n"), &[]).expect_err("nothing is served");
        assert!(
            !problem.stderr.contains("unknown key"),
            "{flag}: {}",
            problem.stderr
        );
    }
    for flag in ROUTE_FLAGS {
        assert!(
            Args::command()
                .get_arguments()
                .any(|arg| arg.get_long() == Some(flag)),
            "--{flag} is gone"
        );
    }
}

/// Whoever makes a flag decides whether it means anything without HTTP and WebSocket.
#[test]
fn what_a_route_may_say_has_a_place_or_a_reason_in_a_tcp_section() {
    for flag in ROUTE_FLAGS {
        let text = format!("[tcp a]\nport=1\ncommand=cat\n{flag}=\u{20}\n");
        let said = load_text(&text, &[]).map_or_else(|exit| exit.stderr, |_| String::new());
        assert!(
            !said.contains("not a key of a [tcp NAME]") && !said.contains("unknown key"),
            "{flag}: {said}: config/keys.rs"
        );
    }
    let said = refused("[tcp a]\nport=1\ncommand=cat\nlog-file=x\n");
    assert!(said.contains("write it before the first section"), "{said}");
}

#[test]
fn a_section_inherits_but_what_is_about_one_listener() {
    let text = "address=127.0.0.1\nport=1\nssl=true\nsslcert=a\nsslkey=b\nsslca=c\nmaxforks=7\nwritetimeout=5\n\
                trusted-proxy=10.0.0.1\nproxy-protocol=true\nbinary=true\norigin=x\nenv=A=1\ncommand=cat\n\
                [tcp plain]\nport=2\nport=0x3\ncommand=true\nmaxconns=4\nenv=B=2\n\
                [tcp tls]\nport=4\ncommand=true\nssl=true\nsslcert=d\nmaxconnsperip=6\naddress=::1\n";
    let config = good(text, &[]);
    let [plain, tls] = &config.tcp[..] else {
        panic!("{:?}", config.tcp)
    };
    assert_eq!(plain.listen.addresses, ["127.0.0.1"]);
    assert_eq!(plain.ports, [2, 3]);
    assert!(plain.listen.tls.is_none() && !plain.listen.proxy_protocol);
    assert!(plain.listen.trusts("10.0.0.1".parse().unwrap()));
    assert_eq!(plain.limits.write_timeout.as_millis(), 5);
    assert_eq!(plain.limits.max_connections, Some(4));
    assert_eq!(plain.forks, ForkLimit::Shared);
    let variables: Vec<_> = plain
        .process
        .inherited_env
        .iter()
        .map(|(name, _)| name)
        .collect();
    assert!(
        ["A", "B"]
            .iter()
            .all(|name| variables.iter().any(|known| *known == *name))
    );
    let files = tls.listen.tls.as_ref().expect("TLS");
    let pair = files.pair.as_ref().expect("its own");
    assert_eq!(
        (pair.cert.to_str(), pair.key.to_str()),
        (Some("d"), Some("b"))
    );
    assert!(
        files.client_ca.is_some(),
        "who must have a certificate must have it here"
    );
    assert!(tls.limits.counts_addresses_alone && !plain.limits.counts_addresses_alone);
    assert_eq!(tls.limits.max_connections, None);
    assert_eq!(tls.listen.addresses, ["::1"]);
}

#[test]
fn the_command_line_wins() {
    let text = "port = 0x50\naddress=a\naddress=b\nbinary=true\ncommand=cat '-u' \"x y\"\n";
    let config = good(text, &[]);
    assert_eq!(config.listen.port, Some(80));
    assert_eq!(config.listen.addresses, ["a", "b"]);
    assert_eq!(command(own(&config)), ["/usr/bin/cat", "-u", "x y"]);
    let config = good(text, &["--port=1", "--address=c", "--binary=false", "true"]);
    assert_eq!(
        (config.listen.port, config.listen.addresses),
        (Some(1), vec!["c".to_owned()])
    );
    let config = good(text, &["--dir=/etc"]);
    assert!(matches!(
        own(&config).session.program,
        Some(Runnable::ScriptDir(_))
    ));
}

#[test]
fn routes_inherit_and_override() {
    let text = "[global]\nsameorigin=true\nmaxline=7\nheader=A: 1\nenv=E=0\nenv=F=0\ncommand=cat\n\
                [route /a/]\ncommand=true\nmaxline=8\nheader=A: 2\nheader=B: 3\nenv=E=1\nmaxforks=2\n\
                [route /a/b]\nstatic=/etc\ncgi=/usr\n\
                [route /]\ndir=/etc\n";
    let config = good(text, &["--passenv=X"]);
    let route = |path: &str| {
        let mut routes = config.sites.iter().rev().skip(1).rev();
        routes.find(|site| site.key.matches("h", path.as_bytes()))
    };
    let a = route("/a").expect("the route itself");
    assert_eq!(route("/a/x").unwrap().key.path, "/a");
    assert_eq!(route("/a/b/c").unwrap().key.path, "/a/b");
    assert_eq!(
        route("/a/bc").unwrap().key.path,
        "/a",
        "whole segments only"
    );
    assert_eq!(route("/ab").unwrap().key.path, "");

    assert_eq!(command(a), ["/usr/bin/true"]);
    assert_eq!((a.session.max_line, own(&config).session.max_line), (8, 7));
    assert!(a.http.same_origin && a.forks == ForkLimit::Own(Some(2)));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(a.http.headers, [pair("A", "2"), pair("B", "3")]);
    assert_eq!(own(&config).http.headers, [pair("A", "1")]);
    let variables = |site: &SiteConfig| -> Vec<String> {
        let pairs = site.process.inherited_env.iter();
        pairs
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    };
    assert_eq!(variables(own(&config)), ["X=1", "E=0", "F=0"]);
    assert_eq!(variables(a), ["X=1", "F=0", "E=1"]);

    let b = route("/a/b").unwrap();
    assert!(b.session.program.is_none() && b.forks == ForkLimit::Shared);
    assert_eq!(b.http.static_dir.as_deref(), Some(Path::new("/etc")));
    assert_eq!(b.http.cgi_dir.as_deref(), Some(Path::new("/usr")));
}

#[test]
fn routes_alone_serve() {
    let config = good("[route /x]\ncommand=cat\n", &[]);
    assert!(own(&config).session.program.is_none());
    assert!(!config.sites[0].key.matches("h", b"/y"));
}

#[test]
fn mistakes_name_file_line_key_and_what_is_allowed() {
    let serve = "command=cat\n";
    for (text, told) in [
        (
            "port=x\n",
            "FILE:1: port: \"x\" is not a whole number of at most 63 bits",
        ),
        (
            "\n#\nssl=yes\n",
            "FILE:3: ssl: \"yes\" is not true or false",
        ),
        (
            "maxline=0\n",
            "FILE:1: --maxline must be from 1 to 1073741824, not 0",
        ),
        ("command='cat\n", "FILE:1: command: a quote is not closed"),
        (
            "command=nosuch\n",
            "FILE:1: unable to locate specified COMMAND 'nosuch' in OS path",
        ),
        (
            "dir=/nope\n",
            "FILE:1: could not find your script dir '/nope'",
        ),
        (
            "env=1=2\n",
            "FILE:1: env: '1' is no name that a variable may have here",
        ),
        (
            "header=x\n",
            "FILE:1: --header: 'x' is no header; write it as \"Name: value\"",
        ),
        (
            "sslcert=x\n",
            "FILE:1: you should not be using --ssl* flags when there is no --ssl option",
        ),
        (
            "[route /a]\nmaxline=0\ncommand=cat\n",
            "FILE:2: [route /a]: --maxline must be from 1 to 1073741824, not 0",
        ),
        (
            "[route /a]\n",
            "FILE:1: [route /a]: Please specify COMMAND or provide --dir, --staticdir or --cgidir argument.",
        ),
        (
            "[route /a]\ndir=/nope\n",
            "FILE:2: [route /a]: could not find your script dir '/nope'",
        ),
    ] {
        let text = if text.contains("command") || text.contains("dir=") || text.contains('[') {
            text.to_owned()
        } else {
            format!("{text}{serve}")
        };
        let told_now = refused(&text);
        assert_eq!(told_now.lines().next(), Some(told), "{text}");
    }
    let unknown = refused("prot=1\n[route /a]\nport=1\n[x]\n[route a]\n[route /a/../b]\n");
    let lines: Vec<&str> = unknown.lines().collect();
    assert!(lines[0] == "FILE:1: prot: unknown key; did you mean port?");
    assert!(lines[1].starts_with("FILE:3: port: not a key of a route; "));
    for (line, at) in lines[2..].iter().zip([4, 5, 6]) {
        assert!(
            line.starts_with(&format!("FILE:{at}: [")) && line.contains("allowed are"),
            "{line}"
        );
    }
    assert_eq!(lines.len(), 5);
    assert!(
        refused("[route /a]\ncommand=cat\n[route /a/]\ncommand=cat\n").contains("there already")
    );
    assert!(refused("nonsense\n").starts_with("FILE:1: this is neither"));
    assert!(refused("config=x\n").contains("unknown key"));
}

#[test]
fn a_file_that_is_not_there() {
    let argv = ["wd", "--config=/nope", "cat"].map(OsString::from);
    let exit = load(&argv, &Vec::new()).unwrap_err();
    assert_eq!(exit.code, 1);
    assert!(exit.stderr.starts_with("/nope: "), "{}", exit.stderr);
}

#[test]
fn a_flag_on_the_command_line_is_not_blamed_on_the_file() {
    let exit = load_text("maxline=5\ncommand=cat\n", &["--maxline=0"]).unwrap_err();
    assert!(
        exit.stderr.starts_with("--maxline must be"),
        "{}",
        exit.stderr
    );
}

/// A value for each key of a route that is not what holds without it.
fn sample(flag: &str) -> &'static str {
    match flag {
        "dir" | "staticdir" | "cgidir" | "cwd" => "/usr",
        "devconsole" | "gzip" | "sameorigin" | "refuse-with-close" | "binary" | "passstderr"
        | "reverselookup" | "unbuffered" | "pty" | "readonly" => "true",
        "term" => "vt100\npty=true",
        "terminal" => "true\npty=true",
        "header" | "header-ws" | "header-http" => "X-Own: 1",
        "hidepath" => "/own/",
        "refuse-while" => "/run/own",
        "authorize" => "/bin/true",
        "authorizeall" => "true\nauthorize=/bin/true",
        "htpasswd" => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/htpasswd"),
        "origin" => "own.example",
        "protocol" => "own",
        "close-on-exit" => "3:4003",
        "passenv" | "sharedenv" => "X",
        "user" => "nobody",
        "shared" => "broadcast",
        "sharedby" => "path",
        "sharedrestart" => "always",
        "slowclient" => "drop",
        "framing" => "nul",
        _ => "12345",
    }
}

/// Keys that say something only beside `shared`.
const OF_SHARED: [&str; 9] = [
    "sharedby",
    "sharedenv",
    "replay",
    "sharedrestart",
    "sharedidle",
    "maxshared",
    "maxqueue",
    "slowms",
    "slowclient",
];

/// Two routes, the first with `key`, and the daemon's own settings, as text.
fn load_routes(key: &str, beside: &str) -> (String, String, String) {
    // A route serves one thing: --dir is in place of a command.
    let serves = if key.starts_with("dir=") {
        ""
    } else {
        "command=cat\n"
    };
    let text = format!("command=cat\n[route /a]\n{serves}{beside}{key}\n[route /b]\ncommand=cat\n");
    let mut config = good(&text, &[]);
    let routes = config.sites.split_off(0);
    config.sites.extend(routes.last().cloned());
    let shown = |path: &str| {
        let route = routes.iter().find(|site| site.key.path == path);
        format!("{:?}", route.expect("it is there"))
    };
    (shown("/a"), shown("/b"), format!("{config:?}"))
}

#[test]
fn every_key_of_a_route_is_its_own() {
    let (plain, ..) = load_routes("", "");
    for flag in ROUTE_FLAGS {
        let beside = match flag {
            "lingerbytes" => "linger=1\n",
            flag if OF_SHARED.contains(&flag) => "shared=broadcast\n",
            _ => "",
        };
        let (route, other, global) = load_routes("", beside);
        let (changed, untouched, whole) = load_routes(&format!("{flag}={}", sample(flag)), beside);
        assert_ne!(changed, route, "{flag} does nothing");
        assert_eq!((untouched, whole), (other, global), "{flag} leaks");
    }
    let (with_variable, ..) = load_routes("env=OWN=1", "");
    assert_ne!(with_variable, plain);
}

#[test]
fn of_authorize_and_htpasswd_the_nearer_one_holds() {
    let file = sample("htpasswd");
    let authorizer = |text: &str, words: &[&str]| {
        let config = good(text, words);
        let shown = |site: &SiteConfig| match &site.access.authorizer {
            None => "none",
            Some(Authorizer::Program { .. }) => "program",
            Some(Authorizer::Passwords { .. }) => "passwords",
        };
        config
            .sites
            .iter()
            .map(|site| shown(site))
            .collect::<Vec<_>>()
    };
    let both = format!(
        "command=cat\nauthorize=/bin/true -x\n[route /a]\ncommand=cat\nhtpasswd={file}\n\
         [route /b]\ncommand=cat\nauthorize=\n[route /c]\ncommand=cat\n"
    );
    assert_eq!(
        authorizer(&both, &[]),
        ["passwords", "none", "program", "program"]
    );
    let typed = format!("--htpasswd={file}");
    assert_eq!(
        authorizer("command=cat\nauthorize=/bin/true\n", &[&typed]),
        ["passwords"]
    );
    for (text, message) in [
        (
            format!("htpasswd={file}\nauthorize=true\n"),
            "only specify one of --authorize and --htpasswd",
        ),
        ("authorizeall=true\n".to_owned(), "--authorizeall needs"),
        (
            "authorize=/bin/nope\n".to_owned(),
            "unable to locate '/bin/nope'",
        ),
        ("authorize=true | false\n".to_owned(), "'|' is for a shell"),
        ("authorize=true 'x\n".to_owned(), "a quote is not closed"),
        (
            "htpasswd=/nope\n".to_owned(),
            "--htpasswd: /nope: No such file",
        ),
        (
            "authorizetimeout=0\n".to_owned(),
            "--authorizetimeout must be",
        ),
    ] {
        let exit = load_text(&format!("command=cat\n{text}"), &[]).unwrap_err();
        assert_eq!(exit.code, 1);
        assert!(exit.stderr.contains(message), "{text}: {}", exit.stderr);
    }
}
