//! Accounts of the chat's own: a file each in `accounts/`, of one `key=value` a line, which `grep` reads and any other
//! protocol can log in by (SCRAM's verifiers, RFC 5803). Names that look alike are one account.
//!
//! Nothing here knows a password: who makes a verifier, or compares one, links the cryptography for it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::cluster::order::{self, After};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::Nick;
use crate::people::person::hex_of;

mod account;
mod group;
pub mod reach;
mod ticket;
pub mod tries;

pub use account::{Account, AccountKind, MAX_ACCOUNT_BYTES};
pub use group::{ADMINISTRATORS, Group, MAX_GROUPS};
pub use ticket::{Ticket, Tickets};

/// Accounts of one site: who registers needs a bound, and to list them all reads each.
pub const MAX_ACCOUNTS: usize = 100_000;
/// The longest wait for another who changes an account.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Names of files: no account's begins with a dot.
const LOCK: &str = ".lock";
/// The longest name of a file that is the account's own name; another is its hash.
const MAX_STEM: usize = 200;

/// Why an account was not made or changed.
#[derive(Debug)]
pub enum AccountError {
    /// There is one of this name, or of one that looks like it: that.
    Taken(Nick),
    /// There is none of this name.
    Missing,
    /// It would be more than [`MAX_ACCOUNTS`].
    TooMany,
    /// Somebody else held the lock all the time.
    Busy,
    /// It is not to be: why, for people.
    Refused(&'static str),
    /// A file could not be read or written.
    Io(io::Error),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(name) => write!(f, "there is an account {name} already"),
            Self::Missing => f.write_str("there is no such account"),
            Self::TooMany => write!(f, "there are {MAX_ACCOUNTS} accounts already"),
            Self::Busy => f.write_str("another account is being changed just now, try again"),
            Self::Refused(reason) => f.write_str(reason),
            Self::Io(error) => write!(f, "not done: {error}"),
        }
    }
}

impl std::error::Error for AccountError {}

impl From<io::Error> for AccountError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The file of an account in the directory `dir`. Its name is what the account's looks like; where that cannot be a
/// file's (letters of some scripts look like `/`), `_` and a hash of it, which no other's begins with.
pub fn path(dir: &Path, name: &Nick) -> PathBuf {
    let key = name.key();
    let key = key.as_str();
    let is_odd = key.len() > MAX_STEM
        || key.is_empty()
        || key.starts_with(['.', '_'])
        || key.contains(|c: char| c == '/' || c.is_control());
    if is_odd {
        dir.join(format!("_{}", hex_of(&[key])))
    } else {
        dir.join(key)
    }
}

/// The account of this name, or of one that looks like it.
///
/// # Errors
/// Those of reading the file; `InvalidData` for what is no account.
pub fn find(dir: &Path, name: &Nick) -> io::Result<Option<Account>> {
    read(&path(dir, name))
}

/// As [`find`], by what somebody typed or a session holds. What can be nobody's name is nobody's.
///
/// # Errors
/// As [`find`].
pub fn named(dir: &Path, name: &str) -> io::Result<Option<Account>> {
    match Nick::parse(name) {
        Ok(name) => find(dir, &name),
        Err(_) => Ok(None),
    }
}

fn read(path: &Path) -> io::Result<Option<Account>> {
    let text = file::read_whole(path, MAX_ACCOUNT_BYTES)?;
    if text.is_empty() && file::FileId::at(path)?.is_none() {
        return Ok(None);
    }
    parse(path, &text).map(Some)
}

fn parse(path: &Path, text: &[u8]) -> io::Result<Account> {
    Account::parse(text).ok_or_else(|| {
        let text = format!("{} is no account", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// Has an account be what `edit` makes of it, on all machines of the site.
fn edit_there(
    dirs: &Dirs,
    path: &Path,
    edit: &mut dyn FnMut(&mut Account) -> Result<After, AccountError>,
) -> Result<Account, AccountError> {
    order::edit(dirs, path, MAX_ACCOUNT_BYTES, |text| {
        if text.is_empty() && file::FileId::at(path)?.is_none() {
            return Err(AccountError::Missing);
        }
        let mut account = parse(path, text)?;
        Ok((edit(&mut account)?, account))
    })
}

/// Every account, in no order, until `each` says that it is enough. Files that are none are left out.
///
/// # Errors
/// Those of reading the directory, where a missing one is empty, and those of `each`.
pub fn each(dir: &Path, each: &mut dyn FnMut(Account) -> io::Result<bool>) -> io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let found = entry?.path();
        // One that is just being written has another name than its account's.
        let own = |account: &Account| path(dir, &account.name) == found;
        let Ok(Some(account)) = read(&found) else {
            continue;
        };
        if own(&account) && !each(account)? {
            break;
        }
    }
    Ok(())
}

/// Every account, by name.
///
/// # Errors
/// Those of reading the directory.
pub fn all(dir: &Path) -> io::Result<Vec<Account>> {
    let mut found = Vec::new();
    each(dir, &mut |account| {
        found.push(account);
        Ok(true)
    })?;
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether there is any account.
///
/// # Errors
/// Those of reading the directory.
pub fn is_any(dir: &Path) -> io::Result<bool> {
    let mut found = false;
    each(dir, &mut |_| {
        found = true;
        Ok(false)
    })?;
    Ok(found)
}

/// Makes an account, and keeps its name from guests.
///
/// # Errors
/// Nothing is made then.
pub fn create(dirs: &Dirs, account: &Account) -> Result<(), AccountError> {
    let dir = &dirs.accounts;
    let file = open_lock(dir)?;
    let _lock = hold(&file)?;
    let path = path(dir, &account.name);
    if let Some(there) = read(&path)? {
        return Err(AccountError::Taken(there.name));
    }
    if std::fs::read_dir(dir)?.count() > MAX_ACCOUNTS {
        return Err(AccountError::TooMany);
    }
    let mut text = account.text();
    if dirs.cluster.is_some() {
        // Without a password two of the same moment have one text.
        text.extend(order::unlike_others()?.bytes());
    }
    let is_ours = order::replace(dirs, &path, b"", &text)?;
    if !is_ours {
        // On another machine somebody was first.
        let there = read(&path)?.map_or_else(|| account.name.clone(), |there| there.name);
        return Err(AccountError::Taken(there));
    }
    // Without it a guest may take the name until its owner comes for the first time.
    let _ = crate::people::accounts::keep(dirs, &account.name, account.name.as_str());
    Ok(())
}

/// Changes an account, if `edit` agrees, which may be asked again. Gives what it is from then on.
///
/// # Errors
/// Nothing is changed then.
pub fn change(
    dirs: &Dirs,
    name: &Nick,
    edit: &mut dyn FnMut(&mut Account) -> Result<(), AccountError>,
) -> Result<Account, AccountError> {
    let path = path(&dirs.accounts, name);
    // Who asks for a name that nobody has makes no directory.
    read(&path)?.ok_or(AccountError::Missing)?;
    let file = open_lock(&dirs.accounts)?;
    let _lock = hold(&file)?;
    edit_there(dirs, &path, &mut |account| {
        edit(account)?;
        Ok(After::Text(account.text()))
    })
}

/// Removes an account, if `may` agrees. Its name stays taken in `names/`: whoever had it next would own its rooms
/// and be in its conversations. Only an administrator can give it again.
///
/// # Errors
/// Nothing is removed then.
pub fn remove(
    dirs: &Dirs,
    name: &Nick,
    may: &mut dyn FnMut(&Account) -> Result<(), AccountError>,
) -> Result<Account, AccountError> {
    let path = path(&dirs.accounts, name);
    let file = match read(&path)? {
        Some(_) => open_lock(&dirs.accounts)?,
        None => return Err(AccountError::Missing),
    };
    let _lock = hold(&file)?;
    edit_there(dirs, &path, &mut |account| {
        may(account)?;
        Ok(After::Gone)
    })
}

fn open_lock(dir: &Path) -> io::Result<File> {
    let path = dir.join(LOCK);
    let flags = OFlags::RDWR | OFlags::CREATE;
    match file::open(&path, flags) {
        Err(Errno::NOENT) => {
            dirs::create_private(dir)?;
            Ok(file::open(&path, flags)?.0)
        }
        opened => Ok(opened?.0),
    }
}

fn hold(file: &File) -> Result<lock::Lock<'_>, AccountError> {
    lock::take(file, Share::Exclusive, LOCK_TIMEOUT)?.ok_or(AccountError::Busy)
}

#[cfg(test)]
mod tests;
