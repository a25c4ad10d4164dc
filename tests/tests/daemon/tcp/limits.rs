//! How many at once.

use std::net::{Ipv4Addr, SocketAddr};

use e2e::daemon::free_port;
use e2e::http;
use e2e::transport::Endpoint;

use super::{Plain, Server};

/// Tells that it runs, then gives back what it gets.
const ECHO: &str = "sh -c 'echo ready; exec cat'";

#[test]
fn the_next_client_waits_until_one_leaves() {
    let server = Server::start(&format!(
        "[tcp it]\naddress=127.0.0.1\nport=0\ncommand={ECHO}\nmaxconns=2\n\
         [tcp other]\naddress=127.0.0.1\nport=0\ncommand={ECHO}\n"
    ));
    let [mut one, mut two] = [(), ()].map(|()| server.client("it"));
    one.line();
    two.line();
    server.logged(&["All of maxconns connections of [tcp it] are open: more clients wait"]);
    let mut three = server.client("it");
    three.send("sent early\n");
    assert!(three.is_silent());
    assert_eq!(server.client("other").line(), "ready\n", "others have room");
    drop(one);
    assert_eq!(three.line(), "ready\n");
    assert_eq!(three.line(), "sent early\n");
    two.send("x\n");
    assert_eq!(two.line(), "x\n");
}

#[test]
fn an_address_has_its_share() {
    let server = Server::with(ECHO, "maxconnsperip=1");
    let mut one = server.client("it");
    one.line();
    let mut two = server.client("it");
    let _ = two.0.set_nodelay(true);
    assert_eq!(two.rest(), b"");
    server.logged(&[
        "remote:'127.0.0.1'",
        "Too many connections from this address",
    ]);
    let address = SocketAddr::from(([127, 0, 0, 1], server.port("it")));
    let elsewhere = Endpoint::From(
        Ipv4Addr::new(127, 0, 0, 9),
        Box::new(Endpoint::Tcp(address)),
    );
    let transport = elsewhere.connect().expect("it accepts");
    let mut other = Plain(
        transport
            .tcp()
            .expect("TCP")
            .try_clone()
            .expect("a descriptor"),
    );
    assert_eq!(other.line(), "ready\n");
    drop(one);
    e2e::deadline::eventually("its place is free", || {
        let mut again = server.client("it");
        let mut byte = [0];
        let read = std::io::Read::read(&mut again.0, &mut byte);
        (read.ok() == Some(1)).then_some(())
    });
}

#[test]
fn a_limit_that_a_reload_lowers_or_raises_holds() {
    let text = |limit: usize| {
        format!("[tcp it]\naddress=127.0.0.1\nport=0\ncommand={ECHO}\nmaxconns={limit}\n")
    };
    let server = Server::start(&text(2));
    let [mut one, two] = [(), ()].map(|()| server.client("it"));
    one.line();
    let mut three = server.client("it");
    assert!(three.is_silent());
    server.reload(&text(1));
    server.logged(&["Reloaded configuration"]);
    drop(two);
    assert!(three.is_silent(), "one is there, and that is all");
    server.reload(&text(2));
    assert_eq!(three.line(), "ready\n");
    one.send("x\n");
    assert_eq!(one.line(), "x\n");
}

#[test]
fn programs_have_their_limit_and_everything_is_counted() {
    let admin = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = Server::start(&format!(
        "admin-address={admin}\n[tcp it]\naddress=127.0.0.1\nport=0\ncommand={ECHO}\nmaxforks=1\n"
    ));
    let mut one = server.client("it");
    one.line();
    let mut two = server.client("it");
    assert_eq!(two.rest(), b"");
    server.logged(&[
        "ERROR",
        "Max of possible forks already active, connection rejected",
    ]);
    let page = || http::get(&Endpoint::Tcp(admin), "/metrics").text();
    let metrics = page();
    for line in [
        "websocketd_tcp_sessions_open 1",
        "websocketd_refusals_total{reason=\"forks\"} 1",
        "websocketd_sessions_open 0",
        "websocketd_tcp_bytes_total{direction=\"out\"} 6",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}:\n{metrics}"
        );
    }
    one.send("12345");
    one.bytes(5);
    one.finish();
    one.rest();
    server.logged(&["DISCONNECT"]);
    let metrics = page();
    for line in [
        "websocketd_tcp_sessions_open 0",
        "websocketd_tcp_sessions_ended_total{end=\"client_closed\"} 1",
        "websocketd_tcp_bytes_total{direction=\"in\"} 5",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}:\n{metrics}"
        );
    }
}
