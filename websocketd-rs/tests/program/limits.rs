//! Limits: of the environment, of silence, of one client behind a proxy; and that fewer hold after a reload.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use e2e::deadline::eventually;

use crate::daemon::Daemon;
use crate::handshake::{messages, upgrade};
use crate::http::{Client, request};

/// What a daemon may take to hear of an end.
const PATIENCE: Duration = Duration::from_secs(60);

const COMMON: [&str; 4] = [
    "--port=0",
    "--address=127.0.0.1",
    "--admin-address=127.0.0.1:0",
    "--closetimeout=100",
];

/// An empty ping, masked with zeros.
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];

fn serve(words: &[&str]) -> Daemon {
    Daemon::start(&[&COMMON[..], words].concat())
}

/// The value of a line of the metrics.
pub(crate) fn metric(daemon: &Daemon, name: &str) -> Option<u64> {
    // It is announced after what else is served by HTTP.
    let admin = *daemon.ports("http").last().expect("it is announced");
    let mut stream = TcpStream::connect(("127.0.0.1", admin)).expect("it listens");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("it reads");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("text");
    let value = page.lines().find_map(|line| line.strip_prefix(name));
    value.and_then(|value| value.trim().parse().ok())
}

#[track_caller]
pub(crate) fn wait_for_metric(daemon: &Daemon, name: &str, value: u64) {
    eventually(&format!("{name} is {value}"), || {
        (metric(daemon, name) == Some(value)).then_some(())
    });
}

/// The code of the close frame that ends `bytes`.
fn close_code(bytes: &[u8]) -> Option<u16> {
    let at = bytes.iter().rposition(|byte| *byte == 0x88)?;
    let code = bytes.get(at + 2..at + 4)?;
    Some(u16::from_be_bytes([code[0], code[1]]))
}

#[test]
fn an_environment_has_a_limit_in_bytes() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("websocketd.ini");
    let text = "maxenvbytes=8192\ncommand=cat\n[route /more]\nmaxenvbytes=0x8000\ncommand=cat\n";
    fs::write(&file, text).expect("a file");
    let daemon = serve(&[&format!("--config={}", file.display())]);
    let header = format!("X-Long: {}\r\n", "x".repeat(10_000));
    assert_eq!(upgrade(&daemon, "/", "X-Short: x\r\n").1.status, 101);
    assert_eq!(upgrade(&daemon, "/", &header).1.status, 431);
    assert_eq!(upgrade(&daemon, "/more", &header).1.status, 101);
    let count = metric(&daemon, "websocketd_refusals_total{reason=\"too_large\"}");
    assert_eq!(count, Some(1));
}

#[test]
fn a_session_without_messages_ends_with_a_code_of_its_own() {
    let mut daemon = serve(&["--sessionidletimeout=300", "cat"]);
    let (mut client, reply) = upgrade(&daemon, "/", "");
    assert_eq!(reply.status, 101);
    let mut sender = client.clone_sender();
    // Pings are no messages: the daemon answers them, and closes all the same.
    let pings = std::thread::spawn(move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            loop {
                sender(&PING);
                std::thread::sleep(Duration::from_millis(20));
            }
        }));
        assert!(outcome.is_err(), "it ends when the daemon has closed");
    });
    let bytes = client.read_to_end();
    assert_eq!(close_code(&bytes), Some(4408), "{bytes:?}");
    drop(client);
    pings.join().expect("it ended as expected");
    daemon.read_until("| DISCONNECT");
    daemon.read_until_logged("No message for --sessionidletimeout");
    wait_for_metric(&daemon, "websocketd_sessions_ended_total{end=\"idle\"}", 1);
}

#[test]
fn messages_of_either_side_keep_a_session() {
    // Longer than a busy machine holds a process up.
    let limit = Duration::from_secs(4);
    let flag = format!("--sessionidletimeout={}", limit.as_millis());
    let talker = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.5; done";
    let talks = serve(&[&flag, "/bin/sh", "-c", talker]);
    let listens = serve(&[
        &flag,
        "/bin/sh",
        "-c",
        "while read line; do :; done; sleep 1000",
    ]);
    let (mut hearer, _) = upgrade(&talks, "/", "");
    let (speaker, _) = upgrade(&listens, "/", "");
    let mut speak = speaker.clone_sender();
    for _ in 0..12 {
        speak(&[0x81, 0x81, 0, 0, 0, 0, b'x']);
        std::thread::sleep(limit / 8);
    }
    assert_eq!(metric(&listens, "websocketd_sessions_open"), Some(1));
    assert_eq!(messages(&mut hearer).len(), 12);
    wait_for_metric(
        &talks,
        "websocketd_sessions_ended_total{end=\"handler_ended\"}",
        1,
    );
}

#[test]
fn a_client_behind_a_proxy_has_its_share() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("slow");
    fs::write(&script, "#!/bin/sh\nexec sleep 1000\n").expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let cgi = format!("--cgidir={}", dir.path().display());
    let words = [
        "--maxconnsperip=2",
        "--trusted-proxy=127.0.0.0/8",
        &cgi,
        "cat",
    ];
    let mut daemon = serve(&words);
    let first = "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n";
    let same = "Forwarded: for=\"192.0.2.1:4711\"\r\n";
    let other = "Forwarded: for=192.0.2.2\r\n";

    let (session, reply) = upgrade(&daemon, "/", first);
    assert_eq!(reply.status, 101);
    let mut program = Client::connect(&daemon);
    program.send(format!("GET /slow HTTP/1.1\r\nHost: h\r\n{same}\r\n"));
    wait_for_metric(&daemon, "websocketd_handlers{state=\"running\"}", 2);
    for fields in [first, same] {
        assert_eq!(upgrade(&daemon, "/", fields).1.status, 429, "{fields}");
        assert_eq!(
            request(&daemon, "GET /slow", fields).status,
            429,
            "{fields}"
        );
        assert_eq!(
            request(&daemon, "GET /none", fields).status,
            404,
            "no program"
        );
    }
    assert_eq!(
        metric(
            &daemon,
            "websocketd_refusals_total{reason=\"connections_per_address\"}"
        ),
        Some(4)
    );
    let line = daemon.read_until("Too many connections from this address");
    assert!(line.contains("remote:'192.0.2.1'"), "{line}");
    assert_eq!(upgrade(&daemon, "/", other).1.status, 101, "others come in");
    // The proxy asks for itself, as a health check does.
    let own: Vec<_> = (0..4).map(|_| upgrade(&daemon, "/", "")).collect();
    assert!(own.iter().all(|(_, reply)| reply.status == 101));

    drop(session);
    let started = Instant::now();
    let _again = loop {
        let (again, reply) = upgrade(&daemon, "/", first);
        if reply.status == 101 {
            break again;
        }
        assert!(started.elapsed() < PATIENCE, "the place is never free");
    };
    assert_eq!(upgrade(&daemon, "/", first).1.status, 429);
}

#[test]
fn a_proxy_before_a_proxy_is_no_client() {
    let words = [
        "--maxconnsperip=1",
        "--trusted-proxy=127.0.0.0/8,10.0.0.0/8",
        "--proxy-protocol",
        "cat",
    ];
    let daemon = serve(&words);
    let open = |source: &str, client: &str| {
        let mut stream = Client::connect(&daemon);
        stream.send(format!("PROXY TCP4 {source} 10.0.0.9 4321 80\r\n"));
        stream.send(format!(
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{client}\r\n"
        ));
        let status = stream.head().status;
        (stream, status)
    };
    let sessions = [
        (open("10.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n"), 101),
        (open("10.0.0.1", "X-Forwarded-For: 192.0.2.2\r\n"), 101),
        (open("10.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n"), 429),
        (open("192.0.2.3", "X-Forwarded-For: 192.0.2.9\r\n"), 101),
        (open("192.0.2.3", "X-Forwarded-For: 192.0.2.8\r\n"), 429),
    ];
    for (index, ((_, status), expected)) in sessions.iter().enumerate() {
        assert_eq!(status, expected, "{index}");
    }
}

/// Starts a daemon whose limits a file sets; gives a way to change them.
fn reloadable(
    text: &str,
) -> (
    Daemon,
    tempfile::TempDir,
    impl Fn(&mut Daemon, &str) + use<>,
) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("websocketd.ini");
    fs::write(&file, text).expect("a file");
    let daemon = serve(&[&format!("--config={}", file.display())]);
    let change = move |daemon: &mut Daemon, text: &str| {
        fs::write(&file, text).expect("a file");
        daemon.signal(Signal::SIGHUP);
        daemon.read_until("Reloaded configuration");
    };
    (daemon, dir, change)
}

#[test]
fn fewer_forks_hold_as_sessions_end() {
    let text = |own: u8, routes: u8| {
        format!("command=cat\nmaxforks={own}\n[route /a]\ncommand=cat\nmaxforks={routes}\n")
    };
    let (mut daemon, _dir, change) = reloadable(&text(3, 3));
    let sessions = "websocketd_sessions_open";
    for target in ["/", "/a"] {
        let mut open: Vec<Client> = (0..3).map(|_| upgrade(&daemon, target, "").0).collect();
        wait_for_metric(&daemon, sessions, 3);
        change(&mut daemon, &text(1, 1));
        for left in [2, 1] {
            open.truncate(left);
            wait_for_metric(&daemon, sessions, left as u64);
            assert_eq!(
                upgrade(&daemon, target, "").1.status,
                429,
                "{left} are open"
            );
        }
        open.clear();
        wait_for_metric(&daemon, sessions, 0);
        let (session, reply) = upgrade(&daemon, target, "");
        assert_eq!(reply.status, 101);
        assert_eq!(upgrade(&daemon, target, "").1.status, 429);
        change(&mut daemon, &text(0, 0));
        let more: Vec<_> = (0..5).map(|_| upgrade(&daemon, target, "")).collect();
        assert!(more.iter().all(|(_, reply)| reply.status == 101));
        drop((session, more));
        wait_for_metric(&daemon, sessions, 0);
        change(&mut daemon, &text(3, 3));
    }
}

#[test]
fn fewer_connections_hold_as_they_end_and_more_at_once() {
    let (mut daemon, _dir, change) = reloadable("command=cat\nmaxconns=3\n");
    let connections = "websocketd_connections_open";
    let connect = |daemon: &Daemon| TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    let mut open: Vec<TcpStream> = (0..3).map(|_| connect(&daemon)).collect();
    wait_for_metric(&daemon, connections, 3);
    change(&mut daemon, "command=cat\nmaxconns=1\n");
    let mut waiting = connect(&daemon);
    waiting
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    for left in [2, 1] {
        open.truncate(left);
        wait_for_metric(&daemon, connections, left as u64);
    }
    waiting.set_nonblocking(true).unwrap();
    let early = waiting.read(&mut [0; 16]).map_err(|error| error.kind());
    assert_eq!(early, Err(ErrorKind::WouldBlock), "nobody has taken it yet");
    waiting.set_nonblocking(false).unwrap();
    // While one waits, a reload must not wait; and more room lets it in.
    change(&mut daemon, "command=cat\nmaxconns=2\n");
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[test]
fn limits_of_a_program_hold_from_its_first_instruction_on() {
    // Each connection is a program that looks at once; the last must see what the first does.
    let words = [
        "--handlerfiles=77",
        "--handlercpu=100",
        "--handlermemory=1073741824",
        "/bin/sh",
        "-c",
        "ulimit -n; ulimit -t; ulimit -v",
    ];
    let daemon = serve(&words);
    let sessions: Vec<_> = (0..200).map(|_| upgrade(&daemon, "/", "")).collect();
    for (mut client, reply) in sessions {
        assert_eq!(reply.status, 101);
        assert_eq!(messages(&mut client), ["77", "100", "1048576"]);
    }
}
