//! `--healthcheck`: what an engine of containers starts beside the daemon, to know whether it serves.

use std::fs;
use std::net::TcpListener;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::daemon::{Daemon, run};
use crate::handshake::upgrade;

#[test]
fn health_is_the_exit_status() {
    let mut daemon = Daemon::start(&[
        "--port=0",
        "--address=127.0.0.1",
        "--admin-address=127.0.0.1:0",
        "--shutdowngrace=60000",
        "/bin/sh",
        "-c",
        "trap '' INT TERM; cat; exec sleep 60",
    ]);
    let admin = daemon.ports("http")[0];
    let address = format!("--admin-address=127.0.0.1:{admin}");
    // Also where all addresses were meant.
    for host in ["127.0.0.1", "0.0.0.0", ""] {
        let ran = run(&["--healthcheck", &format!("--admin-address={host}:{admin}")]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{host}");
        assert!(ran.stdout.ends_with("/healthz: 200\n"), "{}", ran.stdout);
    }
    // The file of the daemon will do, whatever else is in it.
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "admin-address = 127.0.0.1:{admin}\ncommand = /is/not/there\nuser = nobody-has-it\n"
    );
    fs::write(file.path(), text).unwrap();
    let config = format!("--config={}", file.path().display());
    assert_eq!(run(&[&config, "--healthcheck"]).code, Some(0));

    // Sessions that are still to end keep it from being over, but it takes no client.
    let (_client, head) = upgrade(&daemon, "/", "");
    assert_eq!(head.status, 101);
    let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    daemon.read_until("Stopping: ");
    let stopping = run(&["--healthcheck", &address]);
    assert_eq!(stopping.code, Some(1), "{}", stopping.stdout);
    assert!(
        stopping.stderr.ends_with("/healthz: HTTP/1.1 503\n"),
        "{}",
        stopping.stderr
    );
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn a_daemon_that_is_not_there_is_not_well() {
    let unheard = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = unheard.local_addr().unwrap().port();
    drop(unheard);
    let ran = run(&[
        "--healthcheck",
        &format!("--admin-address=127.0.0.1:{port}"),
    ]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("Connection refused"), "{}", ran.stderr);
    for words in [
        &["--healthcheck"][..],
        &["--healthcheck", "--admin-address=127.0.0.1:0"],
    ] {
        let ran = run(words);
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr
                .starts_with("--healthcheck needs --admin-address"),
            "{}",
            ran.stderr
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "healthcheck = true\n").unwrap();
    let ran = run(&[&format!("--config={}", file.path().display()), "cat"]);
    assert_ne!(
        ran.code,
        Some(0),
        "it belongs to the command line: {}",
        ran.stderr
    );
}
