//! A real haproxy in front, which names its clients by the PROXY protocol.

use std::fs;
use std::io::Read;
use std::process::Command;

use e2e::daemon::free_port;
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::requirement::part;

use super::{Plain, Server};

/// A haproxy that passes `ports` on to `to`, each with a form of the header.
struct Haproxy {
    _program: Program,
    _dir: tempfile::TempDir,
}

impl Haproxy {
    #[track_caller]
    fn start(ports: &[(u16, &str)], to: u16) -> Self {
        let haproxy = part("/usr/sbin/haproxy", "haproxy");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut text = "defaults\n  mode tcp\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n".to_owned();
        for (port, form) in ports {
            let section = format!(
                "listen p{port}\n  bind 127.0.0.1:{port}\n  server s 127.0.0.1:{to} source 127.0.0.5 {form}\n"
            );
            text.push_str(&section);
        }
        let file = dir.path().join("haproxy.cfg");
        fs::write(&file, text).expect("ours");
        let mut command = Command::new(haproxy);
        command.arg("-db").arg("-f").arg(&file);
        let program = Program::start(&command);
        let (first, _) = ports.first().expect("a port");
        eventually("haproxy listens", || {
            std::net::TcpStream::connect(("127.0.0.1", *first)).ok()
        });
        Self {
            _program: program,
            _dir: dir,
        }
    }
}

const WHO: &str = "sh -c 'echo \"$PROTO $TCPREMOTEIP $TCPREMOTEPORT $PROXY_ADDR\"; exec cat'";

#[test]
fn the_client_is_who_haproxy_says() {
    let server = Server::with(WHO, "trusted-proxy=127.0.0.5\nproxy-protocol=true");
    let [one, two, none] = [free_port(), free_port(), free_port()];
    let forms = [(one, "send-proxy"), (two, "send-proxy-v2"), (none, "")];
    let _haproxy = Haproxy::start(&forms, server.port("it"));
    for port in [one, two] {
        let mut client = Plain::connect(port);
        let own = client.0.local_addr().expect("an address").port();
        assert_eq!(client.line(), format!("TCP 127.0.0.1 {own} 127.0.0.5\n"));
        client.send("hello");
        client.finish();
        assert_eq!(client.rest(), b"hello", "haproxy half-closes, too");
        server.logged(&["remote:'127.0.0.1'", "CONNECT"]);
    }
    // A trusted proxy without a header: nobody could tell who that is.
    let mut client = Plain::connect(none);
    client.send("hello, this is no header\n");
    let mut got = Vec::new();
    let _ = client.0.read_to_end(&mut got);
    assert_eq!(got, b"");
    server.logged(&["Trusted proxy refused: the connection does not begin with a PROXY header"]);
    let lines = server.program.output.so_far();
    let is_served = |line: &String| line.contains("127.0.0.5") && line.contains("CONNECT");
    assert!(!lines.iter().any(is_served), "{lines:?}");
    // Whoever is no proxy is believed nothing.
    let mut client = Plain::connect(server.port("it"));
    client.send("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
    assert!(client.line().starts_with("TCP 127.0.0.1 "));
    assert_eq!(client.line(), "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
}

#[test]
fn clients_of_a_proxy_are_counted_one_by_one() {
    let lines = "trusted-proxy=127.0.0.5\nproxy-protocol=true\nmaxconnsperip=1";
    let server = Server::with(WHO, lines);
    let port = free_port();
    let _haproxy = Haproxy::start(&[(port, "send-proxy-v2")], server.port("it"));
    // haproxy was connected to when it started, by this address: that one must have gone.
    let mut first = eventually("the first has its place", || {
        let mut client = Plain::connect(port);
        let mut byte = [0];
        (client.0.read(&mut byte).ok() == Some(1)).then_some(client)
    });
    let mut second = Plain::connect(port);
    let mut got = Vec::new();
    let _ = second.0.read_to_end(&mut got);
    assert_eq!(got, b"");
    server.logged(&[
        "remote:'127.0.0.1'",
        "Too many connections from this address",
    ]);
    first.line();
    first.send("still there\n");
    assert_eq!(first.line(), "still there\n");
}
