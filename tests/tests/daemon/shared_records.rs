//! `--shared` with `--framing=length` and `nul`: what lines of many clients cannot carry.

use std::fs;
use std::thread;

use e2e::daemon::{Builder, Daemon};
use e2e::ws::{Client, Ended};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a handler in Python needs, as docs/operations.md has it.
const PYTHON: &str = r#"
import struct, sys
def read():
    head = sys.stdin.buffer.read(5)
    if len(head) < 5: return None, 0, b""
    size, kind = struct.unpack(">Ic", head)
    payload = sys.stdin.buffer.read(size)
    return kind, int.from_bytes(payload[:8], "big"), payload[8:]
def write(kind, id, payload=b""):
    sys.stdout.buffer.write(struct.pack(">IcQ", 8 + len(payload), kind, id) + payload)
    sys.stdout.buffer.flush()
"#;

/// Sends each message back to its client as it came, and tells all who comes and goes.
const ECHO: &str = r#"
while True:
    kind, id, payload = read()
    if kind is None: break
    if kind == b"M": write(b"S", id, payload)
    if kind == b"L": write(b"A", 0, b"T%d left %d" % (id, int.from_bytes(payload, "big")))
"#;

fn python(script: &str) -> Builder {
    Daemon::builder()
        .flags(["--shared=ids", "--framing=length"])
        .flags(["--maxline=4194304", "--maxframesize=4194304"])
        .command("python3", ["-c", &format!("{PYTHON}{script}")])
}

/// The record of a client's event `kind`, as the program could read it if a client could write it.
fn forged(kind: u8, id: u64, rest: &[u8]) -> Vec<u8> {
    let len = u32::try_from(8 + rest.len()).expect("it is short");
    [&len.to_be_bytes()[..], &[kind], &id.to_be_bytes(), rest].concat()
}

#[test]
fn records_of_many_clients_carry_any_message_of_either_kind() {
    let daemon = python(ECHO).start();
    let (mut one, mut two) = (daemon.client("/"), daemon.client("/"));
    let long: Vec<u8> = (0..2_u32 << 20)
        .map(|n| n.to_le_bytes()[2] ^ n.to_le_bytes()[0])
        .collect();
    for client in [&mut one, &mut two] {
        for text in ["a\nb", "", "\0", "\n", "x\nleave 1 1000", "Grüße", "TB"] {
            client.send(text);
            assert_eq!(client.text(), text);
        }
        for bytes in [&b""[..], b"\0", b"\xff\n", &long] {
            client.send_binary(bytes);
            assert!(client.binary() == bytes, "{} bytes", bytes.len());
        }
    }
    assert_eq!(two.close(), Ended::Closed(1000, String::new()));
    assert_eq!(one.text(), "2 left 1000");
    assert_eq!(daemon.handlers().len(), 1, "one program for both");
}

#[test]
fn no_message_of_a_client_is_a_record() {
    let daemon = python(ECHO).start();
    let (mut client, mut other) = (daemon.client("/"), daemon.client("/"));
    for bytes in [
        forged(b'L', 2, b"\x03\xe8"),
        forged(b'J', 9, b"REMOTE_USER=root\0"),
        forged(b'M', 2, b"Tforged"),
        [&b"\0"[..], &forged(b'L', 2, b"\x03\xe8")].concat(),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        client.send(text.clone());
        assert_eq!(client.text(), text);
        client.send_binary(bytes.clone());
        assert_eq!(client.binary(), bytes);
    }
    // Nobody has left, and nothing was said as somebody else.
    other.send("still here");
    assert_eq!(other.text(), "still here");
}

#[test]
fn what_a_request_says_is_a_variable_of_its_join() {
    let script = r#"
kind, id, payload = read()
assert kind == b"J"
write(b"S", id, b"T" + b"|".join(payload.split(b"\0")))
read()
"#;
    let daemon = python(script).flag("--sharedenv=HTTP_X_WHO").start();
    let headers = [("X-Who", "a=b c%0A")];
    let mut client =
        Client::try_connect(&daemon.endpoint, "/a%0AX=1%20b?q=%00", &headers).expect("let in");
    assert_eq!(
        client.text(),
        "REMOTE_ADDR=127.0.0.1|PATH_INFO=/a X=1 b|QUERY_STRING=q=%00|REMOTE_USER=|HTTP_X_WHO=a=b c%0A|"
    );
}

#[test]
fn records_reach_whom_they_name() {
    let script = r#"
while True:
    kind, id, payload = read()
    if kind is None: break
    if payload == b"Tgo":
        write(b"S", 1, b"Tto one"); write(b"S", 3, b"Bto three"); write(b"X", 1, b"Tto others")
        write(b"S", 99, b"Tto nobody"); write(b"A", 1, b"T" + b"secret"[::-1]); write(b"s", 1, b"skipped")
        write(b"C", 2, struct.pack(">H", 4007) + b"go away"); write(b"A", 0, b"Tend")
    elif kind == b"M": write(b"A", 0, payload)
"#;
    let daemon = python(script).start();
    let mut clients: Vec<_> = (0..3).map(|_| daemon.client("/")).collect();
    clients[2].send("start");
    for client in &mut clients {
        assert_eq!(client.text(), "start");
    }
    clients[0].send("go");
    assert_eq!(
        (clients[0].text(), clients[0].text()),
        ("to one".into(), "end".into())
    );
    assert_eq!(clients[2].binary(), b"to three");
    assert_eq!(
        (clients[2].text(), clients[2].text()),
        ("to others".into(), "end".into())
    );
    let (rest, ended) = clients[1].to_the_end();
    assert_eq!(rest, ["to others"]);
    assert_eq!(ended, Ended::Closed(4007, "go away".to_owned()));
    daemon.log().wait_for(&["are no order", "'A'"]);
    assert_eq!(daemon.log().count("terces"), 0);
}

#[test]
fn a_program_out_of_step_starts_again_and_loses_nobody() {
    let script = r#"
while True:
    kind, id, payload = read()
    if kind is None: break
    if payload == b"Ttrip": sys.stdout.write("hello, world\n"); sys.stdout.flush()
    if kind == b"J": write(b"A", 0, b"Tjoin %d" % id)
    if payload == b"Ton": write(b"A", 0, payload)
"#;
    let daemon = python(script).start();
    let mut one = daemon.client("/");
    assert_eq!(one.text(), "join 1");
    let mut two = daemon.client("/");
    assert_eq!((one.text(), two.text()), ("join 2".into(), "join 2".into()));
    one.send("trip");
    let mut joins = [two.text(), two.text()];
    joins.sort();
    assert_eq!(joins, ["join 1", "join 2"]);
    one.send("on");
    assert_eq!(two.text(), "on");
    daemon
        .log()
        .wait_for(&["ERROR", "no record of --framing=length"]);
}

#[test]
fn a_killed_program_s_records_are_whole_for_the_next() {
    let daemon = python(ECHO).start();
    let (mut one, mut two) = (daemon.client("/"), daemon.client("/"));
    one.send("first");
    assert_eq!(one.text(), "first");
    kill(
        Pid::from_raw(daemon.handlers()[0].pid.cast_signed()),
        Signal::SIGKILL,
    )
    .expect("ours");
    // What the one that was killed had read is lost, and nothing else; its clients' records are whole.
    e2e::deadline::eventually("another one answers", || {
        two.send("x\ny");
        two.text_within(std::time::Duration::from_millis(200))
    });
    one.send("last\n");
    one.text_where(|text| text == "last\n");
    daemon.log().wait_for(&["it starts again in"]);
}

#[test]
fn a_reload_loses_no_record_and_doubles_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("websocketd.ini");
    let script = dir.path().join("handler.py");
    let echo = ECHO.replace(
        "payload)\n    if",
        "payload + sys.argv[1].encode())\n    if",
    );
    fs::write(&script, format!("{PYTHON}{echo}")).expect("writable");
    let write = |name: &str| {
        let command = format!("python3 {} {name}", script.display());
        let text = format!("command = {command}\nshared = ids\nframing = length\n");
        fs::write(&config, text).expect("writable");
    };
    write("old");
    let daemon = Daemon::builder()
        .flag(format!("--config={}", config.display()))
        .start();
    let mut client = daemon.client("/");
    let (messages, reload_at) = (3000, 1000);
    let mut seen = Vec::new();
    for number in 0..messages {
        client.send(format!("{number}\n"));
        if number == reload_at {
            write("new");
            daemon.signal(Signal::SIGHUP);
        }
        // Some are always under way.
        if number >= 50 {
            seen.push(client.text());
        }
    }
    while seen.len() < messages {
        seen.push(client.text());
    }
    let words = seen
        .iter()
        .map(|text| text.split_once('\n').expect("two lines"));
    for (number, (text, _)) in words.clone().enumerate() {
        assert_eq!(text, number.to_string());
    }
    let news = words.skip_while(|(_, name)| *name == "old");
    assert!(news.clone().count() > 0 && news.clone().all(|(_, name)| name == "new"));
}

/// A reload that changes how the program speaks has everybody come again, to one that does.
#[test]
fn another_framing_is_another_program() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("websocketd.ini");
    let write = |framing: &str| {
        let text = format!("command = cat\nshared = broadcast\nframing = {framing}\n");
        fs::write(&config, text).expect("writable");
    };
    write("line");
    let daemon = Daemon::builder()
        .flag(format!("--config={}", config.display()))
        .start();
    let mut client = daemon.client("/");
    client.send("x");
    assert_eq!(client.text(), "x");
    write("length");
    daemon.signal(Signal::SIGHUP);
    assert!(matches!(client.ended(), Ended::Closed(1012, _)));
    let mut client = daemon.client("/");
    client.send_binary(b"a\n\0".to_vec());
    assert_eq!(client.binary(), b"a\n\0");
}

#[test]
fn ten_thousand_come_and_go_and_none_is_mixed_up() {
    // Tells who asks how many are there, and how many have been.
    let script = r#"
here, been = set(), set()
while True:
    kind, id, payload = read()
    if kind is None: break
    if kind == b"J":
        assert id not in been
        here.add(id); been.add(id)
    if kind == b"L": here.remove(id)
    if kind == b"M":
        assert id in here
        write(b"S", id, b"T%d %d %d " % (id, len(here), len(been)) + payload[1:])
"#;
    let daemon = python(script).start();
    let mut stays = daemon.client("/");
    let (threads, each) = (4, 2500);
    let words = |text: &str| -> Vec<usize> {
        text.split(' ')
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let mut ids: Vec<usize> = thread::scope(|scope| {
        let come_and_go = |thread: usize| {
            let mut ids = Vec::new();
            for number in 0..each {
                let mut client = daemon.client("/");
                let own = thread * each + number;
                client.send(own.to_string());
                let seen = words(&client.text());
                assert_eq!(seen[3], own, "it is its own message");
                ids.push(seen[0]);
            }
            ids
        };
        let threads: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || come_and_go(thread)))
            .collect();
        let ids = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        ids.flatten().collect()
    });
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), threads * each);
    e2e::deadline::eventually("all have left", || {
        stays.send("0");
        let seen = words(&stays.text());
        assert_eq!(seen[2], threads * each + 1);
        (seen[1] == 1).then_some(())
    });
}

#[test]
fn bash_shares_texts_with_newlines() {
    let script = r#"while IFS= read -r -d '' line; do
        read -r op id rest <<< "$line"
        case $op in msg) printf 'all %s:%s\0' "$id" "${line#msg * }";; esac
    done"#;
    let daemon = Daemon::builder()
        .flags(["--shared=ids", "--framing=nul"])
        .command("bash", ["-c", script])
        .start();
    // The 101 comes before somebody is a member: each is heard once first.
    let mut one = daemon.client("/");
    one.send("here");
    assert_eq!(one.text(), "1:here");
    let mut two = daemon.client("/");
    two.send("here");
    for client in [&mut one, &mut two] {
        assert_eq!(client.text(), "2:here");
    }
    one.send("a\nleave 2 1000");
    for client in [&mut one, &mut two] {
        assert_eq!(client.text(), "1:a\nleave 2 1000");
    }
    one.send_binary([1]);
    two.send("x\0leave 1 1000");
    assert_eq!(two.ended(), Ended::Closed(1007, "NUL in text".into()));
    one.send("");
    assert_eq!(one.text(), "1:");
    daemon
        .log()
        .wait_for(&["INFO", "which is dropped", "--framing=length"]);
}

#[test]
fn a_source_of_pictures_reaches_all() {
    let script = "import sys, struct\nfor n in range(3): sys.stdout.buffer.write(struct.pack('>Ic', 4, b'B') + b'\\xff\\n\\0' + bytes([n]))\nsys.stdout.flush(); sys.stdin.read()";
    let daemon = Daemon::builder()
        .flags(["--shared=broadcast", "--framing=length", "--replay=3"])
        .command("python3", ["-c", script])
        .start();
    for mut client in [daemon.client("/"), daemon.client("/")] {
        for n in 0..3 {
            assert_eq!(client.binary(), [0xff, b'\n', 0, n]);
        }
    }
}
