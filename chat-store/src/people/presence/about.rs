//! Who somebody in a room is, besides their nick and color: for moderators and administrators.

use std::io;

use super::users::first_bytes;
use crate::fs::dirs::Dirs;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::{Attrs, attrs, show};

const ADDRESS: &str = "address";

/// What a presence file says on its second line; readers skip keys that they do not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Who they logged in as; `None` for guests.
    pub account: Option<String>,
    /// Their number under all names.
    pub person: Option<PersonId>,
    /// The address they come from.
    pub address: Option<String>,
}

impl About {
    pub(super) fn to_line(&self) -> String {
        let mut line = Vec::new();
        let pairs = [
            (attrs::ACCOUNT, self.account.as_deref()),
            (attrs::PERSON, self.person.as_ref().map(PersonId::as_str)),
            (ADDRESS, self.address.as_deref()),
        ];
        attrs::write_to(&pairs, &mut line);
        String::from_utf8_lossy(&line).into_owned()
    }

    pub(super) fn parse(file: &[u8]) -> Self {
        let line = file.split(|&byte| byte == b'\n').nth(1);
        let line = show(line.unwrap_or_default());
        let value = |key| {
            let found = Attrs::new(&line).find(|(k, v)| *k == key && !v.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        Self {
            account: value(attrs::ACCOUNT),
            person: value(attrs::PERSON).map(PersonId::from_file),
            address: value(ADDRESS),
        }
    }
}

/// Who `nick` in `room` is; nothing of them if they are not there.
///
/// # Errors
/// Those of reading the file.
pub fn about(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<About> {
    Ok(About::parse(&first_bytes(&dirs.user(room, nick))?))
}
