//! What a client is told first: `welcome` of each room, and `hello` before that to who can be in many.

use serde::Serialize;

use super::reading::{OwnRoom, ReadTo, own_room};
use super::{Id, Json, open_again, put};
use crate::occupant::{Hello, Welcome};
use crate::settings::{Lang, Limits};
use crate::wire::Out;
use chat_store::name::MAX_NICK_CHARS;

/// The version told in `welcome`; another is for clients that ask for it.
const PROTOCOL: u32 = 1;
/// The version told in `hello`: many rooms on one connection.
const PROTOCOL_OF_MANY: u32 = 2;

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
    pins: Vec<Id>,
    you: &'a str,
    color: &'a str,
    moderator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    comings: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Id>,
    #[serde(flatten)]
    reading: Option<ReadTo>,
    #[serde(flatten)]
    about: Option<About<'a>>,
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
    /// A message may have several lines.
    lines: bool,
    /// Bytes of a file; without it there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<u64>,
    /// Minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<u32>,
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
            lines: true,
            file: Some(limits.max_file).filter(|&size| size > 0),
            edit: limits.edit_minutes,
            delete: limits.delete_minutes,
        }
    }
}

impl Json {
    pub(super) fn hello(&self, hello: &Hello<'_>, out: &mut Vec<u8>) {
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

    pub(super) fn welcome(&self, welcome: &Welcome<'_>, out: &mut dyn Out) {
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
            pins: welcome.pins.iter().copied().map(Id).collect(),
            you: welcome.you,
            color: welcome.color,
            moderator: welcome.moderator,
            comings: (!welcome.comings).then_some(false),
            oldest: welcome.oldest.map(Id),
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
}
