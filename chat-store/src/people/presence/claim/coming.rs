//! A connection comes: into the presence that its person has already, or into a new one.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::super::content::{self, Content};
use super::super::names::Taken;
use super::super::{ClaimError, Gone, Newcomer, fate, find, place};
use super::{AtDrop, Claim, line};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::slots;
use crate::name::RoomName;

/// How long another process may hold all slots of a presence: it removes it, or writes a few bytes.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two looks whether it still does.
const PAUSE: Duration = Duration::from_millis(5);

impl Claim {
    /// Comes in as the one who is there already, on another connection or until a moment ago; `None`: they are not,
    /// and what is stale of them has been removed. The caller holds the entry lock, and that of places.
    pub(in crate::people::presence) fn join(
        dirs: &Dirs,
        room: &RoomName,
        newcomer: &Newcomer<'_>,
        stale: &mut Vec<Gone>,
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
                let content = Content::read_in(dirs, &found.file)?;
                // Nobody else holds it and nobody is waited for: they came back too late.
                let is_here = found.is_awaited() || content.is_elsewhere();
                if !is_here && slots::hold_all(&found.file)? {
                    stale.extend(Gone::of(dirs, &found.nick, &content));
                    fate::remove(dirs, room, &found.nick, content, &found.file)?;
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
        let lock = content::lock(dirs, &file)?;
        if lock.is_some() {
            // The relay may have written since.
            content = Content::read_in(dirs, &file)?;
        }
        // Whoever was to tell the others may go before it can be told.
        let is_first_here = dirs.cluster.is_some() && (!content.here || content.due);
        content.here |= is_first_here;
        content.due |= is_first_here;
        content.about = newcomer.about.clone();
        content.grace = content.grace.max(newcomer.grace);
        content.top = content.top.max(slot);
        content.until = None;
        content.write(&file)?;
        drop(lock);
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
            is_first_here,
        };
        claim.write_name()?;
        Ok(claim)
    }

    /// Takes the first free name like the one wished for.
    pub(in crate::people::presence) fn create(
        dirs: &Dirs,
        room: &RoomName,
        taken: &Taken,
        newcomer: &Newcomer<'_>,
    ) -> Result<Self, ClaimError> {
        let content = Content {
            color: line(newcomer.color),
            about: newcomer.about.clone(),
            grace: newcomer.grace,
            top: 0,
            here: dirs.cluster.is_some(),
            due: dirs.cluster.is_some(),
            ..Content::default()
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
                        is_first_here: dirs.cluster.is_some(),
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
}
