//! conf/cluster as it is shipped.

use std::fs;
use std::process::Command;

use e2e::deadline::eventually;
use e2e::redis::Server;
use e2e::under_test::workspace;

use crate::several::{Machine, keep_saying};

/// While it reads its file a server does what stands there as the user `default`, also if nobody can log in as that:
/// with too few rights it loses all that scripts wrote, and says so in its log alone (Redis 7.0).
#[test]
fn an_engine_with_the_shipped_users_has_after_a_restart_all_that_it_had() {
    let dir = tempfile::tempdir().expect("a directory");
    let shipped = fs::read_to_string(workspace().join("conf/cluster/chat.acl"));
    let users = shipped
        .expect("it is shipped")
        .replace("CHAT-PASSWORD", "hunter2");
    let (acl, password) = (dir.path().join("chat.acl"), dir.path().join("password"));
    fs::write(&acl, users).expect("written");
    fs::write(&password, "hunter2\n").expect("written");
    let mut server = Server::with(&[&format!("aclfile {}", acl.display())]);
    let more = format!(
        "ENGINE_USER=chat\nENGINE_PASSWORD_FILE={}\n",
        password.display()
    );
    let mut one = Machine::started("one", &server.address(), &more);
    let mut alice = one.page("alice");
    for at in 0..5 {
        keep_saying(&mut alice, &format!("m{at}"));
    }
    one.kill();
    let entries = |server: &Server| {
        let words = ["--user", "chat", "--pass", "hunter2", "--no-auth-warning"];
        server.ask(&[&words[..], &["XRANGE", "{chat}:s", "-", "+"]].concat())
    };
    let before = entries(&server);
    assert!(before.contains("m4"), "{before}");
    assert!(server.ask(&["XLEN", "{chat}:s"]).contains("NOAUTH"));
    server.kill();
    server.run_again();
    let after = eventually("it has read its file", || {
        let after = entries(&server);
        (!after.contains("LOADING")).then_some(after)
    });
    assert_eq!(after, before);
    assert!(server.ask(&["XLEN", "{chat}:s"]).contains("NOAUTH"));
}

/// A file system may have the length of a file on the disk and not what was written last: there are zeros then (ext4).
#[test]
fn an_engine_whose_file_ends_in_what_a_power_cut_left_is_mended_and_starts() {
    let mut server = Server::start();
    let keys: Vec<_> = (0..20).map(|at| format!("key{at}")).collect();
    for key in &keys {
        assert_eq!(server.ask(&["SET", key, "kept"]), "OK");
    }
    server.kill();
    let file = server.dir().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut bytes = fs::read(&file).expect("it keeps one");
    bytes.resize(bytes.len() + 300, 0);
    fs::write(&file, &bytes).expect("written");
    let said = server.try_again().expect_err("it does not start");
    assert!(said.contains("Bad file format"), "{said}");
    let mend = |most: &str| {
        let script = workspace().join("conf/cluster/mend-aof");
        let mut command = Command::new("sh");
        let done = command.arg(script).arg(server.dir()).arg(most).output();
        done.expect("sh starts")
    };
    // That would be more than the end of a file.
    let done = mend("299");
    assert!(!done.status.success(), "{done:?}");
    assert_eq!(fs::read(&file).expect("there"), bytes);
    let done = mend("300");
    assert!(done.status.success(), "{done:?}");
    server.run_again();
    for key in &keys {
        assert_eq!(server.ask(&["GET", key]), "kept");
    }
    server.kill();
    // What is whole stays as it is.
    let before = fs::read(&file).expect("there");
    let script = workspace().join("conf/cluster/mend-aof");
    let done = Command::new("sh").arg(script).arg(server.dir()).output();
    let done = done.expect("sh starts");
    assert!(done.status.success() && done.stdout.is_empty(), "{done:?}");
    assert_eq!(fs::read(&file).expect("there"), before);
}
