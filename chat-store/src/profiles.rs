//! How people who have an account are shown: what they wish to be called, their color, a picture, what they are up to,
//! and what the site's own log-in says about them. A file each in `profiles/`, of one `key=value` a line, named by the
//! person's number; whoever logged in as this account, with or without a file in `accounts/`, has it.
//!
//! A name that is chosen here is kept in `names/` as the account's own is, so that nobody else gets it, nor one that
//! looks like it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::cluster::order::{self, After};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::Nick;
use crate::people::accounts as names;
use crate::people::person::PersonId;

mod avatar;
mod muted;
mod profile;
mod show;

pub use avatar::{AvatarId, MAX_AVATAR_BYTES, avatar, avatar_of, set_avatar};
pub use muted::is_muted;
pub use profile::{MAX_PUBLIC_BYTES, MAX_STATUS_CHARS, Profile, Status};
pub use show::{is_any, tell};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 8 * 1024;
/// The longest wait for another who changes a profile.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// No number is called so.
const LOCK: &str = ".lock";

/// Why a profile was not changed.
#[derive(Debug)]
pub enum ProfileError {
    /// The name is another account's, or looks like one.
    Taken(Nick),
    /// Somebody else held the lock all the time.
    Busy,
    /// A file could not be read or written.
    Io(io::Error),
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(name) => write!(f, "the name {name} is another account's"),
            Self::Busy => f.write_str("another profile is being changed just now, try again"),
            Self::Io(error) => write!(f, "not done: {error}"),
        }
    }
}

impl std::error::Error for ProfileError {}

impl From<io::Error> for ProfileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The file of a person.
pub fn path(dirs: &Dirs, person: &PersonId) -> PathBuf {
    dirs.profiles.join(person.as_str())
}

/// The number of who logs in as `account`.
fn number_of(account: &str) -> Option<PersonId> {
    PersonId::of(Some(account), None)
}

/// How a person is shown; `None`: as everybody who has said nothing about it.
///
/// # Errors
/// Those of reading the file.
pub fn find(dirs: &Dirs, person: &PersonId) -> io::Result<Option<Profile>> {
    let text = file::read_whole(&path(dirs, person), MAX_BYTES)?;
    Ok(Profile::parse(&text))
}

/// As [`find`], by the account.
///
/// # Errors
/// As [`find`].
pub fn of_account(dirs: &Dirs, account: &str) -> io::Result<Option<Profile>> {
    match number_of(account) {
        Some(person) => find(dirs, &person),
        None => Ok(None),
    }
}

/// The profiles of all, in no order. A file that is none is left out.
///
/// # Errors
/// Those of reading the directory, where a missing one is empty.
pub fn all(dirs: &Dirs) -> io::Result<Vec<Profile>> {
    let entries = match std::fs::read_dir(&dirs.profiles) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let Some(person) = name.to_str().and_then(PersonId::parse) else {
            continue;
        };
        found.extend(find(dirs, &person)?);
    }
    Ok(found)
}

/// Changes the profile of an account, which need not have one. Gives what it is from then on, and whether that is
/// something else than before. Tell of it then: see [`tell`].
///
/// # Errors
/// Nothing is changed then.
pub fn change(
    dirs: &Dirs,
    account: &str,
    edit: &mut dyn FnMut(&mut Profile),
) -> Result<(Profile, bool), ProfileError> {
    try_change(dirs, account, &mut |profile| {
        edit(profile);
        Ok(())
    })
}

/// As [`change`], unless `edit` fails. It may be asked again.
fn try_change(
    dirs: &Dirs,
    account: &str,
    edit: &mut dyn FnMut(&mut Profile) -> Result<(), ProfileError>,
) -> Result<(Profile, bool), ProfileError> {
    let Some(person) = number_of(account) else {
        return Ok((Profile::of(account), false));
    };
    let file = open_lock(dirs)?;
    let _lock = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)?.ok_or(ProfileError::Busy)?;
    let path = path(dirs, &person);
    let picture = avatar::path(dirs, &person);
    let (old, new, shown) = order::edit(dirs, &path, MAX_BYTES, |text| {
        let old = Profile::parse(text).unwrap_or_else(|| Profile::of(account));
        let mut new = old.clone();
        edit(&mut new)?;
        if new == old {
            return Ok((After::Same, (old, new, Vec::new())));
        }
        if let Some(name) = new.name.as_ref().filter(|_| new.name != old.name) {
            take_name(dirs, name, account)?;
        }
        let shown = match (&old.avatar, &new.avatar) {
            (Some(_), None) => file::read_whole(&picture, MAX_AVATAR_BYTES as u64)?,
            _ => Vec::new(),
        };
        let after = match (new.is_empty(), text.is_empty()) {
            (true, true) => After::Same,
            (true, false) => After::Gone,
            (false, _) => After::Text(new.text()),
        };
        Ok::<_, ProfileError>((after, (old, new, shown)))
    })?;
    // Not before: a profile that another machine has changed first would name a picture that is gone. And not the one
    // that another machine has put there since.
    if !shown.is_empty() {
        order::remove_if(dirs, &picture, &shown)?;
    }
    if new == old {
        return Ok((new, false));
    }
    if let Some(name) = old.name.filter(|name| new.name.as_ref() != Some(name)) {
        give_back(dirs, &name, &new)?;
    }
    Ok((new, true))
}

/// Forgets how an account is shown, and what is left of a picture that somebody was stopped at setting; the files that
/// are gone.
///
/// # Errors
/// As [`change`].
pub fn forget(dirs: &Dirs, account: &str) -> Result<usize, ProfileError> {
    let Some(person) = number_of(account) else {
        return Ok(0);
    };
    let mut count = 0;
    if find(dirs, &person)?.is_some() {
        let mut is_pictured = false;
        change(dirs, account, &mut |profile| {
            is_pictured = profile.avatar.is_some();
            *profile = Profile::of(account);
        })?;
        count += 1 + usize::from(is_pictured);
    }
    let picture = avatar::path(dirs, &person);
    for left in [order::unfinished(&picture), picture] {
        if left.exists() {
            order::remove(dirs, &left)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Whether the name that a profile wishes for is its own still: who has an account of that name gets it back.
pub fn has_name(dirs: &Dirs, profile: &Profile) -> bool {
    let owner = |name| names::owner(dirs, name).ok().flatten();
    profile.name.as_ref().and_then(owner).as_deref() == Some(&profile.account)
}

/// Keeps a name for an account.
fn take_name(dirs: &Dirs, name: &Nick, account: &str) -> Result<(), ProfileError> {
    // The site may know an account that nobody has logged in by yet.
    let there = crate::accounts::find(&dirs.accounts, name)?;
    let is_anothers = there.is_some_and(|there| there.name.as_str() != account);
    if is_anothers {
        return Err(ProfileError::Taken(name.clone()));
    }
    if !names::keep(dirs, name, account)? && names::owner(dirs, name)?.as_deref() != Some(account) {
        return Err(ProfileError::Taken(name.clone()));
    }
    Ok(())
}

/// Others may have a name again, unless it looks like the account's own or the one that is wished for now.
fn give_back(dirs: &Dirs, name: &Nick, profile: &Profile) -> io::Result<()> {
    let own = Nick::parse(&profile.account).ok();
    let kept = own.iter().chain(&profile.name);
    if kept.map(Nick::key).any(|key| key == name.key()) {
        return Ok(());
    }
    names::release(dirs, name, &profile.account)
}

fn open_lock(dirs: &Dirs) -> io::Result<File> {
    let path = dirs.profiles.join(LOCK);
    let flags = OFlags::RDWR | OFlags::CREATE;
    match file::open(&path, flags) {
        Err(Errno::NOENT) => {
            dirs::create_private(&dirs.profiles)?;
            Ok(file::open(&path, flags)?.0)
        }
        opened => Ok(opened?.0),
    }
}

#[cfg(test)]
mod tests;
