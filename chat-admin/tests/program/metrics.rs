//! `chatctl metrics`: what the real programs do is counted, and nobody is named.

use std::process::Command;

use crate::chat_cgi::Site;
use e2e::page::Page;
use e2e::pipe::Handler;
use e2e::under_test::beside;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

fn chatctl(site: &Site, words: &[&str]) -> String {
    let mut command = Command::new(beside("chatctl"));
    command
        .arg("--config")
        .arg(site.path("chat.ini"))
        .args(words);
    let output = command.output().expect("chatctl starts");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn account(site: &Site, path: &str, body: &Value) -> u16 {
    let variables = [
        ("CONTENT_TYPE", "application/json"),
        ("HTTP_ORIGIN", "https://chat.example.org"),
    ];
    site.run(
        "POST",
        &format!("/account/{path}"),
        &variables,
        &body.to_string(),
    )
    .status
}

fn enter(site: &Site, room: &str, nick: &str) -> Page {
    let mut command = Command::new(beside("chat-handler"));
    command
        .arg("--config")
        .arg(site.path("chat.ini"))
        .env_clear()
        .env("PATH_INFO", format!("/{room}"))
        .env("QUERY_STRING", format!("format=json&nick={nick}"));
    Page::enter(Handler::start(command))
}

/// The number of a family, with the labels that stand behind `site`.
#[track_caller]
fn number(page: &str, name: &str, labels: &str) -> u64 {
    let start = format!("{name}{{site=");
    let line = page
        .lines()
        .find(|line| line.starts_with(&start) && line.contains(labels))
        .unwrap_or_else(|| panic!("{name} {labels} in {page}"));
    let value = line.rsplit(' ').next().expect("a number");
    value.parse().unwrap_or_else(|_| panic!("{line}"))
}

#[test]
fn what_happens_is_counted_and_nobody_is_named() {
    let site = Site::new("ACCOUNTS=yes\nREGISTER=open\n");
    // Messages are counted from here on.
    let first = chatctl(&site, &["metrics"]);
    assert_eq!(number(&first, "chat_messages_total", ""), 0);
    let form = json!({ "name": "Anna", "password": PASSWORD });
    assert_eq!(account(&site, "register", &form), 200);
    assert_eq!(account(&site, "login", &form), 200);
    let wrong = json!({ "name": "Anna", "password": "not hers at all" });
    for _ in 0..10 {
        assert_eq!(account(&site, "login", &wrong), 403);
    }
    assert_eq!(account(&site, "login", &wrong), 429);
    assert_eq!(site.get("/v1/rooms", "").status, 401);
    let mut page = enter(&site, "hideout", "Berta");
    for number in 0..3 {
        page.say_acked("hello", &format!("m{number}"));
    }
    chatctl(&site, &["ban", "hideout", "Mallory", "rude"]);
    chatctl(&site, &["disable", "Anna"]);
    let counted = || {
        let page = chatctl(&site, &["metrics"]);
        (number(&page, "chat_messages_total", "") == 3).then_some(page)
    };
    // What is younger than two seconds is counted the next time.
    let text = e2e::deadline::eventually("all messages are counted", counted);
    for (name, labels, wanted) in [
        ("chat_people", "", 1),
        ("chat_rooms", "kind=\"open\"", 1),
        ("chat_rooms", "kind=\"private\"", 0),
        ("chat_rooms_busy", "", 1),
        ("chat_handlers", "", 1),
        ("chat_registrations_total", "", 1),
        ("chat_logins_total", "result=\"good\"", 1),
        ("chat_logins_total", "result=\"wrong\"", 10),
        ("chat_logins_total", "result=\"held_back\"", 1),
        ("chat_accounts", "state=\"enabled\"", 0),
        ("chat_accounts", "state=\"disabled\"", 1),
        ("chat_measures", "kind=\"ban\"", 1),
        ("chat_measures", "kind=\"mute\"", 0),
        ("chat_api_requests_total", "", 1),
        ("chat_api_refusals_total", "", 1),
        ("chat_not_saved_total", "", 0),
        ("chat_hooks_failing", "", 0),
        ("chat_sample_timestamp_seconds", "", 0),
    ] {
        assert_eq!(
            number(&text, name, labels),
            wanted,
            "{name} {labels}\n{text}"
        );
    }
    for name in ["Anna", "anna", "Berta", "Mallory", "hideout", "192.0.2."] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    // Each is counted once, however often somebody looks.
    assert_eq!(
        number(&chatctl(&site, &["metrics"]), "chat_messages_total", ""),
        3
    );
    chatctl(&site, &["sample"]);
    assert!(
        number(
            &chatctl(&site, &["metrics"]),
            "chat_sample_timestamp_seconds",
            ""
        ) > 1_700_000_000
    );
}

#[test]
fn what_is_not_saved_is_counted() {
    let site = Site::new("DISK_MAX=1\n");
    let mut page = enter(&site, "lobby", "Berta");
    page.say("it does not fit", "m0");
    let error = page.find(|message| message["type"] == "error");
    assert_eq!(error["code"], "not_saved", "{error}");
    let text = chatctl(&site, &["metrics"]);
    assert_eq!(number(&text, "chat_not_saved_total", ""), 1, "{text}");
    assert_eq!(number(&text, "chat_used_max_bytes", ""), 1);
    let file = std::fs::read_to_string(site.path("log/counters")).expect("made");
    assert!(
        file.starts_with("not_saved               00000000000000000001\n"),
        "{file}"
    );
}
