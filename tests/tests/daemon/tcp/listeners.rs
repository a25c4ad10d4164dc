//! Where sections listen: at start, by a service manager, and after a reload.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::Command;

use e2e::daemon::free_port;
use e2e::deadline::eventually;
use e2e::requirement::part;
use e2e::under_test::Subject;
use e2e::ws::Client;

use super::{Plain, Server};

/// Whether somebody listens on this port.
fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// What `--check` says of the file `text`.
fn check(text: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("conf"), text).expect("ours");
    let ran = Command::new(Subject::under_test().path)
        .args(["--check", "--config=conf"])
        .current_dir(dir.path())
        .output()
        .expect("it runs");
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.code(), String::from_utf8(said).expect("UTF-8"))
}

#[test]
fn sections_alone_open_no_port_for_http() {
    let [one, two] = [free_port(), free_port()];
    let server = Server::start(&format!(
        "[tcp a]\naddress=127.0.0.1\naddress=127.0.0.2\nport={one}\nport={two}\ncommand=cat\n"
    ));
    for port in [one, two] {
        for host in ["127.0.0.1", "127.0.0.2"] {
            assert!(TcpStream::connect((host, port)).is_ok(), "{host}:{port}");
        }
    }
    let lines = server.program.output.so_far();
    assert!(
        !lines.iter().any(|line| line.contains("WebSocket")),
        "{lines:?}"
    );
}

#[test]
fn routes_and_sections_are_served_side_by_side() {
    let port = free_port();
    let server = Server::start(&format!(
        "address=127.0.0.1\nport={port}\ncommand=cat\n\
         [route /up]\ncommand=sh -c 'while read -r line; do echo \"up $line\"; done'\n\
         [tcp it]\nport=0\ncommand=cat\n"
    ));
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let mut page = Client::connect(&e2e::transport::Endpoint::Tcp(address), "/up");
    page.send("x");
    assert_eq!(page.text(), "up x");
    let mut client = server.client("it");
    client.send("y\n");
    assert_eq!(client.line(), "y\n", "the address is the daemon's own");
}

#[test]
fn a_reload_opens_and_closes_and_keeps_sessions() {
    let [kept, gone, new] = [free_port(), free_port(), free_port()];
    let section = |name: &str, port: u16, command: &str| {
        format!("[tcp {name}]\naddress=127.0.0.1\nport={port}\ncommand={command}\n")
    };
    let before = section("kept", kept, "cat") + &section("gone", gone, "cat");
    let server = Server::start(&before);
    let mut clients = [kept, gone].map(Plain::connect);
    for client in &mut clients {
        client.send("x");
        client.bytes(1);
    }
    let after = section("kept", kept, "rev") + &section("new", new, "cat");
    server.reload(&after);
    server.logged(&["Closed a listener", "[tcp gone]"]);
    server.logged(&["Reloaded configuration"]);
    assert!(answers(new) && !answers(gone));
    for client in &mut clients {
        client.send("abc\n");
        assert_eq!(client.line(), "abc\n", "a session stays what it is");
    }
    let mut client = Plain::connect(kept);
    client.send("abc\n");
    client.finish();
    assert_eq!(client.rest(), b"cba\n", "a new one is by the new file");

    // The port is handed on to another section, and to TLS, without a moment in which nobody listens.
    server.reload(&section("renamed", kept, "tr a-z A-Z"));
    server
        .program
        .output
        .wait_for_count("both reloads", 2, |line| {
            line.contains("Reloaded configuration")
        });
    let mut client = Plain::connect(kept);
    client.send("abc\n");
    client.finish();
    assert_eq!(client.rest(), b"ABC\n");
}

#[test]
fn a_bad_reload_leaves_all_as_it_was() {
    let [port, other] = [free_port(), free_port()];
    let good = format!("[tcp it]\naddress=127.0.0.1\nport={port}\ncommand=cat\n");
    let server = Server::start(&good);
    let holder = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let held = holder.local_addr().expect("a port").port();
    for (change, reason) in [
        (
            "origin=x\n".to_owned(),
            "conf:6: origin: no page opens".to_owned(),
        ),
        (
            format!("[tcp b]\naddress=127.0.0.1\nport={other}\nport={held}\ncommand=cat\n"),
            format!("listen tcp 127.0.0.1:{held}: bind: address already in use"),
        ),
        (
            format!("[tcp b]\nport={other}\nssl=true\nsslcert=/nope\nsslkey=/nope\ncommand=cat\n"),
            "conf:6: [tcp b]: open /nope: no such file or directory".to_owned(),
        ),
    ] {
        server.reload(&format!("{good}\n{change}"));
        server.logged(&["Reload refused, the old configuration stays", &reason]);
        assert!(!answers(other), "{reason}");
        let mut client = Plain::connect(port);
        client.send("x");
        assert_eq!(client.bytes(1), b"x");
    }
}

#[test]
fn check_names_file_and_line_of_each_mistake() {
    let (code, said) = check(
        "[tcp a b]\nport=1\n[tcp c]\norigin=x\nidletimeout=3\nstatic=/x\nprotocol=mqtt\npty=true\nmaxline=1\nonce=true\nprot=1\n",
    );
    assert_eq!(code, Some(1));
    let starts = [
        "conf:1: [tcp a b]: allowed are [global], [route /PATH]",
        "conf:4: origin: no page opens a TCP connection",
        "conf:5: idletimeout: is about HTTP connections between two requests; write sessionidletimeout",
        "conf:6: static: is about HTTP",
        "conf:7: protocol: is about WebSocket",
        "conf:8: pty: needs messages",
        "conf:9: maxline: is about messages",
        "conf:10: once: not a key of a [tcp NAME]; write it before the first section",
        "conf:11: prot: unknown key; did you mean port?",
    ];
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), starts.len(), "{said}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    let (code, said) = check(
        "[tcp c]\nport=70000\ncommand=cat\n[tcp d]\ncommand=cat\n[tcp e]\nport=1\n\
         [tcp f]\nport=1\ncommand=cat\nssl=true\n[tcp g]\nport=1\ncommand=cat\n\
         [tcp h]\nport=1\ncommand=cat\nproxy-protocol=true\n[tcp i]\nport=2\nport=1\ncommand=cat\n\
         [tcp j]\nport=3\ncommand=/nope\n",
    );
    assert_eq!(code, Some(1));
    let starts = [
        "conf:2: [tcp c]: --port must be from 0 to 65535, not 70000",
        "conf:4: [tcp d]: says nowhere to listen",
        "conf:6: [tcp e]: a command is missing",
        "conf:11: [tcp f]: please specify both --sslcert and --sslkey",
        "conf:18: [tcp h]: --proxy-protocol needs --trusted-proxy",
        "conf:19: [tcp i]: port 1 is that of conf:12: [tcp g]",
        "conf:25: [tcp j]: unable to locate specified COMMAND '/nope'",
    ];
    for start in starts {
        assert!(
            said.lines().any(|line| line.starts_with(start)),
            "{start}:\n{said}"
        );
    }
    let (code, said) = check(
        "address=127.0.0.1\nport=8080\ncommand=cat\n[tcp a]\nport=8080\ncommand=cat\n\
         [tcp b]\nport=1\nssl=true\nsslcert=/nope\nsslkey=/nope\nunixsocket=/nope/x\ncommand=cat\n",
    );
    assert_eq!(code, Some(3));
    for line in [
        "conf:4: [tcp a]: listen tcp 127.0.0.1:8080: the port is asked for twice",
        "conf:7: [tcp b]: open /nope: no such file or directory",
        "conf:7: [tcp b]: --unixsocket: /nope: no such file or directory",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}:\n{said}");
    }
    let (code, said) = check("[tcp a]\nport=1\ncommand=cat\n");
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "The configuration is sound.\n")
    );
}

#[test]
fn a_port_that_is_taken_is_told_at_start() {
    let holder = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let held = holder.local_addr().expect("a port").port();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let text = format!("[tcp a]\naddress=127.0.0.1\nport={held}\ncommand=cat\n");
    fs::write(dir.path().join("conf"), text).expect("ours");
    let ran = Command::new(Subject::under_test().path)
        .arg("--config=conf")
        .current_dir(dir.path())
        .output()
        .expect("it runs");
    assert_eq!(ran.status.code(), Some(3));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let reason =
        format!("Can't start server: listen tcp 127.0.0.1:{held}: bind: address already in use");
    assert!(said.contains(&reason), "{said}");
}

#[test]
fn a_service_manager_passes_sockets_by_name() {
    let activate = part("/usr/bin/systemd-socket-activate", "systemd");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let [http, tcp] = [free_port(), free_port()];
    let text = "command=sh -c 'echo by WebSocket'\n[tcp it]\nport=1\ncommand=sh -c 'echo by TCP; exec cat'\n";
    fs::write(dir.path().join("conf"), text).expect("ours");
    let mut command = Command::new(activate);
    command
        .arg(format!("--listen=127.0.0.1:{http}"))
        .arg(format!("--listen=127.0.0.1:{tcp}"))
        .arg("--fdname=web:it")
        .arg(Subject::under_test().path)
        .arg("--config=conf")
        .current_dir(dir.path())
        .process_group(0);
    let program = e2e::program::Program::start(&command);
    let mut client = eventually("it listens", || answers(tcp).then(|| Plain::connect(tcp)));
    assert_eq!(client.line(), "by TCP\n");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], http));
    let endpoint = e2e::transport::Endpoint::Tcp(address);
    assert_eq!(Client::connect(&endpoint, "/").text(), "by WebSocket");
    let announced = format!("tcp://127.0.0.1:{tcp}/it");
    program
        .output
        .wait_for(&["Starting TCP server", &announced]);
}
