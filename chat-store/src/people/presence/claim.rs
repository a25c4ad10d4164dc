//! One connection's part in a presence: coming, another name, going.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;

use super::content::{self, Content, after};
use super::{About, ClaimError, fate, find, place};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::{RecordId, clean};

mod coming;
mod naming;

/// What becomes of the presence when the connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtDrop {
    /// It goes, if nobody else holds it.
    Leave,
    /// It goes: this connection holds all slots.
    Remove,
    /// Whoever looks next decides.
    Nothing,
}

/// A nick in a room, held by this connection until it is dropped.
#[derive(Debug)]
pub struct Claim {
    dirs: Dirs,
    room: RoomName,
    nick: Nick,
    /// As the file was when it was last written here.
    content: Content,
    file: File,
    path: PathBuf,
    slot: u32,
    at_drop: AtDrop,
    is_first_here: bool,
}

/// How a connection left; see [`Claim::leave`].
#[derive(Debug)]
pub enum Leave {
    /// Its person has others.
    Others,
    /// It was the last, and they may come back.
    Awaited,
    /// It was the last: append a quit record, then drop this. They are marked already.
    Last(Box<Claim>),
}

/// Whether a claim still holds; see [`Claim::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The file is in its place.
    Kept,
    /// It was taken away and is there again; the slot may be another.
    Restored,
    /// It was taken away, and somebody else has the name now.
    Lost,
}

impl Claim {
    /// The nick, which may be another than the one wished for.
    pub fn nick(&self) -> &Nick {
        &self.nick
    }

    /// The color as others see it.
    pub fn color(&self) -> &str {
        &self.content.color
    }

    /// Who they are besides.
    pub fn about(&self) -> &About {
        &self.content.about
    }

    /// How long their person is waited for: the longest of what their connections have asked for, whichever is lost
    /// last.
    pub fn grace(&self) -> Duration {
        let content = Content::read(&self.file);
        content.map_or(self.content.grace, |content| content.grace)
    }

    /// Whether the site is on several machines, and they do not know yet that its person is on this one.
    pub fn is_first_here(&self) -> bool {
        self.is_first_here
    }

    /// The other machines know that its person is on this one.
    ///
    /// # Errors
    /// Those of the file, which goes on to say that they do not.
    pub fn has_been_told(&mut self) -> io::Result<()> {
        if !self.content.due {
            return Ok(());
        }
        let _lock = content::lock(&self.dirs, &self.file)?;
        self.content = Content::read_in(&self.dirs, &self.file)?;
        self.content.due = false;
        self.content.write(&self.file)
    }

    /// Which of the person's connections this is.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    #[cfg(test)]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Another connection of this person has taken this nick: its record says so.
    pub fn renamed_to(&mut self, nick: &Nick) {
        self.path = self.dirs.user(&self.room, nick);
        self.nick = nick.clone();
    }

    /// Changes the color.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn recolor(&mut self, color: &str) -> io::Result<()> {
        let _lock = content::lock(&self.dirs, &self.file)?;
        self.content = Content::read_in(&self.dirs, &self.file)?;
        self.content.color = line(color);
        self.content.write(&self.file)
    }

    /// Puts the file back if somebody removed it (or its directory), and what tells the name. For the safety poll.
    ///
    /// # Errors
    /// As [`claim`](super::claim); it may pass.
    pub fn check(&mut self) -> Result<Standing, ClaimError> {
        if self.find_itself()? {
            let known = self
                .person()
                .map(|person| find::called(&self.dirs, &self.room, person));
            if known.transpose()?.flatten().is_none() {
                self.write_name()?;
            }
            return Ok(Standing::Kept);
        }
        if self.join_again()? {
            return Ok(Standing::Restored);
        }
        match place(&self.path, &self.content.to_text(), self.slot) {
            Ok(file) => {
                self.file = file;
                self.write_name()?;
                Ok(Standing::Restored)
            }
            Err(Errno::EXIST) => Ok(Standing::Lost),
            Err(error) => Err(error.into()),
        }
    }

    /// Another connection of this person has put the file back: holds that one.
    fn join_again(&mut self) -> io::Result<bool> {
        let Some(person) = self.person() else {
            return Ok(false);
        };
        let Some(found) = find::to_hold(&self.dirs, &self.room, person, &self.nick)? else {
            return Ok(false);
        };
        let slot = if slots::hold_this(&found.file, self.slot)? {
            Some(self.slot)
        } else {
            slots::hold(&found.file)?
        };
        let Some(slot) = slot else {
            return Ok(false);
        };
        (self.slot, self.file, self.content) = (slot, found.file, found.content);
        if slot > self.content.top {
            self.content.top = slot;
            self.content.write(&self.file)?;
        }
        self.renamed_to(&found.nick);
        Ok(true)
    }

    /// Leaves. The last connection of a person leaves the presence for `grace`, in which they may come back.
    ///
    /// # Errors
    /// Those of fcntl(2): then the presence is stale, and whoever looks next removes it.
    pub fn leave(mut self, grace: Duration) -> io::Result<Leave> {
        self.at_drop = AtDrop::Nothing;
        if !slots::hold_all(&self.file)? {
            // Whoever of those who leave at once is the last to give back its own gets all.
            slots::release(&self.file)?;
            if !slots::hold_all(&self.file)? {
                return Ok(Leave::Others);
            }
        }
        let is_there = self.find_itself()?;
        let lock = content::lock(&self.dirs, &self.file)?;
        if let Ok(content) = Content::read_in(&self.dirs, &self.file) {
            self.content = content;
        }
        if !is_there && self.content.is_leaving() {
            // Somebody had all before, removes the file and tells of it.
            return Ok(Leave::Others);
        }
        if is_there && !grace.is_zero() {
            self.content.until = Some(after(RecordId::now(), grace));
            if self.content.write(&self.file).is_ok() {
                drop(lock);
                return Ok(Leave::Awaited);
            }
        }
        if self.content.is_elsewhere() {
            // They stay, on other machines; here they are no longer.
            (self.content.here, self.content.until) = (false, None);
            let _ = self.content.write(&self.file);
            drop(lock);
            return Ok(Leave::Last(Box::new(self)));
        }
        // If the mark cannot be set, a newcomer may see them until the next one looks.
        let _ = self.content.mark_leaving(&self.file);
        drop(lock);
        if is_there {
            self.at_drop = AtDrop::Remove;
        }
        Ok(Leave::Last(Box::new(self)))
    }

    fn is_guest(&self) -> bool {
        self.content.about.account.is_none()
    }

    fn person(&self) -> Option<&PersonId> {
        self.content.about.person.as_ref()
    }

    fn write_name(&self) -> io::Result<()> {
        match self.person() {
            Some(person) => find::write_name(&self.dirs, &self.room, person, &self.nick),
            None => Ok(()),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let goes = match self.at_drop {
            AtDrop::Nothing => false,
            AtDrop::Remove => true,
            AtDrop::Leave => slots::hold_all(&self.file).unwrap_or(false),
        };
        if goes && file::is_at(&self.file, &self.path).unwrap_or(false) {
            // If it cannot be removed, the next joiner does: the slots go with the descriptor.
            let (dirs, room, nick) = (&self.dirs, &self.room, &self.nick);
            let _ = fate::remove_own(dirs, room, nick, &self.content, self.slot);
        }
    }
}

fn line(color: &str) -> Box<str> {
    clean(color).trim_end().into()
}
