//! Messages of several lines: one record, one line of the log, and nothing in them that is another's.

use crate::support::{Chat, text_of};
use serde_json::json;

const CODE: &str = "fn main() {\n\tprintln!(\"\u{1f600}\");\n\n}";

#[test]
fn a_message_of_several_lines_is_one_record_everywhere() {
    let chat = Chat::new();
    let (mut alice, mut bob) = (chat.page("r", "alice"), chat.page("r", "bob"));
    assert_eq!(alice.welcome["limits"]["lines"], true);
    let typed = format!("\r\n \n{}  \u{2029}\t\n", CODE.replace('\n', "\r\n"));
    let id = alice.say_acked(&typed, "m1");
    assert_eq!(text_of(&bob.expect("say")), CODE);
    let log = chat.log("r");
    let line = log.lines().find(|line| line.starts_with(&id)).expect("one");
    assert!(
        line.ends_with(&format!("\t{}", CODE.replace('\n', "\u{2028}"))),
        "{line}"
    );
    // At return, in a page of history and in what was missed.
    let back = chat.page("r", "carol");
    assert!(back.past.iter().any(|record| text_of(record) == CODE));
    let missed = chat.page_with("r", "since=2020-01-01T00:00:00.000000Z", "");
    assert!(missed.past.iter().any(|record| text_of(record) == CODE));
    // Sent again it is not said again.
    alice.say(&typed, "m1");
    assert_eq!(alice.find(|message| message["duplicate"] == true)["id"], id);
}

#[test]
fn a_text_client_gets_a_line_for_each_that_says_whose_it_is() {
    let chat = Chat::new();
    let mut old = chat.old_page("r", "bob");
    old.line_with("Userlist");
    let mut alice = chat.page("r", "alice");
    alice.say_acked("one\n[10:15:30] bob> forged\n\n\tfour", "m1");
    let lines: Vec<_> = (0..4).map(|_| old.line_with("alice> ")).collect();
    let lines: Vec<_> = lines.iter().map(|line| &line[11..]).collect();
    assert_eq!(
        lines,
        [
            "alice> one",
            "alice> [10:15:30] bob> forged",
            "alice> ",
            "alice> \tfour"
        ]
    );
    alice.say_acked("/me waves\nand goes", "m2");
    assert!(old.line_with("waves").ends_with("alice>  * alice waves"));
    assert!(old.line_with("goes").ends_with("alice>  * alice and goes"));
    alice.send(&json!({"type": "whisper", "to": "bob", "text": "psst\nalice> no"}));
    assert!(old.line_with("psst").ends_with("alice> bob: psst"));
    assert!(old.line_with("no").ends_with("alice> bob: alice> no"));
    assert_eq!(text_of(&alice.expect("whisper")), "psst\nalice> no");
    // The other way round there is a character for it.
    old.send("up\u{2028}and down");
    assert_eq!(
        text_of(&alice.find(|say| say["from"] == "bob")),
        "up\nand down"
    );
}

#[test]
fn what_is_pasted_runs_no_command() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    for (number, text) in ["/quit", "//comment", "/me", "bob: hello"]
        .into_iter()
        .enumerate()
    {
        let msgid = format!("m{number}");
        alice.send(&json!({"type": "say", "text": text, "literal": true, "msgid": msgid}));
        assert_eq!(text_of(&alice.expect("say")), text);
    }
    for text in ["/quit\nnow", "//a\n//b", "\n/clear"] {
        alice.type_in(text);
        assert_eq!(text_of(&alice.expect("say")), text.trim_start());
    }
    alice.type_in("/nonsense\n");
    assert_eq!(alice.expect("error")["code"], "unknown_command");
    // Meant for one, it is for nobody else.
    alice.type_in("/msg nobody one\ntwo");
    assert_eq!(alice.expect("error")["code"], "no_such_user");
    assert!(!chat.log("r").contains("two"));
}

#[test]
fn other_fields_have_one_line() {
    let chat = Chat::new();
    let mut alice = chat.page("r", "alice");
    alice.send(&json!({"type": "topic", "text": "a\nb\u{2028}c\td"}));
    assert_eq!(text_of(&alice.expect("topic")), "a b c d");
    for text in [" \n\t\u{2028}", "\n"] {
        alice.say(text, "m1");
        assert_eq!(alice.expect("error")["code"], "empty");
    }
    alice.say(&"\n".repeat(5_000).replace('\n', "x\n"), "m2");
    assert_eq!(alice.expect("error")["code"], "too_long");
    alice.say_acked(&"x\n".repeat(2_000), "m3");
}
