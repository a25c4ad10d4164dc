//! `[route /path]`, `--protocol` and `--trusted-proxy`: what of them a program and a client see.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::handshake::{messages, upgrade};
use crate::http::{get, request};

fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("our file");
}

/// A configuration with one route of each kind, and what they serve.
fn configured() -> (TempDir, Daemon) {
    let root = tempfile::tempdir().expect("a directory");
    for dir in ["scripts", "cgi", "www"] {
        fs::create_dir(root.path().join(dir)).expect("a directory");
    }
    let show = "#!/bin/sh\necho \"$SCRIPT_NAME|$PATH_INFO|$OWN\"\n";
    write(&root.path().join("show"), show);
    write(&root.path().join("scripts/one"), show);
    let cgi = show.replace("\necho", "\nprintf 'Content-Type: a/b\\n\\n'\necho");
    write(&root.path().join("cgi/two"), &cgi);
    write(&root.path().join("www/page.txt"), "page");
    let dir = root.path().display();
    let text = format!(
        "command={dir}/show top\n\
         [route /app]\ncommand={dir}/show\nenv=OWN=app\norigin=app.example\nmaxforks=1\nheader=X-App: 1\n\
         [route /app/scripts]\ndir={dir}/scripts\n\
         [route /files]\nstatic={dir}/www\ncgi={dir}/cgi\n"
    );
    let file = root.path().join("websocketd.ini");
    fs::write(&file, text).expect("a file");
    let config = format!("--config={}", file.display());
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", &config]);
    (root, daemon)
}

fn words(daemon: &Daemon, target: &str, fields: &str) -> (u16, Vec<String>) {
    let (mut client, reply) = upgrade(daemon, target, fields);
    let is_session = reply.status == 101;
    (
        reply.status,
        if is_session {
            messages(&mut client)
        } else {
            Vec::new()
        },
    )
}

#[test]
fn each_route_runs_its_own_program_below_its_path() {
    let (_root, daemon) = configured();
    let app = "Origin: http://app.example\r\n";
    for (target, fields, said) in [
        ("/x/y", "", "/|/x/y|"),
        ("/appx", "", "/|/appx|"),
        ("/app", app, "/app||app"),
        ("/app/", app, "/app|/|app"),
        ("/app/a%20b/c", app, "/app|/a b/c|app"),
        ("/app/scripts/one/x", "", "/app/scripts/one|/x|"),
    ] {
        assert_eq!(
            words(&daemon, target, fields),
            (101, vec![said.to_owned()]),
            "{target}"
        );
    }
    assert_eq!(
        words(&daemon, "/app", "Origin: http://other.example\r\n").0,
        403
    );
    assert_eq!(words(&daemon, "/app/scripts/none", "").0, 404);
    assert_eq!(get(&daemon, "/app/x").header("x-app"), Some("1"));
    assert_eq!(get(&daemon, "/x").header("x-app"), None);
}

#[test]
fn files_and_scripts_of_a_route_are_below_its_path() {
    let (_root, daemon) = configured();
    assert_eq!(get(&daemon, "/files/page.txt").utf8(), "page");
    assert_eq!(get(&daemon, "/page.txt").status, 404);
    assert_eq!(get(&daemon, "/files/two/x").utf8(), "/files/two|/x|\n");
    let reply = get(&daemon, "/files");
    assert_eq!(
        (reply.status, reply.header("location")),
        (301, Some("files/"))
    );
    assert!(get(&daemon, "/files/").utf8().contains("page.txt"));
}

#[test]
fn permits_of_a_route_are_its_own() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("websocketd.ini");
    fs::write(
        &file,
        "command=cat\n[route /one]\ncommand=cat\nmaxforks=1\n",
    )
    .expect("a file");
    let config = format!("--config={}", file.display());
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "--maxforks=1", &config]);
    let (_first, reply) = upgrade(&daemon, "/one", "");
    assert_eq!(reply.status, 101);
    assert_eq!(upgrade(&daemon, "/one", "").1.status, 429);
    assert_eq!(
        upgrade(&daemon, "/", "").1.status,
        101,
        "the daemon's own slot is free"
    );
}

#[test]
fn the_first_offered_protocol_that_is_listed_is_chosen() {
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--protocol=json,text",
        "/usr/bin/env",
    ];
    let daemon = Daemon::start(&words);
    for (offer, chosen) in [("x, text, json", Some("text")), ("x", None)] {
        let (mut client, reply) = upgrade(
            &daemon,
            "/",
            &format!("Sec-WebSocket-Protocol: {offer}\r\n"),
        );
        assert_eq!(
            (reply.status, reply.header("sec-websocket-protocol")),
            (101, chosen)
        );
        let lines = messages(&mut client);
        let told = lines
            .iter()
            .find_map(|line| line.strip_prefix("WEBSOCKET_PROTOCOL="));
        assert_eq!(told, chosen, "{lines:?}");
    }
    let (_client, reply) = upgrade(&daemon, "/", "");
    assert_eq!(reply.header("sec-websocket-protocol"), None);
}

#[test]
fn a_trusted_proxy_names_the_client() {
    let told = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n";
    let serve = |list: &str| {
        let flag = format!("--trusted-proxy={list}");
        let words = [
            "--port=0",
            "--address=127.0.0.1",
            &flag,
            "--sameorigin",
            "/usr/bin/env",
        ];
        Daemon::start(&words)
    };
    let mut daemon = serve("10.0.0.0/8, 127.0.0.1");
    let origin = "Origin: https://h.example\r\n";
    let (mut client, reply) = upgrade(&daemon, "/", &format!("{told}{origin}"));
    assert_eq!(reply.status, 101);
    let lines = messages(&mut client);
    for line in [
        "REMOTE_ADDR=192.0.2.7",
        "REMOTE_HOST=192.0.2.7",
        "REMOTE_PORT=",
        "HTTPS=on",
        "SERVER_PORT=443",
    ] {
        assert!(
            lines.iter().any(|have| have == line),
            "{line} in {lines:#?}"
        );
    }
    daemon.read_until("url:'https://h.example/'");
    assert!(daemon.log.contains("remote:'192.0.2.7'"));
    for doubtful in [
        "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=6.6.6.6\r\n",
        "Forwarded: for=\"6.6.6.6, for=192.0.2.7\r\n",
    ] {
        assert_eq!(upgrade(&daemon, "/", doubtful).1.status, 400, "{doubtful}");
    }
    daemon.read_until("400 Bad Request: Forwarded and X-Forwarded-For name different clients");
    let daemon = serve("10.0.0.0/8");
    let (mut client, reply) = upgrade(&daemon, "/", &format!("{told}Origin: http://h.example\r\n"));
    assert_eq!(reply.status, 101);
    let lines = messages(&mut client);
    assert!(
        lines.iter().any(|line| line == "REMOTE_ADDR=127.0.0.1"),
        "{lines:#?}"
    );
    assert!(
        !lines.iter().any(|line| line.starts_with("HTTPS")),
        "{lines:#?}"
    );
    assert_eq!(request(&daemon, "GET /", told).status, 404);
}

/// The code of the close frame at the end of what a session sent.
fn close_code(bytes: &[u8]) -> u16 {
    let at = bytes
        .iter()
        .rposition(|byte| *byte == 0x88)
        .expect("a close frame");
    u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])
}

#[test]
fn what_a_route_sets_holds_there_and_nowhere_else() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("websocketd.ini");
    let text = "closetimeout=100\npassenv=PATH\ncommand=sh -c 'echo $TZ; echo err >&2; ulimit -n; exit 3'\n\
        [route /tagged]\npassstderr=true\ncommand=sh -c 'echo err >&2; echo out'\n\
        [route /env]\npassenv=TZ\ncommand=sh -c 'echo $TZ'\n\
        [route /files]\nhandlerfiles=77\ncommand=sh -c 'ulimit -n'\n\
        [route /code]\nclose-on-exit=3:4003\n\
        command=sh -c 'exit 3'\n\
        [route /line]\nmaxline=10\ncommand=echo a line of more than ten bytes\n\
        [route /frame]\nmaxframesize=10\ncommand=cat\n\
        [route /pieces]\nmaxfragments=1\ncommand=cat\n\
        [route /idle]\nsessionidletimeout=50\ncommand=cat\n\
        [route /dead]\npingms=50\ncommand=cat\n\
        [route /binary]\nbinary=true\ncommand=printf 'a\\nb'\n\
        [route /protocol]\nprotocol=own\nheader-ws=X-Own: 1\ncommand=cat\n\
        [route /same]\nsameorigin=true\nheader-http=X-Own: 2\ncommand=cat\n\
        [route /console]\ndevconsole=true\ncommand=cat\n";
    fs::write(&file, text).expect("a file");
    let config = format!("--config={}", file.display());
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", &config]);
    let said = |target: &str| words(&daemon, target, "").1;
    let top = said("/");
    assert!(
        top.len() == 2 && top[0].is_empty() && top[1] != "77",
        "{top:?}"
    );
    let mut tagged = said("/tagged");
    tagged.sort();
    let both = [
        r#"{"stream":"stderr","data":"err"}"#,
        r#"{"stream":"stdout","data":"out"}"#,
    ];
    assert_eq!(tagged, both);
    assert_eq!(said("/env"), ["UTC"]);
    assert_eq!(said("/files"), ["77"]);
    // Frames that the client sends have a mask of zeros.
    let long = [&[0x81, 0x8b, 0, 0, 0, 0][..], b"eleven more"].concat();
    let pieces = [0x01, 0x81, 0, 0, 0, 0, b'a', 0x80, 0x81, 0, 0, 0, 0, b'b'];
    for (target, sent, code) in [
        ("/", &[][..], 1011),
        ("/code", &[], 4003),
        ("/line", &[], 1011),
        ("/frame", &long, 1009),
        ("/pieces", &pieces, 1008),
        ("/idle", &[], 4408),
        ("/dead", &[], 1001),
    ] {
        let (mut client, reply) = upgrade(&daemon, target, "");
        assert_eq!(reply.status, 101, "{target}");
        client.send(sent);
        assert_eq!(close_code(&client.read_to_end()), code, "{target}");
    }
    let (mut client, _) = upgrade(&daemon, "/binary", "");
    assert!(client.read_to_end().starts_with(b"\x82\x03a\nb"));
    let (_client, reply) = upgrade(&daemon, "/protocol", "Sec-WebSocket-Protocol: own\r\n");
    assert_eq!(reply.header("sec-websocket-protocol"), Some("own"));
    assert_eq!(reply.header("x-own"), Some("1"));
    let reply = upgrade(&daemon, "/same", "Origin: http://other.example\r\n").1;
    assert_eq!((reply.status, reply.header("x-own")), (403, Some("2")));
    assert!(get(&daemon, "/console/x").utf8().contains("ws://"));
    assert_eq!(get(&daemon, "/code/x").status, 404);
}

#[test]
fn the_stop_waits_for_the_slowest_route() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("websocketd.ini");
    let stubborn = "command=sh -c \"trap '' INT TERM; echo ready; while :; do sleep 0.1; done\"";
    let text = format!("command=cat\nshutdowngrace=0\n[route /slow]\nclosems=2000\n{stubborn}\n");
    fs::write(&file, text).expect("a file");
    let config = format!("--config={}", file.display());
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", &config]);
    let (mut client, _) = upgrade(&daemon, "/slow", "");
    client.read_until("ready");
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(
        log.contains("| DISCONNECT") && !log.contains("did not end in time"),
        "{log}"
    );
}

#[test]
fn variables_and_directory_are_the_routes() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = "env=A=file\nenv=B=file\n[route /a]\ncwd=/usr\nenv=C=route\n\
                command=/bin/sh -c 'echo $A $B $C $(pwd)'\n\
                [route /b]\ncommand=/bin/sh -c 'echo $A $B $C $(pwd)'\n";
    std::fs::write(file.path(), text).expect("its text");
    let config = format!("--config={}", file.path().display());
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--cwd=/etc",
        "--env=B=line",
        "--env=C=line",
    ];
    let daemon = Daemon::start(&[&words[..], &[&config]].concat());
    let said = |path: &str| {
        let (mut client, reply) = crate::handshake::upgrade(&daemon, path, "");
        assert_eq!(reply.status, 101);
        crate::handshake::messages(&mut client)
    };
    assert_eq!(said("/a"), ["file line route /usr"]);
    assert_eq!(said("/b"), ["file line line /etc"]);
    for (word, part) in [
        ("--env=x", "--env: write it as NAME=value"),
        ("--env=1=2", "--env: '1' is no name"),
        ("--cwd=/nope", "--cwd: cannot open directory '/nope'"),
        (
            "--cwd=/etc/passwd",
            "--cwd: '/etc/passwd' is not a directory",
        ),
    ] {
        let ran = crate::daemon::run(&[word, "/bin/cat"]);
        assert!(
            ran.code == Some(1) && ran.stderr.starts_with(part),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_relative_command_is_found_from_another_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("say");
    std::fs::write(&path, "#!/bin/sh\npwd\n").expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("its mode");
    let words = ["--port=0", "--address=127.0.0.1", "--cwd=/usr", "./say"];
    let daemon = Daemon::start_with(&words, |command| {
        command.current_dir(dir.path());
    });
    let (mut client, reply) = crate::handshake::upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    assert_eq!(crate::handshake::messages(&mut client), ["/usr"]);
}
