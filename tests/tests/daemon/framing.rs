//! `--framing`: what stands between two messages in a program's stdin and stdout.

use e2e::daemon::{Builder, Daemon};
use e2e::ws::Ended;

/// Readers and writers of records: what a handler in Python needs.
const PYTHON: &str = r#"
import os, struct, sys
def read():
    head = sys.stdin.buffer.read(5)
    if len(head) < 5: return None, b""
    size, kind = struct.unpack(">Ic", head)
    return kind, sys.stdin.buffer.read(size)
def write(kind, payload=b""):
    sys.stdout.buffer.write(struct.pack(">Ic", len(payload), kind) + payload)
    sys.stdout.buffer.flush()
"#;

fn python(script: &str) -> Builder {
    Daemon::builder()
        .flag("--framing=length")
        .flags(["--maxline=4194304", "--maxframesize=4194304"])
        .command("python3", ["-c", &format!("{PYTHON}{script}")])
}

/// Sends back every message as it came.
const ECHO: &str = r#"
while True:
    kind, payload = read()
    if kind is None: break
    if kind in b"TB": write(kind, payload)
"#;

#[test]
fn bash_reads_texts_with_newlines() {
    let script = r#"while IFS= read -r -d '' m; do printf '%s\0' "$WEBSOCKETD_FRAMING:$m"; done"#;
    let daemon = Daemon::builder()
        .flag("--framing=nul")
        .command("bash", ["-c", script])
        .start();
    let mut client = daemon.client("/");
    for text in ["a\nb", "", "\n\r\n", "last"] {
        client.send(text);
        assert_eq!(client.text(), format!("nul:{text}"));
    }
    client.send_binary([1]);
    client.send_binary([2]);
    client.send("after");
    assert_eq!(client.text(), "nul:after");
    client.send("a\0b");
    assert_eq!(client.ended(), Ended::Closed(1007, "NUL in text".into()));
    daemon
        .log()
        .wait_for(&["binary message", "dropped", "--framing=length"]);
    daemon.log().wait_for(&["NUL byte", "--framing=length"]);
    let remarks = daemon.log().count("which is dropped");
    assert_eq!(remarks, 1, "once a session");
}

#[test]
fn a_rest_without_its_nul_is_a_message() {
    let daemon = Daemon::builder()
        .flag("--framing=nul")
        .command("printf", [r"one\ntwo\0three\n"])
        .start();
    let (texts, ended) = daemon.client("/").to_the_end();
    assert_eq!(texts, ["one\ntwo", "three\n"]);
    assert_eq!(ended, Ended::Closed(1000, String::new()));
}

#[test]
fn records_carry_any_message_of_either_kind() {
    let daemon = python(ECHO).start();
    let mut client = daemon.client("/");
    for text in ["a\nb", "", "\0", "\n", "T\0\0\0\0C", "Grüße"] {
        client.send(text);
        assert_eq!(client.text(), text);
    }
    let long: Vec<u8> = (0..2_u32 << 20)
        .map(|n| n.to_le_bytes()[2] ^ n.to_le_bytes()[0])
        .collect();
    for bytes in [&b""[..], b"\0\0\0\0C", b"\xff\n", &long] {
        client.send_binary(bytes);
        assert!(client.binary() == bytes, "{} bytes", bytes.len());
    }
    assert_eq!(client.close(), Ended::Closed(1000, String::new()));
}

#[test]
fn the_client_s_close_frame_is_the_last_record() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"
write(b"T", b"ready")
with open(sys.argv[1], "wb") as seen:
    while True:
        kind, payload = read()
        seen.write(repr((kind, payload)).encode() + b"\n")
        if kind is None: break
os.rename(sys.argv[1], sys.argv[1] + ".whole")
"#;
    let seen = dir.path().join("seen");
    let daemon = Daemon::builder()
        .flags(["--framing=length", "--closems=30000"])
        .command(
            "python3",
            [
                "-c",
                &format!("{PYTHON}{script}"),
                &seen.display().to_string(),
            ],
        )
        .start();
    let mut client = daemon.client("/");
    assert_eq!(client.text(), "ready");
    client.send("text");
    client.close();
    let whole = dir.path().join("seen.whole");
    let text = e2e::deadline::eventually("the handler has its end", || {
        std::fs::read_to_string(&whole).ok()
    });
    assert_eq!(
        text,
        "(b'T', b'text')\n(b'C', b'\\x03\\xe8')\n(None, b'')\n"
    );
}

#[test]
fn a_handler_closes_with_a_code_and_a_reason_of_its_own() {
    let script = r#"
write(b"T", b"before")
kind, payload = read()
write(b"C", struct.pack(">H", 4001) + b"enough of " + payload)
write(b"T", b"after")
read()
"#;
    let daemon = python(script).start();
    let mut client = daemon.client("/");
    client.send("you");
    let (texts, ended) = client.to_the_end();
    assert_eq!(texts, ["before"]);
    assert_eq!(ended, Ended::Closed(4001, "enough of you".into()));
    daemon.assert_no_process_left();
}

#[test]
fn pings_of_a_handler_come_back_to_it() {
    let script = r#"
write(b"P", b"one")
while True:
    kind, payload = read()
    if kind is None: break
    if payload == b"one": write(b"P", b"two")
    write(b"T", kind + b" " + payload)
"#;
    let daemon = python(script).start();
    let mut client = daemon.client("/");
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.push(client.text());
    }
    assert_eq!(seen, ["O one", "O two"]);
    client.send("on");
    assert_eq!(client.text(), "T on");
}

#[test]
fn output_that_is_no_record_ends_the_session() {
    for (script, part) in [
        (
            "sys.stdout.write('hello, world\\n'); sys.stdout.flush(); read()",
            "no record",
        ),
        (
            "write(b'T', b'whole'); sys.stdout.buffer.write(b'\\0\\0\\0\\x09Tpart'); sys.stdout.flush()",
            "ended within",
        ),
        ("write(b'C', b'\\x03\\xed'); read()", "C record"),
    ] {
        let daemon = python(script).start();
        let (texts, ended) = daemon.client("/").to_the_end();
        assert_eq!(ended, Ended::Closed(1011, "bad record".into()), "{script}");
        assert!(texts.iter().all(|text| text == "whole"), "{texts:?}");
        daemon.log().wait_for(&["ERROR", part]);
    }
}

#[test]
fn what_lines_cannot_carry_is_said_once_a_session() {
    let daemon = Daemon::builder().command::<&str>("cat", []).start();
    let mut client = daemon.client("/");
    client.send("a\nb");
    client.send("c\nd");
    for text in ["a", "b", "c", "d"] {
        assert_eq!(client.text(), text);
    }
    // At a level of its own: each ACCESS line is a request or a session, as with websocketd.
    daemon.log().wait_for(&["INFO", "newline", "--framing=nul"]);
    client.close();
    daemon.log().wait_for(&["DISCONNECT"]);
    assert_eq!(daemon.log().count("with a newline"), 1);
}

#[test]
fn a_program_that_nobody_chose_a_framing_for_sees_no_variable() {
    for (flag, expected) in [("--maxline=100", "-"), ("--framing=line", "line")] {
        let daemon = Daemon::builder()
            .flag(flag)
            .command("bash", ["-c", r#"echo "${WEBSOCKETD_FRAMING--}""#])
            .start();
        assert_eq!(daemon.client("/").text(), expected);
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_a_sentence() {
    for (flags, part) in [
        (
            &["--framing=json"][..],
            "must be line, nul or length, not 'json'",
        ),
        (&["--framing=nul", "--binary"], "please drop --binary"),
        (
            &["--framing=length", "--passstderr"],
            "please drop --passstderr",
        ),
        (&["--framing=line", "--pty"], "please drop --pty"),
        (
            &["--framing=length", "--unbuffered"],
            "please drop --unbuffered",
        ),
    ] {
        let finished = Daemon::builder()
            .flags(flags)
            .command::<&str>("cat", [])
            .run();
        assert_eq!(finished.code(), 1, "{flags:?}");
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    }
}
