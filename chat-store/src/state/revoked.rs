//! Tokens that count no more although their time is not over: one of them by its name, or all that somebody has.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use crate::cluster::order;
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, Stamp};
use crate::fs::lock::{self, Share};
use crate::record::clean;

/// The most at a time.
const MAX_REVOKED: usize = 10_000;
/// The most that is read of the file, in bytes: so many of the longest.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How often the list is read again that was changed meanwhile on another machine.
const CHANGE_TRIES: u32 = 8;
/// The longest wait for the list's lock, held for one write of that.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked<'a> {
    /// The token of this name (`jti`).
    Token(&'a str),
    /// All tokens that were made for somebody (`sub`) up to now.
    Subject(&'a str),
}

/// The list, as it was at a moment.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    lines: Vec<Line>,
    /// Of which version of the file; `None`: there is none.
    seen: Option<Stamp>,
}

/// `WHAT TAB NAME TAB AT TAB UNTIL`, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    is_subject: bool,
    name: String,
    at: u64,
    until: u64,
}

impl Revocations {
    /// Reads the list.
    ///
    /// # Errors
    /// Those of reading the file: who cannot read it must believe no token.
    pub fn load(dirs: &Dirs) -> io::Result<Self> {
        let path = path(dirs);
        // In this order: what changes in between is read again the next time.
        let seen = Stamp::at(&path)?;
        if seen.is_none() {
            return Ok(Self::default());
        }
        let text = file::read_whole(&path, MAX_BYTES)?;
        let lines = lines_in(&text);
        Ok(Self { lines, seen })
    }

    /// Brings it up to date: one stat(2) when nothing changed.
    ///
    /// # Errors
    /// As [`Revocations::load`].
    pub fn refresh(&mut self, dirs: &Dirs) -> io::Result<()> {
        if Stamp::at(&path(dirs))? != self.seen {
            *self = Self::load(dirs)?;
        }
        Ok(())
    }

    /// Whether a token is on it: its name, for whom it is, and when it was made. One that does not say when is taken
    /// for older than any revocation. Seconds: one that was made in the second of the revocation is revoked.
    pub fn hold(&self, token: Option<&str>, subject: Option<&str>, made: Option<u64>) -> bool {
        self.lines.iter().any(|line| {
            if line.is_subject {
                subject == Some(&line.name) && made.is_none_or(|made| made <= line.at)
            } else {
                token == Some(&line.name)
            }
        })
    }
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (what, name) = (fields.next()?, fields.next()?);
        let is_subject = match what {
            "sub" => true,
            "jti" => false,
            _ => return None,
        };
        let (at, until) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let name = name.to_owned();
        Some(Self {
            is_subject,
            name,
            at,
            until,
        })
    }
}

/// Revokes until then, when what is revoked is over anyway; both times in seconds since 1970.
///
/// # Errors
/// Those of reading and writing the file, or that the list is full.
pub fn revoke(dirs: &Dirs, what: Revoked<'_>, until: u64) -> io::Result<()> {
    let path = path(dirs);
    let lock_path = file::suffixed(&path, ".lock");
    let (lock_file, _) = file::open(&lock_path, OFlags::RDWR | OFlags::CREATE)?;
    let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::Error::other("others revoke all the time"));
    };
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let at = at.unwrap_or_default().as_secs();
    let (is_subject, name) = match what {
        Revoked::Token(name) => (false, name),
        Revoked::Subject(name) => (true, name),
    };
    let name = clean(name).into_owned();
    for _ in 0..CHANGE_TRIES {
        let before = file::read_whole(&path, MAX_BYTES)?;
        let mut lines = lines_in(&before);
        lines.retain(|line| {
            line.until >= at && (line.is_subject, &line.name) != (is_subject, &name)
        });
        if lines.len() >= MAX_REVOKED {
            return Err(io::Error::other("too many tokens are revoked"));
        }
        lines.push(Line {
            is_subject,
            name: name.clone(),
            at,
            until,
        });
        let text = lines.iter().map(|line| {
            let what = if line.is_subject { "sub" } else { "jti" };
            format!("{what}\t{}\t{}\t{}\n", line.name, line.at, line.until)
        });
        if order::replace(dirs, &path, &before, text.collect::<String>().as_bytes())? {
            return Ok(());
        }
    }
    Err(io::Error::other("others revoke all the time"))
}

fn lines_in(text: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(Line::parse).collect()
}

fn path(dirs: &Dirs) -> PathBuf {
    dirs.site_state.join("revoked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_revoked_is_so_until_it_is_over_anyway() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        dirs.create().unwrap();
        let mut known = Revocations::load(&dirs).unwrap();
        assert!(!known.hold(Some("1"), Some("alice"), None));
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        revoke(&dirs, Revoked::Token("1"), now + 60).unwrap();
        revoke(&dirs, Revoked::Subject("alice"), now + 60).unwrap();
        revoke(&dirs, Revoked::Subject("sub\tx\n"), now + 60).unwrap();
        known.refresh(&dirs).unwrap();
        assert!(known.hold(Some("1"), None, Some(now)) && !known.hold(Some("2"), None, None));
        assert!(
            !known.hold(Some("alice"), Some("1"), None),
            "names of two kinds"
        );
        assert!(
            known.hold(None, Some("alice"), None) && known.hold(None, Some("alice"), Some(now - 5))
        );
        assert!(
            !known.hold(None, Some("alice"), Some(now + 10)),
            "made since"
        );
        assert!(!known.hold(None, Some("bob"), None) && !known.hold(None, None, None));
        // What is over goes with the next.
        revoke(&dirs, Revoked::Token("1"), 7).unwrap();
        revoke(&dirs, Revoked::Token("3"), now + 60).unwrap();
        known.refresh(&dirs).unwrap();
        assert!(!known.hold(Some("1"), None, None) && known.hold(Some("3"), None, None));
        assert!(known.hold(None, Some("alice"), None));
    }
}
