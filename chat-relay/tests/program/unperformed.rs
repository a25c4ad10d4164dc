//! Orders that nobody can ever perform: who gave them is told, and nobody waits for them.

use std::fs;

use chat_store::cluster::order;
use e2e::redis::Server;

use crate::carried::dirs;
use crate::several::Machine;

#[test]
fn an_order_that_fails_whenever_it_is_tried_is_refused_and_what_follows_is_taken() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let mut alice = one.page("alice");
    let dirs = dirs(&one);
    let long = "x".repeat(250);
    for machine in [&one, &two] {
        fs::create_dir_all(machine.files.path("state/lobby.roles/in-its-place")).expect("made");
    }
    for name in [&*long, "lobby.roles", ""] {
        let given = order::replace(&dirs, &dirs.state.join(name), b"", b"owner\tanna\t\n");
        let why = given.expect_err("it cannot be performed").to_string();
        assert!(why.contains("may not write"), "{name}: {why}");
    }
    let given = order::remove(&dirs, &dirs.state.join("lobby.roles"));
    assert!(given.is_err());
    alice.say_acked("still here", "m1");
    let mut bob = two.page("bob");
    bob.say_acked("here, too", "m2");
}
