//! From the first byte to the last: each way ends by itself, and nobody is left behind.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use e2e::deadline::eventually;
use e2e::network;
use e2e::proc;
use e2e::requirement::part;
use nix::sys::signal::Signal;

use super::{Plain, Server};

#[test]
fn all_bytes_pass_both_ways() {
    let server = Server::serving("cat");
    let sent: Vec<u8> = (0..3_u32 << 20)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect();
    let mut client = server.client("it");
    let mut sender = Plain(client.0.try_clone().expect("a descriptor"));
    let bytes = sent.clone();
    let sending = thread::spawn(move || {
        sender.send(bytes);
        sender.finish();
    });
    assert!(client.rest() == sent, "what came is not what was sent");
    sending.join().expect("it sent all");
    server.logged(&["session", "tcp://127.0.0.1", "/it'", "DISCONNECT"]);
    assert!(server.programs().is_empty());
}

#[test]
fn nc_ends_its_input_and_gets_the_answer() {
    let nc = part("/usr/bin/nc", "netcat-openbsd");
    let server = Server::serving("sort");
    let port = server.port("it").to_string();
    fs::write(server.path("in"), "pear\napple\n").expect("ours");
    let input = fs::File::open(server.path("in")).expect("ours");
    let ran = Command::new(nc)
        .args(["-N", "127.0.0.1", &port])
        .stdin(Stdio::from(input))
        .output()
        .expect("nc runs");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "apple\npear\n");
}

#[test]
fn a_program_that_has_said_all_may_go_on_listening() {
    let server = Server::serving("sh -c 'echo go on; exec >&-; cat > heard; mv heard done'");
    let mut client = server.client("it");
    assert_eq!(client.rest(), b"go on\n");
    client.send("all of it");
    client.finish();
    eventually("the program has heard it", || {
        fs::read_to_string(server.path("done")).ok()
    });
    assert_eq!(
        fs::read(server.path("done")).expect("it is there"),
        b"all of it"
    );
}

#[test]
fn a_program_that_ends_takes_its_client_along() {
    let server = Server::serving("sh -c 'echo oops >&2; echo last; exit 3'");
    let mut client = server.client("it");
    client.send("unread");
    assert_eq!(client.rest(), b"last\n", "nothing is lost by a reset");
    drop(client);
    server.logged(&["stderr", "/it'", "pid:", "oops"]);
    server.logged(&["process", "ACCESS", "Program exited with status 3"]);
    server.logged(&["session", "DISCONNECT"]);
}

/// A program that neither reads nor writes.
const DEAF: &str = "sh -c 'echo ready; exec sleep 1000'";

#[test]
fn a_reset_ends_the_program() {
    let server = Server::serving(DEAF);
    let mut client = server.client("it");
    client.line();
    client.reset();
    eventually("it is gone", || server.programs().is_empty().then_some(()));
    server.logged(&["Client's connection was cut"]);
    // After a FIN nothing is read any more, and while the program is slow nothing is.
    let mut client = server.client("it");
    client.line();
    client.finish();
    assert!(client.is_silent());
    assert_eq!(server.programs().len(), 1, "a half-closed client waits");
    client.reset();
    eventually("it is gone", || server.programs().is_empty().then_some(()));
    let mut client = server.client("it");
    client.line();
    client.0.set_nonblocking(true).expect("a socket");
    eventually("nothing more fits", || {
        std::io::Write::write(&mut client.0, &vec![b'x'; 65536]).err()
    });
    client.reset();
    eventually("it is gone", || server.programs().is_empty().then_some(()));
}

#[test]
fn a_client_that_never_reads_is_dropped() {
    let server = Server::with("yes", "writetimeout=500");
    let client = server.client("it");
    server.logged(&["Client does not read what the program writes"]);
    eventually("it is gone", || server.programs().is_empty().then_some(()));
    drop(client);
}

#[test]
fn a_slow_client_gets_all() {
    let server = Server::serving("head -c 5000000 /dev/zero");
    let mut client = server.client("it");
    client.bytes(1);
    assert!(!client.is_silent());
    eventually("the program waits for its client", || {
        let programs = server.programs();
        (programs.len() == 1).then_some(())
    });
    assert_eq!(client.rest().len(), 4_999_999);
}

#[test]
fn silence_has_its_limit() {
    let server = Server::with(DEAF, "sessionidletimeout=300");
    let mut client = server.client("it");
    assert_eq!(client.rest(), b"ready\n");
    server.logged(&["No byte for --sessionidletimeout"]);
    eventually("it is gone", || server.programs().is_empty().then_some(()));
}

#[test]
fn the_last_words_of_a_program_reach_its_client_when_the_daemon_stops() {
    let server = Server::serving("sh -c 'trap \"\" INT TERM; cat; echo 421 closing'");
    let mut client = server.client("it");
    client.send("hello\n");
    assert_eq!(client.line(), "hello\n");
    server.program.signal(Signal::SIGTERM);
    assert_eq!(client.rest(), b"421 closing\n");
    let mut program = server.program;
    assert_eq!(program.wait().code(), Some(0));
    program.assert_family_gone();
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    let lines = "closems=50";
    let server = Server::start(&format!(
        "shutdowngrace=200\n[tcp it]\naddress=127.0.0.1\nport=0\ncommand={DEAF}\n{lines}\n"
    ));
    let mut client = server.client("it");
    client.line();
    server.program.signal(Signal::SIGTERM);
    assert_eq!(client.rest(), b"");
    let mut program = server.program;
    assert_eq!(program.wait().code(), Some(0));
    program.assert_family_gone();
}

#[test]
fn a_killed_daemon_takes_its_programs_along() {
    let server = Server::serving("sh -c 'trap \"\" INT TERM; sleep 1000 & echo ready; wait'");
    let mut client = server.client("it");
    client.line();
    let programs = eventually("both run", || {
        Some(server.programs()).filter(|programs| programs.len() == 2)
    });
    server.program.signal(Signal::SIGKILL);
    for program in programs {
        proc::wait_until_ended(program.pid);
    }
    assert_eq!(client.rest(), b"");
}

#[test]
fn what_a_program_leaves_behind_ends_with_its_session() {
    let server = Server::serving("bash -c 'set -m; sleep 1000 >/dev/null 2>&1 & echo ready'");
    let mut client = server.client("it");
    assert_eq!(client.rest(), b"ready\n");
    drop(client);
    eventually("it is gone", || server.programs().is_empty().then_some(()));
}

#[test]
fn a_unix_socket_tells_a_close_from_a_half_close() {
    let server = Server::start(&format!(
        "[tcp it]\nunixsocket=DIR/socket\nunixsocket-mode=600\ncommand={DEAF}\n"
    ));
    let client = UnixStream::connect(server.path("socket")).expect("it accepts");
    server.logged(&["unix:", "socket:it", "CONNECT"]);
    client
        .shutdown(std::net::Shutdown::Write)
        .expect("a socket");
    eventually("it runs", || (server.programs().len() == 1).then_some(()));
    drop(client);
    eventually("it is gone", || server.programs().is_empty().then_some(()));
    let path = server.path("socket");
    let mut program = server.program;
    program.terminate();
    assert!(!path.exists(), "its file goes with it");
}

#[test]
fn a_program_that_holds_back_its_output_need_not() {
    let script = "exec(\"for line in sys.stdin: print(line.upper(), end=str())\")";
    let server = Server::with(
        &format!("python3 -c 'import sys; {script}'"),
        "unbuffered=true",
    );
    let mut client = server.client("it");
    client.send("one\r\n");
    assert_eq!(client.line(), "ONE\r\n", "at once, and with every byte");
    client.finish();
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_client_that_is_cut_off_is_noticed_by_probes() {
    network::enter();
    let server = Server::with(DEAF, "pingms=1000");
    let mut clients = [(), ()].map(|()| server.client("it"));
    for client in &mut clients {
        client.line();
    }
    // One of them has said that nothing follows.
    clients[0].finish();
    network::cut();
    let is_it = |line: &str| line.contains("Client does not answer probes");
    server.program.output.wait_for_count("both are", 2, is_it);
    eventually("they are gone", || {
        server.programs().is_empty().then_some(())
    });
}

#[test]
fn a_section_has_settings_of_its_own() {
    let server = Server::start(
        "env=A=1\nenv=B=1\nhandlerfiles=78\n[tcp it]\naddress=127.0.0.1\nport=0\nenv=B=2\ncwd=/usr\n\
         handlerfiles=77\nuser=nobody\ncommand=sh -c 'echo $A $B $PWD $(ulimit -n) $(id -un)'\n",
    );
    assert_eq!(server.client("it").rest(), b"1 2 /usr 77 nobody\n");
}

#[test]
fn the_first_session_is_the_last_with_once() {
    let mut server =
        Server::start("once=true\n[tcp it]\naddress=127.0.0.1\nport=0\ncommand=echo one\n");
    assert_eq!(server.client("it").rest(), b"one\n");
    assert_eq!(server.program.wait().code(), Some(0));
}
