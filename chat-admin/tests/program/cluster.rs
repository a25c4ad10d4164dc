//! `chatctl cluster`, and `health` of a machine of several: with a real relay, and with what a relay would say.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::cluster_of_one::needs_alone;
use e2e::relay::Relay;

use crate::support::Chat;

fn chat(engine: &str) -> Chat {
    let _alone = needs_alone("is about a relay of its own");
    let chat = Chat::installed("");
    let ini = fs::read_to_string(chat.ini()).expect("an ini");
    let section = format!("\n[cluster]\nNODE=one\nENGINE={engine}\nSEND_TIMEOUT=3\n");
    fs::write(chat.ini(), ini + &section).expect("written");
    fs::create_dir_all(chat.path("run/relay")).expect("made");
    chat
}

/// Its exit status, and what it said.
fn cluster(chat: &Chat, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.ini())
        .arg("cluster")
        .args(arguments)
        .output()
        .expect("chatctl starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("UTF-8");
    (output.status.code().expect("an exit status"), said)
}

fn health(chat: &Chat) -> String {
    let output = Command::new(e2e::under_test::beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", chat.ini())
        .env("REQUEST_METHOD", "GET")
        .env("PATH_INFO", "/health")
        .output()
        .expect("chat-cgi starts");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn now() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    passed.expect("after 1970").as_secs()
}

#[test]
fn a_machine_whose_relay_runs_is_well_and_without_it_people_go_elsewhere() {
    let chat = chat("local");
    let relay = Relay::start(chat.base());
    let (code, said) = cluster(&chat, &["status"]);
    assert_eq!((code, said.trim()), (0, "one: up, engine local"));
    assert!(
        health(&chat).contains(r#""status":"ok""#),
        "{}",
        health(&chat)
    );
    drop(relay);
    let (code, said) = cluster(&chat, &["status"]);
    assert!(
        code == 1 && said.contains("chat-relay does not run"),
        "{said}"
    );
    let answer = health(&chat);
    assert!(
        answer.contains("Status: 503") && answer.contains("chat-relay does not run"),
        "{answer}"
    );
}

#[test]
fn a_relay_that_is_stuck_or_cut_off_or_has_a_gap_is_not_well() {
    let chat = chat("redis://127.0.0.1:1");
    // Who holds the lock is the relay.
    let lock = fs::File::create(chat.path("run/relay/lock")).expect("made");
    lock.lock().expect("free");
    let say = |text: String| fs::write(chat.path("run/relay/state"), text).expect("written");
    let long_ago = now() - 3600;
    say(format!(
        "state up\nsince {long_ago}\nnode one~1\nengine redis://h:1\nlag 0.25\ntick_seen {}\ntaken 3\n",
        now()
    ));
    let (code, said) = cluster(&chat, &["status"]);
    assert!(
        code == 0 && said.contains("0.25 s there and back") && said.contains("taken 3"),
        "{said}"
    );
    assert_eq!(cluster(&chat, &["lag"]), (0, "0.25\n".to_owned()));
    assert_eq!(cluster(&chat, &["lag", "--most=0.1"]).0, 1);
    assert_eq!(cluster(&chat, &["accept-gap"]).0, 1);
    let metrics = Command::new(e2e::under_test::beside("chatctl"))
        .env("CHAT_CONFIG", chat.ini())
        .arg("metrics")
        .output()
        .expect("chatctl starts");
    let metrics = String::from_utf8(metrics.stdout).expect("UTF-8");
    let has = |name: &str, end: &str| {
        let mut lines = metrics.lines();
        lines.any(|line| line.starts_with(name) && line.ends_with(end))
    };
    assert!(has("chat_relay_well{", " 1"), "{metrics}");
    assert!(has("chat_relay_lag_seconds{", " 0.25"), "{metrics}");
    assert!(has("chat_relay_total{", "what=\"taken\"} 3"), "{metrics}");
    assert!(health(&chat).contains(r#""status":"ok""#));
    for (state, wanted) in [
        (
            format!("state up\nsince {long_ago}\ntick_seen {}\n", now() - 30),
            "sign of life",
        ),
        (
            format!("state away\nsince {long_ago}\nwhy no route\n"),
            "no route",
        ),
        (format!("state gap\nsince {long_ago}\n"), "missing"),
        (
            format!("state draining\nsince {long_ago}\n"),
            "other machines",
        ),
    ] {
        say(state);
        let (code, said) = cluster(&chat, &["status"]);
        assert!(code == 1 && said.contains(wanted), "{wanted}: {said}");
        let answer = health(&chat);
        assert!(
            answer.contains("Status: 503") && answer.contains(wanted),
            "{answer}"
        );
    }
    say(format!("state gap\nsince {long_ago}\n"));
    assert_eq!(cluster(&chat, &["accept-gap"]).0, 0);
    assert!(chat.path("run/relay/accept-gap").exists());
    assert_eq!(
        cluster(&chat, &["backfill", "/nowhere"]).0,
        1,
        "the relay runs"
    );
}

#[test]
fn which_machine_is_behind_is_said_and_of_one_with_a_new_disk_the_new_one_counts() {
    let chat = chat("redis://127.0.0.1:1");
    let id = |before: u64| {
        let output = Command::new("date")
            .args([
                "-u",
                &format!("-d@{}", now() - before),
                "+%Y-%m-%dT%H:%M:%S.000000Z",
            ])
            .output();
        String::from_utf8(output.expect("coreutils").stdout)
            .expect("ASCII")
            .trim()
            .to_owned()
    };
    let lines = [
        format!("one~2 {} {}", id(1), id(3)),
        format!("one~1 {} {}", id(9000), id(9000)),
        format!("two~1 {} {}", id(2), id(5)),
        format!("three~1 {} {}", id(600), id(603)),
    ];
    fs::write(chat.path("run/relay/nodes"), lines.join("\n") + "\n").expect("written");
    let (code, said) = cluster(&chat, &["nodes"]);
    let rows: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(code, 0);
    assert_eq!(rows.len(), 4, "{said}");
    assert_eq!(
        (rows[1][0], rows[1][1], rows[1][5], rows[1][7]),
        ("one", "there", "0", "one~2")
    );
    assert_eq!(
        (rows[2][0], rows[2][1], rows[2][5]),
        ("three", "silent", "600")
    );
    assert_eq!((rows[3][0], rows[3][1], rows[3][5]), ("two", "there", "2"));
}

#[test]
fn draining_is_an_order_that_can_be_taken_back() {
    let chat = chat("local");
    assert_eq!(cluster(&chat, &["drain", "--over=30"]).0, 0);
    assert_eq!(
        fs::read_to_string(chat.path("run/relay/drain")).expect("there"),
        "30\n"
    );
    let relay = Relay::start(chat.base());
    assert!(health(&chat).contains("Status: 503"));
    assert_eq!(cluster(&chat, &["drain", "--undo"]).0, 0);
    assert!(health(&chat).contains(r#""status":"ok""#));
    drop(relay);
    assert!(!chat.path("run/relay/drain").exists());
    assert_eq!(cluster(&chat, &["drain", "--undo"]).0, 0);
    let audit = fs::read_to_string(chat.path("log/audit.log")).expect("noted");
    assert!(
        audit.contains("cluster drain --over=30") && audit.contains("cluster drain --undo"),
        "{audit}"
    );
}

fn write(base: &Path, name: &str, text: &str) {
    let path = base.join(name);
    fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    fs::write(path, text).expect("written");
}

#[test]
fn what_a_machine_has_missed_comes_from_another_and_its_own_lines_are_never_thrown_away() {
    let chat = chat("redis://127.0.0.1:1");
    let peer = tempfile::tempdir().expect("a directory");
    let first =
        "2026-01-01T10:00:00.000001Z\tsay\talice\torigin=two~1.2026-01-01T10:00:00.000000Z\tone\n";
    let second =
        "2026-01-01T10:00:01.000001Z\tsay\talice\torigin=two~1.2026-01-01T10:00:01.000000Z\ttwo\n";
    write(chat.base(), "rooms/lobby.log", first);
    write(chat.base(), "spool/node", "one~1\n");
    write(
        chat.base(),
        "state/relay.cursor",
        "2026-01-01T10:00:00.000001Z x\n",
    );
    write(peer.path(), "rooms/lobby.log", &format!("{first}{second}"));
    write(peer.path(), "rooms/den.log", first);
    write(peer.path(), "state/lobby.topic", "a topic");
    write(
        peer.path(),
        "state/relay.pos",
        "2026-01-01T10:00:01.000000Z\n",
    );
    write(peer.path(), "spool/node", "two~1\n");
    write(peer.path(), "accounts/anna", "name=anna\n");
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let anna = fs::File::options()
        .write(true)
        .open(peer.path().join("accounts/anna"));
    anna.expect("there").set_modified(long_ago).expect("set");
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(peer.path().join("accounts"), private).expect("ours");
    // Given back there since.
    write(chat.base(), "names/0123", "bob\n");
    fs::create_dir(peer.path().join("names")).expect("made");
    // A part that the copy does not have at all says nothing of this machine's.
    write(chat.base(), "profiles/0123", "name=bob\n");
    let from = peer.path().to_string_lossy().into_owned();
    let (code, said) = cluster(&chat, &["backfill", &from]);
    assert!(code == 3 && said.contains("relay.cursor"), "{said}");
    write(
        peer.path(),
        "state/relay.cursor",
        "2026-01-01T10:00:01.000001Z x\n",
    );
    let (code, said) = cluster(&chat, &["backfill", &from]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(chat.log("lobby"), format!("{first}{second}"));
    assert_eq!(chat.log("den"), first);
    assert!(chat.path("state/lobby.topic").exists() && !chat.path("state/relay.cursor").exists());
    assert!(!chat.path("state/relay.pos").exists());
    assert!(!chat.path("names/0123").exists());
    let anna = fs::metadata(chat.path("accounts/anna")).expect("there");
    assert_eq!(anna.modified().expect("a time"), long_ago);
    assert!(chat.path("profiles/0123").exists());
    let mode = fs::metadata(chat.path("accounts"))
        .expect("there")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o700);
    assert_eq!(
        fs::read_to_string(chat.path("spool/node")).expect("there"),
        "one~1\n"
    );
    // A line that the copy does not have.
    let third =
        "2026-01-01T10:00:02.000001Z\tsay\tbob\torigin=one~1.2026-01-01T10:00:02.000000Z\tthree\n";
    write(
        chat.base(),
        "rooms/lobby.log",
        &format!("{first}{second}{third}"),
    );
    let (code, said) = cluster(&chat, &["backfill", &from]);
    assert!(code == 1 && said.contains("lobby.log"), "{said}");
    assert_eq!(chat.log("lobby"), format!("{first}{second}{third}"));
}

#[test]
fn what_a_machine_lacks_is_told_to_its_administrator_and_to_who_asks_for_it() {
    let chat = chat("redis://127.0.0.1:1");
    let run = |program: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let output = Command::new(e2e::under_test::beside(program))
            .env("CHAT_CONFIG", chat.ini())
            .envs(variables.iter().copied())
            .args(arguments)
            .output()
            .expect("it starts");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    fs::write(chat.path("run/relay/state"), "state up\n").expect("written");
    assert!(!cluster(&chat, &["status"]).1.contains("not here yet"));
    let (id, other) = ("0".repeat(31) + "1", "0".repeat(31) + "2");
    let message = "2026-11-21T10:15:30.123456Z";
    fs::create_dir_all(chat.path("spool/missing")).expect("made");
    let note = |id: &str, line: &str| {
        fs::write(chat.path("spool/missing").join(id), line).expect("written");
    };
    note(&id, &format!("lobby\t{message}\t70000\n"));
    let (_, said) = cluster(&chat, &["status"]);
    let wanted = "files of messages that are not here yet: 1 (70000 bytes)";
    assert!(said.contains(wanted), "{said}");
    let doctor = run("chatctl", &["doctor"], &[]);
    let wanted = "1 files of messages of more than 10 minutes ago are not on this machine";
    assert!(doctor.contains(wanted), "{doctor}");

    let ask = |id: &str, room: &str, method: &str| {
        let path = format!("/files/{id}/plan.png");
        let query = format!("room={room}");
        let variables = [
            ("REQUEST_METHOD", method),
            ("PATH_INFO", &path),
            ("QUERY_STRING", &query),
            ("CONTENT_TYPE", "application/json"),
        ];
        run("chat-cgi", &[], &variables)
    };
    let answer = ask(&id, "lobby", "GET");
    assert!(
        answer.contains("Status: 503")
            && answer.contains("Retry-After: 2")
            && answer.contains("on_its_way"),
        "{answer}"
    );
    // Others are not told that there is one: of another room, of a message that was cleared, of none.
    for (id, room, method) in [
        (&id, "kino", "GET"),
        (&id, "lobby", "DELETE"),
        (&other, "lobby", "GET"),
    ] {
        let answer = ask(id, room, method);
        assert!(answer.contains("Status: 404"), "{answer}");
    }
    fs::create_dir_all(chat.path("state")).expect("made");
    fs::write(chat.path("state/lobby.clear"), format!("{message}\n")).expect("written");
    assert!(ask(&id, "lobby", "GET").contains("Status: 404"));
}
