//! The names of accounts, which are nobody else's: a guest who wishes for one gets a number.
//!
//! An account's name is known from its first visit on: a file in `names/` for each, named by what the name looks like,
//! so that look-alikes are kept from guests as well. Logging in is what makes one; no visitor can fill the directory.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rustix::fs::{Access, OFlags};
use rustix::io::Errno;

use super::person::hex_of;
use crate::cluster::order::{self, After};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::name::Nick;
use crate::record::{clean, show};

/// The most that is read of a file, in bytes.
const MAX_BYTES: u64 = 1024;

/// Keeps the name `nick` for `account` from now on; true if it was not kept before.
///
/// # Errors
/// Those of making the file.
pub fn keep(dirs: &Dirs, nick: &Nick, account: &str) -> io::Result<bool> {
    let path = path(dirs, nick);
    if dirs.cluster.is_some() {
        // Of two machines on which it is kept for somebody the first has it.
        let is_new = !has(dirs, nick) && order::replace(dirs, &path, b"", &line_of(account))?;
        return if is_new {
            Ok(true)
        } else {
            take_back(dirs, nick, account)
        };
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let mut made = file::open(&path, flags);
    if let Err(Errno::NOENT) = made {
        dirs::create_dir(&dirs.names)?;
        made = file::open(&path, flags);
    }
    match made {
        Ok((file, _)) => write(&file, account).map(|()| true),
        Err(Errno::EXIST) => take_back(dirs, nick, account),
        Err(error) => Err(error.into()),
    }
}

/// An account's own name is its own, though another was shown under it before anybody knew the account. True if it
/// was another's. Where nobody has a profile, nobody was.
fn take_back(dirs: &Dirs, nick: &Nick, account: &str) -> io::Result<bool> {
    let is_named = |account: &str| Nick::parse(account).is_ok_and(|own| own.key() == nick.key());
    if !crate::profiles::is_any(dirs) || !is_named(account) {
        return Ok(false);
    }
    let path = path(dirs, nick);
    order::edit(dirs, &path, MAX_BYTES, |text| {
        let is_anothers = owner_in(text).is_some_and(|owner| !is_named(&owner));
        let after = if is_anothers {
            After::Text(line_of(account))
        } else {
            After::Same
        };
        Ok((after, is_anothers))
    })
}

/// Gives a name back that `account` has kept beside its own.
///
/// # Errors
/// Those of reading and removing the file.
pub fn release(dirs: &Dirs, nick: &Nick, account: &str) -> io::Result<()> {
    order::edit(dirs, &path(dirs, nick), MAX_BYTES, |text| {
        let is_theirs = owner_in(text).as_deref() == Some(account);
        let after = if is_theirs { After::Gone } else { After::Same };
        Ok((after, ()))
    })
}

/// Whose name `nick`, or what looks like it, is; `None`: no account's.
///
/// # Errors
/// Those of reading the file.
pub fn owner(dirs: &Dirs, nick: &Nick) -> io::Result<Option<String>> {
    let text = file::read_whole(&path(dirs, nick), MAX_BYTES)?;
    Ok(owner_in(&text))
}

fn owner_in(text: &[u8]) -> Option<String> {
    let line = show(text.split(|&byte| byte == b'\n').next().unwrap_or_default()).into_owned();
    (!line.is_empty()).then_some(line)
}

/// Whether `nick`, or what looks like it, is an account's name.
pub fn has(dirs: &Dirs, nick: &Nick) -> bool {
    rustix::fs::access(path(dirs, nick), Access::EXISTS).is_ok()
}

fn path(dirs: &Dirs, nick: &Nick) -> PathBuf {
    dirs.names.join(file_name(nick))
}

/// What the file of a name is called.
pub(crate) fn file_name(nick: &Nick) -> String {
    hex_of(&[nick.key().as_str()])
}

/// Whose name it is.
fn line_of(account: &str) -> Vec<u8> {
    format!("{}\n", clean(account)).into_bytes()
}

fn write(file: &File, account: &str) -> io::Result<()> {
    file::write_once(file, &line_of(account))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_name_is_kept_with_its_look_alikes() {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        dirs.create().expect("directories");
        let nick = |name| Nick::parse(name).expect("a nick");
        assert!(!has(&dirs, &nick("anna")));
        assert!(keep(&dirs, &nick("anna"), "anna").expect("kept"));
        assert!(!keep(&dirs, &nick("Anna"), "Anna").expect("kept before"));
        assert!(has(&dirs, &nick("ANNA")) && !has(&dirs, &nick("anna1")));
    }
}
