//! Who somebody in a room is, besides their nick and color: for moderators and administrators.

use std::io;

use super::content::Content;
use super::users::first_bytes;
use crate::fs::dirs::Dirs;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::{Attrs, attrs};

const ADDRESS: &str = "address";
const MODERATES_ALL: &str = "site";

/// What a presence file says on its second line; readers skip keys that they do not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Who they logged in as; `None` for guests.
    pub account: Option<String>,
    /// Their number under all names.
    pub person: Option<PersonId>,
    /// The address they come from.
    pub address: Option<String>,
    /// Whether the site says that they moderate it.
    pub moderates_all: bool,
}

impl About {
    /// Its pairs of a presence file's second line.
    pub(super) fn pairs(&self) -> [(&str, Option<&str>); 4] {
        [
            (attrs::ACCOUNT, self.account.as_deref()),
            (attrs::PERSON, self.person.as_ref().map(PersonId::as_str)),
            (ADDRESS, self.address.as_deref()),
            (MODERATES_ALL, self.moderates_all.then_some("1")),
        ]
    }

    /// From that line.
    pub(super) fn parse(line: &str) -> Self {
        let value = |key| {
            let found = Attrs::new(line).find(|(k, v)| *k == key && !v.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        Self {
            account: value(attrs::ACCOUNT),
            person: value(attrs::PERSON).and_then(|text| PersonId::parse(&text)),
            address: value(ADDRESS),
            moderates_all: value(MODERATES_ALL).is_some(),
        }
    }
}

/// Who `nick` in `room` is; nothing of them if they are not there.
///
/// # Errors
/// Those of reading the file.
pub fn about(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<About> {
    Ok(Content::parse(&first_bytes(&dirs.user(room, nick))?).about)
}
