//! Slash commands that an address answers: a real handler asks the real chat-hooks, which asks a receiver.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use e2e::chat::Files;
use e2e::page::{Page, text_of};
use e2e::pipe::Handler;
use e2e::under_test::beside;
use serde_json::json;

use crate::receiver::{Answer, Receiver};
use crate::{SECRET, Site};

/// A site with a command that the receiver answers.
fn site(receiver: &Receiver, lines: &str) -> Site {
    let chat = Files::installed("");
    let ini = fs::read_to_string(chat.ini()).expect("an ini file");
    let url = receiver.url();
    let section =
        format!("[command weather]\nURL={url}\nSECRET_FILE=secret\nALLOW=http\n{lines}\n");
    fs::write(chat.ini(), format!("{ini}{section}")).expect("writable");
    fs::write(chat.path("secret"), SECRET).expect("writable");
    let mut site = Site {
        chat,
        running: None,
    };
    site.start();
    site
}

/// What the socket answers to a question.
fn asked(site: &Site, question: &str) -> String {
    let path = site.chat.path("run/hooks/commands.sock");
    let mut stream = e2e::deadline::eventually("it listens", || UnixStream::connect(&path).ok());
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a limit");
    stream.write_all(question.as_bytes()).expect("asked");
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    reply
}

const QUESTION: &str =
    "{\"v\":1,\"id\":\"6f1d\",\"ask\":\"command\",\"command\":\"weather\",\"args\":\"Prague\"}\n";

#[test]
fn an_address_is_asked_signed_and_its_answer_is_passed_on() {
    let receiver = Receiver::start(|count, _| match count {
        0 => Answer::Says(
            "application/json",
            r#"{"response_type":"in_channel","text":"sun"}"#,
        ),
        1 => Answer::Says("text/plain", "rain"),
        2 => Answer::Status(204),
        _ => Answer::Says("text/html", "<html>"),
    });
    let site = site(&receiver, "ALLOW=http,private");
    assert_eq!(
        asked(&site, QUESTION),
        "{\"action\":\"answer\",\"text\":\"sun\",\"to\":\"room\"}\n"
    );
    assert_eq!(
        asked(&site, QUESTION),
        "{\"action\":\"answer\",\"text\":\"rain\"}\n"
    );
    assert_eq!(asked(&site, QUESTION), "{\"action\":\"accept\"}\n");
    assert_eq!(asked(&site, QUESTION), "");
    let posts = receiver.posts();
    assert!(posts.iter().all(|post| post.is_signed_by(SECRET)));
    assert_eq!(posts[0].json["args"], json!("Prague"));
    // What is no question, or about none of its commands, asks nobody.
    for wrong in ["\n", "{}\n", "{\"command\":\"other\"}\n", "x"] {
        assert_eq!(asked(&site, wrong), "", "{wrong}");
    }
    assert_eq!(receiver.count(), 4);
    let about = fs::metadata(site.chat.path("run/hooks/commands.sock")).expect("a socket");
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_that_fails_hangs_or_redirects_is_no_answer_nor_is_a_private_address() {
    for (answer, lines) in [
        (Answer::Status(500), "ALLOW=http,private"),
        (Answer::Redirect, "ALLOW=http,private"),
        (Answer::HangUp, "ALLOW=http,private"),
        (Answer::Hang, "ALLOW=http,private\nTIMEOUT=1000"),
        (Answer::Says("text/plain", "secret"), "TIMEOUT=2000"),
    ] {
        let receiver = Receiver::start(move |_, _| answer);
        let site = site(&receiver, lines);
        assert_eq!(asked(&site, QUESTION), "", "{answer:?}");
        assert_eq!(receiver.elsewhere(), 0, "{answer:?}");
        assert!(
            site.journal().contains("[command weather] does not answer"),
            "{}",
            site.journal()
        );
        if lines.starts_with("TIMEOUT") {
            assert_eq!(receiver.count(), 0, "no private address is asked");
        }
    }
}

#[test]
fn who_types_it_gets_the_answer() {
    let receiver =
        Receiver::start(|_, _| Answer::Says("application/json", r#"{"text":"sun\nand wind"}"#));
    let site = site(&receiver, "ALLOW=http,private");
    let mut command = std::process::Command::new(beside("chat-handler"));
    command
        .arg("--config")
        .arg(site.chat.ini())
        .env_clear()
        .envs([
            ("TZ", "UTC0"),
            ("PATH_INFO", "/lobby"),
            ("QUERY_STRING", "format=json&nick=alice"),
        ]);
    let mut alice = Page::enter(Handler::start(command));
    alice.say("/weather Prague", "m1");
    let answer = alice.find(|it| it["type"] == "info" || it["type"] == "error");
    assert_eq!(text_of(&answer), "sun\nand wind", "{answer}");
    let question = &receiver.wait_for(1)[0].json;
    assert_eq!(
        (&question["command"], &question["args"], &question["from"]),
        (&json!("weather"), &json!("Prague"), &json!("alice"))
    );
}
