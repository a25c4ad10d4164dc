//! Files of messages, from the machine that has one to those that lack it, over the engine's channels, which keep
//! nothing. All are asked who has it; then one gives it, a part at a time, each when it is asked for. So no more waits in
//! the engine for a machine than it has asked for, and who gives decides how fast.
//!
//! The words, with tabs between: to all, on `files`, `has ASKER NUMBER ROOM ID`; to one, on its own channel,
//! `part ASKER NUMBER ROOM ID FROM`; back, on `files:ASKER`, `here NUMBER GIVER LINE`, `lacks NUMBER` and
//! `bytes NUMBER BYTES`. A machine that comes, or finds another engine, says `come` to all: it may have what they lack.

use chat_store::attachments::AttachmentId;
use chat_store::name::RoomName;

pub mod fetch;
pub mod give;

/// The bytes of one part: an engine sends other things between two.
pub const PART: usize = 128 * 1024;
/// What a machine says to all that listens now.
pub const COME: &[u8] = b"come";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The machine that asks.
    pub asker: String,
    /// What it calls its question.
    pub number: u64,
    /// The room.
    pub room: RoomName,
    /// The file.
    pub id: AttachmentId,
    /// Where the part begins that is wanted; `None`: who has it.
    pub from: Option<u64>,
}

impl Question {
    /// As it is sent.
    pub fn to_text(&self) -> String {
        let Self {
            asker,
            number,
            room,
            id,
            from,
        } = self;
        match from {
            None => format!("has\t{asker}\t{number}\t{room}\t{id}"),
            Some(from) => format!("part\t{asker}\t{number}\t{room}\t{id}\t{from}"),
        }
    }

    /// What somebody sent; `None`: nothing that this version knows.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(text).ok()?.split('\t');
        let word = fields.next()?;
        let question = Self {
            asker: fields.next()?.to_owned(),
            number: fields.next()?.parse().ok()?,
            room: RoomName::parse(fields.next()?).ok()?,
            id: AttachmentId::parse(fields.next()?)?,
            from: None,
        };
        match word {
            "has" => Some(question),
            "part" => Some(Self {
                from: Some(fields.next()?.parse().ok()?),
                ..question
            }),
            _ => None,
        }
    }
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// That machine has it, and says what it is.
    Here(&'a str, &'a [u8]),
    /// A machine does not have it.
    Lacks,
    /// A part of it.
    Bytes(&'a [u8]),
}

impl<'a> Reply<'a> {
    /// As it is sent.
    pub fn to_bytes(&self, number: u64) -> Vec<u8> {
        match self {
            Self::Here(giver, line) => {
                [format!("here\t{number}\t{giver}\t").as_bytes(), line].concat()
            }
            Self::Lacks => format!("lacks\t{number}").into_bytes(),
            Self::Bytes(bytes) => [format!("bytes\t{number}\t").as_bytes(), bytes].concat(),
        }
    }

    /// What somebody sent, and to which question; `None`: nothing that this version knows.
    pub fn parse(text: &'a [u8]) -> Option<(u64, Self)> {
        let mut fields = text.splitn(3, |&byte| byte == b'\t');
        let (word, number) = (fields.next()?, fields.next()?);
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        let reply = match word {
            b"here" => {
                let mut fields = fields.next()?.splitn(2, |&byte| byte == b'\t');
                let giver = std::str::from_utf8(fields.next()?).ok()?;
                Self::Here(giver, fields.next()?)
            }
            b"lacks" => Self::Lacks,
            b"bytes" => Self::Bytes(fields.next()?),
            _ => return None,
        };
        Some((number, reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_understood_and_what_is_not_ours_is_nothing() {
        let mut question = Question {
            asker: "one~1f".to_owned(),
            number: 7,
            room: RoomName::lobby(),
            id: AttachmentId::new().unwrap(),
            from: None,
        };
        for from in [None, Some(131_072)] {
            question.from = from;
            let text = question.to_text();
            assert_eq!(Question::parse(text.as_bytes()).as_ref(), Some(&question));
            for end in 0..text.len() - 8 {
                assert_eq!(Question::parse(&text.as_bytes()[..end]), None, "{end}");
            }
        }
        for reply in [
            Reply::Here("two~2", b"type=x;\tname=y\n"),
            Reply::Lacks,
            Reply::Bytes(b"\0\t\n\xff"),
        ] {
            assert_eq!(Reply::parse(&reply.to_bytes(7)), Some((7, reply)));
        }
        for text in [
            "",
            "here",
            "here\t7",
            "here\tx\ttwo\tline",
            "bytes\t7",
            "what\t7\tx",
        ] {
            assert_eq!(Reply::parse(text.as_bytes()), None, "{text}");
        }
    }
}
