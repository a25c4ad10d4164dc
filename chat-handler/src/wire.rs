//! The two wires: what happens, as lines for the client; what the client sends, as requests. Pure.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::settings::{Lang, Limits};
use crate::wording::Line;
use chat_store::people::presence::Members;
use chat_store::record::{Record, RecordId};

pub mod clock;
pub mod json;
pub mod text;

pub use clock::Clock;

/// What a client may want.
#[derive(Debug)]
pub enum Request<'a> {
    /// A message or a `/command`.
    Say {
        /// As typed.
        text: Cow<'a, str>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// A private message.
    Whisper {
        /// For whom.
        to: Cow<'a, str>,
        /// As typed.
        text: Cow<'a, str>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// WebRTC signaling.
    Signal {
        /// For whom.
        to: Cow<'a, str>,
        /// Any JSON.
        data: &'a RawValue,
    },
    /// Somebody types.
    Typing {
        /// For whom; `None`: all.
        to: Option<Cow<'a, str>>,
        /// Whether they still do.
        state: bool,
        /// What.
        text: Option<Cow<'a, str>>,
    },
    /// A page of history.
    History {
        /// Only older ones.
        before: Option<RecordId>,
        /// Only newer ones.
        since: Option<RecordId>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// A new color.
    Color(Cow<'a, str>),
    /// A new name.
    Nick(Cow<'a, str>),
    /// A new topic.
    Topic(Cow<'a, str>),
    /// Read up to here.
    Read(RecordId),
    /// Are you there?
    Ping,
    /// Goodbye.
    Quit,
}

/// Why a client's line is no request. The connection stays.
#[derive(Debug)]
pub struct BadRequest<'a> {
    /// `bad_json`, `unknown_type`, `bad_field`.
    pub code: &'static str,
    /// For people.
    pub reason: Cow<'a, str>,
    /// If it could be read.
    pub msgid: Option<Cow<'a, str>>,
}

/// Everything a newcomer is told first.
#[derive(Debug)]
pub struct Welcome<'a> {
    /// The room.
    pub room: &'a str,
    /// From the settings; empty: none.
    pub description: &'a str,
    /// Empty: none.
    pub topic: &'a str,
    /// The newcomer's nick.
    pub you: &'a str,
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// Their color.
    pub color: &'a str,
    /// Whether they may moderate.
    pub moderator: bool,
    /// All, with the newcomer.
    pub members: &'a Members,
    /// The newest id in the log.
    pub last: Option<RecordId>,
    /// The server's clock.
    pub now: RecordId,
    /// The server's language.
    pub lang: Lang,
    /// The server's limits.
    pub limits: &'a Limits,
}

/// How a page of history was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest.
    Newest,
    /// Older than this.
    Before(RecordId),
    /// Newer than this.
    Since(RecordId),
}

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bye {
    /// By a moderator.
    Kicked,
    /// By a moderator.
    Banned,
    /// The server stops.
    ShuttingDown,
    /// They asked for it.
    Quit,
    /// Never got in; the code says why.
    Refused(&'static str),
}

/// Something that the client is told, besides records.
#[derive(Debug)]
pub enum Event<'a> {
    /// Your message is in the log (with an id), or what you asked for is done.
    Ack {
        /// Your own id of it.
        msgid: &'a str,
        /// Where it is.
        id: Option<RecordId>,
        /// It was there already.
        duplicate: bool,
    },
    /// Private, to you or from you.
    Whisper {
        /// When.
        id: RecordId,
        /// From whom.
        from: &'a str,
        /// For whom.
        to: &'a str,
        /// What.
        text: &'a str,
        /// Only for the sender.
        msgid: Option<&'a str>,
    },
    /// WebRTC signaling for you.
    Signal {
        /// When.
        id: RecordId,
        /// From whom.
        from: &'a str,
        /// For whom.
        to: &'a str,
        /// JSON, as text.
        data: &'a str,
    },
    /// Somebody types.
    Typing {
        /// Who.
        from: &'a str,
        /// What they do.
        typing: &'a Typing<'a>,
    },
    /// Somebody has read up to here.
    Read {
        /// Who.
        from: &'a str,
        /// Where they are.
        id: RecordId,
    },
    /// An answer only for you.
    Info {
        /// Which command asked.
        command: &'static str,
        /// The answer, one line each.
        lines: &'a [String],
    },
    /// Something to know.
    Notice {
        /// `throttled`, `storage`.
        code: &'static str,
        /// For people.
        line: Line<'a>,
    },
    /// You have changed.
    You {
        /// Your nick.
        name: &'a str,
        /// Your color.
        color: &'a str,
        /// Whether you may moderate.
        moderator: bool,
        /// Whether you may not speak.
        muted: bool,
    },
    /// Not accepted.
    Error {
        /// Stable.
        code: &'static str,
        /// For people.
        line: Line<'a>,
        /// Of what.
        msgid: Option<&'a str>,
    },
    /// The end.
    Bye {
        /// Why.
        reason: Bye,
        /// For people.
        line: Line<'a>,
    },
    /// The answer to ping.
    Pong(RecordId),
}

/// What a typing message says; as JSON it is the text of an inbox record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Typing<'a> {
    /// Whether they still type.
    pub state: bool,
    /// What they type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    /// Only for you.
    #[serde(default)]
    pub private: bool,
}

/// A client's protocol, with what it needs to know for rendering.
#[derive(Debug)]
pub enum Wire {
    /// The pages of 2016.
    Text(text::Text),
    /// The new ones.
    Json(json::Json),
}

impl Wire {
    /// Gives the first message, in pieces: a crowd's list of members is long. Text sends the list
    /// after the join instead.
    pub fn welcome(&mut self, welcome: &Welcome<'_>, give: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Text(text) => {
                let mut line = Vec::new();
                text.welcome(welcome, &mut line);
                give(&line);
            }
            Self::Json(json) => json.welcome(welcome, give),
        }
    }

    /// Gives what must come before a live record.
    pub fn before(&mut self, record: &Record<'_>, give: &mut dyn FnMut(&[u8])) {
        if let Self::Text(text) = self {
            text.list_before(record, give);
        }
    }

    /// Appends a live record, after [`Wire::before`].
    pub fn record(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => text.record(record, out),
            Self::Json(_) => json::record(record, out),
        }
    }

    /// Appends anything else.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => text.event(event, out),
            Self::Json(json) => json.event(event, out),
        }
    }

    /// Gives what waits for the end of a batch of records.
    pub fn finish_batch(&mut self, give: &mut dyn FnMut(&[u8])) {
        if let Self::Text(text) = self {
            text.finish_batch(give);
        }
    }

    /// Whether somebody of exactly this name is here, as far as the text protocol's list goes.
    pub fn knows(&self, name: &str) -> bool {
        matches!(self, Self::Text(text) if text.knows(name))
    }

    /// Whether this is the text protocol.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// A page of history that is being appended, record by record: nothing is collected.
#[derive(Debug)]
pub struct Page {
    empty: bool,
}

impl Page {
    /// Begins a page.
    pub fn begin(wire: &Wire, span: Span, out: &mut Vec<u8>) -> Self {
        if let Wire::Json(_) = wire {
            json::begin_history(span, out);
        }
        Self { empty: true }
    }

    /// Appends one record, the oldest first.
    pub fn put(&mut self, wire: &mut Wire, record: &Record<'_>, out: &mut Vec<u8>) {
        match wire {
            Wire::Text(text) => text.past(record, out),
            Wire::Json(_) => json::put_history(self.empty, record, out),
        }
        self.empty = false;
    }

    /// Ends the page.
    pub fn end(self, wire: &Wire, more: bool, out: &mut Vec<u8>) {
        if let Wire::Json(_) = wire {
            json::end_history(more, out);
        }
    }
}
