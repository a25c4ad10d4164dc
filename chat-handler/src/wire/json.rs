//! The protocol of the new pages: one JSON object a message. See docs/chat-protocol.md.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Bye, Event, Span, Welcome};
use crate::settings::Lang;
use crate::wording::Worded;
use chat_store::name::MAX_NICK_CHARS;
use chat_store::record::{Record, RecordId};

pub mod parse;
mod record;

pub use record::record;

/// The version told in `welcome`; it grows when old pages would misunderstand.
const PROTOCOL: u32 = 1;

/// The JSON protocol of one client.
#[derive(Debug)]
pub struct Json {
    lang: Lang,
}

/// Any message but `welcome`: all fields there are; those not set are left out.
#[derive(Default, Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msgid: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderator: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<bool>,
    #[serde(skip_serializing_if = "is_false")]
    private: bool,
    #[serde(skip_serializing_if = "is_false")]
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Id>,
}

/// What a piece of the first message grows to, in bytes.
const PIECE_BYTES: usize = 2 * 1024;

/// Somebody in the room.
#[derive(Serialize)]
struct Member<'a> {
    name: &'a str,
    color: &'a str,
}

/// The first message, without its list of members.
#[derive(Serialize)]
struct FirstMessage<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    protocol: u32,
    room: &'a str,
    description: &'a str,
    topic: &'a str,
    you: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    color: &'a str,
    moderator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Id>,
    now: Id,
    lang: &'a str,
    limits: Bounds,
}

#[derive(Serialize)]
struct Bounds {
    message: usize,
    signal: usize,
    history: usize,
    nick: usize,
    rate: u32,
    burst: u32,
    members: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// An id as text, without a buffer on the heap.
#[derive(Clone, Copy)]
struct Id(RecordId);

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_text();
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl Json {
    /// For a client of the server's `lang`.
    pub fn new(lang: Lang) -> Self {
        Self { lang }
    }

    pub(super) fn welcome(&self, welcome: &Welcome<'_>, give: &mut dyn FnMut(&[u8])) {
        let message = FirstMessage {
            kind: "welcome",
            protocol: PROTOCOL,
            room: welcome.room,
            description: welcome.description,
            topic: welcome.topic,
            you: welcome.you,
            account: welcome.account,
            color: welcome.color,
            moderator: welcome.moderator,
            last: welcome.last.map(Id),
            now: Id(welcome.now),
            lang: match self.lang {
                Lang::En => "en",
                Lang::Cs => "cs",
            },
            limits: Bounds {
                message: welcome.limits.max_message,
                signal: welcome.limits.max_signal,
                history: welcome.limits.max_history,
                nick: MAX_NICK_CHARS,
                rate: welcome.limits.rate,
                burst: welcome.limits.burst,
                members: welcome.limits.max_members,
            },
        };
        let mut piece = Vec::with_capacity(2 * PIECE_BYTES);
        put(&message, &mut piece);
        open_again(&mut piece);
        piece.extend_from_slice(b",\"members\":[");
        for (at, (name, color)) in welcome.members.iter().enumerate() {
            if at > 0 {
                piece.push(b',');
            }
            put(&Member { name, color }, &mut piece);
            piece.truncate(piece.len().saturating_sub("\n".len()));
            if piece.len() >= PIECE_BYTES {
                give(&piece);
                piece.clear();
            }
        }
        piece.extend_from_slice(b"]}\n");
        give(&piece);
    }

    pub(super) fn event(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let none = Message::default();
        let message = match event {
            Event::Ack {
                msgid,
                id,
                duplicate,
            } => Message {
                kind: "ack",
                msgid: Some(Cow::Borrowed(msgid)),
                id: id.map(Id),
                duplicate: *duplicate,
                ..none
            },
            Event::Whisper {
                id,
                from,
                to,
                text,
                msgid,
            } => Message {
                kind: "whisper",
                id: Some(Id(*id)),
                from: Some(from),
                to: Some(to),
                text: Some(Cow::Borrowed(text)),
                msgid: msgid.map(Cow::Borrowed),
                ..none
            },
            Event::Signal { from, to, data, .. } => {
                // What is not JSON came from somebody else's hand into the inbox.
                let Ok(data) = serde_json::from_str(data) else {
                    return;
                };
                let (from, to) = (Some(*from), Some(*to));
                Message {
                    kind: "signal",
                    from,
                    to,
                    data: Some(data),
                    ..none
                }
            }
            Event::Typing { from, typing } => Message {
                kind: "typing",
                from: Some(from),
                state: Some(typing.state),
                text: typing.text.as_deref().map(Cow::Borrowed),
                private: typing.private,
                ..none
            },
            Event::Read { from, id } => Message {
                kind: "read",
                from: Some(from),
                id: Some(Id(*id)),
                ..none
            },
            Event::Info { command, lines } => {
                let text = Some(Cow::Owned(lines.join("\n")));
                Message {
                    kind: "info",
                    command: Some(command),
                    text,
                    ..none
                }
            }
            Event::You {
                name,
                color,
                moderator,
                muted,
            } => Message {
                kind: "you",
                name: Some(name),
                color: Some(Cow::Borrowed(color)),
                moderator: Some(*moderator),
                muted: Some(*muted),
                ..none
            },
            Event::Pong(now) => Message {
                kind: "pong",
                now: Some(Id(*now)),
                ..none
            },
            _ => return self.told(event, out),
        };
        put(&message, out);
    }

    /// What carries words for people.
    fn told(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let worded = |line| Some(Cow::Owned(Worded(self.lang, line).to_string()));
        let none = Message::default();
        let message = match event {
            Event::Notice { code, line } => Message {
                kind: "notice",
                code: Some(code),
                text: worded(*line),
                ..none
            },
            Event::Error { code, line, msgid } => Message {
                kind: "error",
                code: Some(code),
                text: worded(*line),
                msgid: msgid.map(Cow::Borrowed),
                ..none
            },
            Event::Bye { reason, line } => {
                let (reason, code) = bye(*reason);
                Message {
                    kind: "bye",
                    reason: Some(reason),
                    code,
                    text: worded(*line),
                    ..none
                }
            }
            _ => return,
        };
        put(&message, out);
    }
}

/// A page is written piece by piece, so that no page is ever held as a whole.
pub(super) fn begin_history(span: Span, out: &mut Vec<u8>) {
    let (before, since) = match span {
        Span::Newest => (None, None),
        Span::Before(id) => (Some(Id(id)), None),
        Span::Since(id) => (None, Some(Id(id))),
    };
    put(
        &Message {
            kind: "history",
            before,
            since,
            ..Message::default()
        },
        out,
    );
    open_again(out);
    out.extend_from_slice(b",\"records\":[");
}

/// The line end and the brace of an object go: a list comes.
fn open_again(out: &mut Vec<u8>) {
    out.truncate(out.len().saturating_sub("}\n".len()));
}

pub(super) fn put_history(first: bool, past: &Record<'_>, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    record(past, out);
    out.truncate(out.len().saturating_sub("\n".len()));
}

pub(super) fn end_history(more: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if more {
        b"],\"more\":true}\n"
    } else {
        b"],\"more\":false}\n"
    });
}

fn bye(reason: Bye) -> (&'static str, Option<&'static str>) {
    match reason {
        Bye::Kicked => ("kicked", None),
        Bye::Banned => ("banned", None),
        Bye::ShuttingDown => ("shutting down", None),
        Bye::Quit => ("quit", None),
        Bye::Refused(code) => ("refused", Some(code)),
    }
}

fn put(message: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    // Strings and numbers into memory: there is nothing that can fail. If there were, half a
    // message must not stay.
    if serde_json::to_writer(&mut *out, message).is_ok() {
        out.push(b'\n');
    } else {
        out.truncate(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::record::{Draft, Kind};

    fn written(draft: &Draft<'_>) -> String {
        let (mut log, mut out) = (Vec::new(), Vec::new());
        draft.write_to(
            RecordId::parse(b"2026-11-21T10:15:30.123456Z").expect("an id"),
            &mut log,
        );
        record(&Record::parse(&log).expect("a record"), &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_record_is_one_line_with_its_fields() {
        let draft = Draft {
            msgid: Some("m1"),
            color: Some("red"),
            ..Draft::new(Kind::Say, "alice", "a \"b\"\n\u{2028}<")
        };
        assert_eq!(
            written(&draft),
            "{\"type\":\"say\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"from\":\"alice\",\"color\":\"red\",\"msgid\":\"m1\",\"text\":\"a \\\"b\\\"  <\"}\n"
        );
        assert_eq!(
            written(&Draft::new(Kind::Kick, "mod", "eve bad words")),
            "{\"type\":\"kick\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"from\":\"mod\",\"to\":\"eve\",\"text\":\"bad words\"}\n"
        );
        assert_eq!(
            written(&Draft::new(Kind::Say, "alice", "   ")),
            "{\"type\":\"say\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"from\":\"alice\",\"text\":\"\",\"redacted\":true}\n"
        );
    }

    #[test]
    fn a_page_of_history_is_one_line() {
        let (mut log, mut out) = (Vec::new(), Vec::new());
        let id = RecordId::parse(b"2026-11-21T10:15:30.123456Z").expect("an id");
        Draft::new(Kind::Join, "alice", "").write_to(id, &mut log);
        let past = Record::parse(&log).expect("a record");
        begin_history(Span::Since(id), &mut out);
        put_history(true, &past, &mut out);
        put_history(false, &past, &mut out);
        end_history(true, &mut out);
        begin_history(Span::Newest, &mut out);
        end_history(false, &mut out);
        let join = r#"{"type":"join","id":"2026-11-21T10:15:30.123456Z","from":"alice"}"#;
        let page = format!(
            "{{\"type\":\"history\",\"since\":\"2026-11-21T10:15:30.123456Z\",\"records\":[{join},{join}],\"more\":true}}\n"
        );
        let empty = "{\"type\":\"history\",\"records\":[],\"more\":false}\n";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), page + empty);
    }

    #[test]
    fn what_is_no_json_is_no_signal() {
        let mut out = Vec::new();
        let json = Json::new(Lang::En);
        for data in ["", "{", "1}\n{\"type\":\"bye\""] {
            json.event(
                &Event::Signal {
                    id: RecordId::ZERO,
                    from: "a",
                    to: "b",
                    data,
                },
                &mut out,
            );
        }
        assert!(out.is_empty());
    }
}
