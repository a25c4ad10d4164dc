//! How programs end, as an operator sees it: in the log's words, in its JSON fields, in the metrics; and what they were started
//! with.

use std::thread;
use std::time::Duration;

use e2e::deadline::eventually;
use e2e::proc;
use e2e::program::pid_of;
use e2e::raw::Frame;
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crate::cgi::write;
use crate::daemon::Daemon;
use crate::handshake::{messages, upgrade};
use crate::limits::wait_for_metric;

/// What ps shows of the process that starts programs.
const SPAWNER: &str = "wsd-rs-spawner";

const COMMON: [&str; 5] = [
    "--port=0",
    "--address=127.0.0.1",
    "--admin-address=127.0.0.1:0",
    "--closetimeout=100",
    "--dir=.",
];

/// A daemon whose scripts are the three ways to end.
fn serve(dir: &tempfile::TempDir, flags: &[&str]) -> Daemon {
    for (name, text) in [
        ("good", "exit 0"),
        ("three", "exit 3"),
        ("crash", "kill -SEGV $$"),
        ("stay", "trap '' INT; cat; sleep 600"),
    ] {
        write(&dir.path().join(name), text, true);
    }
    let words = [&COMMON[..], flags].concat();
    Daemon::start_with(&words, |command| {
        command.current_dir(dir.path());
    })
}

#[test]
fn the_log_and_the_metrics_say_how_a_program_ended() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut daemon = serve(&dir, &[]);
    for (name, words, how) in [
        ("good", "| TRACE  | process    | ", "success"),
        ("three", "| Program exited with status 3", "failure"),
        (
            "crash",
            "| Program was killed by signal 11, SIGSEGV",
            "signal",
        ),
    ] {
        let (mut client, _) = upgrade(&daemon, &format!("/{name}"), "");
        messages(&mut client);
        let line = daemon.read_until(words);
        assert!(
            line.contains(&format!("/{name}'")) && line.contains(" pid:'"),
            "{line}"
        );
        assert_eq!(line.contains("| ACCESS |"), name != "good", "{line}");
        daemon.read_until("| DISCONNECT");
        wait_for_metric(
            &daemon,
            &format!("websocketd_programs_ended_total{{how=\"{how}\"}}"),
            1,
        );
    }
    drop(upgrade(&daemon, "/stay", ""));
    let line = daemon.read_until("| Program was killed by signal 15, SIGTERM");
    assert!(line.contains("| TRACE  |"), "the daemon did it: {line}");
    wait_for_metric(
        &daemon,
        "websocketd_programs_ended_total{how=\"terminated\"}",
        1,
    );
}

#[test]
fn json_lines_carry_pid_status_and_signal() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut daemon = serve(&dir, &["--log-format=json"]);
    for (name, key, value) in [
        ("good", "exit_status", json!(0)),
        ("three", "exit_status", json!(3)),
        ("crash", "signal", json!("SIGSEGV")),
    ] {
        let (mut client, _) = upgrade(&daemon, &format!("/{name}"), "");
        messages(&mut client);
        let mut line = |message: &str| -> Value {
            let line = daemon.read_until(&format!("\"message\":\"{message}\""));
            serde_json::from_str(&line).expect("JSON")
        };
        let connect = line("CONNECT");
        assert!(connect["pid"].is_u64(), "{connect}");
        let disconnect = line("DISCONNECT");
        assert_eq!(disconnect["pid"], connect["pid"]);
        assert_eq!(disconnect[key], value);
        let other = if key == "signal" {
            "exit_status"
        } else {
            "signal"
        };
        assert_eq!(disconnect.get(other), None);
    }
}

#[test]
fn the_environment_is_logged_at_debug_without_secrets() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut daemon = serve(&dir, &["--loglevel=debug", "--passenv=MY_TOKEN,LANG"]);
    let fields = "Cookie: session=s3cr3t\r\nAuthorization: Basic s3cr3t\r\nX-Api-Key: s3cr3t\r\nX-Plain: seen\r\n";
    let (mut client, _) = upgrade(&daemon, "/good?x=1", fields);
    messages(&mut client);
    daemon.read_until("| DISCONNECT");
    let lines: Vec<&str> = daemon
        .log
        .lines()
        .filter(|line| line.contains("| env "))
        .collect();
    let has = |text: &str| lines.iter().any(|line| line.ends_with(text));
    assert!(has("| Std. variable: QUERY_STRING=x=1"), "{lines:#?}");
    assert!(has("| Header variable: HTTP_X_PLAIN=seen"), "{lines:#?}");
    assert!(
        has("| Header variable: HTTP_COOKIE=(hidden, 14 bytes)"),
        "{lines:#?}"
    );
    assert!(
        has("| Header variable: HTTP_AUTHORIZATION=(hidden, 12 bytes)"),
        "{lines:#?}"
    );
    assert!(!daemon.log.contains("s3cr3t"), "{}", daemon.log);
}

#[test]
fn a_status_that_is_late_still_decides_the_close_code() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&dir.path().join("killed"), "read -r go; kill -9 $$", true);
    let daemon = serve(&dir, &[]);
    let (mut client, reply) = upgrade(&daemon, "/killed", "");
    assert_eq!(reply.status, 101);
    let family = || proc::in_session(daemon.pid());
    let spawner = family().into_iter().find(|it| it.name == SPAWNER);
    let spawner = pid_of(spawner.expect("it runs").pid);
    // A machine so busy that the spawner does not run for half a second.
    kill(spawner, Signal::SIGSTOP).expect("it is ours");
    client.0.send(&Frame::text("go"));
    eventually("the program has ended", || {
        family().iter().any(|it| it.state == 'Z').then_some(())
    });
    thread::sleep(Duration::from_millis(500));
    kill(spawner, Signal::SIGCONT).expect("it is ours");
    assert_eq!(client.0.close_code(), Some(1011));
}
