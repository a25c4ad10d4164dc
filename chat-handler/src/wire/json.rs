//! The protocol of the new pages: one JSON object a message. See docs/chat-protocol.md.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Out;
use crate::occupant::{Bye, Code, Event, Hello, Reading, Span, Welcome};
use crate::settings::{Lang, Limits};
use crate::wording::{Line, Worded};
use chat_store::name::MAX_NICK_CHARS;
use chat_store::people::marks::Mark;
use chat_store::record::{Record, RecordId};

mod about;
pub mod parse;
mod record;
mod rows;

use about::RoomAbout;

pub use record::record;

use rows::Row;

/// The version told in `welcome`; another is for clients that ask for it.
const PROTOCOL: u32 = 1;
/// The version told in `hello`: many rooms on one connection.
const PROTOCOL_OF_MANY: u32 = 2;

/// The JSON protocol of one client.
#[derive(Debug)]
pub struct Json {
    lang: Lang,
    /// Whether the client can be in many rooms, and is told with each message which it is about.
    many: bool,
    /// The page of history that is being written has no record yet.
    page_empty: bool,
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
    person: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<Row<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
}

/// What a piece of the first message grows to, in bytes.
const PIECE_BYTES: usize = 4 * 1024;

/// Somebody in the room.
#[derive(Serialize)]
struct Member<'a> {
    name: &'a str,
    color: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a str>,
}

/// What a client is told when a room lets it in, without the list of members. Who is in many rooms
/// was told the rest by `hello`.
#[derive(Serialize)]
struct FirstOfRoom<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<u32>,
    room: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a str>,
    description: &'a str,
    topic: &'a str,
    you: &'a str,
    color: &'a str,
    moderator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    comings: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Id>,
    #[serde(flatten)]
    reading: Option<ReadTo>,
    #[serde(flatten)]
    about: Option<About<'a>>,
}

/// How far the client's person has read.
#[derive(Serialize)]
struct ReadTo {
    read: Id,
    notify: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<usize>,
}

impl From<Reading> for ReadTo {
    fn from(reading: Reading) -> Self {
        Self {
            read: Id(reading.read),
            notify: reading.level.as_str(),
            unread: reading.unread.map(|(all, _)| all),
            mentions: reading.unread.map(|(_, named)| named),
        }
    }
}

/// One of the person's rooms.
#[derive(Serialize)]
struct OwnRoom<'a> {
    room: &'a str,
    #[serde(flatten)]
    reading: ReadTo,
}

/// What another connection of the person did.
#[derive(Serialize)]
struct MarkMessage {
    #[serde(rename = "type")]
    kind: &'static str,
    own: bool,
    #[serde(flatten)]
    reading: Option<ReadTo>,
}

/// What holds for the whole connection.
#[derive(Serialize)]
struct About<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a str>,
    now: Id,
    lang: &'a str,
    limits: Bounds,
}

/// The first message to who can be in many rooms.
#[derive(Serialize)]
struct FirstOfAll<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    protocol: u32,
    name: &'a str,
    #[serde(flatten)]
    about: About<'a>,
    rooms: Vec<OwnRoom<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<usize>,
}

impl Bounds {
    fn of(limits: &Limits, rooms: Option<usize>) -> Self {
        Self {
            message: limits.max_message,
            signal: limits.max_signal,
            history: limits.max_history,
            nick: MAX_NICK_CHARS,
            rate: limits.rate,
            burst: limits.burst,
            members: limits.max_members,
            rooms,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl<'a> Message<'a> {
    fn of(kind: &'a str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
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
            Event::Mark(reading) => {
                let message = MarkMessage {
                    kind: "mark",
                    own: reading.is_some(),
                    reading: reading.map(ReadTo::from),
                };
                put(&message, out.buffer());
            }
            Event::PageEnd { more, cursor } => end_page(*more, *cursor, out.buffer()),
            event => {
                if let Some(message) = self.message(event) {
                    put(&message, out.buffer());
                }
            }
        }
    }

    fn hello(&self, hello: &Hello<'_>, out: &mut Vec<u8>) {
        let message = FirstOfAll {
            kind: "hello",
            protocol: PROTOCOL_OF_MANY,
            name: hello.name,
            about: About {
                account: hello.account,
                person: Some(hello.person),
                now: Id(hello.now),
                lang: self.lang(),
                limits: Bounds::of(hello.limits, Some(hello.most_rooms)),
            },
            rooms: hello.rooms.iter().map(own_room).collect(),
        };
        put(&message, out);
    }

    fn lang(&self) -> &'static str {
        match self.lang {
            Lang::En => "en",
            Lang::Cs => "cs",
        }
    }

    fn welcome(&self, welcome: &Welcome<'_>, out: &mut dyn Out) {
        let about = About {
            account: welcome.account,
            person: Some(welcome.person),
            now: Id(welcome.now),
            lang: self.lang(),
            limits: Bounds::of(welcome.limits, None),
        };
        let message = FirstOfRoom {
            kind: "welcome",
            protocol: (!self.many).then_some(PROTOCOL),
            room: welcome.room,
            asked: Some(welcome.asked).filter(|asked| self.many && *asked != welcome.room),
            description: welcome.description,
            topic: welcome.topic,
            you: welcome.you,
            color: welcome.color,
            moderator: welcome.moderator,
            comings: (!welcome.comings).then_some(false),
            last: welcome.last.map(Id),
            reading: welcome.reading.map(ReadTo::from),
            about: (!self.many).then_some(about),
        };
        let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        put(&message, &mut piece);
        open_again(&mut piece);
        piece.extend_from_slice(b",\"members\":[");
        for (at, member) in welcome.members.iter().enumerate() {
            if at > 0 {
                piece.push(b',');
            }
            let member = Member {
                name: member.nick,
                color: member.color,
                account: member.account,
                person: member.person,
            };
            put(&member, &mut piece);
            piece.truncate(piece.len().saturating_sub("\n".len()));
            if piece.len() >= PIECE_BYTES {
                out.pass(&piece);
                piece.clear();
            }
        }
        piece.extend_from_slice(b"]}\n");
        out.pass(&piece);
    }

    /// What is neither a record nor a list of them.
    fn message<'a>(&self, event: &Event<'a>) -> Option<Message<'a>> {
        Some(match *event {
            Event::Ack { .. }
            | Event::You { .. }
            | Event::Pong(_)
            | Event::Link { .. }
            | Event::Accepting(_) => answer(event)?,
            Event::Info { command, lines } => Message {
                command: Some(command),
                text: Some(Cow::Owned(self.joined(lines))),
                rows: rows::rows(lines),
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
            Event::Bye { reason, line } => self.end("bye", reason, line),
            _ => private(event)?,
        })
    }

    /// The end of the connection, or of a stay.
    fn end<'a>(&self, kind: &'a str, reason: Bye, line: Line<'_>) -> Message<'a> {
        let (reason, code) = bye(reason);
        Message {
            reason: Some(match reason {
                // Who is in one room alone quits it.
                "part" if kind == "bye" => "quit",
                reason => reason,
            }),
            code: code.map(Code::as_str),
            text: Some(self.worded(line)),
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

/// What became of a request.
fn answer<'a>(event: &Event<'a>) -> Option<Message<'a>> {
    Some(match *event {
        Event::Ack {
            msgid,
            id,
            duplicate,
        } => Message {
            msgid: Some(Cow::Borrowed(msgid)),
            id: id.map(Id),
            duplicate,
            ..Message::of("ack")
        },
        Event::You {
            name,
            color,
            moderator,
            muted,
        } => Message {
            name: Some(name),
            color: Some(Cow::Borrowed(color)),
            moderator: Some(moderator),
            muted: Some(muted),
            ..Message::of("you")
        },
        Event::Accepting(accept) => Message {
            level: Some(accept.as_str()),
            ..Message::of("accepting")
        },
        Event::Link {
            token,
            until,
            uses,
            msgid,
        } => Message {
            token: Some(token),
            until: Some(Id(until)),
            uses: Some(uses),
            msgid: msgid.map(Cow::Borrowed),
            ..Message::of("invitation")
        },
        Event::Pong(now) => Message {
            now: Some(Id(now)),
            ..Message::of("pong")
        },
        _ => return None,
    })
}

/// What concerns this client alone.
fn private<'a>(event: &Event<'a>) -> Option<Message<'a>> {
    Some(match *event {
        Event::Whisper {
            id,
            from,
            person,
            to,
            text,
            msgid,
        } => Message {
            id: Some(Id(id)),
            from: Some(from),
            person,
            to: Some(to),
            text: Some(Cow::Borrowed(text)),
            msgid: msgid.map(Cow::Borrowed),
            ..Message::of("whisper")
        },
        Event::Signal {
            from,
            person,
            to,
            data,
            own: false,
            ..
        } => Message {
            from: Some(from),
            person,
            to: Some(to),
            // What is not JSON came from somebody else's hand into the inbox.
            data: Some(serde_json::from_str(data).ok()?),
            ..Message::of("signal")
        },
        Event::Typing {
            from,
            active,
            private,
            preview,
        } => Message {
            from: Some(from),
            state: Some(active),
            text: preview.map(Cow::Borrowed),
            private,
            ..Message::of("typing")
        },
        Event::Here { from } => Message {
            from: Some(from),
            ..Message::of("here")
        },
        Event::Read { from, id } => Message {
            from: Some(from),
            id: Some(Id(id)),
            ..Message::of("read")
        },
        _ => return None,
    })
}

fn own_room(mark: &Mark) -> OwnRoom<'_> {
    OwnRoom {
        room: mark.room.as_str(),
        reading: Reading::uncounted(mark).into(),
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

/// A page is written piece by piece, so that no page is ever held as a whole.
fn start_page(span: Span, out: &mut Vec<u8>) {
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

fn put_past(first: bool, past: &Record<'_>, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    record(past, out);
    out.truncate(out.len().saturating_sub("\n".len()));
}

fn end_page(more: bool, cursor: Option<RecordId>, out: &mut Vec<u8>) {
    out.extend_from_slice(if more {
        b"],\"more\":true"
    } else {
        b"],\"more\":false"
    });
    if let (true, Some(id)) = (more, cursor) {
        out.extend_from_slice(b",\"cursor\":\"");
        out.extend_from_slice(&id.to_text());
        out.push(b'"');
    }
    out.extend_from_slice(b"}\n");
}

fn bye(reason: Bye) -> (&'static str, Option<Code>) {
    match reason {
        Bye::Kicked => ("kicked", None),
        Bye::Banned => ("banned", None),
        Bye::Replaced => ("replaced", None),
        Bye::ShuttingDown => ("shutting down", None),
        Bye::Quit => ("quit", None),
        Bye::Part => ("part", None),
        Bye::Dismissed => ("dismissed", None),
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
