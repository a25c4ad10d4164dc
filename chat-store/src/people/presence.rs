//! Who is in a room: one file per person, `users/ROOM_NICK`, content color + line end, then more about them.
//!
//! All connections of a person hold that one file, each by a slot ([`crate::fs::slots`]), and are one member. A
//! file of which nobody holds a slot is stale, unless it says until when its person may come back. It appears
//! held and complete: it is written under a name of its own, then renamed to its place, which fails if somebody
//! has it. Joiners of one room take the room's entry lock one by one: names that only look alike have different
//! files and would not exclude each other. Under the lock the names are looked at, not the files: a thousand who
//! join at once would else wait for each other's half a million opens. Who else was there under the lock is the
//! list of members, with the colors read after it: who comes or goes later has a record behind the newcomer's
//! place in the log.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fmt, io};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::fs::slots::{self, SLOTS};
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::record::{RecordId, clean};

mod about;
mod claim;
mod content;
pub mod elsewhere;
mod fate;
pub(crate) mod find;
mod give_way;
mod members;
mod names;
mod places;
mod rooms;
mod users;

pub use about::{About, about};
pub use claim::{Claim, Leave, Standing};
pub use content::MAX_GRACE;
use fate::Fate;
pub use give_way::reserve;
pub use members::{Member, MemberRef, Members};
use names::Taken;
pub use rooms::{people_by_stem, rooms, tell_rooms_of};
pub use users::{is_there, list, list_alive};

/// The longest wait for the entry lock. A thousand people who join at once are through in two seconds, on a
/// machine that does nothing else; to wait is better than to be sent away.
pub const ENTRY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a file may be in the way of which somebody else has found that it is stale: who does not wait for its end
/// has a number behind their own name for as long as they stay.
const LEAVING: Duration = Duration::from_millis(250);
/// Between two looks whether it has gone.
const PAUSE: Duration = Duration::from_millis(5);
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
    /// They have as many connections to this room as one person can have.
    Connections,
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
            Self::Connections => write!(f, "one person has at most {SLOTS} connections to a room"),
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

/// Who wants to come in.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    /// What they want to be called.
    pub nick: &'a Nick,
    /// Their color.
    pub color: &'a str,
    /// Who they are besides. Without a number they get a presence that no other connection shares.
    pub about: &'a About,
    /// How long they may be away without anybody being told.
    pub grace: Duration,
}

/// What a joiner finds.
#[derive(Debug)]
pub struct Entered {
    /// The presence they have now.
    pub claim: Claim,
    /// Whether they were not there before: append a join record. Else another connection of theirs is, or they have
    /// come back in time, and nobody is to be told.
    pub is_new: bool,
    /// Everybody in the room, themselves too, in no order.
    pub members: Members,
    /// The site is on several machines, which know of them on others only: append a join record.
    pub is_first_here: bool,
    /// Whose files were found stale, and who are no members any more: append a quit record for each.
    pub stale: Vec<Gone>,
}

/// Somebody who has left a room without saying so, or, on several machines, this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// What they were called.
    pub nick: Nick,
    /// Their number; `None`: not known.
    pub person: Option<PersonId>,
}

impl Gone {
    /// Of whom it is to be told. On several machines everybody has a number: a file without one is what a power cut has
    /// left of it, and that its owner has gone the others have told.
    fn of(dirs: &Dirs, nick: &Nick, content: &content::Content) -> Option<Self> {
        let person = content.about.person.clone();
        if person.is_none() && dirs.is_of_several() {
            return None;
        }
        Some(Self {
            nick: nick.clone(),
            person,
        })
    }
}

/// Comes into a room: as who they are there already, else under the wished name, or, if that or a look-alike is
/// taken or an account's, with a number appended. Removes the files of dead handlers.
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
    let (claim, is_new, taken) = take_place(dirs, room, newcomer, max_members, &mut stale)?;
    let mut members = Members::with_capacity(taken.count() + 1);
    let about = claim.about();
    // As others read it from the file: a session's account may hold a line end.
    let account = about.account.as_deref().map(clean);
    members.push(MemberRef {
        nick: claim.nick().as_str(),
        color: claim.color(),
        account: account.as_deref(),
        person: about.person.as_ref().map(PersonId::as_str),
    });
    let others = taken.listing;
    let own = Some(claim.nick());
    stale.append(&mut users::sweep(dirs, room, &others, own, &mut members)?);
    Ok(Entered {
        is_first_here: claim.is_first_here(),
        claim,
        is_new,
        members,
        stale,
    })
}

/// Takes the place that is theirs, else a name that nobody has; also gives whether it is a new one, and who has
/// one. Stale files in the way go.
fn take_place(
    dirs: &Dirs,
    room: &RoomName,
    newcomer: Newcomer<'_>,
    max_members: usize,
    stale: &mut Vec<Gone>,
) -> Result<(Claim, bool, Taken), ClaimError> {
    let entry = open_entry_lock(dirs, room)?;
    let Some(_lock) = lock::take(&entry, Share::Exclusive, ENTRY_TIMEOUT)? else {
        return Err(ClaimError::Busy);
    };
    let places = places::open(dirs, room)?;
    let _places = places::wait_for(places.as_ref())?;
    if let Some(claim) = Claim::join(dirs, room, &newcomer, stale)? {
        return Ok((claim, false, Taken::but(None, dirs, room)?));
    }
    let mut taken = Taken::but(None, dirs, room)?;
    if taken.count() >= max_members {
        let mut alive = Members::default();
        stale.append(&mut users::sweep(
            dirs,
            room,
            &taken.listing,
            None,
            &mut alive,
        )?);
        taken = Taken::but(None, dirs, room)?;
        if taken.count() >= max_members {
            return Err(ClaimError::Full { max: max_members });
        }
    }
    let wished = newcomer.nick;
    if taken.has(wished) && remove_stale_namesakes(dirs, room, wished, stale)? {
        taken = Taken::but(None, dirs, room)?;
    }
    let claim = Claim::create(dirs, room, &taken, &newcomer)?;
    Ok((claim, true, taken))
}

/// What a look for stale presences found.
#[derive(Debug, Default)]
pub struct Swept {
    /// Who are no members any more: append a quit record for each.
    pub stale: Vec<Gone>,
    /// When the first of those who are waited for is gone for good.
    pub next: Option<RecordId>,
}

/// Removes the room's stale presences.
///
/// # Errors
/// Those of reading the directory and removing files.
pub fn sweep(dirs: &Dirs, room: &RoomName) -> io::Result<Swept> {
    let mut swept = Swept::default();
    users::names(dirs, room, &mut |nick, entry| {
        let Some(file) = entry.open()? else {
            return Ok(());
        };
        match fate::judge(dirs, room, &nick, &file)? {
            Fate::Here(_) => {}
            Fate::Stale(content) | Fate::Left(content) => {
                swept.stale.extend(Gone::of(dirs, &nick, &content));
            }
            Fate::Awaited(_, until) => {
                swept.next = Some(swept.next.map_or(until, |next| next.min(until)));
            }
        }
        Ok(())
    })?;
    Ok(swept)
}

/// Takes the presence of somebody away who is waited for: they have been sent out. The caller tells of it. False: they
/// are not, or are back.
///
/// # Errors
/// Those of opening and removing files.
pub fn evict(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<bool> {
    let path = dirs.user(room, nick);
    let (file, _) = match file::open(&path, OFlags::RDWR) {
        Ok(opened) => opened,
        Err(Errno::NOENT) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if !slots::hold_all(&file)? || !file::is_at(&file, &path)? {
        return Ok(false);
    }
    let _lock = content::lock(dirs, &file)?;
    let mut content = content::Content::read_in(dirs, &file)?;
    if content.is_elsewhere() {
        // There they are sent out as well, and quit. This machine holds them no longer.
        let was_here = content.here;
        (content.here, content.until) = (false, None);
        content.write(&file)?;
        return Ok(was_here);
    }
    fate::remove(dirs, room, nick, content, &file)?;
    Ok(true)
}

/// Removes stale files of this name or one that looks like it, and waits a moment for one that somebody else is just
/// removing. True if there was one.
fn remove_stale_namesakes(
    dirs: &Dirs,
    room: &RoomName,
    wished: &Nick,
    stale: &mut Vec<Gone>,
) -> io::Result<bool> {
    let key = wished.key();
    let began = Instant::now();
    let mut found = false;
    loop {
        let mut is_leaving = false;
        users::names(dirs, room, &mut |nick, entry| {
            if nick.key() == key
                && let Some(file) = entry.open()?
            {
                match fate::judge(dirs, room, &nick, &file)? {
                    Fate::Stale(content) => stale.extend(Gone::of(dirs, &nick, &content)),
                    Fate::Here(content) if content.is_leaving() => is_leaving = true,
                    _ => return Ok(()),
                }
                found = true;
            }
            Ok(())
        })?;
        if !is_leaving || began.elapsed() >= LEAVING {
            return Ok(found);
        }
        std::thread::sleep(PAUSE);
    }
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

/// Makes the file at `path`, with this slot held. `EXIST`: somebody has it.
fn place(path: &Path, content: &str, slot: u32) -> Result<File, Errno> {
    let dir = path.parent().unwrap_or(path);
    // No room and so no presence file starts with a dot.
    for _ in 0..CREATE_TRIES {
        // The time too: handlers in two containers may have one process id.
        let (process, now) = (std::process::id(), RecordId::now().as_micros());
        let temporary = dir.join(format!("{}{process}-{now}", users::TEMPORARY));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let placed = file::open(&temporary, flags).and_then(|(file, _)| {
            let held = slots::hold_this(&file, slot).unwrap_or(false);
            if !held || file::write_once(&file, content.as_bytes())? < content.len() {
                return Err(if held { Errno::NOSPC } else { Errno::NOENT });
            }
            file::move_to(&temporary, path).map(|()| file)
        });
        if placed.is_err() {
            let _ = rustix::fs::unlink(&temporary);
        }
        match placed {
            // Vanished between two calls; or the directory did, and then the next try says so.
            Err(Errno::NOENT) if dir.is_dir() => {}
            placed => return placed,
        }
    }
    Err(Errno::NOENT)
}

#[cfg(test)]
mod tests;
