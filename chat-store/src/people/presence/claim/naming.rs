//! A presence under another name.

use std::io;

use rustix::io::Errno;

use super::super::names::Taken;
use super::super::{ClaimError, ENTRY_TIMEOUT, find, open_entry_lock, place, places};
use super::Claim;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::Nick;

impl Claim {
    /// Changes the nick, by the same rules as [`claim`](crate::people::presence::claim). One's own name in other
    /// letters is free for oneself. `record` writes of the old one and the new one while nobody else can change it;
    /// if it cannot (false), the old nick stays.
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

    /// Takes another nick like the present one, which an account's owner waits for. Nothing, if another connection of
    /// this person has done it.
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
        let places = places::open(&dirs, &self.room)?;
        let mut lock = places::wait_for(places.as_ref())?;
        let taken = Taken::but(own, &dirs, &self.room)?;
        for nick in taken.free(wished, &dirs, self.is_guest()) {
            if nick == self.nick {
                return Ok(());
            }
            let old = self.nick.clone();
            // Something that is no presence file may have the name.
            if self.move_file(&nick)? {
                // The relay, which is to put the record in order, may just want it.
                drop(lock.take());
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
        match file::move_to(&self.path, &path) {
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

    /// Learns the name that the relay has given, because all machines know the person by that. False: the file is in no
    /// place.
    ///
    /// # Errors
    /// Those of reading.
    pub fn learn_name(&mut self) -> io::Result<bool> {
        self.find_itself()
    }

    /// Another connection of this person may have taken another name, of which this one has not read yet. False: the
    /// file is in no place.
    pub(super) fn find_itself(&mut self) -> io::Result<bool> {
        if file::is_at(&self.file, &self.path)? {
            return Ok(true);
        }
        let Some(person) = self.person() else {
            return Ok(false);
        };
        if let Some(nick) = find::called(&self.dirs, &self.room, person)?
            && file::is_at(&self.file, &self.dirs.user(&self.room, &nick))?
        {
            self.renamed_to(&nick);
            return Ok(true);
        }
        Ok(false)
    }
}
