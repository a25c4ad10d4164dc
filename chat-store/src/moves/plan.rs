//! What is to be done, as text: `private FROM TO ATTRS` or `open FROM TO ATTRS`, between tabs, and the list of members. Pure.

use crate::closed::Circle;
use crate::name::RoomName;
use crate::record::{Attrs, RecordId, attrs, show};

/// Which way a room goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It was for everybody.
    Private,
    /// It was for some only.
    Open,
}

impl Way {
    /// The word on disk, and in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Open => "open",
        }
    }
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) way: Way,
    pub(super) from: RoomName,
    pub(super) to: RoomName,
    /// Who has it moved.
    pub(super) nick: String,
    pub(super) account: Option<String>,
    /// What was said before is not to be shown.
    pub(super) hides: bool,
    /// Who may be in it then.
    pub(super) circle: Option<Circle>,
    /// The id of the record that tells of it, on several machines; else it gets the next one.
    pub(super) id: Option<RecordId>,
}

const BY: &str = "by";
const HIDES: &str = "hides";
const ID: &str = "id";

impl Plan {
    pub(super) fn written(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for field in [self.way.as_str(), self.from.as_str(), self.to.as_str()] {
            text.extend_from_slice(field.as_bytes());
            text.push(b'\t');
        }
        let id = self.id.map(|id| id.to_string());
        let pairs = [
            (ID, id.as_deref()),
            (BY, Some(self.nick.as_str())),
            (attrs::ACCOUNT, self.account.as_deref()),
            (HIDES, self.hides.then_some("yes")),
        ];
        attrs::write_to(&pairs, &mut text);
        text.push(b'\n');
        if let Some(circle) = &self.circle {
            text.extend_from_slice(&circle.written());
        }
        text
    }

    /// `None`: it is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|&byte| byte == b'\n')?;
        let mut fields = text[..end].splitn(4, |&byte| byte == b'\t').map(show);
        let way = match &*fields.next()? {
            "private" => Way::Private,
            "open" => Way::Open,
            _ => return None,
        };
        let from = RoomName::parse(&fields.next()?).ok()?;
        let to = RoomName::parse(&fields.next()?).ok()?;
        let pairs = fields.next().unwrap_or_default();
        let attr = |key: &str| {
            let mut pairs = Attrs::new(&pairs);
            let found = pairs.find(|(k, _)| *k == key);
            found.map(|(_, value)| value.into_owned())
        };
        let circle = Circle::parse(&text[end + 1..]);
        if (way == Way::Private) != circle.is_some() {
            return None;
        }
        Some(Self {
            way,
            from,
            to,
            nick: attr(BY).unwrap_or_default(),
            account: attr(attrs::ACCOUNT),
            hides: attr(HIDES).is_some(),
            circle,
            id: attr(ID).and_then(|id| RecordId::parse(id.as_bytes())),
        })
    }
}
