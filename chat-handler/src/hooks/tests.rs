//! Replies of every kind, and what is none.

use std::path::Path;
use std::time::Duration;

use super::Hook;
use super::reply::{Action, Fault, MAX_REASON, MAX_REPLY, Reply, of_status, parse};

fn action(reply: &str) -> Result<Action, Fault> {
    parse(reply.as_bytes(), "1", 10).map(|reply| reply.action)
}

#[test]
fn replies_are_read() {
    assert_eq!(action(r#"{"action":"accept"}"#), Ok(Action::Accept));
    assert_eq!(
        action("  {\"action\":\"refuse\",\"more\":[1]}\r\n"),
        Ok(Action::Refuse)
    );
    assert_eq!(
        action(r#"{"action":"divert","id":"1"}"#),
        Ok(Action::Divert)
    );
    let replaced = action(r#"{"action":"replace","text":" a\u0007b "}"#);
    assert!(
        matches!(&replaced, Ok(Action::Replace(text)) if !text.contains('\u{7}')),
        "{replaced:?}"
    );
    let reply = parse(br#"{"action":"delay","delay":1e9}"#, "1", 10).expect("a reply");
    assert_eq!(
        (reply.action, reply.delay),
        (Action::Accept, Duration::from_secs(60))
    );
    let long = format!(
        r#"{{"action":"refuse","message":"{}\n"}}"#,
        "é".repeat(MAX_REPLY / 4)
    );
    let reply = parse(long.as_bytes(), "1", 10).expect("a reply");
    assert_eq!(reply.message.chars().count(), MAX_REASON);
}

#[test]
fn what_is_no_reply_is_a_fault() {
    for wrong in [
        "{}",
        "[]",
        "null",
        r#""accept""#,
        r#"{"action":"Accept"}"#,
        r#"{"action":1}"#,
        r#"{"action":"replace"}"#,
        r#"{"action":"replace","text":"\u0000 "}"#,
        r#"{"action":"replace","text":"12345678901"}"#,
        r#"{"action":"delay"}"#,
        r#"{"action":"accept","delay":-1}"#,
        r#"{"action":"accept","delay":1e400}"#,
        r#"{"action":"accept""#,
    ] {
        assert!(
            matches!(action(wrong), Err(Fault::NotUnderstood(_))),
            "{wrong}: {:?}",
            action(wrong)
        );
    }
    assert_eq!(action(""), Err(Fault::Silent));
    assert_eq!(action("\n\n"), Err(Fault::Silent));
    assert_eq!(
        action("{\"action\":\"accept\"}\n{}"),
        Err(Fault::MoreThanALine)
    );
    assert_eq!(
        action(r#"{"action":"accept","id":"2"}"#),
        Err(Fault::OtherId)
    );
    assert_eq!(
        parse(&vec![b' '; MAX_REPLY + 1], "1", 10),
        Err(Fault::TooLong)
    );
}

#[test]
fn a_status_is_a_reply_too() {
    let said = |printed: &[u8], status| {
        of_status(printed, status, 10, false).map(|reply| (reply.action, reply.message))
    };
    assert_eq!(said(b"", Some(0)), Ok((Action::Accept, String::new())));
    assert_eq!(
        said(b"why\nand more", Some(1)),
        Ok((Action::Refuse, "why".to_owned()))
    );
    assert_eq!(
        said(b"\xff\x07", Some(1)).map(|(action, _)| action),
        Ok(Action::Refuse)
    );
    assert!(matches!(said(b"", Some(2)), Err(Fault::Ended(_))));
    assert!(matches!(said(b"", None), Err(Fault::Ended(_))));
    let accepted = Reply {
        action: Action::Accept,
        message: String::new(),
        delay: Duration::ZERO,
    };
    assert_eq!(of_status(b"", Some(0), 10, false), Ok(accepted));
}

#[test]
fn hooks_are_written_with_their_kind() {
    let folder = Path::new("/etc/chat");
    let parse = |text| Hook::parse(text, folder).map(|hook| hook.to_string());
    assert_eq!(parse("unix:/run/a").as_deref(), Some("unix:/run/a"));
    assert_eq!(parse("exec:bin/a").as_deref(), Some("exec:/etc/chat/bin/a"));
    for wrong in ["/run/a", "unix:", "http://a", "exec:a\u{7}", ""] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}

#[test]
fn what_a_command_printed_is_its_answer() {
    let of = |printed: &[u8], status| of_status(printed, status, 10, true).map(|it| it.action);
    let answer = |text: &str| {
        let (text, to_room) = (text.to_owned(), false);
        Ok(Action::Answer { text, to_room })
    };
    assert_eq!(of(b"sun\nwind\n", Some(0)), answer("sun\nwind"));
    assert_eq!(of(b"", Some(0)), answer(""));
    assert_eq!(of(b"more than ten", Some(0)), answer("more than "));
    assert_eq!(of(b"sun", Some(1)), Ok(Action::Refuse));
    assert!(of(b"sun", Some(2)).is_err() && of(b"sun", None).is_err());
}
