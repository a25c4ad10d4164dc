//! Who is in a room: one file per person, `users/ROOM_NICK`, content color + line end.
//!
//! The file appears locked and complete: it is written and locked under a name of its own, then
//! linked to its place, which fails if somebody has it. The handler holds the lock for life, so a
//! file whose lock can be had belongs to a dead handler. Joiners of one room take the room's entry lock one
//! by one: names that only look alike have different files and would not exclude each other. Under
//! the lock the names are looked at, not the files: a thousand who join at once would else wait for
//! each other's half a million opens. Who else was there under the lock is the list of members, with the
//! colors read after it: who comes or goes later has a record behind the newcomer's place in the log.

use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::fs::lock::{self, Share};
use crate::name::{Key, Nick, RoomName};
use crate::people::person::PersonId;
use crate::people::{accounts, inbox};
use crate::record::{RecordId, clean};

mod about;
mod give_way;
mod members;
mod rooms;
mod users;

pub use about::{About, about};
pub use give_way::reserve;
pub use members::{Member, MemberRef, Members};
pub use rooms::rooms;
use users::Listing;
pub use users::{list, list_alive};

/// The longest wait for the entry lock. A thousand people who join at once are through in two seconds, on a
/// machine that does nothing else; to wait is better than to be sent away.
pub const ENTRY_TIMEOUT: Duration = Duration::from_secs(30);
/// Times a temporary file may vanish (swept by a careless program) before it is an error.
const CREATE_TRIES: u32 = 8;

/// Why somebody cannot be in a room under any name.
#[derive(Debug)]
pub enum ClaimError {
    /// The room has as many members as allowed.
    Full {
        /// What is allowed.
        max: usize,
    },
    /// Others held the entry lock all the time.
    Busy,
    /// A file could not be made.
    Io(io::Error),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { max } => {
                write!(
                    f,
                    "the room is full ({max} people), try another or come back later"
                )
            }
            Self::Busy => f.write_str("too many are coming in just now, try again"),
            Self::Io(error) => write!(f, "cannot come in: {error}"),
        }
    }
}

impl std::error::Error for ClaimError {}

impl From<io::Error> for ClaimError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for ClaimError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// A nick in a room, held until this is dropped.
#[derive(Debug)]
pub struct Claim {
    dirs: Dirs,
    room: RoomName,
    nick: Nick,
    color: Box<str>,
    /// Who they are besides, as the second line of the file.
    about: Box<str>,
    is_guest: bool,
    file: File,
    path: PathBuf,
}

/// Who wants to come in.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    /// What they want to be called.
    pub nick: &'a Nick,
    /// Their color.
    pub color: &'a str,
    /// Who they are besides.
    pub about: &'a About,
}

/// What a joiner finds.
#[derive(Debug)]
pub struct Entered {
    /// The nick they have now.
    pub claim: Claim,
    /// Everybody in the room, themselves too, in no order.
    pub members: Members,
    /// Whose files were found stale, and who are no members any more: append a quit record for each.
    pub stale: Vec<Nick>,
}

/// Whether a claim still holds; see [`Claim::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The file is in its place.
    Kept,
    /// It was taken away and is there again.
    Restored,
    /// It was taken away, and somebody else has the name now.
    Lost,
}

/// Comes into a room under the wished name, or, if that or a look-alike is taken or an account's, with a number appended.
/// Removes the files of dead handlers.
///
/// Place the [`Tail`](crate::log::tail::Tail) before this: joins and quits after its place may then be
/// in `members` already, but none is missed.
///
/// # Errors
/// Nothing is left behind then.
pub fn claim(
    dirs: &Dirs,
    room: &RoomName,
    newcomer: Newcomer<'_>,
    max_members: usize,
) -> Result<Entered, ClaimError> {
    let mut stale = Vec::new();
    let (claim, listing, count) = take_name(dirs, room, newcomer, max_members, &mut stale)?;
    let mut members = Members::with_capacity(count);
    // As others read it from the file: a session's account may hold a line end.
    let account = newcomer.about.account.as_deref().map(clean);
    members.push(MemberRef {
        nick: claim.nick().as_str(),
        color: claim.color(),
        account: account.as_deref(),
        person: newcomer.about.person.as_ref().map(PersonId::as_str),
    });
    stale.append(&mut users::sweep(dirs, room, &listing, &mut members)?);
    Ok(Entered {
        claim,
        members,
        stale,
    })
}

/// Takes a name that nobody has; also gives who has one, and how many have one now. Stale files
/// in the way go.
fn take_name(
    dirs: &Dirs,
    room: &RoomName,
    newcomer: Newcomer<'_>,
    max_members: usize,
    stale: &mut Vec<Nick>,
) -> Result<(Claim, Listing, usize), ClaimError> {
    let entry = open_entry_lock(dirs, room)?;
    let Some(_lock) = lock::take(&entry, Share::Exclusive, ENTRY_TIMEOUT)? else {
        return Err(ClaimError::Busy);
    };
    let mut taken = Taken::but(None, dirs, room)?;
    if taken.keys.len() >= max_members {
        let mut alive = Members::default();
        stale.append(&mut users::sweep(dirs, room, &taken.listing, &mut alive)?);
        taken = Taken::but(None, dirs, room)?;
        if taken.keys.len() >= max_members {
            return Err(ClaimError::Full { max: max_members });
        }
    }
    let wished = newcomer.nick;
    if taken.has(wished) && remove_stale_namesakes(dirs, room, wished, stale)? {
        taken = Taken::but(None, dirs, room)?;
    }
    let as_seen = AsSeen {
        color: newcomer.color,
        about: &newcomer.about.to_line(),
        is_guest: newcomer.about.account.is_none(),
    };
    let claim = Claim::create(dirs, room, &taken, wished, as_seen)?;
    Ok((claim, taken.listing, taken.keys.len() + 1))
}

/// Removes the room's stale presences, and gives their nicks.
///
/// # Errors
/// Those of reading the directory and removing files.
pub fn sweep(dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Nick>> {
    let mut stale = Vec::new();
    users::names(dirs, room, &mut |nick, entry| {
        if let Some(file) = entry.open()?
            && remove_if_stale(dirs, room, &nick, &file)?
        {
            stale.push(nick);
        }
        Ok(())
    })?;
    Ok(stale)
}

/// Removes stale files of this name or one that looks like it. True if there was one.
fn remove_stale_namesakes(
    dirs: &Dirs,
    room: &RoomName,
    wished: &Nick,
    stale: &mut Vec<Nick>,
) -> io::Result<bool> {
    let key = wished.key();
    let mut found = false;
    users::names(dirs, room, &mut |nick, entry| {
        if nick.key() == key
            && let Some(file) = entry.open()?
            && remove_if_stale(dirs, room, &nick, &file)?
        {
            stale.push(nick);
            found = true;
        }
        Ok(())
    })?;
    Ok(found)
}

impl Claim {
    /// The nick, which may be another than the one wished for.
    pub fn nick(&self) -> &Nick {
        &self.nick
    }

    /// The file that says that they are there.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub fn file_id(&self) -> io::Result<FileId> {
        Ok(FileId::of(&rustix::fs::fstat(&self.file)?))
    }

    /// The color as others see it.
    pub fn color(&self) -> &str {
        &self.color
    }

    /// Changes the nick, by the same rules as [`claim`]; gives the one it is now. One's own name in
    /// other letters is free for oneself.
    ///
    /// # Errors
    /// The old nick stays then.
    pub fn rename(&mut self, wished: &Nick) -> Result<&Nick, ClaimError> {
        if *wished != self.nick {
            self.move_to(wished, Some(&self.nick.clone()))?;
        }
        Ok(&self.nick)
    }

    /// Takes another nick like the present one, which an account's owner waits for; gives the one it is now.
    ///
    /// # Errors
    /// As [`Claim::rename`].
    pub fn give_way(&mut self) -> Result<&Nick, ClaimError> {
        self.move_to(&self.nick.clone(), None)?;
        Ok(&self.nick)
    }

    /// Takes the first free name like `wished`; `own` counts as free.
    fn move_to(&mut self, wished: &Nick, own: Option<&Nick>) -> Result<(), ClaimError> {
        let entry = open_entry_lock(&self.dirs, &self.room)?;
        let Some(_lock) = lock::take(&entry, Share::Exclusive, ENTRY_TIMEOUT)? else {
            return Err(ClaimError::Busy);
        };
        let (dirs, room) = (self.dirs.clone(), self.room.clone());
        let taken = Taken::but(own, &dirs, &room)?;
        let first = free(&taken, wished, &dirs, self.is_guest).next();
        if first.as_ref() != Some(&self.nick) {
            let (color, about) = (self.color.clone(), self.about.clone());
            let as_seen = AsSeen {
                color: &color,
                about: &about,
                is_guest: self.is_guest,
            };
            // The old file goes when the old value is dropped.
            *self = Self::create(&dirs, &room, &taken, wished, as_seen)?;
        }
        Ok(())
    }

    /// Changes the color.
    ///
    /// # Errors
    /// Those of write(2).
    pub fn recolor(&mut self, color: &str) -> io::Result<()> {
        self.color = line(color);
        self.rewrite()
    }

    fn rewrite(&self) -> io::Result<()> {
        let content = content(&self.color, &self.about);
        rustix::io::pwrite(&self.file, content.as_bytes(), 0)?;
        // A reader in between sees a first line that is right.
        Ok(rustix::fs::ftruncate(&self.file, content.len() as u64)?)
    }

    /// Puts the file back if somebody removed it (or its directory). For the safety poll.
    ///
    /// # Errors
    /// As [`claim`]; it may pass.
    pub fn check(&mut self) -> Result<Standing, ClaimError> {
        if file::is_at(&self.file, &self.path)? {
            return Ok(Standing::Kept);
        }
        match place(&self.path, &content(&self.color, &self.about)) {
            Ok(file) => {
                self.file = file;
                Ok(Standing::Restored)
            }
            Err(Errno::EXIST) => Ok(Standing::Lost),
            Err(error) => Err(error.into()),
        }
    }

    fn create(
        dirs: &Dirs,
        room: &RoomName,
        taken: &Taken,
        wished: &Nick,
        as_seen: AsSeen<'_>,
    ) -> Result<Self, ClaimError> {
        let AsSeen {
            color,
            about,
            is_guest,
        } = as_seen;
        for nick in free(taken, wished, dirs, is_guest) {
            let path = dirs.user(room, &nick);
            match place(&path, &content(color, about)) {
                Ok(file) => {
                    let color = line(color);
                    let (dirs, room) = (dirs.clone(), room.clone());
                    return Ok(Self {
                        dirs,
                        room,
                        nick,
                        color,
                        about: about.into(),
                        is_guest,
                        file,
                        path,
                    });
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

impl Drop for Claim {
    fn drop(&mut self) {
        if file::is_at(&self.file, &self.path).unwrap_or(false) {
            // If it cannot be removed, the next joiner does: the lock goes with the descriptor.
            let _ = rustix::fs::unlink(&self.path);
        }
    }
}

/// Who is there.
#[derive(Debug, Default)]
struct Taken {
    /// The keys of the nicks, hashed: eight bytes a member in place of a string. Two nicks with one
    /// hash cost somebody a number behind their name, no more.
    keys: Vec<u64>,
    listing: Listing,
}

impl Taken {
    /// The nicks in the room but one.
    fn but(nick: Option<&Nick>, dirs: &Dirs, room: &RoomName) -> io::Result<Self> {
        let mut keys = Vec::new();
        let listing = Listing::read(dirs, room, &mut |found| {
            if Some(found) != nick {
                keys.push(hash(&found.key()));
            }
        })?;
        keys.sort_unstable();
        Ok(Self { keys, listing })
    }

    fn has(&self, nick: &Nick) -> bool {
        self.keys.binary_search(&hash(&nick.key())).is_ok()
    }
}

/// What a presence file says.
#[derive(Debug, Clone, Copy)]
struct AsSeen<'a> {
    color: &'a str,
    about: &'a str,
    is_guest: bool,
}

/// The nicks that are free, the one wished for first. Accounts' names are not for guests.
fn free<'a>(
    taken: &'a Taken,
    wished: &'a Nick,
    dirs: &'a Dirs,
    is_guest: bool,
) -> impl Iterator<Item = Nick> + 'a {
    let numbered = (1..=u32::MAX).map(|number| wished.numbered(number));
    std::iter::once(wished.clone())
        .chain(numbered)
        .filter(move |nick| !taken.has(nick))
        .filter(move |nick| !is_guest || !accounts::has(dirs, nick))
}

fn hash(key: &Key) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn open_entry_lock(dirs: &Dirs, room: &RoomName) -> io::Result<File> {
    let path = dirs.run.join(format!("{}.gate", room.file_stem()));
    match file::open(&path, OFlags::RDWR | OFlags::CREATE) {
        Ok((entry, _)) => Ok(entry),
        Err(error) => {
            let error = io::Error::from(error);
            Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", path.display()),
            ))
        }
    }
}

fn line(color: &str) -> Box<str> {
    clean(color).trim_end().into()
}

fn content(color: &str, about: &str) -> String {
    let end = if about.is_empty() { "" } else { "\n" };
    format!("{}\n{about}{end}", clean(color))
}

/// Makes the file at `path`, locked. `EXIST`: somebody has it.
fn place(path: &Path, content: &str) -> Result<File, Errno> {
    let dir = path.parent().unwrap_or(path);
    // No room and so no presence file starts with a dot.
    for _ in 0..CREATE_TRIES {
        // The time too: handlers in two containers may have one process id.
        let (process, now) = (std::process::id(), RecordId::now().as_micros());
        let temporary = dir.join(format!("{}{process}-{now}", users::TEMPORARY));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let linked = file::open(&temporary, flags).and_then(|(file, _)| {
            let locked = lock::try_hold(&file, Share::Exclusive).unwrap_or(false);
            if !locked || file::write_once(&file, content.as_bytes())? < content.len() {
                return Err(if locked { Errno::NOSPC } else { Errno::NOENT });
            }
            rustix::fs::link(&temporary, path).map(|()| file)
        });
        let _ = rustix::fs::unlink(&temporary);
        match linked {
            // Vanished between two calls; or the directory did, and then the next try says so.
            Err(Errno::NOENT) if dir.is_dir() => {}
            linked => return linked,
        }
    }
    Err(Errno::NOENT)
}

/// Removes a presence file, and its inbox, if no handler holds it. True if it was stale.
fn remove_if_stale(dirs: &Dirs, room: &RoomName, nick: &Nick, file: &File) -> io::Result<bool> {
    if !lock::try_hold(file, Share::Exclusive)? {
        return Ok(false);
    }
    let path = dirs.user(room, nick);
    if file::is_at(file, &path)? {
        inbox::sweep(dirs, room, nick);
        rustix::fs::unlink(&path)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
