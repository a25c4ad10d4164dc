//! What an occupant may want.

use std::borrow::Cow;

use super::Code;
use chat_store::attachments::AttachmentId;
use chat_store::record::RecordId;

/// Whom something is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee<'a> {
    /// The name that the sender saw.
    pub name: Cow<'a, str>,
    /// Whose name it was then, if the client knows: nobody else gets it.
    pub person: Option<Cow<'a, str>>,
}

impl<'a> Addressee<'a> {
    /// Whoever is called so.
    pub fn named(name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            person: None,
        }
    }
}

/// What somebody wants of a room that is for some only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// To let somebody in.
    Admit(Addressee<'a>),
    /// To have a link that lets people in: for so many hours, so many of them.
    Link {
        /// Hours.
        hours: u32,
        /// People.
        uses: u32,
    },
    /// To send somebody away for good.
    Dismiss(Addressee<'a>),
    /// To see who may be in it.
    Members,
    /// A word that lets people in; empty: none.
    Password(Cow<'a, str>),
    /// What it is called.
    Rename(Cow<'a, str>),
    /// Not to be a member any more.
    Leave,
    /// An open room is to be for those who are in it.
    MakePrivate,
    /// It is to be for everybody.
    MakeOpen {
        /// Under this name, else under the one it had.
        name: Option<Cow<'a, str>>,
        /// What was said before is not shown then.
        hides: bool,
    },
}

/// What somebody wants of a message that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AboutMessage<'a> {
    /// To write one of their own anew.
    Edit(Cow<'a, str>),
    /// To take one of their own back.
    Delete,
    /// To know its former forms.
    Former,
    /// To react to it with an emoji.
    React(Cow<'a, str>),
    /// To take that back.
    Unreact(Cow<'a, str>),
    /// To pin it in the room.
    Pin,
    /// To take it off.
    Unpin,
}

/// One request of a client.
#[derive(Debug)]
pub enum Request<'a> {
    /// A message or a `/command`.
    Say {
        /// As typed.
        text: Cow<'a, str>,
        /// No command, whatever it begins with.
        literal: bool,
        /// What it answers.
        reply: Option<RecordId>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// A message that has files.
    SayWith {
        /// As typed; may be nothing.
        text: Cow<'a, str>,
        /// The files, which came by chat-cgi.
        files: Vec<AttachmentId>,
        /// What it answers.
        reply: Option<RecordId>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// A private message.
    Whisper {
        /// For whom.
        to: Addressee<'a>,
        /// As typed.
        text: Cow<'a, str>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// WebRTC signaling.
    Signal {
        /// For whom.
        to: Addressee<'a>,
        /// What the two clients understand.
        data: &'a str,
    },
    /// They are typing.
    Typing {
        /// For whom; `None`: all.
        to: Option<Addressee<'a>>,
        /// Whether they still are.
        active: bool,
        /// What.
        preview: Option<Cow<'a, str>>,
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
    /// Single messages, by their ids.
    Messages(Vec<RecordId>),
    /// Something about a message.
    AboutMessage {
        /// Which.
        target: RecordId,
        /// What.
        what: AboutMessage<'a>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// A new color.
    Color(Cow<'a, str>),
    /// A new name.
    Nick(Cow<'a, str>),
    /// A new topic.
    Topic(Cow<'a, str>),
    /// Read up to here.
    Read {
        /// The newest that they have seen.
        id: RecordId,
        /// Whether the others are told, and they of the others; `None`: a client that knows nothing of it.
        shows: Option<bool>,
    },
    /// Something about who may be in the room.
    Circle {
        /// What.
        act: Act<'a>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
}

impl Request<'_> {
    /// The client's own id of it, if it may have one.
    pub fn msgid(&self) -> Option<&str> {
        match self {
            Self::Say { msgid, .. }
            | Self::SayWith { msgid, .. }
            | Self::Whisper { msgid, .. }
            | Self::AboutMessage { msgid, .. }
            | Self::Circle { msgid, .. } => msgid.as_deref(),
            _ => None,
        }
    }

    /// Bytes that wait for others until they read them.
    pub(super) fn side_bytes(&self) -> usize {
        match self {
            Self::Signal { data, .. } => data.len(),
            Self::Typing { preview, .. } => preview.as_deref().map_or(0, str::len),
            _ => 0,
        }
    }

    /// Whether it is something that others are to read: such are throttled as messages.
    pub(super) fn is_talk(&self) -> bool {
        if let Self::AboutMessage { what, .. } = self {
            return !matches!(
                what,
                AboutMessage::React(_) | AboutMessage::Unreact(_) | AboutMessage::Former
            );
        }
        matches!(
            self,
            Self::Say { .. }
                | Self::SayWith { .. }
                | Self::Whisper { .. }
                | Self::Color(_)
                | Self::Nick(_)
                | Self::Topic(_)
                | Self::Circle { .. }
        )
    }
}

/// Why what a client sent is no request. The connection stays.
#[derive(Debug)]
pub struct BadRequest<'a> {
    /// [`Code::BadJson`], [`Code::BadField`], [`Code::UnknownType`], [`Code::TooLong`] or
    /// [`Code::NotInRoom`].
    pub code: Code,
    /// For people.
    pub reason: Cow<'a, str>,
    /// If it could be read.
    pub msgid: Option<Cow<'a, str>>,
}

impl<'a> BadRequest<'a> {
    /// What was meant for a room that they are not in.
    pub fn not_in_room(room: &'a str, msgid: Option<&'a str>) -> Self {
        Self {
            code: Code::NotInRoom,
            reason: Cow::Borrowed(room),
            msgid: msgid.map(Cow::Borrowed),
        }
    }

    /// What was longer than any request may be.
    pub fn too_long() -> Self {
        Self {
            code: Code::TooLong,
            reason: Cow::Borrowed(""),
            msgid: None,
        }
    }
}
