//! Any message of a page: no panic, only what the protocol has, and every refusal under a code of the protocol.

use chat_handler::occupant::{Code, Request};
use chat_handler::person::{MAX_ROOMS, Wish};
use chat_handler::wire::json::parse::parse;

pub fn run(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    for many in [false, true] {
        check(line, many);
    }
}

fn check(line: &str, many: bool) {
    let is_msgid = |msgid: &str| {
        (1..=64).contains(&msgid.len())
            && msgid
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match parse(line, many) {
        Ok(Wish::In(
            _,
            Request::Say { msgid, .. }
            | Request::Whisper { msgid, .. }
            | Request::AboutMessage { msgid, .. },
        )) => {
            assert!(msgid.as_deref().is_none_or(is_msgid));
        }
        Ok(Wish::In(_, Request::Messages(ids))) => assert!(ids.len() <= 20),
        // It is put into another message as it is: it must be one value and nothing more.
        Ok(Wish::In(_, Request::Signal { data, .. })) => {
            assert!(line.contains(data));
            let value: Result<serde::de::IgnoredAny, _> = serde_json::from_str(data);
            assert!(value.is_ok());
        }
        Ok(Wish::Enter(entries)) => assert!(many && entries.len() <= MAX_ROOMS),
        Ok(_) => {}
        Err(bad) => {
            assert!(
                [Code::BadJson, Code::BadField, Code::UnknownType].contains(&bad.code),
                "{:?}",
                bad.code
            );
            assert!(bad.code == Code::UnknownType || !bad.reason.is_empty());
        }
    }
}
