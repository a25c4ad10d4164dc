//! The real chat-hooks against real receivers, also such as fail, hang, redirect and go.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and threads"
)]

mod commands;
mod receiver;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chat_store::fs::dirs::Dirs;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind};
use e2e::chat::Files;
use e2e::deadline::eventually;
use e2e::requirement::part;
use e2e::under_test::beside;
use receiver::{Answer, Receiver};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Records that it is behind.
const BEHIND: usize = 10_000;

/// A chat with a webhook, and chat-hooks; killed when dropped.
struct Site {
    chat: Files,
    running: Option<Child>,
}

impl Site {
    fn with(url: &str, lines: &str) -> Self {
        let chat = Files::installed("");
        let ini = fs::read_to_string(chat.ini()).expect("an ini file");
        let section = format!("[webhook test]\nURL={url}\nSECRET_FILE=secret\n{lines}\n");
        fs::write(chat.ini(), format!("{ini}{section}")).expect("writable");
        fs::write(chat.path("secret"), SECRET).expect("writable");
        Self {
            chat,
            running: None,
        }
    }

    fn for_receiver(receiver: &Receiver, lines: &str) -> Self {
        Self::with(&receiver.url(), &format!("ALLOW=http,private\n{lines}"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(beside("chat-hooks"));
        command
            .arg("--config")
            .arg(self.chat.ini())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    fn start(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.chat.path("journal"));
        let child = self.command().stderr(log.expect("writable")).spawn();
        self.running = Some(child.expect("chat-hooks starts"));
        let is_ready = || {
            self.journal()
                .lines()
                .any(|line| line.ends_with("webhooks"))
        };
        eventually("chat-hooks is ready", || is_ready().then_some(()));
    }

    /// kill -9
    fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().expect("it runs");
            child.wait().expect("ours");
        }
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.chat.path("journal")).unwrap_or_default()
    }

    fn dirs(&self) -> Dirs {
        Dirs::under(self.chat.base())
    }

    fn say(&self, room: &str, texts: impl Iterator<Item = String>) {
        let mut log = RoomLog::new(&self.dirs(), &RoomName::parse(room).expect("a room"));
        for text in texts {
            log.append(&Draft::new(Kind::Say, "alice", &text))
                .expect("a record");
        }
    }

    /// chatctl hooks
    fn hooks(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(beside("chatctl"));
        command.arg("--config").arg(self.chat.ini()).arg("hooks");
        let output = command.args(arguments).output().expect("chatctl runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

fn numbers(range: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    range.map(|number| format!("number {number}"))
}

#[test]
fn what_happens_is_told_signed_and_nobodys_token_is_in_it() {
    let receiver = Receiver::start(|_, _| Answer::Status(200));
    let mut site = Site::for_receiver(
        &receiver,
        "EVENTS=message,edit,redact,reaction,join,quit,topic",
    );
    site.start();
    let mut page = site
        .chat
        .page_with("lobby", "nick=alice&client=a-secret-token", "");
    let id = page.say_acked("hello", "m1");
    for text in ["/edit hello all", "/topic news", "/delete"] {
        page.type_in(text);
    }
    page.client.hang_up();
    page.client.rest();
    let told = receiver.wait_for(6);
    let types: Vec<_> = told
        .iter()
        .map(|it| it.json["type"].as_str().expect("a type"))
        .collect();
    assert_eq!(
        types,
        ["join", "message", "edit", "topic", "redact", "quit"],
        "{types:?}"
    );
    let message = &told[1].json;
    assert_eq!(message["data"]["id"], id);
    assert_eq!(message["data"]["room"], "lobby");
    assert_eq!(message["data"]["record"]["from"], "alice");
    for post in &told {
        assert!(post.is_signed_by(SECRET), "{post:?}");
        assert!(
            !post.body.contains("a-secret-token") && !post.body.contains("m1\""),
            "{post:?}"
        );
    }
}

#[test]
fn whoever_fails_gets_it_again_in_order() {
    let receiver = Receiver::start(|count, _| match count {
        0 => Answer::Status(500),
        2 => Answer::HangUp,
        4 => Answer::Redirect,
        _ => Answer::Status(204),
    });
    let mut site = Site::for_receiver(&receiver, "RETRIES=1,1,1");
    site.start();
    site.say("lobby", numbers(0..5));
    let told = receiver.wait_for_texts("number 4");
    assert_eq!(
        told,
        numbers(0..5).collect::<Vec<_>>(),
        "once each is taken, in order"
    );
    assert_eq!(receiver.count(), 8, "three of them once more");
    assert_eq!(receiver.elsewhere(), 0, "a redirect is not followed");
    let first = receiver.posts();
    assert_eq!(first[0].id, first[1].id, "the same id again");
}

#[test]
fn one_that_hangs_holds_up_no_other_webhook() {
    let hanging = Receiver::start(|_, _| Answer::Hang);
    let good = Receiver::start(|_, _| Answer::Status(200));
    let mut site = Site::for_receiver(&hanging, "");
    let ini = fs::read_to_string(site.chat.ini()).expect("an ini file");
    let url = good.url();
    let section = format!("[webhook good]\nURL={url}\nSECRET_FILE=secret\nALLOW=http,private\n");
    fs::write(site.chat.ini(), format!("{ini}{section}")).expect("writable");
    site.start();
    site.say("lobby", numbers(0..3));
    assert_eq!(
        good.wait_for_texts("number 2"),
        numbers(0..3).collect::<Vec<_>>()
    );
    eventually("the time limit ends it", || {
        site.journal()
            .contains("[webhook test] lobby: not taken")
            .then_some(())
    });
}

#[test]
fn what_is_never_taken_is_given_up_and_noted() {
    let receiver = Receiver::start(|_, body| {
        if body.contains("number 1\"") {
            Answer::Status(400)
        } else {
            Answer::Status(200)
        }
    });
    let mut site = Site::for_receiver(&receiver, "RETRIES=1");
    site.start();
    site.say("lobby", numbers(0..3));
    site.say("den", std::iter::once("meanwhile".to_owned()));
    receiver.wait_for_texts("meanwhile");
    let told = receiver.wait_for_texts("number 2");
    assert!(!told.contains(&"number 1".to_owned()));
    let dead = fs::read_to_string(site.chat.path("log/hooks-dead.log")).expect("dead letters");
    assert!(
        dead.lines().count() == 1 && dead.contains("status 400"),
        "{dead}"
    );
    assert!(
        !dead.contains("number 1"),
        "what was said is in the room's log alone"
    );
    let status = || fs::read_to_string(site.chat.path("run/hooks/test.json")).unwrap_or_default();
    eventually("it is counted", || {
        status().contains("\"dead\":1").then_some(())
    });
}

#[test]
fn gone_is_gone_until_it_is_switched_on() {
    let receiver = Receiver::start(|count, _| Answer::Status(if count == 1 { 410 } else { 200 }));
    let mut site = Site::for_receiver(&receiver, "");
    site.start();
    site.say("lobby", numbers(0..3));
    eventually("it is off", || site.journal().contains("410").then_some(()));
    site.kill();
    site.start();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(receiver.count(), 2, "also after a start");
    assert!(site.hooks(&["list"]).contains("off"));
    site.hooks(&["on", "test"]);
    receiver.wait_for_texts("number 2");
    let id = receiver.posts()[0].json["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    site.hooks(&["redeliver", "test", "lobby", &id]);
    eventually("all of it again", || (receiver.count() == 7).then_some(()));
}

#[test]
fn kills_lose_nothing_and_keep_the_order() {
    let receiver = Receiver::start(|_, _| Answer::Status(200));
    let mut site = Site::for_receiver(&receiver, "");
    site.start();
    site.say("lobby", numbers(0..BEHIND));
    for kill in 1..=5 {
        eventually("some are there", || {
            (receiver.count() > kill * 300).then_some(())
        });
        site.kill();
        if kill == 3 {
            // The log is rotated meanwhile, and goes on.
            fs::rename(
                site.chat.room_log("lobby"),
                site.chat.path("rooms/lobby.log.1"),
            )
            .expect("a log");
            site.say("lobby", std::iter::once("the last".to_owned()));
        }
        site.start();
    }
    let told = receiver.wait_for_texts("the last");
    let mut wanted: Vec<_> = numbers(0..BEHIND).collect();
    wanted.push("the last".to_owned());
    assert_eq!(told.len(), wanted.len(), "none is missing");
    assert_eq!(told, wanted, "each first came in its order");
}

#[test]
fn private_rooms_are_told_to_whom_the_administrator_names_alone() {
    for is_named in [false, true] {
        let receiver = Receiver::start(|_, _| Answer::Status(200));
        let mut site = Site::for_receiver(&receiver, "");
        let cookie = |name: &str| site.chat.log_in(&[("username", name)]);
        let mut alice = site.chat.window("", &cookie("alice"));
        alice.send(
            &serde_json::json!({"type": "converse", "people": [], "title": "den", "msgid": "c1"}),
        );
        let room = alice.expect("welcome")["room"]
            .as_str()
            .expect("a room")
            .to_owned();
        if is_named {
            let ini = fs::read_to_string(site.chat.ini()).expect("an ini file");
            fs::write(site.chat.ini(), format!("{ini}ROOMS=lobby,{room}\n")).expect("writable");
        }
        site.start();
        alice.send(
            &serde_json::json!({"type": "say", "room": room, "text": "a secret", "msgid": "m1"}),
        );
        alice.find(|it| it["msgid"] == "m1" && it["type"] == "ack");
        site.say("lobby", std::iter::once("hello".to_owned()));
        let mut wanted = vec!["hello".to_owned()];
        if is_named {
            receiver.wait_for_texts("a secret");
            wanted.push("a secret".to_owned());
        }
        receiver.wait_for_texts("hello");
        let mut told = receiver.texts();
        told.sort();
        wanted.sort();
        assert_eq!(told, wanted);
    }
}

#[test]
fn what_was_hidden_meanwhile_is_told_to_nobody() {
    let receiver = Receiver::start(|_, _| Answer::Status(200));
    let mut site = Site::for_receiver(&receiver, "");
    site.start();
    site.kill();
    site.say("lobby", std::iter::once("before".to_owned()));
    let mut command = Command::new(beside("chatctl"));
    command.arg("--config").arg(site.chat.ini());
    let cleared = command.args(["clear", "lobby"]).status();
    assert!(cleared.expect("chatctl runs").success());
    site.say("lobby", std::iter::once("after".to_owned()));
    site.start();
    receiver.wait_for_texts("after");
    assert_eq!(receiver.texts(), ["after"]);
}

#[test]
fn nobody_is_posted_to_on_this_machine_unless_it_is_allowed() {
    let receiver = Receiver::start(|_, _| Answer::Status(200));
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = receiver.url().replace("127.0.0.1", host);
        let mut site = Site::with(&url, "ALLOW=http\nRETRIES=1");
        site.start();
        site.say("lobby", numbers(0..1));
        eventually("it is told", || {
            site.journal().contains("of private networks").then_some(())
        });
    }
    assert_eq!(receiver.count(), 0);
    let site = Site::with(&receiver.url(), "");
    let output = site.command().arg("--check").output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("URL is not https://"),
        "{told}"
    );
}

/// The receivers of docs/hooks.md, in its words, verify what is posted and refuse what is not signed.
#[test]
fn the_documents_receivers_verify_it() {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hooks.md"))
        .expect("the document");
    let code = |language: &str, with: &str| {
        let fence = format!("```{language}\n");
        let blocks = document.split(&fence).skip(1);
        let mut blocks = blocks.map(|rest| rest.split("```").next().expect("an end"));
        blocks
            .find(|block| block.contains(with))
            .expect("a receiver")
            .to_owned()
    };
    let dir = tempfile::tempdir().expect("a directory");
    let kept = dir.path().join("received.log");
    let python = dir.path().join("receiver.py");
    fs::write(&python, code("python", "webhook-signature")).expect("writable");
    fs::write(
        dir.path().join("receiver.php"),
        code("php", "WEBHOOK_SIGNATURE"),
    )
    .expect("writable");
    for language in ["python", "php"] {
        let port = e2e::daemon::free_port();
        let mut command = if language == "python" {
            let mut command = Command::new(part("/usr/bin/python3", "python3"));
            command.arg(&python).arg(port.to_string());
            command
        } else {
            let mut command = Command::new(part("/usr/bin/php", "php-cli"));
            command.args(["-S", &format!("127.0.0.1:{port}"), "receiver.php"]);
            command
        };
        command
            .env("WEBHOOK_SECRET", SECRET)
            .current_dir(dir.path())
            .stderr(Stdio::null());
        let mut server = command.spawn().expect("an interpreter");
        let address = format!("127.0.0.1:{port}");
        let listens = || std::net::TcpStream::connect(&address).is_ok().then_some(());
        eventually("it listens", listens);
        let mut site = Site::with(
            &format!("http://{address}/"),
            "ALLOW=http,private\nRETRIES=1",
        );
        site.start();
        site.say("lobby", numbers(0..2));
        let received = || fs::read_to_string(&kept).unwrap_or_default();
        eventually("it keeps what is signed", || {
            (received().lines().count() == 2).then_some(())
        });
        assert!(received().contains("number 1"), "{}", received());
        // Another secret: refused.
        site.kill();
        fs::write(
            site.chat.path("secret"),
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        )
        .expect("writable");
        site.start();
        site.say("lobby", numbers(2..3));
        eventually("it is refused", || {
            site.journal().contains("status 401").then_some(())
        });
        assert_eq!(received().lines().count(), 2);
        fs::remove_file(&kept).expect("it was there");
        server.kill().expect("it runs");
        server.wait().expect("ours");
    }
}
