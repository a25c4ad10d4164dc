//! `chatctl event`: what is told to pages from the shell, and what becomes of it.

use std::process::{Command, Output};

use crate::support::{Chat, Page};
use serde_json::{Value, json};

fn chatctl(chat: &Chat, arguments: &[&str]) -> Output {
    let mut command = Command::new(e2e::under_test::beside("chatctl"));
    command.env_clear().env("CHAT_CONFIG", chat.ini());
    command.arg("--json").args(arguments);
    command.output().expect("chatctl starts")
}

#[track_caller]
fn done(chat: &Chat, arguments: &[&str]) -> Value {
    let output = chatctl(chat, arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn an_event_from_the_shell_reaches_who_hears_the_channel() {
    let chat = Chat::with("\n[channels]\nnews=all\n");
    let mut page = Page::over(chat.start(&[
        ("PATH_INFO", "/"),
        ("QUERY_STRING", "format=json&protocol=2&client=a-browser"),
    ]));
    page.send(&json!({"type": "subscribe", "channel": "news"}));
    page.expect("subscribed");
    let told = done(
        &chat,
        &[
            "event",
            "news",
            "article",
            "{ \"title\": \"Hello\",\n \"n\": 1 }",
        ],
    );
    let event = page.expect("event");
    assert_eq!(
        (&event["id"], &event["ev"], &event["from"]),
        (&told["id"], &json!("article"), &json!("server"))
    );
    assert_eq!(event["data"], json!({"title": "Hello", "n": 1}));
    // Without data, and once though told twice.
    let first = done(&chat, &["event", "news", "ping", "--once", "id-1"]);
    let again = done(&chat, &["event", "news", "ping", "--once", "id-1"]);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&first["id"], &json!(true))
    );
    assert_eq!(page.expect("event")["data"], Value::Null);
    assert!(
        page.settle()
            .iter()
            .all(|message| message["type"] != "event")
    );
}

#[test]
fn what_is_no_event_is_refused() {
    let chat = Chat::new();
    for arguments in [
        &["event", "a/b", "x"][..],
        &["event", "user:", "x"],
        &["event", "news", "a b"],
        &["event", "news", "x", "{"],
        &["event", "news", "x", "1", "--once", "a b"],
        &["event", "news", "x", &format!("\"{}\"", "x".repeat(5000))],
    ] {
        assert_eq!(
            chatctl(&chat, arguments).status.code(),
            Some(1),
            "{arguments:?}"
        );
    }
    assert!(chat.files("channels").is_empty());
}

#[test]
fn events_are_kept_as_long_as_messages_and_go_with_their_person() {
    let chat = Chat::with("KEEP=30days");
    for channel in ["news", "user:anna", "user:bob"] {
        done(&chat, &["event", channel, "fresh"]);
    }
    let old = chat_store::record::RecordId::now().days_before(40);
    let log = chat.path("channels/news.log");
    let fresh = std::fs::read_to_string(&log).expect("a log");
    std::fs::write(&log, format!("{old}\tevent\tserver\tev=old\t1\n{fresh}")).expect("written");
    done(&chat, &["expire"]);
    assert_eq!(std::fs::read_to_string(&log).expect("a log"), fresh);
    // What is kept about somebody holds what was told to them.
    let export = chatctl(&chat, &["person", "export", "--account", "anna"]);
    let text = String::from_utf8(export.stdout).expect("UTF-8");
    assert!(
        text.contains("\"channel\":\"own\"") && text.lines().count() == 1,
        "{text}"
    );
    assert_eq!(chat.files("channels").len(), 3);
    done(&chat, &["person", "erase", "--account", "anna"]);
    assert_eq!(chat.files("channels").len(), 2);
}

#[test]
fn no_list_names_a_channel() {
    let chat = Chat::new();
    done(&chat, &["event", "user:anna", "x", "\"secret\""]);
    done(&chat, &["event", "news", "x", "\"secret\""]);
    for arguments in [&["rooms"][..], &["status"], &["users"], &["check"]] {
        let output = chatctl(&chat, arguments);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            !text.contains("news") && !text.contains("anna") && !text.contains("secret"),
            "{text}"
        );
    }
}

#[test]
fn bots_are_made_shown_once_and_removed() {
    let chat = Chat::with("ACCOUNTS=yes");
    let made = done(&chat, &["bot", "add", "weather"]);
    let token = made["token"].as_str().expect("a token");
    assert!(
        token.starts_with("bot:weather:") && token.len() == 52,
        "{token}"
    );
    assert_eq!(
        chatctl(&chat, &["bot", "add", "Weather"]).status.code(),
        Some(1)
    );
    assert_eq!(
        chatctl(&chat, &["bot", "token", "news"]).status.code(),
        Some(3)
    );
    let other = done(&chat, &["bot", "token", "weather"]);
    assert_ne!(other["token"], made["token"]);
    let list = done(&chat, &["bot", "list"]);
    assert_eq!(
        (&list[0]["bot"], &list[0]["account"]),
        (&json!("weather"), &json!("bot:weather"))
    );
    // Neither the list nor any file holds one; what was done is noted.
    let found = Command::new("grep")
        .args(["-rlaF", &token["bot:weather:".len()..]])
        .arg(chat.base())
        .output();
    assert!(found.expect("grep").stdout.is_empty());
    let noted = std::fs::read_to_string(chat.path("log/audit.log")).expect("what was done");
    assert!(
        noted.contains("bot add weather") && noted.contains("bot token weather"),
        "{noted}"
    );
    done(&chat, &["bot", "remove", "weather"]);
    assert_eq!(done(&chat, &["bot", "list"]), json!([]));
    assert_eq!(
        chatctl(&chat, &["bot", "remove", "weather"]).status.code(),
        Some(3)
    );
}
