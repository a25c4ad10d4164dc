//! The messages that are one object with few fields.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Id;
use super::rows::Row;
use crate::occupant::Event;

/// Any message but `welcome`: all fields there are; those not set are left out.
#[derive(Default, Serialize)]
pub(super) struct Message<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) msgid: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rows: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moderator: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) muted: Option<bool>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) private: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uses: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spread: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<Id>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}

impl<'a> Message<'a> {
    pub(super) fn of(kind: &'a str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}

/// What became of a request.
pub(super) fn answer<'a>(event: &Event<'a>) -> Option<Message<'a>> {
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
        Event::Authenticated(until) => Message {
            until: until.map(Id),
            ..Message::of("authenticated")
        },
        Event::Subscribed { channel, last } => Message {
            channel: Some(channel),
            last: Some(Id(last)),
            ..Message::of("subscribed")
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
pub(super) fn private<'a>(event: &Event<'a>) -> Option<Message<'a>> {
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
