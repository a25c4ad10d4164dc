//! Incoming webhooks: addresses with a secret in them, each for one room, at which other programs leave messages. Of the
//! secret a hash alone is kept, and it is shown once.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;

use crate::cluster::order::{self, After};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::moves;
use crate::name::{Nick, RoomName};
use crate::secret::{self, hash_of};

/// What the accounts of their messages begin with: no person has one that does.
pub const ACCOUNT: &str = "hook:";
/// The most of a site.
pub const MAX: usize = 1_000;
/// The most of one room.
pub const MAX_OF_ROOM: usize = 20;
/// The most that is read of the list, in bytes: so many of the longest.
const MAX_BYTES: u64 = 1024 * 1024;
/// The longest wait for somebody else who changes it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// One of them. A line of the list: `HASH TAB ROOM TAB NAME TAB MADE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where its messages go.
    pub room: RoomName,
    /// What they are said under: one in a room has it.
    pub name: Nick,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    hash: String,
}

impl Incoming {
    /// Whom its records are from.
    pub fn account(&self) -> String {
        format!("{ACCOUNT}{}", self.name)
    }

    /// What tells it from all others, for names of files.
    pub fn id(&self) -> &str {
        &self.hash
    }

    /// Whether its messages go to this room: it was made for it, or for one that has moved there.
    ///
    /// # Errors
    /// Those of reading where rooms have gone.
    pub fn goes_to(&self, dirs: &Dirs, room: &RoomName) -> io::Result<bool> {
        Ok(self.room == *room || moves::gone_to(dirs, &self.room)?.as_ref() == Some(room))
    }

    fn is(&self, room: &RoomName, name: &Nick) -> bool {
        self.room == *room && self.name.key() == name.key()
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            hash: fields.next().filter(|hash| !hash.is_empty())?.to_owned(),
            room: RoomName::parse(fields.next()?).ok()?,
            name: Nick::parse(fields.next()?).ok()?,
            made: fields.next()?.parse().ok()?,
        })
    }
}

/// Why there is none, or no other.
#[derive(Debug)]
pub enum IncomingError {
    /// One of the room is called so, or looks like it.
    Exists,
    /// None of the room is called so.
    Missing,
    /// There are [`MAX`], or [`MAX_OF_ROOM`].
    Full,
    /// A file, or chance.
    Io(io::Error),
}

impl fmt::Display for IncomingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => {
                f.write_str("the room has such an incoming webhook, or one that looks like it")
            }
            Self::Missing => f.write_str("the room has no such incoming webhook"),
            Self::Full => write!(
                f,
                "a room has at most {MAX_OF_ROOM} incoming webhooks, a site {MAX}: remove one first"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IncomingError {}

impl From<io::Error> for IncomingError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// All of them, by room and name.
///
/// # Errors
/// Those of reading the list.
pub fn all(dirs: &Dirs) -> io::Result<Vec<Incoming>> {
    Ok(hooks_in(&file::read_whole(&list(dirs), MAX_BYTES)?))
}

fn hooks_in(text: &[u8]) -> Vec<Incoming> {
    let text = String::from_utf8_lossy(text);
    let mut hooks: Vec<_> = text.lines().filter_map(Incoming::parse).collect();
    hooks.sort_by(|one, other| (&one.room, &one.name).cmp(&(&other.room, &other.name)));
    hooks
}

/// The one whose secret this is.
///
/// # Errors
/// As [`all`].
pub fn find(dirs: &Dirs, secret: &str) -> io::Result<Option<Incoming>> {
    if secret.len() != secret::DIGITS {
        return Ok(None);
    }
    let hash = hash_of(secret);
    Ok(all(dirs)?.into_iter().find(|hook| hook.hash == hash))
}

/// Makes one; its secret.
///
/// # Errors
/// There is none then.
pub fn add(dirs: &Dirs, room: &RoomName, name: &Nick) -> Result<String, IncomingError> {
    change(dirs, |hooks| {
        if hooks.iter().any(|hook| hook.is(room, name)) {
            return Err(IncomingError::Exists);
        }
        let of_room = hooks.iter().filter(|hook| hook.room == *room).count();
        if hooks.len() >= MAX || of_room >= MAX_OF_ROOM {
            return Err(IncomingError::Full);
        }
        let secret = secret::new()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        hooks.push(Incoming {
            room: room.clone(),
            name: name.clone(),
            made: now.unwrap_or_default().as_secs(),
            hash: hash_of(&secret),
        });
        Ok(secret)
    })
}

/// Removes one: its address takes nothing from now on, and what it said stays.
///
/// # Errors
/// It is there still.
pub fn remove(dirs: &Dirs, room: &RoomName, name: &Nick) -> Result<(), IncomingError> {
    change(dirs, |hooks| {
        let own = hooks.iter().position(|hook| hook.is(room, name));
        let is_named = |hook: &Incoming| hook.name.key() == name.key();
        let mut place = own;
        for (at, hook) in hooks.iter().enumerate() {
            if place.is_none() && is_named(hook) && hook.goes_to(dirs, room)? {
                place = Some(at);
            }
        }
        hooks.remove(place.ok_or(IncomingError::Missing)?);
        Ok(())
    })
}

/// Removes those of a room that is no more.
///
/// # Errors
/// They are there still.
pub fn remove_all(dirs: &Dirs, room: &RoomName) -> Result<(), IncomingError> {
    let mut gone = Vec::new();
    for hook in all(dirs)? {
        if hook.goes_to(dirs, room)? {
            gone.push(hook.hash);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    change(dirs, |hooks| {
        hooks.retain(|hook| !gone.contains(&hook.hash));
        Ok(())
    })
}

fn change<T>(
    dirs: &Dirs,
    mut edit: impl FnMut(&mut Vec<Incoming>) -> Result<T, IncomingError>,
) -> Result<T, IncomingError> {
    let path = list(dirs);
    let lock_path = file::suffixed(&path, ".lock");
    let opened = file::open(&lock_path, OFlags::RDWR | OFlags::CREATE);
    let (lock_file, _) = opened.map_err(io::Error::from)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(IncomingError::Io(io::ErrorKind::TimedOut.into()));
    };
    let line = |hook: &Incoming| {
        format!(
            "{}\t{}\t{}\t{}\n",
            hook.hash, hook.room, hook.name, hook.made
        )
    };
    order::edit(dirs, &path, MAX_BYTES, |text| {
        let mut hooks = hooks_in(text);
        let done = edit(&mut hooks)?;
        let lines: String = hooks.iter().map(line).collect();
        Ok((After::Text(lines.into_bytes()), done))
    })
}

/// No room's file is called so: no name of a room holds `_`.
fn list(dirs: &Dirs) -> PathBuf {
    dirs.site_state.join("_incoming")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_rooms_until_it_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let (lobby, news) = (RoomName::lobby(), RoomName::parse("news").unwrap());
        let name = |text| Nick::parse(text).unwrap();
        let first = add(&dirs, &lobby, &name("Grafana")).unwrap();
        let other = add(&dirs, &news, &name("Grafana")).unwrap();
        let of = |secret: &str| {
            let found = find(&dirs, secret).unwrap();
            found.map(|hook| (hook.room.to_string(), hook.account()))
        };
        let account = "hook:Grafana".to_owned();
        assert_eq!(of(&first), Some(("lobby".to_owned(), account.clone())));
        assert_eq!(of(&other), Some(("news".to_owned(), account)));
        for wrong in [
            "",
            &first[1..],
            &format!("{first}0"),
            &first.to_uppercase(),
            &"0".repeat(40),
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        for taken in ["Grafana", "grafana", "Grаfana"] {
            let added = add(&dirs, &lobby, &name(taken));
            assert!(matches!(added, Err(IncomingError::Exists)), "{taken}");
        }
        let kept = std::fs::read_to_string(list(&dirs)).unwrap();
        assert!(!kept.contains(&first) && !kept.contains(&other));
        remove(&dirs, &lobby, &name("grafana")).unwrap();
        assert_eq!(of(&first), None);
        let again = remove(&dirs, &lobby, &name("Grafana"));
        assert!(matches!(again, Err(IncomingError::Missing)));
        remove_all(&dirs, &lobby).unwrap();
        assert!(of(&other).is_some());
        remove_all(&dirs, &news).unwrap();
        assert_eq!(all(&dirs).unwrap(), []);
    }

    #[test]
    fn a_room_has_so_many() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let name = |number| Nick::parse(&format!("hook{number}")).unwrap();
        for number in 0..MAX_OF_ROOM {
            add(&dirs, &RoomName::lobby(), &name(number)).unwrap();
        }
        let more = add(&dirs, &RoomName::lobby(), &name(MAX_OF_ROOM));
        assert!(matches!(more, Err(IncomingError::Full)));
        assert!(add(&dirs, &RoomName::parse("news").unwrap(), &name(0)).is_ok());
    }
}
