//! The protocol of the new pages: one JSON object a message. See docs/chat-protocol.md.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use super::Out;
use crate::occupant::{Bye, Code, Event};
use crate::settings::Lang;
use crate::wording::{Line, Worded};
use chat_store::record::RecordId;

mod about;
mod channel;
mod first;
mod former;
mod message;
mod page;
pub mod parse;
mod profiles;
mod reading;
mod record;
mod rows;

pub use record::record;

use about::RoomAbout;
use message::{Message, answer, private};
use page::{end_page, put_past, start_page};
use profiles::put_profiles;
use reading::{MarkMessage, ReadTo};

/// Over which time, in milliseconds, the clients of a server that goes are asked to spread their return, each by
/// chance: one that is started again is not met by all of them in its first moment.
const SPREAD_MS: u32 = 2_000;

/// The JSON protocol of one client.
#[derive(Debug)]
pub struct Json {
    lang: Lang,
    /// Whether the client can be in many rooms, and is told with each message which it is about.
    many: bool,
    /// The page of history that is being written has no record yet.
    page_empty: bool,
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
    pub fn new(lang: Lang, many: bool) -> Self {
        Self {
            lang,
            many,
            page_empty: true,
        }
    }

    pub(super) fn many(&self) -> bool {
        self.many
    }

    pub(super) fn render(&mut self, room: Option<&str>, event: &Event<'_>, out: &mut dyn Out) {
        let start = out.buffer().len();
        self.put_event(room.is_some(), event, out);
        let begins = !matches!(
            event,
            Event::Past(_) | Event::PageEnd { .. } | Event::Welcome(_)
        );
        if let Some(room) = room.filter(|_| begins) {
            put_room(room, start, out.buffer());
        }
    }

    fn put_event(&mut self, in_room: bool, event: &Event<'_>, out: &mut dyn Out) {
        match event {
            Event::Hello(hello) => self.hello(hello, out.buffer()),
            Event::Bye { reason, line } if in_room => {
                let parted = self.end("parted", *reason, *line);
                put(&parted, out.buffer());
            }
            Event::Welcome(welcome) => self.welcome(welcome, out),
            Event::Record(live) => record(live, out.buffer()),
            Event::PageStart(span) => {
                self.page_empty = true;
                start_page(*span, out.buffer());
            }
            Event::Past(past) => {
                put_past(std::mem::take(&mut self.page_empty), past, out.buffer());
            }
            Event::About(about) => put(&RoomAbout::of(about), out.buffer()),
            Event::Profiles(people) => put_profiles(people, out.buffer()),
            Event::Mark(reading) => {
                let message = MarkMessage {
                    kind: "mark",
                    own: reading.is_some(),
                    reading: reading.map(ReadTo::from),
                };
                put(&message, out.buffer());
            }
            Event::Former {
                target,
                forms,
                msgid,
            } => former::put_former(*target, forms, *msgid, out.buffer()),
            Event::Told { channel, record } => channel::put_told(channel, record, out.buffer()),
            Event::PageEnd { more, cursor } => end_page(*more, *cursor, out.buffer()),
            event => {
                if let Some(message) = self.message(event) {
                    put(&message, out.buffer());
                }
            }
        }
    }

    /// What is neither a record nor a list of them.
    fn message<'a>(&self, event: &Event<'a>) -> Option<Message<'a>> {
        Some(match *event {
            Event::Ack { .. }
            | Event::You { .. }
            | Event::Pong(_)
            | Event::Link { .. }
            | Event::Subscribed { .. }
            | Event::Authenticated(_)
            | Event::Accepting(_) => answer(event)?,
            Event::Info { command, lines } => Message {
                command: Some(command),
                text: Some(Cow::Owned(self.joined(lines))),
                rows: rows::rows(lines, self.lang),
                ..Message::of("info")
            },
            Event::Notice { code, line } => Message {
                code: Some(code.as_str()),
                text: Some(self.worded(line)),
                ..Message::of("notice")
            },
            Event::Error { code, line, msgid } => Message {
                code: Some(code.as_str()),
                text: Some(self.worded(line)),
                msgid: msgid.map(Cow::Borrowed),
                ..Message::of("error")
            },
            Event::Unsubscribed { channel, why } => Message {
                channel: Some(channel),
                code: why.map(|(code, _)| code.as_str()),
                text: why.map(|(_, line)| self.worded(line)),
                ..Message::of("unsubscribed")
            },
            Event::Bye { reason, line } => self.end("bye", reason, line),
            _ => private(event)?,
        })
    }

    /// The end of the connection, or of a stay.
    fn end<'a>(&self, kind: &'a str, reason: Bye, line: Line<'_>) -> Message<'a> {
        // Who is sent to another machine goes in a moment of their own anyway.
        let spread = (reason == Bye::ShuttingDown).then_some(SPREAD_MS);
        let (reason, code) = bye(reason);
        Message {
            reason: Some(match reason {
                // Who is in one room alone quits it.
                "part" if kind == "bye" => "quit",
                reason => reason,
            }),
            code: code.map(Code::as_str),
            text: Some(self.worded(line)),
            spread,
            ..Message::of(kind)
        }
    }

    fn worded<'a>(&self, line: Line<'_>) -> Cow<'a, str> {
        Cow::Owned(Worded(self.lang, line).to_string())
    }

    fn joined(&self, lines: &[Line<'_>]) -> String {
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let separator = if at > 0 { "\n" } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{}", Worded(self.lang, *line));
        }
        text
    }
}

/// Puts `room` at the start of the message that begins at `start`, if there is one.
fn put_room(room: &str, start: usize, out: &mut Vec<u8>) {
    if out.len() <= start {
        return;
    }
    let mut field = Vec::with_capacity(room.len() + 12);
    field.extend_from_slice(b"\"room\":");
    if serde_json::to_writer(&mut field, room).is_ok() {
        field.push(b',');
        let at = start + "{".len();
        out.splice(at..at, field);
    }
}

/// The line end and the brace of an object go: a list comes.
fn open_again(out: &mut Vec<u8>) {
    out.truncate(out.len().saturating_sub("}\n".len()));
}

fn bye(reason: Bye) -> (&'static str, Option<Code>) {
    match reason {
        Bye::Kicked => ("kicked", None),
        Bye::Banned => ("banned", None),
        Bye::Replaced => ("replaced", None),
        Bye::LoggedOut => ("logged_out", None),
        Bye::Expired => ("expired", None),
        Bye::ShuttingDown => ("shutting down", None),
        // Who knows no code comes back all the same.
        Bye::Draining => ("shutting down", Some(Code::Draining)),
        Bye::Quit => ("quit", None),
        Bye::Part => ("part", None),
        Bye::Dismissed => ("dismissed", None),
        Bye::Moved => ("moved", None),
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
    use crate::occupant::Span;
    use chat_store::record::Record;
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
            "{\"type\":\"say\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"from\":\"alice\",\"color\":\"red\",\"msgid\":\"m1\",\"text\":\"a \\\"b\\\"\\n\\n<\"}\n"
        );
        let late = Draft {
            extra: &[("was", Some("2026-11-21T10:15:29.000001Z"))],
            ..Draft::new(Kind::Say, "alice", "put back")
        };
        assert_eq!(
            written(&late),
            "{\"type\":\"say\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"from\":\"alice\",\"was\":\"2026-11-21T10:15:29.000001Z\",\"text\":\"put back\"}\n"
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
        start_page(Span::Since(id), &mut out);
        put_past(true, &past, &mut out);
        put_past(false, &past, &mut out);
        end_page(true, Some(id), &mut out);
        start_page(Span::Newest, &mut out);
        end_page(false, Some(id), &mut out);
        let join = r#"{"type":"join","id":"2026-11-21T10:15:30.123456Z","from":"alice"}"#;
        let page = format!(
            "{{\"type\":\"history\",\"since\":\"2026-11-21T10:15:30.123456Z\",\"records\":[{join},{join}],\"more\":true,\"cursor\":\"2026-11-21T10:15:30.123456Z\"}}\n"
        );
        let empty = "{\"type\":\"history\",\"records\":[],\"more\":false}\n";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), page + empty);
    }

    #[test]
    fn what_concerns_a_room_says_which() {
        let (mut log, mut out) = (Vec::new(), Vec::new());
        let id = RecordId::parse(b"2026-11-21T10:15:30.123456Z").expect("an id");
        Draft::new(Kind::Join, "alice", "").write_to(id, &mut log);
        let join = Record::parse(&log).expect("a record");
        let (mut json, room) = (Json::new(Lang::En, true), Some("a\"b"));
        let end = Event::PageEnd {
            more: false,
            cursor: None,
        };
        let part = Event::Bye {
            reason: Bye::Part,
            line: Line::Goodbye,
        };
        json.render(room, &Event::Record(&join), &mut out);
        json.render(room, &Event::PageStart(Span::Newest), &mut out);
        json.render(room, &Event::Past(&join), &mut out);
        json.render(room, &end, &mut out);
        json.render(room, &part, &mut out);
        json.render(None, &part, &mut out);
        let join = r#""type":"join","id":"2026-11-21T10:15:30.123456Z","from":"alice"}"#;
        let room = r#"{"room":"a\"b","#;
        let lines = [
            format!("{room}{join}"),
            format!("{room}\"type\":\"history\",\"records\":[{{{join}],\"more\":false}}"),
            format!(r#"{room}"type":"parted","reason":"part","text":"goodbye"}}"#),
            r#"{"type":"bye","reason":"quit","text":"goodbye"}"#.into(),
        ];
        assert_eq!(
            String::from_utf8(out).expect("UTF-8"),
            lines.join("\n") + "\n"
        );
    }

    #[test]
    fn what_is_no_json_is_no_signal() {
        let mut out = Vec::new();
        let mut json = Json::new(Lang::En, false);
        for data in ["", "{", "1}\n{\"type\":\"bye\""] {
            json.render(
                None,
                &Event::Signal {
                    person: None,
                    id: RecordId::ZERO,
                    from: "a",
                    to: "b",
                    data,
                    own: false,
                },
                &mut out,
            );
        }
        assert!(out.is_empty());
    }
}
