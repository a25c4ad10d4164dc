//! What one person is told and nobody else: the meaning of an inbox's records.
//!
//! A record's kind says what it is, its text holds words of people, its attributes the rest. A reader
//! skips keys that it does not know, and messages that lack one it needs.

use std::borrow::Cow;

use crate::record::{Draft, Kind, Record, RecordId, attrs};

/// Whether somebody is typing: `1` or `0`.
const TYPING: &str = "typing";
/// A typing hint that only its receiver gets.
const PRIVATE: &str = "private";
/// The text is what they are typing.
const PREVIEW: &str = "preview";
/// Who is reported, and for which message.
const ABOUT: &str = "about";
const MESSAGE: &str = "message";
/// An id up to which somebody has read.
const READ: &str = "read";
/// A page of somebody who was there already.
const HERE: &str = "here";

/// A message for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Words for them alone.
    Whisper {
        /// The words.
        text: Cow<'a, str>,
        /// The sender's client's own id, on several machines: the receiver's machine knows what is said again.
        msgid: Option<Cow<'a, str>>,
    },
    /// Words that the receiver has whispered from another connection of theirs.
    Sent {
        /// What the addressee is called.
        to: Cow<'a, str>,
        /// The words.
        text: Cow<'a, str>,
        /// The client's own id.
        msgid: Option<Cow<'a, str>>,
    },
    /// WebRTC signaling, as the sender had it.
    Signal(Cow<'a, str>),
    /// The sender is typing.
    Typing {
        /// Whether they still are.
        active: bool,
        /// Whether the receiver alone is told.
        private: bool,
        /// What they have typed so far, if they show it.
        preview: Option<Cow<'a, str>>,
    },
    /// The sender has read up to here.
    Read(RecordId),
    /// The sender, who was there already, has come with another page, or is back.
    Here,
    /// They must leave; the reason.
    Kick(Cow<'a, str>),
    /// They must leave and not come back; the reason.
    Ban(Cow<'a, str>),
    /// They may not speak; the reason.
    Mute(Cow<'a, str>),
    /// They may speak again.
    Unmute,
    /// A page of theirs has come back on another connection: its old one ends. What names the page.
    Replaced(Cow<'a, str>),
    /// Their name is an account's, whose owner comes: they take another.
    GiveWay,
    /// They have another role: they look it up.
    Role,
    /// Something about their account has changed: they look it up, and go if it is theirs no more.
    Account,
    /// The sender reports somebody to the moderators.
    Report {
        /// Whom.
        about: Cow<'a, str>,
        /// For which message.
        message: Option<RecordId>,
        /// Why.
        reason: Cow<'a, str>,
    },
    /// Words of an administrator.
    Notice(Cow<'a, str>),
}

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender<'a> {
    /// Their nick.
    pub nick: &'a str,
    /// Who they logged in as.
    pub account: Option<&'a str>,
    /// Their number under all names.
    pub person: Option<&'a str>,
    /// Their color.
    pub color: Option<&'a str>,
}

impl<'a> Sender<'a> {
    /// Somebody of whom the nick is enough.
    pub fn new(nick: &'a str) -> Self {
        Self {
            nick,
            account: None,
            person: None,
            color: None,
        }
    }
}

impl<'a> Message<'a> {
    /// A whisper that nobody says again.
    pub fn whisper(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Whisper {
            text: text.into(),
            msgid: None,
        }
    }

    /// Whether its sender is to know that it did not arrive. Signals are sent again by pages, and what somebody types is
    /// worth nothing later.
    pub(crate) fn must_arrive(&self) -> bool {
        !matches!(
            self,
            Self::Signal(_) | Self::Typing { .. } | Self::Read(_) | Self::Here
        )
    }

    /// What a record of an inbox means; `None`: nothing that this version knows.
    pub fn of(record: &'a Record<'_>) -> Option<Self> {
        let text = || Cow::Borrowed(&*record.text);
        Some(match record.kind {
            Kind::Whisper => match record.attr(attrs::TO) {
                Some(to) => Self::Sent {
                    to,
                    text: text(),
                    msgid: record.attr(attrs::MSGID),
                },
                None => Self::Whisper {
                    text: text(),
                    msgid: record.attr(attrs::MSGID),
                },
            },
            Kind::Signal => Self::Signal(text()),
            Kind::Typing => return Self::hint(record),
            Kind::Kick => Self::Kick(text()),
            Kind::Ban => Self::Ban(text()),
            Kind::Mute => Self::Mute(text()),
            Kind::Unmute => Self::Unmute,
            Kind::Replaced => Self::Replaced(text()),
            Kind::GiveWay => Self::GiveWay,
            Kind::Role => Self::Role,
            Kind::Account => Self::Account,
            Kind::Report => Self::Report {
                about: record.attr(ABOUT)?,
                message: record
                    .attr(MESSAGE)
                    .and_then(|id| RecordId::parse(id.as_bytes())),
                reason: text(),
            },
            Kind::Notice => Self::Notice(text()),
            // Everything else belongs into a room's log.
            _ => return None,
        })
    }

    /// Hints have one kind. A version that kept them as JSON had no attributes: its hints are skipped.
    fn hint(record: &'a Record<'_>) -> Option<Self> {
        if let Some(id) = record.attr(READ) {
            return RecordId::parse(id.as_bytes()).map(Self::Read);
        }
        if record.attr(HERE).is_some() {
            return Some(Self::Here);
        }
        Some(Self::Typing {
            active: record.attr(TYPING)? == "1",
            private: record.attr(PRIVATE).is_some(),
            preview: record.attr(PREVIEW).map(|_| Cow::Borrowed(&*record.text)),
        })
    }

    /// Gives the record's draft to `write`; what it borrows lives no longer.
    pub(crate) fn draft<T>(&self, from: Sender<'_>, write: impl FnOnce(&Draft<'_>) -> T) -> T {
        let person = (attrs::PERSON, from.person);
        let plain = |kind, text| Draft {
            account: from.account,
            color: from.color,
            extra: std::slice::from_ref(&person),
            ..Draft::new(kind, from.nick, text)
        };
        match self {
            Self::Whisper { text, msgid } => write(&Draft {
                msgid: msgid.as_deref(),
                ..plain(Kind::Whisper, text)
            }),
            Self::Sent { to, text, msgid } => write(&Draft {
                extra: &[(attrs::TO, Some(to)), person],
                msgid: msgid.as_deref(),
                ..plain(Kind::Whisper, text)
            }),
            Self::Signal(data) => write(&plain(Kind::Signal, data)),
            Self::Typing {
                active,
                private,
                preview,
            } => write(&Draft {
                extra: &[
                    (TYPING, Some(if *active { "1" } else { "0" })),
                    (PRIVATE, private.then_some("1")),
                    (PREVIEW, preview.as_ref().map(|_| "1")),
                    person,
                ],
                ..plain(Kind::Typing, preview.as_deref().unwrap_or_default())
            }),
            Self::Read(id) => write(&Draft {
                extra: &[(READ, Some(&id.to_string()))],
                ..plain(Kind::Typing, "")
            }),
            Self::Here => write(&Draft {
                extra: &[(HERE, Some("1"))],
                ..plain(Kind::Typing, "")
            }),
            Self::Kick(reason) => write(&plain(Kind::Kick, reason)),
            Self::Ban(reason) => write(&plain(Kind::Ban, reason)),
            Self::Mute(reason) => write(&plain(Kind::Mute, reason)),
            Self::Unmute => write(&plain(Kind::Unmute, "")),
            Self::Replaced(page) => write(&plain(Kind::Replaced, page)),
            Self::GiveWay => write(&plain(Kind::GiveWay, "")),
            Self::Role => write(&plain(Kind::Role, "")),
            Self::Account => write(&plain(Kind::Account, "")),
            Self::Report {
                about,
                message,
                reason,
            } => write(&Draft {
                extra: &[
                    (ABOUT, Some(about)),
                    (MESSAGE, message.map(|id| id.to_string()).as_deref()),
                ],
                ..plain(Kind::Report, reason)
            }),
            Self::Notice(text) => write(&plain(Kind::Notice, text)),
        }
    }

    /// Whether it is kept for who comes back.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self, Self::Whisper { .. } | Self::Sent { .. })
    }

    /// The client's own id of a whisper.
    pub(super) fn msgid(&self) -> Option<&str> {
        match self {
            Self::Whisper { msgid, .. } | Self::Sent { msgid, .. } => msgid.as_deref(),
            _ => None,
        }
    }

    /// Whether it is a person's own doing, which the receiver may choose not to see.
    pub fn is_of_a_person(&self) -> bool {
        matches!(
            self,
            Self::Whisper { .. }
                | Self::Signal(_)
                | Self::Typing { .. }
                | Self::Read(_)
                | Self::Here
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(message: &Message<'_>) -> Vec<u8> {
        let mut line = Vec::new();
        let sender = Sender {
            color: Some("red"),
            ..Sender::new("alice")
        };
        message.draft(sender, |draft| {
            draft.write_to(RecordId::ZERO.next(), &mut line);
        });
        line
    }

    #[test]
    fn every_message_survives_its_record() {
        let typing = |active, private, preview: Option<&'static str>| Message::Typing {
            active,
            private,
            preview: preview.map(Cow::Borrowed),
        };
        for message in [
            Message::whisper("psst"),
            Message::Whisper {
                text: "psst".into(),
                msgid: Some("m1".into()),
            },
            Message::Signal("{\"type\":\"offer\"}".into()),
            typing(true, false, None),
            typing(true, true, Some("")),
            typing(false, false, Some("a;b=c")),
            Message::Read(RecordId::from_micros(1_790_000_000_123_456)),
            Message::Here,
            Message::Kick("spam".into()),
            Message::Ban("".into()),
            Message::Mute("loud".into()),
            Message::Unmute,
            Message::Replaced("0123".into()),
            Message::Sent {
                to: "bob".into(),
                text: "psst".into(),
                msgid: Some("m1".into()),
            },
            Message::Sent {
                to: "bob".into(),
                text: "".into(),
                msgid: None,
            },
            Message::GiveWay,
            Message::Role,
            Message::Account,
            Message::Report {
                about: "eve".into(),
                message: Some(RecordId::from_micros(1_790_000_000_123_456)),
                reason: "spam".into(),
            },
            Message::Notice("restart at noon".into()),
        ] {
            let line = written(&message);
            let record = Record::parse(&line).expect("a record");
            assert_eq!(Message::of(&record), Some(message));
        }
    }

    #[test]
    fn unknown_keys_and_kinds_are_skipped() {
        let line = b"2026-11-21T10:15:30.123456Z\ttyping\talice\tnew=1;typing=1;newer=2\t\n";
        let record = Record::parse(line).expect("a record");
        let expected = Message::Typing {
            active: true,
            private: false,
            preview: None,
        };
        assert_eq!(Message::of(&record), Some(expected));
        for line in [
            // As an older version wrote it: its JSON must not be shown as what somebody types.
            &b"2026-11-21T10:15:30.123456Z\ttyping\talice\t\t{\"state\":true,\"private\":false}\n"
                [..],
            b"2026-11-21T10:15:30.123456Z\ttyping\talice\tread=yesterday\t\n",
            b"2026-11-21T10:15:30.123456Z\tsay\talice\t\thello\n",
        ] {
            let record = Record::parse(line).expect("a record");
            assert_eq!(Message::of(&record), None);
        }
    }
}
