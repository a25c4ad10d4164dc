//! A connection that is cut without a word: each test has a network of its own, whose only link it takes down. No FIN and no RST
//! passes, as when a cable is pulled; what is sent is never acknowledged.

use std::io::Write as _;
use std::time::Duration;

use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::network;
use e2e::raw::{Frame, RawSocket, opcode};
use e2e::under_test::handler;

fn start(builder: Builder) -> (Daemon, RawSocket) {
    let daemon = builder.start();
    let socket = daemon.raw();
    (daemon, socket)
}

/// Waits until the daemon has given the session up and nothing of it is left.
#[track_caller]
fn assert_end(daemon: &Daemon, why: &str) {
    daemon.log().wait_for(&["| session    |", why]);
    daemon.log().wait_for(&["| DISCONNECT"]);
    daemon.assert_no_process_left();
}

fn cat() -> Builder {
    Daemon::builder()
        .flag("--loglevel=trace")
        .command::<&str>("cat", [])
}

fn runs(args: &[&str]) -> Builder {
    Daemon::builder()
        .flag("--loglevel=trace")
        .command(handler(), args)
}

#[test]
fn a_quiet_client_that_is_cut_off_is_noticed_by_pings() {
    network::enter();
    let (daemon, mut socket) = start(cat().flag("--pingms=500"));
    socket.send(&Frame::text("x"));
    loop {
        let frame = socket.frame().expect("the session goes on");
        match frame.opcode {
            opcode::PING => socket.send(&Frame::new(opcode::PONG, frame.payload)),
            opcode::TEXT => break,
            other => panic!("opcode {other}"),
        }
    }
    network::cut();
    assert_end(&daemon, "Client does not answer pings");
    drop(socket);
}

#[test]
fn a_client_that_is_cut_off_amid_output_is_noticed_by_pings() {
    network::enter();
    let (daemon, mut socket) = start(runs(&["flood"]).flag("--pingms=1000"));
    for _ in 0..1000 {
        socket.frame().expect("the session goes on");
    }
    network::cut();
    assert_end(&daemon, "Client does not answer pings");
    drop(socket);
}

#[test]
fn a_client_that_is_cut_off_amid_output_is_noticed_without_pings() {
    network::enter();
    let (daemon, mut socket) = start(runs(&["flood"]).flag("--writetimeout=1000"));
    for _ in 0..1000 {
        socket.frame().expect("the session goes on");
    }
    network::cut();
    assert_end(&daemon, "Client does not read what the program writes");
    drop(socket);
}

#[test]
fn a_client_that_is_cut_off_while_its_program_does_not_read_is_noticed() {
    network::enter();
    let (daemon, socket) = start(runs(&["hang"]).flag("--pingms=500"));
    let mut sender = socket
        .transport()
        .tcp()
        .expect("TCP")
        .try_clone()
        .expect("a second handle");
    // Until nothing more goes: the program's pipe, the daemon's buffer and the kernel's are full.
    sender
        .set_write_timeout(Some(Duration::from_millis(500)))
        .expect("a live socket");
    let message = Frame::text("x".repeat(60_000)).encode();
    while sender.write_all(&message).is_ok() {}
    network::cut();
    assert_end(&daemon, "Client does not answer pings");
    drop(socket);
}

#[test]
fn a_connection_that_comes_back_in_time_goes_on() {
    network::enter();
    let (daemon, mut socket) = start(cat().flag("--pingms=10000"));
    socket.send(&Frame::text("before"));
    socket.expect(opcode::TEXT, b"before");
    network::cut();
    socket.send(&Frame::text("meanwhile"));
    // It was sent, and nothing came back.
    eventually("the kernel sends it again", || {
        (socket.retransmissions() > 0).then_some(())
    });
    network::mend();
    let frame = eventually("what was sent meanwhile comes back", || {
        socket.frame_within(Duration::from_secs(1)).ok().flatten()
    });
    assert_eq!(frame.payload, b"meanwhile");
    assert_eq!(daemon.log().count("| DISCONNECT"), 0);
}

/// Says on stderr what it hears: a signal, a line, the end.
const LISTENER: &str = r#"heard() { echo "[$*]" >&2; }
trap 'heard silence of "$WEBSOCKETD_PING_TIMEOUT_MS"' URG
echo ready
while read -r line; do heard line; done
heard end"#;

/// Its first line; the pings before it are answered.
fn expect_ready(socket: &mut RawSocket) {
    loop {
        let frame = socket.frame().expect("the session goes on");
        match frame.opcode {
            opcode::PING => socket.send(&Frame::new(opcode::PONG, frame.payload)),
            _ => return assert_eq!(frame.payload, b"ready"),
        }
    }
}

#[test]
fn a_program_is_told_that_its_client_did_not_answer_pings_before_its_stdin_ends() {
    network::enter();
    let listener = || Daemon::builder().command("bash", ["-c", LISTENER]);
    let (daemon, mut socket) = start(listener().flag("--pingms=500"));
    expect_ready(&mut socket);
    network::cut();
    daemon.log().wait_for(&["[end]"]);
    let log = daemon.log().so_far().concat();
    let silence = log.find("[silence of 1000]").expect("it was told");
    assert!(silence < log.find("[end]").expect("it ended"), "{log}");
    drop(socket);
}

#[test]
fn a_client_that_leaves_was_not_silent() {
    let listener = Daemon::builder().command("bash", ["-c", LISTENER]);
    let (daemon, mut socket) = start(listener.flag("--pingms=60000"));
    expect_ready(&mut socket);
    drop(socket);
    daemon.log().wait_for(&["[end]"]);
    assert_eq!(daemon.log().count("[silence"), 0);
}
