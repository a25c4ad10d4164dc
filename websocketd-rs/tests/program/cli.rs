//! Exit codes, streams and texts of the command line, on the real binary. What each word means is tested beside the parser.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use crate::daemon::{Daemon, run, run_in};

#[track_caller]
fn assert_ran(words: &[&str], code: i32, stdout: &str, stderr: &str) {
    let ran = run(words);
    assert_eq!(
        ran.code,
        Some(code),
        "{words:?}\n{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(
        ran.stdout.lines().next().unwrap_or_default(),
        stdout,
        "{words:?}"
    );
    assert_eq!(
        ran.stderr.lines().next().unwrap_or_default(),
        stderr,
        "{words:?}"
    );
}

#[test]
fn each_refusal_has_its_code_and_stream() {
    assert_ran(&[], 1, "Command line arguments are missing.", "");
    assert_ran(
        &["--nope", "cat"],
        2,
        "",
        "flag provided but not defined: -nope",
    );
    let bad = "invalid value \"abc\" for flag -port: parse error";
    assert_ran(&["--port=abc", "cat"], 2, "", bad);
    assert_ran(&["--port"], 2, "", "flag needs an argument: -port");
    let bad = "Incorrect loglevel flag 'x'. Use --help to see allowed values.";
    assert_ran(&["--loglevel=x", "cat"], 1, bad, "");
    let bad = "please specify both --sslcert and --sslkey when requesting --ssl";
    assert_ran(&["--ssl", "cat"], 1, "", bad);
    let bad = "you should not be using --ssl* flags when there is no --ssl option";
    assert_ran(&["--sslkey=x", "cat"], 1, "", bad);
    let bad = "please only specify one of --binary and --passstderr";
    assert_ran(&["--binary", "--passstderr", "cat"], 1, "", bad);
    let bad = "unable to locate specified COMMAND 'no-such-program' in OS path";
    assert_ran(&["no-such-program"], 1, "", bad);
}

#[test]
fn help_version_and_license_end_well() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.stdout.as_str()), (Some(0), ""));
    assert!(help.stderr.contains("--port") && help.stderr.contains("--ssl"));
    for flag in ["--version", "--license"] {
        let ran = run(&[flag]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.starts_with("websocketd-rs "), "{}", ran.stdout);
    }
}

#[test]
fn the_short_usage_follows_an_error() {
    let ran = run(&["--nope"]);
    let usage = ran
        .stderr
        .split_once("\n\nUsage:\n\n")
        .expect("a blank line and the usage")
        .1;
    assert!(usage.contains("    websocketd-rs [options] COMMAND [command args]\n"));
    assert!(usage.contains("    websocketd-rs --help\n"));
    assert!(!run(&["--ssl", "cat"]).stderr.contains("Usage"));
}

#[test]
fn what_is_wrong_after_the_log_started_is_a_fatal_line() {
    let both = run(&["--devconsole", "--staticdir=/", "cat"]);
    assert_eq!((both.code, both.stderr.as_str()), (Some(4), ""));
    assert!(
        both.stdout
            .contains(" | FATAL  | server     |  | Invalid parameters: --devconsole ")
    );

    let port = run(&["--port=70000", "cat"]);
    assert_eq!((port.code, port.stderr.as_str()), (Some(3), ""));
    let lines: Vec<&str> = port.stdout.lines().collect();
    let [application, announced, fatal] = lines[..] else {
        panic!("{}", port.stdout)
    };
    assert!(application.contains("| INFO   | server     |  | Serving using application   : /"));
    assert!(announced.ends_with(":70000/"), "{announced}");
    let reason = "Can't start server: listen tcp: address 70000: invalid port";
    assert!(
        fatal.ends_with(&format!(" | FATAL  | server     |  | {reason}")),
        "{fatal}"
    );

    let quiet = run(&["--loglevel=none", "--port=70000", "cat"]);
    assert_eq!((quiet.code, quiet.stdout.as_str()), (Some(3), ""));
}

#[test]
fn a_relative_command_is_found_from_where_the_daemon_starts() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("only-here");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = run_in(dir.path(), &["--port=70000", "./only-here", "a", "b"]);
    let line = ran.stdout.lines().next().unwrap_or_default();
    assert!(
        line.ends_with("Serving using application   : ./only-here a b"),
        "{line}"
    );
    assert_eq!(
        run_in(dir.path(), &["--port=70000", "only-here"]).code,
        Some(1)
    );
}

#[test]
fn hangup_reads_the_configuration_again() {
    let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", "cat"]);
    daemon.signal(Signal::SIGHUP);
    daemon.read_until("Reloaded configuration");
    let (code, rest) = daemon.stop();
    assert_eq!(code, Some(0), "{rest}");
}

#[test]
fn a_broken_file_is_refused_at_start_by_check_and_on_hangup() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("websocketd.ini");
    let flag = format!("--config={}", file.display());
    fs::write(&file, "port=0\naddress=127.0.0.1\ncommand=cat\n").unwrap();
    assert_ran(&[&flag, "--check"], 0, "The configuration is sound.", "");
    let mut daemon = Daemon::start(&[&flag]);

    fs::write(&file, "port=0\nprot=1\ncommand=cat\n").unwrap();
    let wrong = format!("{}:2: prot: unknown key;", file.display());
    for words in [&[flag.as_str(), "--check"][..], &[flag.as_str()]] {
        let ran = run(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
        assert!(ran.stderr.starts_with(&wrong), "{}", ran.stderr);
    }
    daemon.signal(Signal::SIGHUP);
    let line = daemon.read_until("Reload refused");
    assert!(line.contains("| ERROR ") && line.contains(&wrong), "{line}");
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", daemon.port())).is_ok(),
        "the old one goes on"
    );

    fs::write(&file, "port=0\nlog-format=json\ncommand=cat\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    assert!(
        daemon
            .read_until("Reloaded configuration")
            .starts_with("{\""),
        "the new one holds"
    );
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn check_looks_at_tls_files_too() {
    assert_ran(
        &[
            "--check",
            "--ssl",
            "--sslcert=/nope",
            "--sslkey=/nope",
            "cat",
        ],
        3,
        "",
        "open /nope: no such file or directory",
    );
    let both = "Invalid parameters: --devconsole cannot be used with --staticdir. Pick one.";
    assert_ran(
        &["--check", "--devconsole", "--staticdir=/", "cat"],
        4,
        "",
        both,
    );
}

#[test]
fn a_log_file_takes_the_place_of_stdout() {
    let dir = tempfile::tempdir().unwrap();
    let flag = |path: &str| format!("--log-file={}", dir.path().join(path).display());
    let ran = run(&[&flag("log"), "--log-format=json", "--port=70000", "cat"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(3), "", "")
    );
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    let last: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last["level"], "fatal");
    assert!(
        last["message"]
            .as_str()
            .unwrap()
            .starts_with("Can't start server: ")
    );
    let bad = run(&[&flag("no/log"), "--port=0", "cat"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (Some(3), ""));
    assert!(
        bad.stderr.starts_with("Can't start the log: open "),
        "{}",
        bad.stderr
    );
}
