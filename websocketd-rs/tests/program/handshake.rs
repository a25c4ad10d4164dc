//! The opening handshake, and what a handler finds in its environment.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::raw::{Frame, opcode};

use crate::daemon::Daemon;
use crate::http::{Client, Reply, get};

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn serve(words: &[&str]) -> Daemon {
    Daemon::start(&[&["--port=0", "--address=127.0.0.1"], words].concat())
}

/// Asks for a WebSocket; the connection and the head of the reply.
pub(crate) fn upgrade(daemon: &Daemon, target: &str, fields: &str) -> (Client, Reply) {
    ask(daemon, &upgrade_request(target, fields))
}

pub(crate) fn upgrade_request(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h.example\r\n{UPGRADE}{VERSION}{KEY}{fields}\r\n")
}

fn ask(daemon: &Daemon, request: &str) -> (Client, Reply) {
    let mut client = Client::connect(daemon);
    client.send(request);
    let head = client.head();
    (client, head)
}

/// The text messages that a handler sends until it ends.
pub(crate) fn messages(client: &mut Client) -> Vec<String> {
    let frames = client.0.frames().into_iter();
    frames
        .filter(|frame| frame.fin && frame.opcode == opcode::TEXT)
        .map(|frame| String::from_utf8(frame.payload).expect("text is UTF-8"))
        .collect()
}

#[test]
fn a_handshake_is_answered_in_any_dress() {
    let daemon = serve(&[
        "--header-ws=Sec-WebSocket-Protocol: chat",
        "--header-http=X-H: 1",
        "/bin/cat",
    ]);
    let (_client, head) = upgrade(&daemon, "/", "");
    assert!(
        head.head
            .starts_with("HTTP/1.1 101 Switching Protocols\r\n")
    );
    assert_eq!(
        head.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(head.header("sec-websocket-protocol"), Some("chat"));
    assert_eq!(head.header("x-h"), None);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUPGRADE: WebSocket\r\nconnection: upgrade x\r\n{VERSION}{KEY}\r\n"
    );
    assert_eq!(ask(&daemon, &request).1.status, 101, "{request}");
}

#[test]
fn what_is_no_handshake_is_refused() {
    let mut daemon = serve(&["/bin/cat"]);
    let head = "HTTP/1.1\r\nHost: h\r\n";
    for (request, status, message) in [
        (
            format!("GET / {head}{UPGRADE}Sec-WebSocket-Version: 8\r\n{KEY}\r\n"),
            426,
            "Unable to Upgrade",
        ),
        (
            format!("GET / {head}{UPGRADE}{KEY}\r\n"),
            426,
            "Unable to Upgrade",
        ),
        (
            format!("POST / {head}{UPGRADE}{VERSION}{KEY}\r\n"),
            405,
            "Unable to Upgrade",
        ),
        (
            format!("GET / {head}{UPGRADE}{VERSION}\r\n"),
            400,
            "Unable to Upgrade",
        ),
        (
            format!("GET / {head}{UPGRADE}{VERSION}Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n"),
            400,
            "Unable to Upgrade",
        ),
        (
            format!("GET / HTTP/1.0\r\nHost: h\r\n{UPGRADE}{VERSION}{KEY}\r\n"),
            400,
            "Unable to Upgrade: HTTP/1.0 has no upgrade",
        ),
        (
            format!("GET / {head}{UPGRADE}{VERSION}{KEY}Content-Length: 3\r\n\r\nabc"),
            400,
            "Unable to Upgrade",
        ),
        (
            format!("GET / {head}{UPGRADE}{VERSION}{KEY}Origin: http://[::1\r\n\r\n"),
            403,
            "Origin parsing error",
        ),
        (
            format!(
                "GET / {head}Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n{VERSION}{KEY}\r\n"
            ),
            404,
            "NOT FOUND",
        ),
        (
            format!("GET / {head}Upgrade: websocket\r\n{VERSION}{KEY}\r\n"),
            404,
            "NOT FOUND",
        ),
    ] {
        let (_client, reply) = ask(&daemon, &request);
        assert_eq!(reply.status, status, "{request}");
        if status == 426 {
            assert_eq!(reply.header("sec-websocket-version"), Some("13"));
        }
        daemon.read_until(message);
    }
    assert!(!daemon.log.contains("CONNECT"), "{}", daemon.log);
}

#[test]
fn origins_are_checked() {
    let mut daemon = serve(&["--origin= a.example ,http://b.example:81,", "/bin/cat"]);
    for (origin, status) in [
        ("http://a.example", 101),
        ("https://A.example:8443", 101),
        ("http://b.example:81", 101),
        ("https://b.example:81", 403),
        ("http://b.example", 403),
        ("http://a.example.evil", 403),
        ("null", 403),
        ("", 403),
    ] {
        let (_client, reply) = upgrade(&daemon, "/", &format!("Origin: {origin}\r\n"));
        assert_eq!(reply.status, status, "{origin}");
    }
    assert_eq!(upgrade(&daemon, "/", "").1.status, 403);
    daemon.read_until("origin:'http://a.example.evil' | Origin is not listed in allowed list");
    let daemon = serve(&["--sameorigin", "/bin/cat"]);
    assert_eq!(
        upgrade(&daemon, "/", "Origin: http://H.example:80\r\n")
            .1
            .status,
        101
    );
    assert_eq!(
        upgrade(&daemon, "/", "Origin: https://h.example\r\n")
            .1
            .status,
        403
    );
    assert_eq!(upgrade(&daemon, "/", "").1.status, 403);
}

#[test]
fn a_handler_knows_the_request() {
    let daemon = serve(&["--passenv=WSD_TEST", "/usr/bin/env"]);
    let fields = "Cookie: a=1\r\nCookie: b=2\r\nProxy: evil\r\nX_Under: evil\r\nX-Under: good\r\n";
    let (mut client, head) = upgrade(&daemon, "/a%20b/%0Ac?q=%41", fields);
    assert_eq!(head.status, 101);
    let lines = messages(&mut client);
    for line in [
        "GATEWAY_INTERFACE=CGI/1.1",
        "SERVER_PROTOCOL=HTTP/1.1",
        "REQUEST_METHOD=GET",
        "SERVER_NAME=h.example",
        "SERVER_PORT=80",
        "REMOTE_ADDR=127.0.0.1",
        "REMOTE_HOST=127.0.0.1",
        "SCRIPT_NAME=/",
        "PATH_INFO=/a b/ c",
        "PATH_TRANSLATED=/a b/ c",
        "QUERY_STRING=q=%41",
        "REQUEST_URI=/a%20b/%0Ac?q=%41",
        "AUTH_TYPE=",
        "CONTENT_LENGTH=",
        "CONTENT_TYPE=",
        "REMOTE_IDENT=",
        "REMOTE_USER=",
        "HTTP_HOST=h.example",
        "HTTP_COOKIE=a=1; b=2",
        "HTTP_X_UNDER=good",
    ] {
        assert!(
            lines.iter().any(|have| have == line),
            "{line} in {lines:#?}"
        );
    }
    for absent in ["HTTP_PROXY", "HTTPS", "HOME", "PATH", "USER"] {
        let is_it = |line: &String| line.split('=').next() == Some(absent);
        assert!(!lines.iter().any(is_it), "{absent} in {lines:#?}");
    }
    let id = |lines: &[String]| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix("UNIQUE_ID=").map(str::to_owned))
    };
    let (mut other, _) = upgrade(&daemon, "/", "");
    assert_ne!(id(&lines), id(&messages(&mut other)));
    assert!(id(&lines).is_some_and(|id| id.len() == 32));
}

#[test]
fn a_handler_that_cannot_start_is_an_http_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("script");
    for (text, mode) in [("#!/nowhere/interpreter\n", 0o755), ("#!/bin/sh\n", 0o644)] {
        fs::write(&script, text).expect("a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(mode)).expect("our file");
        let mut daemon = serve(&["--maxforks=1", &format!("--dir={}", dir.path().display())]);
        for _ in 0..2 {
            // Twice: the slot is free again.
            assert_eq!(upgrade(&daemon, "/script", "").1.status, 500);
            daemon.read_until("| ERROR  | process ");
        }
        assert!(!daemon.log.contains("CONNECT"), "{}", daemon.log);
    }
}

#[test]
fn scripts_of_a_directory_run_by_path() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("a b");
    fs::write(&script, "#!/bin/sh\necho \"$SCRIPT_NAME|$PATH_INFO\"\n").expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("our file");
    let mut daemon = serve(&[&format!("--dir={}", dir.path().display())]);
    let (mut client, _) = upgrade(&daemon, "/a%20b/x%20y/?q", "");
    assert_eq!(messages(&mut client), ["/a b|/x y/"]);
    for target in ["/none", "/", "/a%20b%00"] {
        let (_client, reply) = upgrade(&daemon, target, "");
        assert_eq!(reply.status, 404, "{target}");
        daemon.read_until("| NOT FOUND: script not found");
    }
    assert_eq!(daemon.log.matches("NOT FOUND").count(), 3, "{}", daemon.log);
    assert_eq!(get(&daemon, "/a%20b").status, 404);
}

#[test]
fn permits_are_limited_and_returned() {
    let mut daemon = serve(&["--maxforks=1", "/bin/cat"]);
    let (client, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 101);
    let (_refused, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 429);
    daemon.read_until("Max of possible forks already active, upgrade rejected");
    drop(client);
    daemon.read_until("| DISCONNECT");
    assert_eq!(upgrade(&daemon, "/", "").1.status, 101);
}

#[test]
fn an_environment_that_execve_refuses_is_refused() {
    let daemon = serve(&["/bin/cat"]);
    let fields = format!("X-Large: {}\r\n", "x".repeat(200_000));
    assert_eq!(upgrade(&daemon, "/", &fields).1.status, 431);
}

#[test]
fn early_frames_are_the_first_messages() {
    let daemon = serve(&["/bin/cat"]);
    let mut client = Client::connect(&daemon);
    let mut bytes =
        format!("GET / HTTP/1.1\r\nHost: h\r\n{UPGRADE}{VERSION}{KEY}\r\n").into_bytes();
    bytes.extend([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    client.send(bytes);
    assert_eq!(client.head().status, 101);
    assert!(client.read_until("\u{2}hi").starts_with("\u{fffd}\u{2}hi"));
}

#[test]
fn a_subprotocol_that_is_not_listed_is_logged() {
    let offer = "Sec-WebSocket-Protocol: chat, soap\r\n";
    let message = "Client offers the subprotocols 'chat, soap', none of which --protocol lists";
    let mut daemon = serve(&["/bin/cat"]);
    let (_client, reply) = upgrade(&daemon, "/", offer);
    assert_eq!(reply.status, 101);
    daemon.read_until(message);
    for words in [
        &["--protocol=soap"][..],
        &["--header-ws=Sec-WebSocket-Protocol: chat"],
    ] {
        let mut daemon = serve(&[words, &["/bin/cat"]].concat());
        let (client, reply) = upgrade(&daemon, "/", offer);
        assert_eq!(reply.status, 101);
        drop(client);
        daemon.read_until("DISCONNECT");
        assert!(!daemon.log.contains("offers"), "{}", daemon.log);
    }
}

#[test]
fn a_long_url_is_logged_once_and_short() {
    let script = "echo one >&2; echo two >&2";
    let mut daemon = serve(&["/bin/sh", "-c", script]);
    let target = format!("/?{}", "x".repeat(100_000));
    let (_client, reply) = upgrade(&daemon, &target, "");
    assert_eq!(reply.status, 101);
    daemon.read_until("DISCONNECT");
    let longest = daemon.log.lines().map(str::len).max();
    assert!(longest < Some(3000), "{longest:?}");
    assert!(daemon.log.contains("x...(100002 bytes)'"));
}

#[test]
fn the_same_origin_has_the_same_scheme() {
    let daemon = serve(&["--sameorigin", "/bin/cat"]);
    for (origin, status) in [
        ("http://h.example:8080", 101),
        ("https://h.example:8080", 403),
    ] {
        let request = upgrade_request("/", &format!("Origin: {origin}\r\n"))
            .replace("Host: h.example", "Host: h.example:8080");
        assert_eq!(ask(&daemon, &request).1.status, status, "{origin}");
    }
}

#[test]
fn a_refusal_can_be_a_close_frame() {
    let words = [
        "--refuse-with-close",
        "--maxforks=1",
        "--origin=*.a.example",
        "/bin/cat",
    ];
    let mut daemon = serve(&words);
    let (_kept, reply) = upgrade(&daemon, "/", "Origin: http://www.a.example\r\n");
    assert_eq!(reply.status, 101);
    for (fields, code, message) in [
        ("", 4429, "Max of possible forks already active"),
        ("Sec-WebSocket-Protocol: chat\r\n", 4429, "Max of possible"),
    ] {
        let (mut client, reply) = upgrade(&daemon, "/", fields);
        assert_eq!(reply.status, 101);
        let offered = (!fields.is_empty()).then_some("chat");
        assert_eq!(reply.header("sec-websocket-protocol"), offered);
        let frames = client.0.frames();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].opcode, opcode::CLOSE);
        let expected = [&u16::to_be_bytes(code)[..], b"429 Too Many Requests"].concat();
        assert_eq!(frames[0].payload, expected);
        daemon.read_until(message);
    }
    drop(daemon);
    let daemon = serve(&["--refuse-with-close", "--origin=*.a.example", "/bin/cat"]);
    let (mut client, reply) = upgrade(&daemon, "/", "Origin: http://a.example\r\n");
    assert_eq!(reply.status, 101);
    assert!(
        client.0.frames()[0]
            .payload
            .starts_with(&4403_u16.to_be_bytes())
    );
    // What is no handshake has no frames.
    let request = format!("GET / HTTP/1.1\r\nHost: h\r\n{UPGRADE}{VERSION}\r\n");
    assert_eq!(ask(&daemon, &request).1.status, 403);
}

/// A machine of several is to be stopped: a proxy that knows others asks one of them.
#[test]
fn nobody_comes_in_while_a_file_says_so_and_who_is_in_stays() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("drain");
    let daemon = serve(&[&format!("--refuse-while={}", file.display()), "/bin/cat"]);
    let (mut inside, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 101);
    fs::write(&file, "60\n").expect("it can be written");
    let (_, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 503, "{}", head.head);
    inside.0.send(&Frame::text("still there"));
    inside.0.expect(opcode::TEXT, b"still there");
    fs::remove_file(&file).expect("it can be removed");
    assert_eq!(upgrade(&daemon, "/", "").1.status, 101);
}
