//! The site's own programs, which are asked before a message or a person is taken: good ones, and such as hang, crash
//! and lie.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::support::{Chat, Client, Page, text_of};
use e2e::deadline::eventually;
use e2e::requirement::part;
use serde_json::{Value, json};

/// So long that no busy machine needs it for a hook that answers.
const PATIENT: &str = "HOOK_TIMEOUT=2000";

/// A program that listens, and what it was asked.
struct Hook {
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Hook {
    /// `answer` writes what it likes.
    fn listen(
        chat: &Chat,
        answer: impl Fn(&Value, &mut UnixStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = UnixListener::bind(chat.path("hook.sock")).expect("a socket");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&asked);
        let answer = Arc::new(answer);
        // It ends with the test program.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, told) = (stream.expect("a connection"), Arc::clone(&told));
                let answer = Arc::clone(&answer);
                thread::spawn(move || {
                    let mut line = String::new();
                    BufReader::new(&stream)
                        .read_line(&mut line)
                        .expect("a line");
                    let question: Value = serde_json::from_str(&line).expect("JSON");
                    told.lock().expect("no panic").push(question.clone());
                    answer(&question, &mut stream);
                });
            }
        });
        Self { asked }
    }

    /// One that gives `reply`'s answers.
    fn replies(chat: &Chat, reply: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Self {
        Self::listen(chat, move |question, stream| {
            let _ = writeln!(stream, "{}", reply(question));
        })
    }

    /// One that refuses what has `bad` in it, and masks `rude`.
    fn words(chat: &Chat) -> Self {
        Self::replies(chat, |question| {
            let text = question["text"].as_str().unwrap_or_default();
            match text {
                _ if text.contains("bad") => {
                    json!({"action": "refuse", "message": "mind your words"})
                }
                _ if text.contains("rude") => {
                    json!({"action": "replace", "text": text.replace("rude", "****")})
                }
                _ if text.starts_with("!desk") => {
                    json!({"action": "divert", "message": "the desk has got it"})
                }
                _ => json!({"action": "accept", "id": question["id"]}),
            }
        })
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no panic").clone()
    }

    fn kinds(&self) -> Vec<String> {
        let asked = self.asked();
        let kinds = asked
            .iter()
            .map(|it| it["kind"].as_str().expect("a kind").to_owned());
        kinds.collect()
    }
}

fn with_socket(lines: &str) -> Chat {
    Chat::with(&format!(
        "MESSAGE_HOOKS=unix:hook.sock\nMESSAGE_RATE=100000\nMESSAGE_BURST=100000\n{lines}"
    ))
}

/// A chat with a program at `hook` that is this script.
fn with_script(script: &str, lines: &str) -> Chat {
    let chat = Chat::with(&format!("MESSAGE_HOOKS=exec:hook\n{lines}"));
    fs::write(chat.path("hook"), format!("#!/bin/sh\n{script}\n")).expect("writable");
    fs::set_permissions(chat.path("hook"), fs::Permissions::from_mode(0o755)).expect("ours");
    chat
}

/// A page of which the log is a file.
fn logged_page(chat: &Chat, nick: &str) -> Page {
    let handler = chat.command();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"exec "$0" "$@" 2>>journal"#])
        .arg(handler.get_program())
        .args(handler.get_args())
        .current_dir(chat.base())
        .env_clear()
        .envs([
            ("TZ", "UTC0"),
            ("PATH_INFO", "/lobby"),
            ("QUERY_STRING", &*format!("format=json&nick={nick}")),
        ]);
    Page::enter(Client::start(command))
}

fn journal(chat: &Chat) -> String {
    fs::read_to_string(chat.path("journal")).expect("a log")
}

/// Says it, and gives what became of it: the text in the room, or the error's code.
#[track_caller]
fn fate(page: &mut Page, text: &str, msgid: &str) -> String {
    page.say(text, msgid);
    let answer = page.find(|it| it["msgid"] == msgid && it["type"] != "ack");
    let code = answer["code"].as_str();
    code.map_or_else(|| text_of(&answer).to_owned(), str::to_owned)
}

fn said(chat: &Chat) -> Vec<String> {
    let records = chat.records("lobby").into_iter();
    let talk = records.filter(|it| !matches!(it.kind.as_str(), "join" | "quit"));
    talk.map(|it| it.text).collect()
}

#[test]
fn what_people_say_is_accepted_refused_replaced_or_diverted() {
    let chat = with_socket(PATIENT);
    let hook = Hook::words(&chat);
    let mut page = chat.page("lobby", "alice");
    assert_eq!(fate(&mut page, "hello", "m1"), "hello");
    page.say("a bad word", "m2");
    let error = page.expect("error");
    assert_eq!(
        (error["code"].as_str(), error["msgid"].as_str()),
        (Some("refused"), Some("m2"))
    );
    assert_eq!(text_of(&error), "mind your words");
    assert_eq!(fate(&mut page, "a rude word", "m3"), "a **** word");
    page.say("!desk help me", "m4");
    let notice = page.expect("notice");
    assert_eq!(
        (notice["code"].as_str(), text_of(&notice)),
        (Some("diverted"), "the desk has got it")
    );
    let ack = page.expect("ack");
    assert_eq!(
        (ack["msgid"].as_str(), &ack["id"]),
        (Some("m4"), &Value::Null)
    );
    assert_eq!(said(&chat), ["hello", "a **** word"]);
    let first = &hook.asked()[0];
    assert_eq!(
        (&first["v"], &first["ask"], &first["kind"], &first["room"]),
        (&json!(1), &json!("message"), &json!("say"), &json!("lobby"))
    );
    assert_eq!(
        (&first["from"], &first["msgid"]),
        (&json!("alice"), &json!("m1"))
    );
    assert_eq!(first["moderator"], false);
    assert!(
        first.get("address").is_none() && first.get("account").is_none(),
        "{first}"
    );
}

#[test]
fn there_is_no_way_around_it() {
    let chat = with_socket(&format!("{PATIENT}\nHOOK_PRIVATE=yes"));
    let hook = Hook::words(&chat);
    let mut page = chat.page("lobby", "alice");
    let mut bob = chat.page("lobby", "bob");
    let id = page.say_acked("good", "m1");
    for (message, kind) in [
        (
            json!({"type": "edit", "target": id, "text": "bad", "msgid": "m2"}),
            "edit",
        ),
        (
            json!({"type": "say", "text": "/edit bad", "msgid": "m3"}),
            "edit",
        ),
        (
            json!({"type": "say", "text": "/me is bad", "msgid": "m4"}),
            "me",
        ),
        (
            json!({"type": "say", "text": "/topic bad", "msgid": "m5"}),
            "topic",
        ),
        (
            json!({"type": "whisper", "to": "bob", "text": "bad", "msgid": "m6"}),
            "whisper",
        ),
        (
            json!({"type": "say", "text": "/msg bob bad", "msgid": "m7"}),
            "whisper",
        ),
    ] {
        page.send(&message);
        let error = page.find(|it| it["type"] == "error" || it["msgid"] == message["msgid"]);
        assert_eq!(error["code"], "refused", "{message}: {error}");
        assert_eq!(hook.kinds().last().map(String::as_str), Some(kind));
    }
    page.send(&json!({"type": "topic", "text": "a rude topic"}));
    assert_eq!(page.expect("topic")["text"], "a **** topic");
    page.send(&json!({"type": "edit", "target": id, "text": "rude", "msgid": "m8"}));
    assert_eq!(page.find(|it| it["type"] == "edit")["text"], "****");
    // Nor is it shown while it is typed.
    page.send(&json!({"type": "typing", "active": true, "text": "bad"}));
    let typing = bob.expect("typing");
    assert!(!typing.to_string().contains("bad"), "{typing}");
    assert!(!chat.log("lobby").contains("bad") && !chat.log("lobby").contains("rude"));
}

#[test]
fn text_clients_are_asked_about_too() {
    let chat = with_socket(PATIENT);
    Hook::words(&chat);
    let mut old = chat.old_page("lobby", "alice");
    old.send("a bad word");
    old.line_with("mind your words");
    old.send("a rude word");
    old.line_with("a **** word");
}

#[test]
fn others_are_heard_while_somebody_waits_and_the_order_stays() {
    let chat = with_socket("HOOK_TIMEOUT=2000");
    let (release, held) = std::sync::mpsc::sync_channel::<()>(1);
    let held = Mutex::new(held);
    Hook::replies(&chat, move |question| {
        if question["text"] == "one" {
            held.lock().expect("no panic").recv().expect("released");
        }
        json!({"action": "accept"})
    });
    let mut alice = chat.page("lobby", "alice");
    let mut bob = chat.page("lobby", "bob");
    for (text, msgid) in [("one", "a1"), ("two", "a2"), ("/me three", "a3")] {
        alice.say(text, msgid);
    }
    bob.say_acked("meanwhile", "b1");
    assert_eq!(text_of(&alice.find(|it| it["type"] == "say")), "meanwhile");
    assert_eq!(said(&chat), ["meanwhile"]);
    release.send(()).expect("it waits");
    alice.find(|it| it["msgid"] == "a3" && it["type"] == "ack");
    assert_eq!(said(&chat), ["meanwhile", "one", "two", "three"]);
}

#[test]
fn who_hangs_up_meanwhile_has_said_it_all_the_same() {
    let chat = with_socket(PATIENT);
    Hook::replies(&chat, |_| {
        thread::sleep(Duration::from_millis(200));
        json!({"action": "accept"})
    });
    let mut page = chat.page("lobby", "alice");
    page.say("one", "m1");
    page.say("two", "m2");
    page.client.hang_up();
    page.client.rest();
    assert_eq!(said(&chat), ["one", "two"]);
}

#[test]
fn what_is_sent_again_is_not_asked_about_again() {
    let chat = with_socket(PATIENT);
    let hook = Hook::words(&chat);
    let query = "nick=alice&client=a-browser";
    let mut page = chat.page_with("lobby", query, "");
    let id = page.say_acked("hello", "m1");
    page.client.hang_up();
    page.client.rest();
    let mut page = chat.page_with("lobby", query, "");
    page.say("hello", "m1");
    let ack = page.expect("ack");
    assert_eq!((&ack["id"], &ack["duplicate"]), (&json!(id), &json!(true)));
    assert_eq!(hook.asked().len(), 1);
}

#[test]
fn a_delay_holds_up_its_sender_alone() {
    let chat = with_socket(PATIENT);
    Hook::replies(&chat, |_| json!({"action": "delay", "delay": 1.0}));
    let mut page = chat.page("lobby", "alice");
    let began = std::time::Instant::now();
    page.say_acked("one", "m1");
    page.say_acked("two", "m2");
    page.say_acked("three", "m3");
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[test]
fn one_that_hangs_crashes_or_lies_stops_nobody_unless_it_is_to() {
    type Answer = fn(&Value, &mut UnixStream);
    let faults: [(&str, Answer); 9] = [
        ("in time", |_, stream| {
            let _ = stream.read(&mut [0]);
            thread::sleep(Duration::from_secs(5));
        }),
        ("without a reply", |_, _| {}),
        ("not understood", |_, stream| {
            let _ = stream.write_all(b"yes, of course\n");
        }),
        ("not understood", |_, stream| {
            let _ = stream.write_all(b"{\"action\":\"destroy\"}\n");
        }),
        ("not understood", |_, stream| {
            let _ = stream.write_all(b"{\"action\":\"replace\",\"text\":\" \"}\n");
        }),
        ("not understood", |_, stream| {
            let _ = stream.write_all(b"\xff\xfe\n");
        }),
        ("more than one line", |_, stream| {
            let _ = stream.write_all(b"{\"action\":\"accept\"}\n{\"action\":\"refuse\"}\n");
        }),
        ("another question", |_, stream| {
            let _ = stream.write_all(b"{\"action\":\"refuse\",\"id\":\"0123456789abcdef\"}\n");
        }),
        ("more than 131072 bytes", |_, stream| {
            // A gigabyte, if anybody reads it.
            while stream.write_all(&[b'a'; 1 << 13]).is_ok() {}
        }),
    ];
    for fail in ["open", "closed"] {
        for (fault, answer) in faults {
            let chat = with_socket(&format!("HOOK_FAIL={fail}"));
            Hook::listen(&chat, answer);
            let mut page = logged_page(&chat, "alice");
            let fates = [fate(&mut page, "one", "m1"), fate(&mut page, "two", "m2")];
            let wanted = if fail == "open" {
                ["one", "two"]
            } else {
                ["busy", "busy"]
            };
            assert_eq!(fates, wanted, "{fault}");
            // Another process does not tell it again.
            let mut other = logged_page(&chat, "bob");
            fate(&mut other, "three", "m3");
            let journal = journal(&chat);
            let told: Vec<_> = journal
                .lines()
                .filter(|line| line.contains("hook.sock"))
                .collect();
            assert!(
                told.len() == 1 && told[0].contains(fault),
                "{fault}: {journal}"
            );
        }
    }
}

#[test]
fn one_that_is_not_there_is_told_of_once() {
    let chat = with_socket("");
    let mut page = logged_page(&chat, "alice");
    for msgid in ["m1", "m2", "m3"] {
        page.say_acked("hello", msgid);
    }
    let journal = journal(&chat);
    assert_eq!(journal.matches("cannot be asked").count(), 1, "{journal}");
}

#[test]
fn a_listener_that_takes_no_connection_is_waited_for_within_its_time() {
    let chat = with_socket("HOOK_TIMEOUT=100");
    let listener = UnixListener::bind(chat.path("hook.sock")).expect("a socket");
    // Its queue is full: the kernel lets nobody connect.
    let mut waiting = Vec::new();
    loop {
        let path = chat.path("hook.sock");
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        thread::spawn(move || tell.send(UnixStream::connect(path)));
        match told.recv_timeout(Duration::from_millis(300)) {
            Ok(stream) => waiting.push(stream),
            Err(_) => break,
        }
    }
    let mut page = logged_page(&chat, "alice");
    assert_eq!(fate(&mut page, "hello", "m1"), "hello");
    assert!(journal(&chat).contains("does not answer in time"));
    drop(listener);
}

#[test]
fn a_program_that_is_started_answers_in_json_or_by_its_exit_status() {
    let chat = with_script(
        r#"env >"$0.env"; read -r line
case $line in
*json*) echo '{"action":"replace","text":"from JSON"}';;
*refused*) echo "not here"; echo "and more"; exit 1;;
*taken*) ;;
*) exit 3;;
esac"#,
        &format!("{PATIENT}\nHOOK_FAIL=closed"),
    );
    let cookie = chat.log_in(&[("username", "alice")]);
    let mut page = chat.page_with("lobby", "", &cookie);
    assert_eq!(fate(&mut page, "json", "m1"), "from JSON");
    assert_eq!(fate(&mut page, "taken", "m2"), "taken");
    page.say("refused", "m3");
    assert_eq!(text_of(&page.expect("error")), "not here");
    assert_eq!(fate(&mut page, "what is this", "m4"), "busy");
    let environment = fs::read_to_string(chat.path("hook.env")).expect("it wrote it");
    assert!(environment.contains("PATH="), "{environment}");
    for secret in ["COOKIE", "PHPSESSID", "QUERY_STRING"] {
        assert!(!environment.contains(secret), "{environment}");
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_what_it_started() {
    let chat = with_script(
        r#"sleep 1000 & echo $! >"$0.pid"; echo $$ >"$0.own"; wait"#,
        "",
    );
    let mut page = chat.page("lobby", "alice");
    assert_eq!(fate(&mut page, "hello", "m1"), "hello");
    for file in ["hook.pid", "hook.own"] {
        let pid = fs::read_to_string(chat.path(file)).expect("it wrote it");
        let status = format!("/proc/{}/stat", pid.trim());
        // A zombie waits for who reaps it, which is not us.
        let gone = || fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
        eventually("it has gone", || gone().then_some(()));
    }
}

#[test]
fn conversations_are_nobodys_business_unless_the_administrator_says_so() {
    for (lines, asked) in [("", 0), ("HOOK_PRIVATE=yes", 2)] {
        let chat = with_socket(&format!("{PATIENT}\n{lines}"));
        let hook = Hook::words(&chat);
        let cookie = |name: &str| chat.log_in(&[("username", name)]);
        let mut alice = chat.window("", &cookie("alice"));
        let mut bob = chat.window("", &cookie("bob"));
        for page in [&mut alice, &mut bob] {
            page.send(&json!({"type": "enter", "rooms": [{"room": "lobby"}]}));
            page.expect("welcome");
        }
        alice.find(|it| it["type"] == "join" && it["from"] == "bob");
        alice.send(&json!({"type": "converse", "people": [{"to": "bob"}], "msgid": "c1"}));
        let room = alice.expect("welcome")["room"].clone();
        alice.send(&json!({"type": "say", "room": room, "text": "between us", "msgid": "m1"}));
        alice.find(|it| it["msgid"] == "m1" && it["type"] == "ack");
        alice.send(&json!({"type": "whisper", "room": "lobby", "to": "bob", "text": "psst", "msgid": "m2"}));
        alice.find(|it| it["msgid"] == "m2" && it["type"] == "ack");
        assert_eq!(hook.asked().len(), asked, "{:?}", hook.asked());
    }
}

#[test]
fn who_comes_in_and_who_changes_their_name_may_be_refused() {
    let chat = Chat::with(&format!("ENTRY_HOOKS=unix:hook.sock\n{PATIENT}"));
    let hook = Hook::replies(&chat, |question| {
        let is_bad = question["from"] == "admin" || question["room"] == "staff";
        if is_bad {
            json!({"action": "refuse", "message": "not you"})
        } else {
            json!({"action": "accept"})
        }
    });
    let query = |nick: &str| format!("format=json&nick={nick}");
    let mut refused = Page::over(chat.start(&[
        ("PATH_INFO", "/lobby"),
        ("QUERY_STRING", &query("admin")),
        ("REMOTE_ADDR", "192.0.2.7"),
    ]));
    let bye = refused.expect("bye");
    assert_eq!(text_of(&bye), "not you", "{bye}");
    refused.client.rest();
    let first = &hook.asked()[0];
    assert_eq!(
        (&first["ask"], &first["kind"], &first["address"]),
        (&json!("entry"), &json!("enter"), &json!("192.0.2.7"))
    );
    // Of many rooms, one by one.
    let mut page = chat.window("nick=carol", "");
    page.send(
        &json!({"type": "enter", "rooms": [{"room": "lobby"}, {"room": "staff"}, {"room": "den"}]}),
    );
    page.find(|it| it["type"] == "welcome" && it["room"] == "lobby");
    let parted = page.find(|it| it["room"] == "staff");
    assert_eq!(
        (&parted["type"], &parted["code"]),
        (&json!("parted"), &json!("refused")),
        "{parted}"
    );
    page.find(|it| it["type"] == "welcome" && it["room"] == "den");
    page.send(&json!({"type": "nick", "nick": "admin"}));
    assert_eq!(page.expect("error")["code"], "refused");
    page.send(&json!({"type": "nick", "nick": "caroline"}));
    assert_eq!(page.expect("you")["name"], "caroline");
    page.client.hang_up();
    page.client.rest();
    assert!(!chat.log("lobby").contains("admin") && chat.log("staff").is_empty());
    let nicks = chat.records("den");
    assert_eq!(nicks.iter().filter(|it| it.kind == "nick").count(), 1);
}

/// One of the programs that are shipped, listening.
struct Shipped(std::process::Child);

impl Shipped {
    fn start(
        chat: &Chat,
        interpreter: (&'static str, &'static str),
        program: &str,
        args: &[&str],
    ) -> Self {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf/hooks");
        let child = Command::new(part(interpreter.0, interpreter.1))
            .arg(shipped.join(program))
            .arg(chat.path("hook.sock"))
            .args(args)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(chat.base())
            .spawn()
            .expect("an interpreter");
        let listens = || UnixStream::connect(chat.path("hook.sock")).ok().map(|_| ());
        eventually("it listens", listens);
        Self(child)
    }
}

impl Drop for Shipped {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const PYTHON: (&str, &str) = ("/usr/bin/python3", "python3");
const PHP: (&str, &str) = ("/usr/bin/php", "php-cli");

#[test]
fn the_word_list_masks_and_refuses_and_is_read_again() {
    let chat = with_socket(&format!(
        "{PATIENT}\nHOOK_FAIL=closed\nENTRY_HOOKS=unix:hook.sock"
    ));
    fs::write(chat.path("words"), "damn # mild\n!casino*\n\nnaïve\n").expect("writable");
    let _hook = Shipped::start(&chat, PYTHON, "words.py", &["words"]);
    let mut page = chat.page("lobby", "alice");
    assert_eq!(
        fate(&mut page, "Damn, a NAÏVE goddamned man", "m1"),
        "****, a ***** goddamned man"
    );
    assert_eq!(fate(&mut page, "to the Casinos!", "m2"), "refused");
    page.send(&json!({"type": "nick", "nick": "casino_royal"}));
    assert_eq!(page.expect("error")["code"], "refused");
    fs::write(chat.path("words"), "hello\n").expect("writable");
    assert_eq!(fate(&mut page, "hello casino", "m3"), "***** casino");
    fs::remove_file(chat.path("words")).expect("there");
    assert_eq!(fate(&mut page, "hello", "m4"), "*****");
}

#[test]
fn penalties_grow() {
    let chat = with_socket(&format!("{PATIENT}\nHOOK_FAIL=closed"));
    let _hook = Shipped::start(&chat, PYTHON, "penalties.py", &["3", "60"]);
    let mut page = chat.page("lobby", "alice");
    for msgid in ["m1", "m2", "m3"] {
        assert_eq!(fate(&mut page, "spam", msgid), "spam");
    }
    assert_eq!(fate(&mut page, "spam", "m4"), "refused");
    let mut other = chat.page("lobby", "bob");
    assert_eq!(fate(&mut other, "hello", "m1"), "hello");
    // Its clock is not ours to move: the program's own rule, asked directly.
    let rule = r#"
import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import penalties
now = [0.0]
rule = penalties.Penalties(2, 10, lambda: now[0])
def say(): return (rule.decide({"ask": "message", "moderator": False, "from": "a"}) or {}).get("message", "")
def told(text): return int(text.split()[-2]) if text else 0
got = []
for wait in (0, 0, 0, 9, 1, 0, 0, 20, 0, 0, 3700, 0, 0):
    now[0] += wait
    got.append(told(say()))
assert got == [0, 0, 10, 1, 0, 0, 20, 0, 0, 40, 0, 0, 10], got
assert rule.decide({"ask": "message", "moderator": True, "from": "a"}) is None
"#;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf/hooks");
    let status = Command::new(part(PYTHON.0, PYTHON.1))
        .args(["-c", rule])
        .arg(shipped)
        .status();
    assert!(status.expect("python").success());
}

#[test]
fn links_go_to_hosts_of_the_list() {
    let chat = with_socket(&format!(
        "{PATIENT}\nHOOK_FAIL=closed\nSESSION_ADMIN_PATH=admin"
    ));
    fs::write(chat.path("allowed"), "# ours\nexample.org\n").expect("writable");
    let _hook = Shipped::start(&chat, PHP, "links.php", &["allowed"]);
    let mut page = chat.page("lobby", "alice");
    for (text, is_taken) in [
        ("no link", true),
        (
            "see https://EXAMPLE.org/a and http://www.example.org.",
            true,
        ),
        ("https://example.org.evil.test/", false),
        ("https://notexample.org/", false),
        ("https://example.org@evil.test/", false),
        ("WWW.evil.test", false),
        ("https://example.org/ https://evil.test", false),
    ] {
        let wanted = if is_taken { text } else { "refused" };
        assert_eq!(fate(&mut page, text, &format!("m{}", text.len())), wanted);
    }
    let cookie = chat.log_in(&[("username", "boss"), ("admin", "1")]);
    let mut boss = chat.page_with("lobby", "", &cookie);
    assert_eq!(
        fate(&mut boss, "https://evil.test/", "b1"),
        "https://evil.test/"
    );
}

#[test]
fn a_diversion_posts_to_slack() {
    let chat = with_socket(&format!("{PATIENT}\nHOOK_FAIL=closed"));
    let receiver = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = receiver.local_addr().expect("bound");
    fs::write(
        chat.path("url"),
        format!("http://{address}/services/T0/B0/x\n"),
    )
    .expect("writable");
    let _hook = Shipped::start(&chat, PYTHON, "slack.py", &["!desk", "url"]);
    let mut page = chat.page("lobby", "alice");
    assert_eq!(
        fate(&mut page, "!desktop is a word", "m1"),
        "!desktop is a word"
    );
    page.say("!desk help <me> & you", "m2");
    assert_eq!(page.expect("notice")["code"], "diverted");
    let (mut stream, _) = receiver.accept().expect("it posts");
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
    while !request.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut request).expect("a line") > 0);
    }
    let length = request
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .expect("it reads");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["text"], "*alice* in lobby: help &lt;me&gt; &amp; you");
    assert!(!chat.log("lobby").contains("help"));
}
