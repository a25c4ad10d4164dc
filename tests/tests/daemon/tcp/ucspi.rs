//! The same programs under tcpserver and under `[tcp NAME]`: the same variables, the same bytes.

use std::fs;
use std::io::Read;
use std::process::Command;

use e2e::daemon::free_port;
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::requirement::part;

use super::{Plain, Server};

/// tcpserver with a program, in `dir`.
fn tcpserver(dir: &std::path::Path, port: u16, command: &[&str]) -> Program {
    let tcpserver = part("/usr/bin/tcpserver", "ucspi-tcp");
    let mut process = Command::new(tcpserver);
    // Neither names nor ident, which ask other servers.
    process
        .args(["-v", "-H", "-R", "-l", "", "127.0.0.1", &port.to_string()])
        .args(command)
        .current_dir(dir);
    let program = Program::start(&process);
    eventually("tcpserver listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    program
}

/// What a client gets that sends `input`, and the port it had.
fn exchange(port: u16, input: &[u8]) -> (Vec<u8>, u16) {
    let mut client = Plain::connect(port);
    let own = client.0.local_addr().expect("an address").port();
    client.send(input);
    client.finish();
    let mut got = Vec::new();
    // A reset after the last byte is tcpserver's way where input is left.
    let _ = client.0.read_to_end(&mut got);
    (got, own)
}

#[test]
fn programs_find_the_same_variables() {
    let script = "env | grep -E '^(PROTO|TCP)' | sort";
    let server = Server::serving(&format!("sh -c \"{script}\""));
    let port = free_port();
    let _other = tcpserver(server.dir.path(), port, &["sh", "-c", script]);
    let variables = |port: u16| {
        let (text, own) = exchange(port, b"");
        let text = String::from_utf8(text).expect("UTF-8");
        text.replace(&format!("PORT={port}\n"), "PORT=local\n")
            .replace(&format!("PORT={own}\n"), "PORT=remote\n")
    };
    let (ours, theirs) = (variables(server.port("it")), variables(port));
    // Ours has no TCPLOCALHOST: it would be the name that an administrator gives, by env = TCPLOCALHOST=...
    let theirs = theirs.replace("TCPLOCALHOST=\n", "");
    assert_eq!(ours, theirs);
    assert_eq!(
        ours,
        "PROTO=TCP\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=local\nTCPREMOTEIP=127.0.0.1\nTCPREMOTEPORT=remote\n"
    );
}

#[test]
fn names_are_looked_up_if_asked_for() {
    let script = "sh -c 'echo ${TCPREMOTEHOST-none}'";
    let server = Server::with(script, "reverselookup=true");
    let (name, _) = exchange(server.port("it"), b"");
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let is_named = hosts
        .lines()
        .any(|line| line.starts_with("127.0.0.1") && line.contains("localhost"));
    if is_named {
        assert_eq!(name, b"localhost\n");
    }
    let server = Server::serving(script);
    assert_eq!(exchange(server.port("it"), b"").0, b"none\n");
}

#[test]
fn programs_give_the_same_bytes() {
    let input: Vec<u8> = (0..300_000_u32)
        .flat_map(|n| {
            if n % 61 == 0 {
                *b"\r\n\0\xff"
            } else {
                n.wrapping_mul(2_654_435_761).to_le_bytes()
            }
        })
        .collect();
    for command in [
        &["cat"][..],
        &["tr", "a-z", "A-Z"],
        &["sort"],
        &["md5sum"],
        &["gzip", "-nc"],
        &["head", "-c", "7"],
        &["true"],
    ] {
        let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let server = Server::serving(&words.join(" "));
        let port = free_port();
        let _other = tcpserver(server.dir.path(), port, command);
        let input = match command[0] {
            // They end before they have read all, and then tcpserver's kernel throws away what they have said.
            "head" | "true" => &input[..10],
            _ => &input[..],
        };
        let both = std::thread::scope(|scope| {
            let ours = scope.spawn(|| exchange_beside(server.port("it"), input));
            let theirs = scope.spawn(|| exchange_beside(port, input));
            (ours.join().expect("ours"), theirs.join().expect("theirs"))
        });
        assert!(
            both.0 == both.1,
            "{command:?}: {} and {} bytes",
            both.0.len(),
            both.1.len()
        );
    }
}

/// As [`exchange`], with a thread that sends: more than the buffers hold.
fn exchange_beside(port: u16, input: &[u8]) -> Vec<u8> {
    let mut client = Plain::connect(port);
    let mut sender = Plain(client.0.try_clone().expect("a descriptor"));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = std::io::Write::write_all(&mut sender.0, input);
            sender.finish();
        });
        let mut got = Vec::new();
        let _ = client.0.read_to_end(&mut got);
        got
    })
}
