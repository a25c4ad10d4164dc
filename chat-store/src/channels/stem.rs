//! What the files of a channel are called, as it goes from machine to machine: no account's name is in it.

use std::io;
use std::path::{Path, PathBuf};

use super::name::{ChannelName, USER, stem_of};
use super::{LOG, bell_at};
use crate::bell;
use crate::fs::dirs::Dirs;
use crate::people::person::PersonId;

/// The attribute of an event that names its channel, between machines only.
pub const CHANNEL: &str = ".channel";

/// The start of the names of a channel's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stem(Box<str>);

impl Stem {
    /// What another machine says it is; `None`: no channel's files can be called so.
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = match text.strip_prefix(USER) {
            Some(number) => {
                let person = PersonId::parse(number);
                person.is_some_and(|person| stem_of(&person) == text)
            }
            None => ChannelName::parse(text).is_some(),
        };
        is_good.then(|| Self(text.into()))
    }

    /// That of a live log in `channels/`.
    pub fn of_log(live: &Path) -> Option<Self> {
        Self::parse(live.file_name()?.to_str()?.strip_suffix(LOG)?)
    }

    /// As it stands in [`CHANNEL`].
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The channel's log.
    pub fn log(&self, dirs: &Dirs) -> PathBuf {
        dirs.channels.join(format!("{}{LOG}", self.0))
    }

    /// Wakes who hears the channel.
    ///
    /// # Errors
    /// Those of writing to its bell.
    pub fn ring(&self, dirs: &Dirs) -> io::Result<()> {
        bell::ring_at(&bell_at(dirs, &self.0)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_channel_is_called_names_a_file() {
        for good in ["news", "orders.eu"] {
            assert_eq!(Stem::parse(good).expect("one").as_str(), good);
        }
        let own = ChannelName::of_account("anna").expect("a name").file_stem();
        assert!(Stem::parse(&own).is_some());
        for bad in [
            "",
            ".news",
            "a/b",
            "../x",
            "user:anna",
            "user:",
            "user:../x",
        ] {
            assert_eq!(Stem::parse(bad), None, "{bad}");
        }
    }
}
