//! What an operator is told who has set up the engine wrongly: what to do, in `run/relay/state` and so in `chatctl
//! cluster status`, in the journal, and by `chatctl doctor`.

use std::fs;
use std::process::Command;

use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::redis::Server;
use e2e::tls::Authority;
use e2e::under_test::beside;

use crate::several::Machine;

/// What its relay says, once it says why it does not go on.
fn told(engine: &str, more: &str) -> (Machine, String) {
    let mut machine = Machine::new("one", engine, more);
    machine.try_start();
    let why = eventually("it says why", || {
        let why = machine.state("why");
        (!why.is_empty() && why != "it has just been started").then_some(why)
    });
    (machine, why)
}

#[track_caller]
fn assert_told(engine: &str, more: &str, wanted: &str) -> Machine {
    let (machine, why) = told(engine, more);
    assert!(why.contains(wanted), "{wanted} in: {why}");
    assert!(!why.contains("hunter2"), "a password: {why}");
    machine
}

#[test]
fn who_set_up_the_engines_users_wrongly_is_told_what_to_do() {
    let server = Server::start();
    let rights = |words: &[&str]| {
        let said = server.ask(&[&["ACL", "SETUSER"], words].concat());
        assert_eq!(said, "OK");
    };
    rights(&["chat", "on", ">hunter2", "~*", "&*", "+@all"]);
    rights(&[
        "poor",
        "on",
        ">hunter2",
        "~{chat}:*",
        "+@connection",
        "+role",
    ]);
    rights(&["default", "on", "resetpass", ">hunter2"]);
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).expect("written");
        let path = dir.path().join(name);
        format!("ENGINE_PASSWORD_FILE={}\n", path.display())
    };
    let (right, wrong) = (file("right", "hunter2\n"), file("wrong", "hunter3\n"));
    let engine = server.address();
    let machine = assert_told(
        &engine,
        &format!("ENGINE_USER=chat\n{wrong}"),
        "ENGINE_USER and ENGINE_PASSWORD_FILE must be those of a user in the engine's chat.acl",
    );
    // The same wherever somebody looks.
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(beside("chatctl"));
        command.arg("--config").arg(machine.files.ini());
        let done = Program::run(command.args(arguments));
        (done.code(), done.stdout + &done.stderr)
    };
    let status = eventually("status counts it as trouble", || {
        let (code, said) = ask(&["cluster", "status"]);
        (code == 1).then_some(said)
    });
    assert!(status.contains("chat.acl"), "{status}");
    let (_, doctor) = ask(&["doctor"]);
    assert!(doctor.contains("chat.acl"), "{doctor}");
    assert_told(&engine, "", "ENGINE_PASSWORD_FILE");
    assert_told(
        &engine,
        &format!("ENGINE_USER=poor\n{right}"),
        "chat.acl of this version",
    );
    let missing = "ENGINE_PASSWORD_FILE=/nowhere\n";
    assert_told(&engine, missing, "/nowhere");
}

#[test]
fn who_set_up_tls_wrongly_is_told_what_to_do() {
    let authority = Authority::new();
    let server = Server::with_tls(&authority);
    let ca = |authority: &Authority| format!("ENGINE_CA_FILE={}\n", authority.ca().display());
    let other = Authority::new();
    assert_told(
        &server.address(),
        &ca(&other),
        "ENGINE_CA_FILE must have the authority that signed the engine's certificate",
    );
    let plain = format!("redis://127.0.0.1:{}", server.port);
    assert_told(&plain, "", "rediss:// or sentinels://");
    let without = Server::start();
    let tls = format!("rediss://127.0.0.1:{}", without.port);
    assert_told(&tls, &ca(&authority), "redis:// or sentinel://");
    // The certificate is of localhost and 127.0.0.1.
    let named = server.address().replace("127.0.0.1", "0.0.0.0");
    assert_told(&named, &ca(&authority), "must name the address");
}

#[test]
fn who_named_an_engine_that_is_not_there_is_told_what_to_look_at() {
    assert_told("redis://127.0.0.1:1", "", "systemctl status");
    let server = Server::start();
    let sentinel = e2e::redis::Sentinel::start(&server, 1);
    let engine = format!("sentinel://127.0.0.1:{}/another", sentinel.port);
    assert_told(&engine, "", "sentinel monitor");
}
