//! `--authorize`, `--htpasswd` and `--authorizeall`: who is asked, and what becomes of the answer.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::chat::Files;
use e2e::deadline::eventually;
use e2e::{proc, under_test};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::daemon::{Daemon, run};
use crate::handshake::{messages, upgrade, upgrade_request};
use crate::http::{Client, Reply, get, request};
use crate::limits::{metric, wait_for_metric};

const COMMON: [&str; 4] = [
    "--port=0",
    "--address=127.0.0.1",
    "--admin-address=127.0.0.1:0",
    "--closetimeout=100",
];

/// A handler that says what it knows, and ends.
const HANDLER: [&str; 3] = ["/bin/sh", "-c", "env"];

const TIMES_OUT: &str = "--authorizetimeout=500";

fn serve(words: &[&str]) -> Daemon {
    Daemon::start(&[&COMMON[..], words].concat())
}

/// An executable shell script.
fn script(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    path.to_str().expect("UTF-8").to_owned()
}

/// A daemon with `--authorize` of a script, a directory for it, and more flags.
fn guarded(text: &str, words: &[&str]) -> (Daemon, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let flag = format!("--authorize={}", script(&dir, "ask", text));
    (serve(&[&[flag.as_str()], words].concat()), dir)
}

fn basic(credentials: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(credentials))
}

/// A file by Apache's own program, with the password `secret` for each name.
fn htpasswd(dir: &TempDir, names: &[&str]) -> String {
    let path = dir.path().join("users");
    fs::write(&path, "").expect("a file");
    for name in names {
        let mut htpasswd = Command::new("htpasswd")
            .args(["-i", "-B"])
            .arg(&path)
            .arg(name)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tests/install-packages installs it");
        let mut stdin = htpasswd.stdin.take().expect("a pipe");
        stdin.write_all(b"secret").expect("it reads");
        drop(stdin);
        assert!(htpasswd.wait().expect("it ends").success());
    }
    path.to_str().expect("UTF-8").to_owned()
}

fn refusals(daemon: &Daemon, reason: &str) -> u64 {
    let name = format!("websocketd_refusals_total{{reason=\"{reason}\"}}");
    metric(daemon, &name).unwrap_or(0)
}

#[test]
fn the_exit_status_admits_or_refuses() {
    let (daemon, _dir) = guarded("test \"$QUERY_STRING\" = good", &HANDLER);
    let (mut client, reply) = upgrade(&daemon, "/?good", "");
    assert_eq!(reply.status, 101);
    let variables = messages(&mut client);
    assert!(
        variables.contains(&"REMOTE_USER=".to_owned()),
        "{variables:?}"
    );
    assert!(!variables.iter().any(|line| line.starts_with("AUTHORIZE=")));
    let mut client = Client::connect(&daemon);
    client.send(upgrade_request("/?bad", ""));
    let reply = client.reply();
    assert_eq!((reply.status, reply.utf8()), (403, "403 Forbidden\n"));
    assert_eq!(refusals(&daemon, "authorize"), 1);
    assert_eq!(metric(&daemon, "websocketd_spawn_seconds_count"), Some(3));
}

#[test]
fn a_refusal_is_what_the_program_prints() {
    let text = "case $QUERY_STRING in\n\
        401) printf 'Status: 401\\nWWW-Authenticate: Bearer\\nConnection: keep-alive\\nContent-Length: 1\\nSet-Cookie: secret=1\\n\\nlog in\\n';;\n\
        302) printf 'Status: 302 Found\\r\\nLocation: /in?from=x\\r\\n\\r\\n';;\n\
        only) printf 'Location: /in\\n\\n';;\n\
        503) printf 'Status: 503\\nRetry-After: 9\\n'; exit 7;;\n\
        esac";
    let (daemon, _dir) = guarded(text, &HANDLER);
    let ask = |query: &str| -> Reply {
        let mut client = Client::connect(&daemon);
        client.send(upgrade_request(&format!("/?{query}"), ""));
        client.reply()
    };
    let reply = ask("401");
    assert_eq!((reply.status, reply.utf8()), (401, "log in\n"));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    assert_eq!(reply.header("content-length"), Some("7"));
    assert_eq!(reply.header("set-cookie"), Some("secret=1"));
    assert_eq!(reply.header("connection"), None);
    let reply = ask("302");
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, Some("/in?from=x"))
    );
    assert_eq!(ask("only").status, 302);
    let reply = ask("503");
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("9"))
    );
    assert_eq!(refusals(&daemon, "authorize"), 4);
    let (_, log) = daemon.stop();
    assert!(log.contains("| Refused with 401 by --authorize"), "{log}");
    assert!(!log.contains("secret"), "its output is not logged: {log}");
}

#[test]
fn what_comes_with_the_admission_reaches_handler_and_client() {
    let text = "test \"$AUTHORIZE\" = 1 && test -n \"$HTTP_AUTHORIZATION\" || exit 1\n\
        printf 'Variable: REMOTE_USER=alice\\nVariable: AUTH_TYPE=Bearer\\nVariable: AUTH_GROUP=a b\\n'\n\
        printf 'Protocol: chat.2\\nSet-Cookie: s=1\\nSet-Cookie: t=2\\n'\n\
        printf 'Sec-WebSocket-Extensions: x\\nUpgrade: y\\nContent-Length: 9\\n\\n'";
    let words = [&["--protocol=chat.1"], &HANDLER[..]].concat();
    let (daemon, _dir) = guarded(text, &words);
    let fields = format!(
        "{}Auth-Group: root\r\nRemote-User: root\r\nREMOTE_USER: root\r\n\
         Sec-WebSocket-Protocol: chat.1, chat.2\r\n",
        basic("a:topsecret")
    );
    let (mut client, reply) = upgrade(&daemon, "/", &fields);
    assert_eq!(reply.status, 101, "{}", reply.head);
    assert_eq!(reply.all("set-cookie"), ["s=1", "t=2"]);
    assert_eq!(reply.all("sec-websocket-protocol"), ["chat.2"]);
    assert_eq!(reply.all("upgrade"), ["websocket"]);
    assert_eq!(reply.header("sec-websocket-extensions"), None);
    assert_eq!(reply.header("content-length"), None);
    let variables = messages(&mut client);
    for expected in [
        "REMOTE_USER=alice",
        "AUTH_TYPE=Bearer",
        "AUTH_GROUP=a b",
        "WEBSOCKET_PROTOCOL=chat.2",
        "HTTP_AUTH_GROUP=root",
    ] {
        assert!(
            variables.contains(&expected.to_owned()),
            "{expected}: {variables:?}"
        );
    }
    let forged =
        |line: &&String| line.starts_with("REMOTE_USER=") || line.starts_with("AUTH_GROUP=");
    assert_eq!(variables.iter().filter(forged).count(), 2);
    let all = variables.join("\n");
    assert!(!all.contains("HTTP_AUTHORIZATION"), "{all}");
    // A client that does not offer it does not get it.
    let (_client, reply) = upgrade(&daemon, "/", &basic("a:b"));
    assert_eq!(
        (reply.status, reply.header("sec-websocket-protocol")),
        (101, None)
    );
}

#[test]
fn without_a_verdict_nobody_is_admitted() {
    for (text, reason) in [
        ("sleep 1000", "took longer than --authorizetimeout"),
        (
            "exec >&-; sleep 1000",
            "took longer than --authorizetimeout",
        ),
        ("kill -9 $$", "killed by signal 9"),
        ("echo welcome", "a line is no field"),
        ("printf 'Status: 200\\n\\n'", "300 to 599"),
        ("printf 'Variable: LD_PRELOAD=/x\\n'", "a Variable is not"),
        ("printf 'Set-Cookie: a\\rX: b\\n'", "a control character"),
        (
            "printf 'Variable: REMOTE_USER=a\\r\\nVariable: REMOTE_USER=root\\n'",
            "there twice",
        ),
        ("printf 'X: 1\\n\\nbody'", "a body and no Status"),
        (
            "head -c 65537 /dev/zero | tr '\\0' x; exit 0",
            "its output is over 64 KiB",
        ),
    ] {
        let (mut daemon, _dir) = guarded(text, &[&[TIMES_OUT], &HANDLER[..]].concat());
        let (_client, reply) = upgrade(&daemon, "/", "");
        assert_eq!(reply.status, 503, "{text}");
        let line = daemon.read_until("| ERROR");
        assert!(
            line.contains("| --authorize: ") && line.contains(reason),
            "{line}"
        );
        assert_eq!(refusals(&daemon, "authorize_failed"), 1, "{text}");
        let started = metric(&daemon, "websocketd_spawn_seconds_count");
        assert_eq!(started, Some(1), "the handler was not started: {text}");
        // Nothing of it is left.
        daemon.stop();
    }
}

#[test]
fn a_program_that_cannot_start_admits_nobody_and_is_found_by_check() {
    let dir = tempfile::tempdir().expect("a directory");
    let broken = script(&dir, "ask", "");
    fs::write(&broken, "#!/nope/interpreter\n").expect("a script");
    let flag = format!("--authorize={broken}");
    let mut daemon = serve(&[&flag, "cat"]);
    assert_eq!(upgrade(&daemon, "/", "").1.status, 503);
    daemon.read_until("could not be started");
    let checked = run(&["--check", "--port=0", &flag, "cat"]);
    assert_eq!(checked.code, Some(3), "{}", checked.stderr);
    assert!(checked.stderr.contains("--authorize"), "{}", checked.stderr);
    let missing = run(&["--check", "--authorize=/nope/ask", "cat"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.contains("unable to locate '/nope/ask'"),
        "{}",
        missing.stderr
    );
    let alone = run(&["--authorizeall", "cat"]);
    assert_eq!(alone.code, Some(1));
}

#[test]
fn a_program_that_forks_and_exits_is_heard_and_leaves_nothing() {
    let text = "sleep 1000 & echo 'Variable: REMOTE_USER=alice'";
    let (daemon, _dir) = guarded(text, &HANDLER);
    let (mut client, reply) = upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    assert!(messages(&mut client).contains(&"REMOTE_USER=alice".to_owned()));
    drop(client);
    wait_for_metric(&daemon, "websocketd_sessions_open", 0);
    let sleeping = proc::descendants(daemon.pid()).into_iter();
    let sleeping = sleeping.filter(|process| {
        proc::program_of(process.pid).is_some_and(|path| path.ends_with("sleep"))
    });
    assert_eq!(sleeping.count(), 0);
}

#[test]
fn a_client_that_leaves_ends_the_program() {
    let text = "echo began >&2; exec sleep 1000";
    let (mut daemon, _dir) = guarded(text, &["--authorizetimeout=600000", "cat"]);
    let mut client = Client::connect(&daemon);
    client.send(upgrade_request("/", ""));
    daemon.read_until("| began");
    wait_for_metric(&daemon, "websocketd_handlers{state=\"running\"}", 1);
    drop(client);
    wait_for_metric(&daemon, "websocketd_handlers{state=\"running\"}", 0);
    wait_for_metric(&daemon, "websocketd_handlers{state=\"ending\"}", 0);
    wait_for_metric(&daemon, "websocketd_connections_open", 0);
}

#[test]
fn what_is_refused_anyway_starts_no_program() {
    let (daemon, _dir) = guarded("exit 0", &["--origin=good.example", "cat"]);
    let (_client, reply) = upgrade(&daemon, "/", "Origin: http://bad.example\r\n");
    assert_eq!(reply.status, 403);
    assert_eq!(metric(&daemon, "websocketd_spawn_seconds_count"), Some(0));
    assert_eq!(refusals(&daemon, "origin"), 1);
}

#[test]
fn a_hundred_clients_share_five_permits() {
    let (daemon, _dir) = guarded("exit 0", &["--maxforks=5", "cat"]);
    let daemon = &daemon;
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..100)
            .map(|_| scope.spawn(move || upgrade(daemon, "/", "")))
            .collect();
        // All stay open until the last has its answer.
        let clients: Vec<_> = clients
            .into_iter()
            .map(|it| it.join().expect("it ends"))
            .collect();
        clients.iter().map(|(_, reply)| reply.status).collect()
    });
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(101), count(429)), (5, 95), "{statuses:?}");
    wait_for_metric(daemon, "websocketd_sessions_open", 0);
    // All permits are back.
    let again: Vec<_> = (0..5).map(|_| upgrade(daemon, "/", "")).collect();
    assert!(again.iter().all(|(_, reply)| reply.status == 101));
}

#[test]
fn a_route_has_an_authorizer_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("websocketd.ini");
    let users = htpasswd(&dir, &["alice"]);
    let text = format!(
        "command=cat\nauthorize=/bin/false\n[route /open]\ncommand=cat\nauthorize=\n\
         [route /users]\ncommand=cat\nhtpasswd={users}\n"
    );
    fs::write(&file, text).expect("a file");
    let daemon = serve(&[&format!("--config={}", file.display())]);
    for (target, status) in [
        ("/", 403),
        ("/open", 101),
        ("/users", 401),
        ("/users/x", 401),
    ] {
        assert_eq!(upgrade(&daemon, target, "").1.status, status, "{target}");
    }
    let (_client, reply) = upgrade(&daemon, "/users", &basic("alice:secret"));
    assert_eq!(reply.status, 101);
}

#[test]
fn the_chat_believes_the_user_that_was_authorized() {
    let files = Files::installed("REMOTE_USER=yes\nTRUSTED_PROXIES=127.0.0.1\n");
    let dir = tempfile::tempdir().expect("a directory");
    let ask = script(&dir, "ask", "echo 'Variable: REMOTE_USER=alice'");
    let handler = under_test::beside("chat-handler");
    let daemon = serve(&[
        &format!("--authorize={ask}"),
        handler.to_str().expect("UTF-8"),
        &format!("--config={}", files.ini().display()),
    ]);
    let (_client, reply) = upgrade(&daemon, "/room", "");
    assert_eq!(reply.status, 101);
    eventually("alice is in the room", || {
        files
            .present("room")
            .contains(&"alice".to_owned())
            .then_some(())
    });
}

#[test]
fn a_password_of_apaches_file_admits() {
    let dir = tempfile::tempdir().expect("a directory");
    let users = htpasswd(&dir, &["alice", "bob"]);
    let daemon = serve(&[&[format!("--htpasswd={users}").as_str()], &HANDLER[..]].concat());
    for fields in [
        "",
        &basic("alice:Secret"),
        &basic("carol:secret"),
        &basic("alice:"),
    ] {
        let (_client, reply) = upgrade(&daemon, "/", fields);
        assert_eq!(reply.status, 401, "{fields}");
        let challenge = reply.header("www-authenticate");
        assert_eq!(
            challenge,
            Some("Basic realm=\"websocketd\", charset=\"UTF-8\"")
        );
    }
    let (mut client, reply) = upgrade(&daemon, "/", &basic("bob:secret"));
    assert_eq!(reply.status, 101);
    let variables = messages(&mut client);
    assert!(
        variables.contains(&"REMOTE_USER=bob".to_owned()),
        "{variables:?}"
    );
    assert!(
        variables.contains(&"AUTH_TYPE=Basic".to_owned()),
        "{variables:?}"
    );
    assert!(
        !variables.join("\n").contains("AUTHORIZATION"),
        "{variables:?}"
    );
    assert_eq!(refusals(&daemon, "authorize"), 4);
    let (_, log) = daemon.stop();
    assert!(
        !log.contains(&STANDARD.encode("bob:secret")) && !log.contains("secret"),
        "{log}"
    );
}

#[test]
fn a_file_that_is_no_longer_right_is_left_and_a_new_one_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let users = htpasswd(&dir, &["alice"]);
    let flag = format!("--htpasswd={users}");
    let mut daemon = serve(&[&flag, "cat"]);
    fs::write(&users, "alice:$apr1$FTSJZQEF$Obe2mHAj8qyRvLieeBh3I0\n").expect("a file");
    daemon.signal(Signal::SIGHUP);
    let line = daemon.read_until("Reload refused");
    assert!(
        line.contains("line 1: ") && line.contains("htpasswd -B"),
        "{line}"
    );
    assert_eq!(upgrade(&daemon, "/", &basic("alice:secret")).1.status, 101);
    htpasswd(&dir, &["bob"]);
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded");
    assert_eq!(upgrade(&daemon, "/", &basic("alice:secret")).1.status, 401);
    assert_eq!(upgrade(&daemon, "/", &basic("bob:secret")).1.status, 101);
    fs::write(&users, "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n").expect("a file");
    let refused = run(&["--check", &flag, "cat"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("line 1: the hash is not bcrypt"),
        "{}",
        refused.stderr
    );
}

#[test]
fn who_guesses_passwords_is_slowed_and_others_are_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let users = htpasswd(&dir, &["alice"]);
    let daemon = serve(&[
        &format!("--htpasswd={users}"),
        "--trusted-proxy=127.0.0.0/8",
        "cat",
    ]);
    let daemon = &daemon;
    let guess = |address: &str, credentials: &str| {
        let fields = format!("X-Forwarded-For: {address}\r\n{}", basic(credentials));
        upgrade(daemon, "/", &fields).1
    };
    // Many at once do not pass the limit together.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let guesses: Vec<_> = (0..40)
            .map(|n| scope.spawn(move || guess("2001:db8::1", &format!("alice:{n}")).status))
            .collect();
        guesses
            .into_iter()
            .map(|it| it.join().expect("it ends"))
            .collect()
    });
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert!((10..=15).contains(&tried), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 401 | 429)),
        "{statuses:?}"
    );
    let slowed = guess("2001:db8::ffff", "alice:secret");
    // Some time may have passed: then the next guess is one too many.
    if slowed.status == 429 {
        assert!(slowed.header("retry-after").is_some());
    }
    assert_eq!(guess("2001:db8:0:1::1", "alice:secret").status, 101);
    assert_eq!(guess("192.0.2.1", "alice:secret").status, 101);
}

#[test]
fn pages_of_other_sites_may_not_use_a_password() {
    let dir = tempfile::tempdir().expect("a directory");
    let users = htpasswd(&dir, &["alice"]);
    let flag = format!("--htpasswd={users}");
    let closed = serve(&[&flag, "cat"]);
    let listed = serve(&[&flag, "--origin=evil.example", "cat"]);
    let ask = |daemon: &Daemon, origin: &str| {
        upgrade(daemon, "/", &format!("{origin}{}", basic("alice:secret")))
            .1
            .status
    };
    assert_eq!(ask(&closed, ""), 101);
    assert_eq!(ask(&closed, "Origin: http://h.example\r\n"), 101);
    assert_eq!(ask(&closed, "Origin: http://evil.example\r\n"), 403);
    assert_eq!(ask(&closed, "Origin: null\r\n"), 403);
    assert_eq!(ask(&listed, "Origin: http://evil.example\r\n"), 101);
}

#[test]
fn authorizeall_guards_files_scripts_and_console_but_not_the_health() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["www", "cgi"] {
        fs::create_dir(dir.path().join(name)).expect("a directory");
    }
    fs::write(dir.path().join("www/page.html"), "<p>page").expect("a page");
    script(
        &dir,
        "cgi/env",
        "printf 'Content-Type: text/plain\\n\\n'; env",
    );
    let text = "test \"$QUERY_STRING\" = good || exit 1\n\
        printf 'Variable: REMOTE_USER=alice\\nSet-Cookie: s=1\\n'";
    let ask = script(&dir, "ask", text);
    let (ask, users) = (format!("--authorize={ask}"), htpasswd(&dir, &["alice"]));
    let www = format!("--staticdir={}", dir.path().join("www").display());
    let cgi = format!("--cgidir={}", dir.path().join("cgi").display());

    let daemon = serve(&["--authorizeall", &ask, &www, &cgi, "cat"]);
    for target in ["/page.html", "/env", "/nothing"] {
        let reply = get(&daemon, target);
        assert_eq!(
            (reply.status, reply.utf8()),
            (403, "403 Forbidden\n"),
            "{target}"
        );
    }
    let page = get(&daemon, "/page.html?good");
    assert_eq!((page.status, page.utf8()), (200, "<p>page"));
    assert_eq!(page.header("set-cookie"), Some("s=1"));
    let reply = request(&daemon, "GET /env?good", &basic("a:b"));
    assert_eq!(
        (reply.status, reply.header("set-cookie")),
        (200, Some("s=1"))
    );
    assert!(
        reply.utf8().contains("\nREMOTE_USER=alice\n")
            || reply.utf8().starts_with("REMOTE_USER=alice\n"),
        "{}",
        reply.utf8()
    );
    assert!(!reply.utf8().contains("AUTHORIZATION"), "{}", reply.utf8());
    let posted = request(
        &daemon,
        "POST /env",
        "Content-Length: 3\r\nExpect: 100-continue\r\n",
    );
    assert_eq!(posted.status, 403, "before the body is asked for");
    assert_eq!(upgrade(&daemon, "/?good", "").1.status, 101);
    assert_eq!(upgrade(&daemon, "/?bad", "").1.status, 403);

    let users = format!("--htpasswd={users}");
    let console = serve(&["--authorizeall", &users, "--devconsole", "cat"]);
    assert_eq!(get(&console, "/").status, 401);
    assert_eq!(
        request(&console, "GET /", &basic("alice:secret")).status,
        200
    );
    assert_eq!(
        refusals(&console, "authorize"),
        1,
        "the metrics are not guarded"
    );
    // Without it pages are for all.
    let open = serve(&[&ask, &www, "cat"]);
    assert_eq!(get(&open, "/page.html").status, 200);
    assert_eq!(upgrade(&open, "/", "").1.status, 403);
}
