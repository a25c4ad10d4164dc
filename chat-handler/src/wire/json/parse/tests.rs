use super::*;
use crate::occupant::AboutMessage;
use proptest::prelude::*;

/// As a client of one room.
fn one(line: &str) -> Request<'_> {
    match parse(line, false) {
        Ok(Wish::In(None, request)) => request,
        other => panic!("{other:?}"),
    }
}

fn refusal(line: &str) -> (&'static str, Option<String>) {
    let Err(bad) = parse(line, false) else {
        panic!("not refused");
    };
    (bad.code.as_str(), bad.msgid.map(Cow::into_owned))
}

#[test]
fn requests_are_understood() {
    let Request::Say { text, msgid, .. } =
        one(r#"{"type":"say","text":"a\u0041","msgid":"m1","more":[1]}"#)
    else {
        panic!("a say");
    };
    assert_eq!((&*text, msgid.as_deref()), ("aA", Some("m1")));
    let Request::Signal { to, data } = one(r#"{"type":"signal","to":"bob","data":{"sdp":[1, 2]}}"#)
    else {
        panic!("a signal");
    };
    assert_eq!((&*to.name, data), ("bob", r#"{"sdp":[1, 2]}"#));
    assert!(matches!(
        one(r#"{"type":"typing"}"#),
        Request::Typing {
            active: true,
            to: None,
            preview: None
        }
    ));
    assert!(matches!(
        one(r#"{"type":"history","before":"2026-11-21T10:15:30.123456Z","limit":5}"#),
        Request::History {
            before: Some(_),
            since: None,
            limit: Some(5)
        }
    ));
}

#[test]
fn messages_are_meant_by_their_ids() {
    let id = "2026-11-21T10:15:30.123456Z";
    let line = format!(r#"{{"type":"edit","target":"{id}","text":"x","msgid":"m1"}}"#);
    let Request::AboutMessage { target, what, .. } = one(&line) else {
        panic!("an edit")
    };
    assert_eq!(target.to_string(), id);
    assert_eq!(what, AboutMessage::Edit("x".into()));
    let line = format!(r#"{{"type":"messages","ids":["{id}","{id}"]}}"#);
    assert!(matches!(one(&line), Request::Messages(ids) if ids.len() == 2));
    let line = format!(r#"{{"type":"say","text":"x","reply":"{id}"}}"#);
    assert!(matches!(one(&line), Request::Say { reply: Some(_), .. }));
    let many = vec![format!("\"{id}\""); 21].join(",");
    for line in [
        r#"{"type":"edit","text":"x"}"#,
        r#"{"type":"edit","target":"yesterday","text":"x"}"#,
        r#"{"type":"say","text":"x","reply":"y"}"#,
        &format!(r#"{{"type":"edit","target":"{id}"}}"#),
        &format!(r#"{{"type":"react","target":"{id}"}}"#),
        r#"{"type":"pin"}"#,
        r#"{"type":"messages"}"#,
        r#"{"type":"messages","ids":["x"]}"#,
        &format!(r#"{{"type":"messages","ids":[{many}]}}"#),
    ] {
        assert_eq!(refusal(line).0, "bad_field", "{line}");
    }
}

#[test]
fn what_is_no_request_says_why() {
    for line in [
        "",
        "hello",
        "[]",
        "3",
        "null",
        "{",
        r#"{"type":"say","text":"x"} {}"#,
    ] {
        assert!(
            matches!(refusal(line).0, "bad_json" | "bad_field"),
            "{line}"
        );
    }
    assert_eq!(
        refusal(r#"{"type":"shout","msgid":"m"}"#),
        ("unknown_type", Some("m".into()))
    );
    for line in [
        r#"{"text":"no type"}"#,
        r#"{"type":"say"}"#,
        r#"{"type":"say","text":5}"#,
        r#"{"type":"say","text":"x","msgid":""}"#,
        r#"{"type":"say","text":"x","msgid":"a b"}"#,
        r#"{"type":"history","since":"yesterday"}"#,
        r#"{"type":"history","limit":-1}"#,
        r#"{"type":"signal","to":"bob"}"#,
        r#"{"type":"read"}"#,
        r#"{"type":1}"#,
    ] {
        assert_eq!(refusal(line).0, "bad_field", "{line}");
    }
    assert_eq!(
        refusal(r#"{"type":"say","text":5,"msgid":"m7"}"#),
        ("bad_field", Some("m7".into()))
    );
}

#[test]
fn who_is_in_many_rooms_says_which() {
    let many = |line| parse(line, true);
    let Ok(Wish::Enter(entries)) =
        many(r#"{"type":"enter","rooms":[{"room":"a b","history":0},{"room":"a/b"}]}"#)
    else {
        panic!("to enter")
    };
    let [first, second] = &entries[..] else {
        panic!("two rooms")
    };
    assert_eq!((&*first.asked, first.history), ("a b", Some(0)));
    assert_eq!(first.room.as_ref().map(RoomName::as_str), Ok("a-b"));
    assert!(second.room.is_err());
    let said = many(r#"{"type":"say","text":"x","room":"lobby"}"#);
    assert!(matches!(said, Ok(Wish::In(Some(room), Request::Say { .. })) if room == "lobby"));
    let named = many(r#"{"type":"nick","nick":"bob"}"#);
    assert!(matches!(named, Ok(Wish::In(None, Request::Nick(_)))));
    let too_many = vec![r#"{"room":"r"}"#; MAX_ROOMS + 1].join(",");
    for line in [
        r#"{"type":"say","text":"x","msgid":"m1"}"#,
        r#"{"type":"enter"}"#,
        r#"{"type":"enter","rooms":[{}]}"#,
        &format!(r#"{{"type":"enter","rooms":[{too_many}]}}"#),
        r#"{"type":"part"}"#,
    ] {
        let Err(bad) = many(line) else {
            panic!("{line}: not refused")
        };
        assert_eq!(bad.code, Code::BadField, "{line}");
    }
    // Who is in one has no word for others.
    assert_eq!(
        refusal(r#"{"type":"part","room":"lobby"}"#).0,
        "unknown_type"
    );
}

#[test]
fn a_bomb_of_brackets_is_only_text() {
    let bomb = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let line = format!(r#"{{"type":"signal","to":"b","data":{bomb},"other":{bomb}}}"#);
    let Request::Signal { data, .. } = one(&line) else {
        panic!("a signal")
    };
    assert_eq!(data.len(), bomb.len());
}

proptest! {
    #[test]
    fn no_line_panics(line in "\\PC{0,80}|[{}\\[\\]\",:a-z0-9\\\\]{0,80}") {
        let _ = (parse(&line, false), parse(&line, true));
    }
}

#[test]
fn a_message_may_have_files_and_no_words() {
    let id = "0123456789abcdef0123456789abcdef";
    let line =
        format!(r#"{{"type":"say","text":"","files":[{{"id":"{id}","name":"x"}}],"msgid":"m1"}}"#);
    let Request::SayWith { files, msgid, .. } = one(&line) else {
        panic!("a message with files")
    };
    assert_eq!((files[0].as_str(), msgid.as_deref()), (id, Some("m1")));
    let many = vec![format!("{{\"id\":\"{id}\"}}"); 11].join(",");
    for files in [
        "[]",
        r#"[{"id":"../x"}]"#,
        r#"[{"name":"x"}]"#,
        "3",
        &format!("[{many}]"),
    ] {
        let line = format!(r#"{{"type":"say","text":"x","files":{files}}}"#);
        assert_eq!(refusal(&line).0, "bad_field", "{files}");
    }
}
