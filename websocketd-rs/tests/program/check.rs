//! `--check`, and what start and log say of what can't work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::daemon::{Daemon, data, run};
use crate::handshake::upgrade;

fn script(dir: &Path, name: &str, text: &[u8], mode: u32) -> String {
    let path = dir.join(name);
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    path.to_str().expect("UTF-8").to_owned()
}

/// The first line of what `--check` says of `words`, which must be wrong.
#[track_caller]
fn finding(words: &[&str]) -> String {
    let found = findings(words);
    found.lines().next().unwrap_or_default().to_owned()
}

#[track_caller]
fn findings(words: &[&str]) -> String {
    let words = [&["--check"], words].concat();
    let ran = run(&words);
    assert!(
        matches!(ran.code, Some(1 | 3)),
        "{words:?}: {:?} {}",
        ran.code,
        ran.stdout
    );
    ran.stderr
}

/// Scripts that exec(2) refuses, each with a part of what is said of it.
const SCRIPTS: [(&str, &[u8], &str); 6] = [
    ("crlf", b"#!/bin/sh\r\ncat\r\n", "CR LF"),
    ("python4", b"#!/usr/bin/python4\n", "/usr/bin/python4"),
    (
        "env",
        b"#!/usr/bin/env python4\n",
        "python4, which is not in",
    ),
    ("bare", b"cat\n", "without a #! line"),
    ("marked", b"\xef\xbb\xbf#!/bin/sh\ncat\n", "byte order mark"),
    ("empty", b"", "empty"),
];

#[test]
fn a_script_that_cannot_start_is_explained_by_check_at_start_and_in_the_log() {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text, part) in SCRIPTS {
        let path = script(dir.path(), name, text, 0o755);
        let found = finding(&[&path]);
        let expected = format!("COMMAND {path} will not start: ");
        assert!(
            found.starts_with(&expected) && found.contains(part),
            "{found}"
        );
        let mut daemon = Daemon::start(&["--port=0", "--address=127.0.0.1", &path]);
        assert!(daemon.log.contains(&found), "{}", daemon.log);
        if name == "env" {
            // env starts, and says itself that it finds no python4.
            continue;
        }
        let (_client, reply) = upgrade(&daemon, "/", "");
        assert_eq!(reply.status, 500, "{name}");
        let line = daemon.read_until("Could not launch process");
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn what_is_no_program_is_explained_where_it_is_not_found() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = script(dir.path(), "plain", b"#!/bin/sh\n", 0o644);
    for (word, part) in [
        (path.as_str(), "it is not executable; run chmod +x on it"),
        (
            "/usr",
            "it is a directory; to serve the programs in it use --dir",
        ),
        ("cat | tee /tmp/x", "it is a command line in one word"),
    ] {
        let found = findings(&[word]);
        let start = format!("unable to locate specified COMMAND '{word}' in OS path\n{part}");
        assert!(found.starts_with(&start), "{found}");
    }
}

#[test]
fn scripts_of_directories_are_tried() {
    let dir = tempfile::tempdir().expect("a directory");
    script(dir.path(), "good", b"#!/bin/sh\n", 0o755);
    script(dir.path(), ".hidden", b"", 0o644);
    let path = dir.path().to_str().expect("UTF-8");
    assert_eq!(run(&["--check", "--dir", path]).code, Some(0));
    fs::create_dir(dir.path().join("sub")).expect("a directory");
    let bad = script(&dir.path().join("sub"), "bad", b"#!/nope\n", 0o755);
    for flag in ["--dir", "--cgidir"] {
        let found = finding(&[flag, path]);
        assert!(found.starts_with(&format!("{bad} will not start: its interpreter /nope")));
    }
}

#[test]
fn what_never_matches_or_cannot_be_opened_is_found() {
    for (words, part) in [
        (
            &["--port=99999"][..],
            "listen tcp: address 99999: invalid port",
        ),
        (
            &["--port=8080", "--redirport=8080"],
            "the port is asked for twice",
        ),
        (
            &["--port=8080", "--admin-address=127.0.0.1:8080"],
            "the port is asked for twice",
        ),
        (&["--address=nope.invalid"], "no such host"),
        (
            &["--log-file=/nope/log"],
            "--log-file: /nope/log: no such file or directory",
        ),
        (
            &["--unixsocket=/nope/socket"],
            "--unixsocket: /nope: no such file",
        ),
        (&["--origin=http://"], "--origin: 'http://' matches no page"),
        (&["--origin=*"], "--origin: '*' matches no page"),
        (
            &["--origin=a.example,b/c"],
            "--origin: 'b/c' matches no page",
        ),
    ] {
        let found = finding(&[words, &["cat"]].concat());
        assert!(found.contains(part), "{words:?}: {found}");
    }
}

#[test]
fn all_findings_are_told_at_once() {
    let ran = run(&[
        "--check",
        "--port=99999",
        "--origin=*",
        "--log-file=/nope/log",
        "cat",
    ]);
    assert_eq!(ran.stderr.lines().count(), 3, "{}", ran.stderr);
}

#[test]
fn a_key_that_the_user_cannot_read_is_found() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let copy = |name: &str, mode| {
        let bytes = fs::read(data(name)).expect("a file of tests/data");
        script(dir.path(), name, &bytes, mode)
    };
    let cert = format!("--sslcert={}", copy("ec.crt", 0o644));
    let key = copy("ec-sec1.key", 0o600);
    let words = [
        "--check",
        "--ssl",
        "--user=nobody",
        &cert,
        &format!("--sslkey={key}"),
        "cat",
    ];
    let ran = run(&words);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    let start = format!("{key}: user nobody cannot read it");
    assert!(ran.stderr.starts_with(&start), "{}", ran.stderr);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode");
    assert_eq!(run(&words).code, Some(0));
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let dir = tempfile::tempdir().expect("a directory");
    for (text, expected) in [
        ("prot=1\n", "1: prot: unknown key; did you mean port?"),
        (
            "sslkeyy=x\n",
            "1: sslkeyy: unknown key; did you mean sslkey?",
        ),
        (
            "comand=cat\n",
            "1: comand: unknown key; did you mean command?",
        ),
        (
            "[route /a]\nport=1\n",
            "2: port: not a key of a route; write it before the first [route]",
        ),
        (
            "zzz=1\n",
            "1: zzz: unknown key; keys are the flags of --help",
        ),
        ("command = cat | tee x\n", "1: command: '|' is for a shell"),
    ] {
        let file = dir.path().join("conf");
        fs::write(&file, text).expect("a file");
        let found = finding(&["--config", file.to_str().expect("UTF-8")]);
        let (_, told) = found.split_once(':').expect("the file first");
        assert!(told.starts_with(expected), "{found}");
    }
}
