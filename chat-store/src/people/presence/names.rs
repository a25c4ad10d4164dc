//! Which names are free in a room.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;

use super::users::Listing;
use crate::fs::dirs::Dirs;
use crate::name::{Key, Nick, RoomName};
use crate::people::accounts;

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The keys of the nicks, hashed: eight bytes a member in place of a string. Two nicks with one
    /// hash cost somebody a number behind their name, no more.
    keys: Vec<u64>,
    pub(super) listing: Listing,
}

impl Taken {
    /// The nicks in the room but one.
    pub(super) fn but(nick: Option<&Nick>, dirs: &Dirs, room: &RoomName) -> io::Result<Self> {
        let mut keys = Vec::new();
        let listing = Listing::read(dirs, room, &mut |found| {
            if Some(found) != nick {
                keys.push(hash(&found.key()));
            }
        })?;
        keys.sort_unstable();
        Ok(Self { keys, listing })
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn has(&self, nick: &Nick) -> bool {
        self.keys.binary_search(&hash(&nick.key())).is_ok()
    }

    /// The nicks that are free, the one wished for first. Accounts' names are not for guests.
    pub(super) fn free<'a>(
        &'a self,
        wished: &'a Nick,
        dirs: &'a Dirs,
        is_guest: bool,
    ) -> impl Iterator<Item = Nick> + 'a {
        let numbered = (1..=u32::MAX).map(|number| wished.numbered(number));
        std::iter::once(wished.clone())
            .chain(numbered)
            .filter(move |nick| !self.has(nick))
            .filter(move |nick| !is_guest || !accounts::has(dirs, nick))
    }
}

fn hash(key: &Key) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
