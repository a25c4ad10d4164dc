//! What somebody wrote is the same wherever it is read again: live, in a page of history, after an absence, in an
//! export; also when the log was rotated between a message and its edit.

use std::process::Command;

use crate::support::{Chat, text_of};
use e2e::page::Page;
use proptest::prelude::*;
use serde_json::{Value, json};

const FAST: &str = "MESSAGE_RATE=100000\nMESSAGE_BURST=100000";

fn export(chat: &Chat, command: &[&str]) -> Vec<Value> {
    let output = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .arg("--json")
        .args(command)
        .output()
        .expect("chatctl starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let records = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    records.collect()
}

fn ask(page: &mut Page, kind: &str, target: &str, text: &str, msgid: &str) {
    page.send(&json!({"type": kind, "target": target, "text": text, "msgid": msgid}));
    page.find(|answer| answer["msgid"] == msgid && answer["type"] == "ack");
}

/// As logrotate does it.
fn rotate(chat: &Chat) {
    let live = chat.room_log("r");
    std::fs::rename(&live, live.with_extension("log.1")).expect("renamed");
    std::fs::write(live, "").expect("made");
}

/// Words of the kinds that have been broken by something before, and any.
fn texts() -> impl Strategy<Value = String> {
    let any = "[ -~\\t\\né水👩🏽‍🚀`*_>|\\[\\]();=%\u{200f}]{1,80}";
    let chosen = prop_oneof![
        Just("fn main() {\n\tprintln!(\"x\");\n}".to_owned()),
        Just("> quoted\n> **bold** ~~struck~~ ||spoiler||\n- one\n  - two".to_owned()),
        Just("```rs\n\tlet a = b;\n```".to_owned()),
        Just("a;b=c%3B%25\\n\u{feff}".to_owned()),
    ];
    let text = prop_oneof![3 => any.prop_map(String::from), 1 => chosen];
    text.prop_filter("something in it", |text| {
        let text = text.trim();
        !text.is_empty() && !text.starts_with('/')
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_is_read_everywhere(said in texts(), edited in texts(), rotated in any::<bool>()) {
        let chat = Chat::with(FAST);
        let cookie = chat.log_in(&[("username", "alice")]);
        let mut alice = chat.page_with("r", "", &cookie);
        let mut bob = chat.page("r", "bob");
        alice.send(&json!({"type": "say", "text": said, "literal": true, "msgid": "m1"}));
        let id = alice.expect("ack")["id"].as_str().expect("an id").to_owned();
        let live = bob.expect("say");
        let kept = text_of(&live).to_owned();
        // Words stay words, whatever becomes of blanks around them.
        prop_assert_eq!(kept.trim(), said.trim());
        alice.send(&json!({"type": "say", "text": "answer", "reply": id, "msgid": "m2"}));
        if rotated {
            rotate(&chat);
        }
        ask(&mut alice, "edit", &id, &edited, "e1");
        let is_same = kept == edited;
        let form = if is_same { kept.clone() } else { text_of(&bob.expect("edit")).to_owned() };
        prop_assert_eq!(form.trim(), edited.trim());
        ask(&mut alice, "react", &id, "👩🏽‍🚀", "r1");
        // History, single messages, what was missed.
        let late = chat.page("r", "late");
        prop_assert_eq!(text_of(&late.past[0]), &*form);
        prop_assert_eq!(&late.past[0]["reactions"][0]["text"], "👩🏽‍🚀");
        prop_assert_eq!(&late.past[1]["reply"], &json!(id));
        bob.send(&json!({"type": "messages", "ids": [id]}));
        prop_assert_eq!(&bob.expect("messages")["records"][0]["text"], &json!(form));
        let missed = chat.page_with("r", "since=2020-01-01T00:00:00.000000Z", "").past;
        let first = missed.iter().find(|record| record["type"] == "say");
        prop_assert_eq!(text_of(first.expect("said")), &*kept);
        // The administrator's: all forms, each as it was.
        let all = export(&chat, &["export", "r"]);
        let texts: Vec<_> = all.iter().map(|record| record["text"].as_str().expect("a text")).collect();
        prop_assert!(texts.contains(&&*kept) && texts.contains(&&*form), "{:?}", texts);
        let shown = export(&chat, &["history", "r"]);
        prop_assert_eq!(&shown[0][0]["text"], &json!(form));
        // On disk a record is a line.
        let log = chat.log("r");
        prop_assert!(log.lines().all(|line| line.split('\t').count() >= 5), "{}", log);
    }
}
