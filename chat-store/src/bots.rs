//! Bots: programs that are in rooms under a name of their own, by a token that the server made. Of the token a hash
//! alone is kept, and it is shown once.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;

use crate::cluster::order;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::Nick;
use crate::secret::{self, hash_of};
use crate::state::{self, Revoked};

/// What their accounts, and their tokens, begin with.
pub const ACCOUNT: &str = "bot:";
/// The group that they are all part of, for `[access]`.
pub const GROUP: &str = "bots";
/// The most of a site.
pub const MAX_BOTS: usize = 1_000;
/// The most that is read of the list, in bytes: so many of the longest.
const MAX_BYTES: u64 = 512 * 1024;
/// How often the list is read again that was changed meanwhile on another machine.
const CHANGE_TRIES: u32 = 8;
/// The longest wait for somebody else who changes it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection by a token that was replaced is found out long before this.
const REVOKED_FOR: u64 = 24 * 3600;

/// One of them. A line of the list: `NAME TAB HASH TAB MADE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// What it is called.
    pub name: Nick,
    hash: String,
    /// When its token was made, in seconds since 1970.
    pub made: u64,
}

impl Bot {
    /// What its token is called where tokens are revoked.
    pub fn token_id(&self) -> &str {
        &self.hash
    }

    /// Whom its records are from.
    pub fn account(&self) -> String {
        account_of(&self.name)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            name: Nick::parse(fields.next()?).ok()?,
            hash: fields.next()?.to_owned(),
            made: fields.next()?.parse().ok()?,
        })
    }
}

/// Why there is no such bot, or no other.
#[derive(Debug)]
pub enum BotError {
    /// One is called so, or looks like it.
    Exists,
    /// None is called so.
    Missing,
    /// There are [`MAX_BOTS`].
    Full,
    /// A file, or chance.
    Io(io::Error),
}

impl fmt::Display for BotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("there is such a bot, or one that looks like it"),
            Self::Missing => f.write_str("there is no such bot"),
            Self::Full => write!(f, "there are {MAX_BOTS} bots, remove one first"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BotError {}

impl From<io::Error> for BotError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// All of them, by name.
///
/// # Errors
/// Those of reading the list.
pub fn all(dirs: &Dirs) -> io::Result<Vec<Bot>> {
    Ok(bots_in(&file::read_whole(&list(dirs), MAX_BYTES)?))
}

fn bots_in(text: &[u8]) -> Vec<Bot> {
    let text = String::from_utf8_lossy(text);
    let mut bots: Vec<_> = text.lines().filter_map(Bot::parse).collect();
    bots.sort_by(|one, other| one.name.cmp(&other.name));
    bots
}

/// The one whose token this is.
///
/// # Errors
/// As [`all`].
pub fn find(dirs: &Dirs, token: &str) -> io::Result<Option<Bot>> {
    if !token.starts_with(ACCOUNT) {
        return Ok(None);
    }
    let hash = hash_of(token);
    Ok(all(dirs)?.into_iter().find(|bot| bot.hash == hash))
}

/// Makes one; its token.
///
/// # Errors
/// There is none then.
pub fn add(dirs: &Dirs, name: &Nick) -> Result<String, BotError> {
    change(dirs, |bots| {
        if bots.iter().any(|bot| bot.name.key() == name.key()) {
            return Err(BotError::Exists);
        }
        if bots.len() >= MAX_BOTS {
            return Err(BotError::Full);
        }
        let (token, hash) = new_token(name)?;
        let (name, made) = (name.clone(), now());
        bots.push(Bot { name, hash, made });
        Ok(token)
    })
}

/// Gives one another token: by the old one nobody is in from then on.
///
/// # Errors
/// The old one holds then, unless revoking it alone failed.
pub fn renew(dirs: &Dirs, name: &Nick) -> Result<String, BotError> {
    let (token, old) = change(dirs, |bots| {
        let bot = bots.iter_mut().find(|bot| bot.name == *name);
        let bot = bot.ok_or(BotError::Missing)?;
        let (token, hash) = new_token(name)?;
        bot.made = now();
        Ok((token, std::mem::replace(&mut bot.hash, hash)))
    })?;
    end_connections(dirs, &old)?;
    Ok(token)
}

/// Removes one: it is out of all rooms, and what it said stays.
///
/// # Errors
/// It is there still, unless ending its connections alone failed.
pub fn remove(dirs: &Dirs, name: &Nick) -> Result<(), BotError> {
    let old = change(dirs, |bots| {
        let place = bots.iter().position(|bot| bot.name == *name);
        let place = place.ok_or(BotError::Missing)?;
        Ok(bots.remove(place).hash)
    })?;
    Ok(end_connections(dirs, &old)?)
}

fn end_connections(dirs: &Dirs, hash: &str) -> io::Result<()> {
    state::revoke(dirs, Revoked::Token(hash), now() + REVOKED_FOR)
}

fn change<T>(
    dirs: &Dirs,
    mut edit: impl FnMut(&mut Vec<Bot>) -> Result<T, BotError>,
) -> Result<T, BotError> {
    let path = list(dirs);
    let (lock_file, _) = file::open(
        &file::suffixed(&path, ".lock"),
        OFlags::RDWR | OFlags::CREATE,
    )
    .map_err(io::Error::from)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(BotError::Io(io::ErrorKind::TimedOut.into()));
    };
    for _ in 0..CHANGE_TRIES {
        let before = file::read_whole(&path, MAX_BYTES)?;
        let mut bots = bots_in(&before);
        let done = edit(&mut bots)?;
        let lines = bots
            .iter()
            .map(|bot| format!("{}\t{}\t{}\n", bot.name, bot.hash, bot.made));
        let text = lines.collect::<String>();
        if order::replace(dirs, &path, &before, text.as_bytes())? {
            return Ok(done);
        }
    }
    Err(BotError::Io(io::ErrorKind::TimedOut.into()))
}

/// No room's file is called so: no name of a room holds `_`.
fn list(dirs: &Dirs) -> PathBuf {
    dirs.site_state.join("_bots")
}

fn account_of(name: &Nick) -> String {
    format!("{ACCOUNT}{name}")
}

/// A token and its hash.
fn new_token(name: &Nick) -> io::Result<(String, String)> {
    let token = format!("{}:{}", account_of(name), secret::new()?);
    let hash = hash_of(&token);
    Ok((token, hash))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Revocations;

    #[test]
    fn a_token_is_its_bots_until_another_is_made() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let name = |text| Nick::parse(text).unwrap();
        let first = add(&dirs, &name("weather")).unwrap();
        let other = add(&dirs, &name("news")).unwrap();
        let of = |token: &str| find(&dirs, token).unwrap().map(|bot| bot.account());
        assert_eq!(of(&first).as_deref(), Some("bot:weather"));
        assert_eq!(of(&other).as_deref(), Some("bot:news"));
        for wrong in ["", "bot:weather", "bot:weather:", &first[..first.len() - 1]] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        for taken in ["weather", "Weather", "wеather"] {
            assert!(
                matches!(add(&dirs, &name(taken)), Err(BotError::Exists)),
                "{taken}"
            );
        }
        let second = renew(&dirs, &name("weather")).unwrap();
        assert_eq!(
            (of(&first), of(&second).as_deref()),
            (None, Some("bot:weather"))
        );
        // Who is in by the old one is out, and by the new one is not.
        let now = find(&dirs, &second).unwrap().unwrap();
        let revoked = Revocations::load(&dirs).unwrap();
        let is_out =
            |token: &str| revoked.hold(Some(&hash_of(token)), Some("bot:weather"), Some(now.made));
        assert!(is_out(&first) && !is_out(&second));
        assert_eq!(now.token_id(), hash_of(&second));
        remove(&dirs, &name("weather")).unwrap();
        assert_eq!(of(&second), None);
        assert!(matches!(
            remove(&dirs, &name("weather")),
            Err(BotError::Missing)
        ));
        assert!(matches!(
            renew(&dirs, &name("weather")),
            Err(BotError::Missing)
        ));
        let names: Vec<_> = all(&dirs)
            .unwrap()
            .into_iter()
            .map(|bot| bot.name.to_string())
            .collect();
        assert_eq!(names, ["news"]);
        let kept = std::fs::read_to_string(list(&dirs)).unwrap();
        assert!(!kept.contains(other.rsplit(':').next().unwrap()));
    }
}
