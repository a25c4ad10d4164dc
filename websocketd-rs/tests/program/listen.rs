//! Listeners, their announcement and their end, on the real binary.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};

use nix::sys::signal::Signal;

use crate::daemon::{Daemon, run};
use crate::handshake::{messages, upgrade};

/// One request on a connection of its own; all of the answer.
fn get(port: u16, head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the daemon listens");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("it answers and closes");
    answer
}

#[test]
fn each_address_gets_its_listener_and_port_zero_is_logged() {
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--address=[::1]",
        "--devconsole",
        "cat",
    ];
    let daemon = Daemon::start(&words);
    let ports = daemon.ports("ws");
    assert_eq!(ports, daemon.ports("http"), "{}", daemon.log);
    let [first, second] = ports[..] else {
        panic!("{}", daemon.log)
    };
    assert!(TcpStream::connect(("127.0.0.1", first)).is_ok());
    assert!(TcpStream::connect(("::1", second)).is_ok());
    assert!(daemon.log.contains(&format!(
        "Starting WebSocket server   : ws://[::1]:{second}/"
    )));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn without_an_address_both_families_are_served() {
    let daemon = Daemon::start(&["--port=0", "cat"]);
    let port = daemon.port();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(TcpStream::connect(("::1", port)).is_ok());
}

#[test]
fn a_port_in_use_ends_with_3_and_says_so() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let port = format!("--port={}", daemon.port());
    let ran = run(&[&port, "--address=127.0.0.1", "cat"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""));
    let reason = format!(
        "Can't start server: listen tcp 127.0.0.1:{}: bind: address already in use\n",
        daemon.port()
    );
    assert!(ran.stdout.ends_with(&reason), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains(&format!("ws://127.0.0.1:{}/", daemon.port()))
    );
    let both = run(&[
        "--port=0",
        "--address=127.0.0.1",
        "--address=192.0.2.1",
        "cat",
    ]);
    assert_eq!(
        both.code,
        Some(3),
        "any listener that fails ends the process"
    );
    assert!(
        both.stdout
            .contains("bind: cannot assign requested address"),
        "{}",
        both.stdout
    );
}

#[test]
fn the_port_is_free_again_at_once() {
    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "--devconsole", "cat"]);
    let port = daemon.port();
    let _open = TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert_eq!(daemon.stop().0, Some(0));
    let flag = format!("--port={port}");
    assert_eq!(
        Daemon::start(&[&flag, "--address=127.0.0.1", "cat"]).port(),
        port
    );
}

#[test]
fn the_redirect_server_keeps_path_and_query() {
    let words = [
        "--port=0",
        "--redirport=0x0",
        "--address=127.0.0.1",
        "--staticdir=/",
        "cat",
    ];
    assert!(
        Daemon::start(&words).ports("http").len() == 1,
        "redirport 0 is none"
    );

    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let redirect = format!("--redirport={free}");
    let daemon = Daemon::start(&["--port=0", &redirect, "--address=127.0.0.1", "cat"]);
    assert!(daemon.log.contains(&format!(
        "Starting redirect server   : http://127.0.0.1:{free}/"
    )));
    let answer = get(
        free,
        "GET /a?b=c HTTP/1.1\r\nHost: x.test:1\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 301 "), "{answer}");
    let location = format!("http://x.test:{}/a?b=c", daemon.port());
    let told = answer
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("location: "));
    assert_eq!(
        told.map(|line| &line["location: ".len()..]),
        Some(location.as_str()),
        "{answer}"
    );
}

#[test]
fn a_unix_socket_comes_and_goes_with_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let flag = format!("--unixsocket={}", path.display());
    let daemon = Daemon::start(&[&flag, "cat"]);
    let announced = format!(
        "Starting WebSocket server   : unix socket at {}",
        path.display()
    );
    assert!(daemon.log.contains(&announced), "{}", daemon.log);
    assert!(!daemon.log.contains("ws://"), "there is no TCP listener");

    let second = run(&[&flag, "cat"]);
    assert_eq!(second.code, Some(3));
    assert!(
        second.stdout.contains("address already in use"),
        "{}",
        second.stdout
    );
    assert!(UnixStream::connect(&path).is_ok(), "the incumbent answers");

    assert_eq!(daemon.stop().0, Some(0));
    assert!(!path.exists());
}

#[test]
fn the_mode_of_a_unix_socket_says_who_may_connect() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = dir.path().join("socket");
    let flag = format!("--unixsocket={}", path.display());
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let daemon = Daemon::start(&[&flag, "--unixsocket-mode=660", "--user=nobody", "cat"]);
    let meta = fs::metadata(&path).unwrap();
    assert_eq!(meta.mode() & 0o777, 0o660);
    assert_eq!(
        (meta.uid(), meta.gid()),
        (nobody.uid.as_raw(), nobody.gid.as_raw())
    );
    assert_eq!(daemon.stop().0, Some(0));
    for mode in ["888", "1777", "rw", "-1"] {
        let ran = run(&[&flag, &format!("--unixsocket-mode={mode}"), "cat"]);
        assert_eq!(ran.code, Some(1), "{mode}");
        assert!(
            ran.stderr.starts_with("--unixsocket-mode must be octal"),
            "{mode}"
        );
    }
    let ran = run(&["--unixsocket-mode=660", "--port=0", "cat"]);
    assert_eq!(
        ran.stderr,
        "--unixsocket-mode is about the file of --unixsocket; please add that, or drop it\n"
    );
}

#[test]
fn a_stale_socket_is_replaced_and_a_file_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let flag = format!("--unixsocket={}", path.display());
    drop(UnixListener::bind(&path).unwrap());
    drop(Daemon::start(&[&flag, "cat"]));
    assert!(path.exists(), "a killed daemon leaves its file");
    let both = Daemon::start(&[&flag, "--port=0", "--address=127.0.0.1", "cat"]);
    assert!(UnixStream::connect(&path).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", both.port())).is_ok());
    assert_eq!(both.stop().0, Some(0));

    fs::write(&path, "mine").unwrap();
    let ran = run(&[&flag, "cat"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stdout.contains("FATAL") && ran.stdout.contains("bind: "),
        "{}",
        ran.stdout
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_second_signal_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let flag = format!("--unixsocket={}", path.display());
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut daemon = Daemon::start(&[&flag, "cat"]);
        daemon.signal(signal);
        daemon.read_until("Stopping: ");
        assert!(!path.exists(), "no new client can come");
        // It may have ended by itself before the second one.
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(daemon.pid()).unwrap()),
            signal,
        );
        assert_eq!(daemon.end().0, Some(0));
    }
}

#[test]
fn the_admin_address_answers_monitoring_and_the_others_do_not() {
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--admin-address=127.0.0.1:0",
        "--maxconns=1",
        "cat",
    ];
    let daemon = Daemon::start(&words);
    let admin = daemon.ports("http")[0];
    let _only = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    let metrics = get(admin, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
    assert!(metrics.contains("websocketd_connections_open ") && metrics.ends_with("# EOF\n"));
    let health = get(admin, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(health.ends_with("\r\n\r\n200 OK\n"), "{health}");

    let daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    let none = get(
        daemon.port(),
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(none.starts_with("HTTP/1.1 404 "), "{none}");
    let bad = run(&["--admin-address=9090", "cat"]);
    assert!(
        bad.stderr.starts_with("--admin-address must be HOST:PORT"),
        "{}",
        bad.stderr
    );
}

#[test]
fn an_address_has_a_limit_of_connections() {
    let daemon = Daemon::start(&[
        "--port=0",
        "--address=127.0.0.1",
        "--maxconnsperip=1",
        "cat",
    ]);
    let first = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    let refused = get(daemon.port(), "");
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    drop(first);
    // The daemon hears of the end a little later: what counts is that it does. Until then the request is met by a reset.
    loop {
        let mut stream = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        let _ = stream
            .write_all(request)
            .and_then(|()| stream.read_to_string(&mut answer));
        if answer.starts_with("HTTP/1.1 404 ") {
            break;
        }
    }
}

#[test]
fn a_trusted_proxy_header_names_the_client() {
    let script = "echo Content-Type: text/plain; echo; echo $REMOTE_ADDR:$REMOTE_PORT";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("who");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let cgi = format!("--cgidir={}", dir.path().display());
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--proxy-protocol",
        "--maxconnsperip=1",
        &cgi,
    ];
    let ask = "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let header = "PROXY TCP4 192.0.2.7 192.0.2.8 4321 80\r\n";

    let daemon = Daemon::start(&[&words[..], &["--trusted-proxy=127.0.0.0/8"]].concat());
    let _idle = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    let answer = get(daemon.port(), &format!("{header}{ask}"));
    assert!(answer.ends_with("192.0.2.7:4321\n"), "{answer}");
    let mut client = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    client.write_all(ask.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    assert!(answer.is_empty(), "without the header there is no service");

    let daemon = Daemon::start(&[&words[..], &["--trusted-proxy=192.0.2.1"]].concat());
    let answer = get(daemon.port(), ask);
    assert!(answer.contains("\r\n\r\n127.0.0.1:"), "{answer}");
}

#[test]
fn sessions_are_counted() {
    let words = [
        "--port=0",
        "--address=127.0.0.1",
        "--admin-address=127.0.0.1:0",
        "--closetimeout=100",
    ];
    let script = "read line; echo \"$line\"; echo again";
    let daemon = Daemon::start(&[&words[..], &["/bin/sh", "-c", script]].concat());
    let (mut client, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 101);
    // One masked text frame whose mask is zero: "hi".
    client.send([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    assert_eq!(messages(&mut client), ["hi", "again"]);
    // The session is counted a little after its client heard the end.
    let page = loop {
        let page = get(
            daemon.ports("http")[0],
            "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        );
        if page.contains("end=\"handler_ended\"} 1\n") {
            break page;
        }
    };
    for line in [
        "websocketd_sessions_open 0",
        "websocketd_spawn_seconds_count 1",
        "websocketd_spawn_failures_total 0",
        "websocketd_handlers{state=\"running\"} 0",
        "websocketd_handlers{state=\"ending\"} 0",
        "websocketd_messages_total{direction=\"in\"} 1",
        "websocketd_messages_total{direction=\"out\"} 2",
        "websocketd_bytes_total{direction=\"in\"} 8",
        "websocketd_bytes_total{direction=\"out\"} 11",
    ] {
        assert!(
            page.lines().any(|found| found == line),
            "{line} is not in\n{page}"
        );
    }
}

#[test]
fn when_all_connections_are_taken_clients_wait_their_turn() {
    let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "--maxconns=1", "cat"]);
    let first = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    daemon.read_until("All of --maxconns connections are open");
    let mut second = TcpStream::connect(("127.0.0.1", daemon.port())).unwrap();
    second
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    second.set_nonblocking(true).unwrap();
    let early = second.read(&mut [0; 16]).map_err(|error| error.kind());
    assert_eq!(
        early,
        Err(std::io::ErrorKind::WouldBlock),
        "nobody has taken it yet"
    );
    second.set_nonblocking(false).unwrap();
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[test]
fn a_daemon_out_of_files_recovers() {
    let words = ["--port=0", "--address=127.0.0.1", "cat"];
    let mut daemon = Daemon::start_after("ulimit -n 64", &words);
    let port = daemon.port();
    let many: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
        .collect();
    let line = daemon.read_until("Can't accept connections");
    assert!(
        line.contains("| ERROR  | server     |") && line.contains("open files"),
        "{line}"
    );
    drop(many);
    let answer = get(
        port,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(daemon.stop().0, Some(0));
}
