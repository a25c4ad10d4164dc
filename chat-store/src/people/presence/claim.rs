//! One connection's part in a presence: coming, another name, going.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::content::{Content, after};
use super::names::Taken;
use super::{About, ClaimError, ENTRY_TIMEOUT, Newcomer, fate, find, open_entry_lock, place};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::fs::slots;
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::{RecordId, clean};

/// How long another process may hold all slots of a presence: it removes it, or writes a few bytes.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two looks whether it still does.
const PAUSE: Duration = Duration::from_millis(5);

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

    /// How long their person is waited for: the longest of what their connections have asked for, whichever is lost last.
    pub fn grace(&self) -> Duration {
        let content = Content::read(&self.file);
        content.map_or(self.content.grace, |content| content.grace)
    }

    /// Which of the person's connections this is.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Another connection of this person has taken this nick: its record says so.
    pub fn renamed_to(&mut self, nick: &Nick) {
        self.path = self.dirs.user(&self.room, nick);
        self.nick = nick.clone();
    }

    /// Changes the nick, by the same rules as [`claim`](super::claim). One's own name in other letters is free for oneself.
    /// `record` writes of the old one and the new one while nobody else can change it; if it cannot (false), the old nick stays.
    ///
    /// # Errors
    /// The old nick stays then.
    pub fn rename(
        &mut self,
        wished: &Nick,
        record: &mut dyn FnMut(&Nick, &Nick) -> bool,
    ) -> Result<(), ClaimError> {
        if *wished == self.nick {
            return Ok(());
        }
        let entry = open_entry_lock(&self.dirs, &self.room)?;
        let Some(_lock) = lock::take(&entry, Share::Exclusive, ENTRY_TIMEOUT)? else {
            return Err(ClaimError::Busy);
        };
        self.find_itself()?;
        let own = self.nick.clone();
        self.move_to(wished, Some(&own), record)
    }

    /// Takes another nick like the present one, which an account's owner waits for. Nothing, if another connection of this
    /// person has done it.
    ///
    /// # Errors
    /// As [`Claim::rename`].
    pub fn give_way(
        &mut self,
        record: &mut dyn FnMut(&Nick, &Nick) -> bool,
    ) -> Result<(), ClaimError> {
        let wanted = self.nick.clone();
        let entry = open_entry_lock(&self.dirs, &self.room)?;
        let Some(_lock) = lock::take(&entry, Share::Exclusive, ENTRY_TIMEOUT)? else {
            return Err(ClaimError::Busy);
        };
        self.find_itself()?;
        if self.nick == wanted {
            self.move_to(&wanted, None, record)?;
        }
        Ok(())
    }

    /// Takes the first free name like `wished`; `own` counts as free.
    fn move_to(
        &mut self,
        wished: &Nick,
        own: Option<&Nick>,
        record: &mut dyn FnMut(&Nick, &Nick) -> bool,
    ) -> Result<(), ClaimError> {
        let dirs = self.dirs.clone();
        let taken = Taken::but(own, &dirs, &self.room)?;
        for nick in taken.free(wished, &dirs, self.is_guest()) {
            if nick == self.nick {
                return Ok(());
            }
            let old = self.nick.clone();
            // Something that is no presence file may have the name.
            if self.move_file(&nick)? {
                if !record(&old, &nick) {
                    self.move_file(&old)?;
                }
                return Ok(());
            }
        }
        Err(ClaimError::Busy)
    }

    /// Gives the file another name. It stays the same file: all connections go on to hold it. False: that is taken.
    fn move_file(&mut self, nick: &Nick) -> Result<bool, ClaimError> {
        let path = self.dirs.user(&self.room, nick);
        let moved = match renameat_with(CWD, &self.path, CWD, &path, RenameFlags::NOREPLACE) {
            // Not every file system knows this one.
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::link(&self.path, &path).and_then(|()| rustix::fs::unlink(&self.path))
            }
            moved => moved,
        };
        match moved {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            // Somebody took it away.
            Err(Errno::NOENT) => match place(&path, &self.content.to_text(), self.slot) {
                Ok(file) => self.file = file,
                Err(Errno::EXIST) => return Ok(false),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
        self.path = path;
        self.nick = nick.clone();
        self.write_name()?;
        Ok(true)
    }

    /// Another connection of this person may have taken another name, of which this one has not read yet.
    fn find_itself(&mut self) -> io::Result<()> {
        if file::is_at(&self.file, &self.path)? {
            return Ok(());
        }
        let Some(person) = self.person() else {
            return Ok(());
        };
        if let Some(nick) = find::called(&self.dirs, &self.room, person)?
            && file::is_at(&self.file, &self.dirs.user(&self.room, &nick))?
        {
            self.renamed_to(&nick);
        }
        Ok(())
    }

    /// Changes the color.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn recolor(&mut self, color: &str) -> io::Result<()> {
        self.content = Content::read(&self.file)?;
        self.content.color = line(color);
        self.content.write(&self.file)
    }

    /// Puts the file back if somebody removed it (or its directory), and what tells the name. For the safety poll.
    ///
    /// # Errors
    /// As [`claim`](super::claim); it may pass.
    pub fn check(&mut self) -> Result<Standing, ClaimError> {
        self.find_itself()?;
        if file::is_at(&self.file, &self.path)? {
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
        self.find_itself()?;
        let is_there = file::is_at(&self.file, &self.path)?;
        if let Ok(content) = Content::read(&self.file) {
            self.content = content;
        }
        if is_there && !grace.is_zero() {
            self.content.until = Some(after(RecordId::now(), grace));
            if self.content.write(&self.file).is_ok() {
                return Ok(Leave::Awaited);
            }
        }
        self.content.color = "".into();
        self.content.until = None;
        // If the mark cannot be set, a newcomer may see them until the next one looks.
        let _ = self.content.write(&self.file);
        if is_there {
            self.at_drop = AtDrop::Remove;
        }
        Ok(Leave::Last(Box::new(self)))
    }

    /// Comes in as the one who is there already, on another connection or until a moment ago; `None`: they are not, and what is
    /// stale of them has been removed. The caller holds the entry lock.
    pub(super) fn join(
        dirs: &Dirs,
        room: &RoomName,
        newcomer: &Newcomer<'_>,
        stale: &mut Vec<Nick>,
    ) -> Result<Option<Self>, ClaimError> {
        let Some(person) = &newcomer.about.person else {
            return Ok(None);
        };
        let began = Instant::now();
        loop {
            let Some(found) = find::to_hold(dirs, room, person, newcomer.nick)? else {
                return Ok(None);
            };
            let path = dirs.user(room, &found.nick);
            if let Some(slot) = slots::hold(&found.file)?
                && file::is_at(&found.file, &path)?
            {
                let content = Content::read(&found.file)?;
                // Nobody else holds it and nobody is waited for: they came back too late.
                if !found.is_awaited() && slots::hold_all(&found.file)? {
                    fate::remove(dirs, room, &found.nick, Some(person))?;
                    stale.push(found.nick);
                    return Ok(None);
                }
                return Self::join_at(dirs, room, newcomer, (found, content), slot).map(Some);
            }
            if began.elapsed() >= TIMEOUT {
                return Err(ClaimError::Connections);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn join_at(
        dirs: &Dirs,
        room: &RoomName,
        newcomer: &Newcomer<'_>,
        (found, mut content): (find::Found, Content),
        slot: u32,
    ) -> Result<Self, ClaimError> {
        let find::Found { nick, file, .. } = found;
        content.about = newcomer.about.clone();
        content.grace = content.grace.max(newcomer.grace);
        content.until = None;
        content.write(&file)?;
        let claim = Self {
            dirs: dirs.clone(),
            room: room.clone(),
            path: dirs.user(room, &nick),
            nick,
            content,
            file,
            slot,
            // Others have seen them: if this connection does not get in, they are told that they went.
            at_drop: AtDrop::Nothing,
        };
        claim.write_name()?;
        Ok(claim)
    }

    /// Takes the first free name like the one wished for.
    pub(super) fn create(
        dirs: &Dirs,
        room: &RoomName,
        taken: &Taken,
        newcomer: &Newcomer<'_>,
    ) -> Result<Self, ClaimError> {
        let content = Content {
            color: line(newcomer.color),
            about: newcomer.about.clone(),
            grace: newcomer.grace,
            until: None,
        };
        let is_guest = content.about.account.is_none();
        for nick in taken.free(newcomer.nick, dirs, is_guest) {
            let path = dirs.user(room, &nick);
            match place(&path, &content.to_text(), 0) {
                Ok(file) => {
                    let claim = Self {
                        dirs: dirs.clone(),
                        room: room.clone(),
                        nick,
                        content,
                        file,
                        path,
                        slot: 0,
                        at_drop: AtDrop::Leave,
                    };
                    claim.write_name()?;
                    return Ok(claim);
                }
                // Something that is no presence file has the name.
                Err(Errno::EXIST) => {}
                Err(error) => {
                    let error = io::Error::from(error);
                    let text = format!("{}: {error}", path.display());
                    return Err(io::Error::new(error.kind(), text).into());
                }
            }
        }
        Err(ClaimError::Busy)
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
            let _ = fate::remove_own(dirs, room, nick, self.person(), self.slot);
        }
    }
}

fn line(color: &str) -> Box<str> {
    clean(color).trim_end().into()
}
