//! Slash commands that a program of the site answers: good ones, and such as hang, crash, lie and print without end.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Chat, Page, text_of};
use serde_json::{Value, json};

/// A chat in which `/weather` is answered by this script.
fn with_script(script: &str, lines: &str) -> Chat {
    with_settings("", script, lines)
}

/// As [`with_script`], with settings before it.
fn with_settings(settings: &str, script: &str, lines: &str) -> Chat {
    let chat = Chat::with(&format!(
        "{settings}\n[command weather]\nASK=exec:weather\nARGUMENTS=CITY\nHELP=tells the weather\n{lines}"
    ));
    let path = chat.path("weather");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
    chat
}

/// What whoever typed it is told.
#[track_caller]
fn told(page: &mut Page, typed: &str) -> Value {
    page.say(typed, "m1");
    page.find(|it| matches!(it["type"].as_str(), Some("info" | "error" | "notice")))
}

fn code(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

#[test]
fn a_program_answers_who_asked_or_the_room() {
    let chat = with_script(
        r#"read question
case $question in
*'"args":"all"'*) printf '%s\n' '{"action":"answer","text":"sun\u0007\nfor all","to":"room"}' ;;
*'"args":"no"'*) echo "no such city"; exit 1 ;;
*'"args":""'*) ;;
*) printf 'sun\nand \033[31mwind\n' ;;
esac"#,
        "NAME=Frog",
    );
    let mut alice = chat.page("lobby", "alice");
    let mut bob = chat.page("lobby", "bob");
    let answer = told(&mut alice, "/weather Prague");
    assert_eq!(
        (&answer["type"], &answer["command"]),
        (&json!("info"), &json!("answer"))
    );
    let text = text_of(&answer);
    assert!(
        text.starts_with("sun\nand ") && text.ends_with("wind") && !text.contains('\u{1b}'),
        "{text:?}"
    );
    assert_eq!(alice.expect("ack")["id"], Value::Null);
    assert_eq!(text_of(&told(&mut alice, "/Weather no")), "no such city");
    // Nothing printed: it is done.
    alice.say("/weather", "m2");
    assert_eq!(alice.expect("ack")["msgid"], "m2");
    assert!(
        bob.settle()
            .iter()
            .all(|it| it["type"] != "say" && it["type"] != "info")
    );
    alice.say("/weather all", "m3");
    for page in [&mut alice, &mut bob] {
        let said = page.expect("say");
        assert_eq!(
            (&said["from"], &said["account"]),
            (&json!("Frog"), &json!("command:weather"))
        );
        assert!(
            text_of(&said).starts_with("sun") && text_of(&said).ends_with("\nfor all"),
            "{said}"
        );
    }
    assert_eq!(
        chat.records("lobby")
            .iter()
            .filter(|it| it.kind == "say")
            .count(),
        1
    );
}

#[test]
fn what_is_asked_again_with_its_id_is_answered_to_the_room_once() {
    let chat = with_script(
        r#"echo asked >>"${0%/*}/asks"; printf '%s\n' '{"action":"answer","text":"sun","to":"room"}'"#,
        "",
    );
    let mut alice = chat.page("lobby", "alice");
    let mut bob = chat.page("lobby", "bob");
    let count = || {
        let records = chat.records("lobby");
        records.iter().filter(|it| it.kind == "say").count()
    };
    for (msgid, is_duplicate, expected) in [("m1", false, 1), ("m1", true, 1), ("m2", false, 2)] {
        alice.say("/weather Prague", msgid);
        let ack = alice.expect("ack");
        assert_eq!(ack["duplicate"] == true, is_duplicate, "{ack}");
        assert_eq!(count(), expected);
    }
    let asks = fs::read_to_string(chat.path("asks")).expect("it was asked");
    assert_eq!(asks.lines().count(), 2);
    // Another's id is not hers.
    bob.say("/weather Prague", "m1");
    bob.expect("ack");
    assert_eq!(count(), 3);
}

#[test]
fn a_full_share_of_the_disk_takes_no_answer() {
    let script = r#"printf '%s\n' '{"action":"answer","text":"sun","to":"room"}'"#;
    let chat = with_settings("DISK_MAX=1", script, "");
    let mut alice = chat.page("lobby", "alice");
    let answer = told(&mut alice, "/weather Prague");
    assert_eq!(code(&answer), "not_saved", "{answer}");
}

#[test]
fn the_question_has_what_was_typed_and_who_did() {
    let chat = with_script("cat >asked.$$; exit 0", "");
    fs::set_permissions(chat.base(), fs::Permissions::from_mode(0o755)).expect("ours");
    let mut alice = chat.page("lobby", "alice");
    let hostile = r#"/weather  $(touch x); `touch x` -e "q" 'a' \ ~ * "#;
    alice.say(hostile, "m1");
    alice.expect("ack");
    let asked = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("asked.");
    // The program starts in the handler's directory.
    let dirs = [
        chat.base().to_owned(),
        std::env::current_dir().expect("one"),
    ];
    let files = dirs
        .iter()
        .flat_map(|dir| fs::read_dir(dir).expect("a directory"));
    let files: Vec<_> = files
        .map(|it| it.expect("one"))
        .filter(|it| asked(&it.file_name()))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let question: Value =
        serde_json::from_slice(&fs::read(files[0].path()).expect("JSON")).expect("JSON");
    fs::remove_file(files[0].path()).expect("removed");
    assert_eq!(
        question["args"],
        r#"$(touch x); `touch x` -e "q" 'a' \ ~ *"#
    );
    for (key, value) in [
        ("v", json!(1)),
        ("ask", json!("command")),
        ("command", json!("weather")),
        ("room", json!("lobby")),
        ("from", json!("alice")),
        ("moderator", json!(false)),
        ("msgid", json!("m1")),
    ] {
        assert_eq!(question[key], value, "{question}");
    }
    assert!(
        question.get("text").is_none() && question.get("address").is_none(),
        "{question}"
    );
    assert!(
        dirs.iter().all(|dir| !dir.join("x").exists()),
        "no shell reads it"
    );
}

#[test]
fn one_that_hangs_crashes_lies_or_prints_without_end_is_said_to_be_so() {
    let many: [(&str, &str); 9] = [
        ("hangs", "sleep 600"),
        ("hangs with a child", "sleep 600 & sleep 600"),
        ("crashes", "kill -9 $$"),
        ("fails", "exit 3"),
        (
            "says what is for messages",
            r#"echo '{"action":"replace","text":"x"}'"#,
        ),
        ("has no text", r#"echo '{"action":"answer"}'"#),
        (
            "is for others",
            r#"echo '{"action":"answer","text":"x","to":"bob"}'"#,
        ),
        (
            "answers another",
            r#"echo '{"action":"answer","text":"x","id":"0"}'"#,
        ),
        ("prints without end", "exec yes"),
    ];
    for (what, script) in many {
        let chat = with_script(script, "TIMEOUT=1500");
        let mut alice = chat.page("lobby", "alice");
        let mut bob = chat.page("lobby", "bob");
        alice.say("/weather x", "m1");
        // Others are heard meanwhile.
        bob.say_acked("hello", "m2");
        let error = alice.expect("error");
        assert_eq!(
            (code(&error), &error["msgid"]),
            ("busy", &json!("m1")),
            "{what}: {error}"
        );
        assert_eq!(
            text_of(&error),
            "/weather does not answer just now, try again later",
            "{what}"
        );
        alice.say_acked("still here", "m3");
    }
    let chat = with_script("exit 0", "");
    fs::remove_file(chat.path("weather")).expect("removed");
    assert_eq!(
        code(&told(&mut chat.page("lobby", "alice"), "/weather x")),
        "busy"
    );
}

#[test]
fn a_gigabyte_is_not_read() {
    let chat = with_script("head -c 1000000000 /dev/zero | tr '\\0' x", "TIMEOUT=30000");
    let mut alice = chat.page("lobby", "alice");
    let began = Instant::now();
    assert_eq!(code(&told(&mut alice, "/weather x")), "busy");
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "it was ended, not waited for"
    );
}

#[test]
fn a_program_that_listens_answers_too() {
    let chat = Chat::with("[command ask]\nASK=unix:ask.sock\n");
    let listener = UnixListener::bind(chat.path("ask.sock")).expect("a socket");
    // It ends with the test program.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream
                .expect("one")
                .write_all(b"{\"action\":\"answer\",\"text\":\"yes\"}\n");
        }
    });
    let mut alice = chat.page("lobby", "alice");
    assert_eq!(text_of(&told(&mut alice, "/ask me")), "yes");
    assert_eq!(text_of(&told(&mut alice, "/ask")), "yes");
}

#[test]
fn it_is_there_for_whom_and_where_it_says() {
    let chat = Chat::with(
        "[command news]\nASK=exec:/bin/true\nROOMS=news\nHELP=tells news\n\
         [command mods]\nASK=exec:/bin/true\nWHO=moderator\n\
         [command own]\nASK=exec:/bin/true\nWHO=account\n",
    );
    let mut alice = chat.page("lobby", "alice");
    for typed in ["/news", "/mods", "/own", "/help news"] {
        let answer = told(&mut alice, typed);
        let is_unknown = code(&answer) == "unknown_command"
            || text_of(&answer).contains("not found")
            || answer["rows"].is_null();
        assert!(is_unknown, "{typed}: {answer}");
    }
    let help = told(&mut alice, "/help");
    assert!(!text_of(&help).contains("/news"), "{help}");
    let mut bob = chat.page("news", "bob");
    let help = told(&mut bob, "/help");
    assert!(text_of(&help).ends_with("/news - tells news"), "{help}");
    let row = help["rows"]
        .as_array()
        .expect("rows")
        .last()
        .expect("one")
        .clone();
    assert_eq!(
        row,
        json!({"command": "news", "arguments": "", "does": "tells news"})
    );
    assert_eq!(text_of(&told(&mut bob, "/help NEWS")), "/news - tells news");
    bob.say("/news", "m5");
    bob.find(|it| it["type"] == "ack" && it["msgid"] == "m5");
}

#[test]
fn who_may_not_speak_asks_nobody() {
    let chat = with_script("echo sun", "[access]\nspeak=account\n");
    let answer = told(&mut chat.page("lobby", "alice"), "/weather x");
    assert_eq!(code(&answer), "not_allowed", "{answer}");
}

#[test]
fn what_is_wrong_with_a_section_is_told_with_its_line() {
    let _alone = e2e::cluster_of_one::needs_alone("no relay starts with a chat.ini that is wrong");
    for (lines, words) in [
        ("[command x]\nHELP=a\n", "needs either ASK= or URL="),
        (
            "[command x]\nASK=exec:a\nURL=https://a.example\nSECRET_FILE=s\n",
            "needs either ASK= or URL=",
        ),
        (
            "[command x]\nURL=https://a.example\n",
            "[command x] needs URL= and SECRET_FILE=",
        ),
        (
            "[command x]\nURL=http://a.example\nSECRET_FILE=s\n",
            "URL is not https://",
        ),
        ("[command X]\nASK=exec:a\n", "write [command NAME]"),
        (
            "[command me]\nASK=exec:a\n",
            "there is a command /me already",
        ),
        (
            "[command x]\nASK=sh -c a\n",
            "allowed: unix:SOCKET or exec:PROGRAM",
        ),
        (
            "[command x]\nASK=exec:a\nTIMEOUT=1\n",
            "100 to 30000 milliseconds",
        ),
        (
            "[command x]\nASK=exec:a\nWHO=me\n",
            "all, account, moderator",
        ),
        (
            "[command x]\nASK=exec:a\nEVENTS=message\n",
            "the keys ASK, URL",
        ),
    ] {
        let chat = Chat::with(lines);
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat-handler"));
        command
            .env_clear()
            .args(["--check", "--config"])
            .arg(chat.ini());
        let output = command.output().expect("started");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(
            !output.status.success() && told.contains(words),
            "{lines}: {told}"
        );
    }
}
