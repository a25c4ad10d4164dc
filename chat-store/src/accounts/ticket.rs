//! Words that let somebody do one thing a number of times, until some moment: a link for a new password, an invitation
//! to register, the code by which the first administrator is made. Of the word its hash alone is kept.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::AccountError;
use crate::cluster::order::{self, After};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::record::RecordId;

/// Bytes of chance in a word.
const WORD_BYTES: usize = 16;
/// Tickets of one list.
const MAX_TICKETS: usize = 1_000;
/// The largest list that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The longest wait for another who changes a list.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// What a word lets somebody do, without the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    hash: Box<str>,
    /// When it is over.
    pub until: RecordId,
    /// How often it may be used.
    pub left: u32,
}

impl Ticket {
    /// A ticket and its word, for `life` from now on.
    ///
    /// # Errors
    /// There is no chance to be had.
    pub fn new(life: Duration, left: u32) -> io::Result<(Self, String)> {
        let mut chance = [0; WORD_BYTES];
        getrandom::fill(&mut chance).map_err(io::Error::other)?;
        let word = hex(&chance);
        let micros = u64::try_from(life.as_micros()).unwrap_or(u64::MAX);
        let until = RecordId::from_micros(RecordId::now().as_micros().saturating_add(micros));
        let hash = hash_of(&word).into();
        Ok((Self { hash, until, left }, word))
    }

    /// Whether `word` is its word and it can be used now. Hashes are compared: how long that takes says nothing of a
    /// word.
    pub fn is_good_for(&self, word: &str, now: RecordId) -> bool {
        self.left > 0 && now < self.until && *self.hash == *hash_of(word)
    }

    /// Reads `HASH UNTIL LEFT`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let hash = words.next()?;
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let ticket = Self {
            hash: (hash.len() == 64 && hash.bytes().all(is_digit)).then(|| hash.into())?,
            until: RecordId::parse(words.next()?.as_bytes())?,
            left: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(ticket)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.hash, self.until, self.left)
    }
}

/// A list of tickets for one purpose, a file in `state/`.
#[derive(Debug)]
pub struct Tickets {
    dirs: Dirs,
    path: PathBuf,
}

impl Tickets {
    /// Those by which somebody may register.
    pub fn invitations(dirs: &Dirs) -> Self {
        Self::of(dirs, "_invitations.tickets")
    }

    /// The one by which the first administrator is made.
    pub fn first(dirs: &Dirs) -> Self {
        Self::of(dirs, "_first.tickets")
    }

    fn of(dirs: &Dirs, name: &str) -> Self {
        Self {
            path: dirs.site_state.join(name),
            dirs: dirs.clone(),
        }
    }

    /// Adds a ticket; `alone`: in place of all others. Those that are over go.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn add(&self, ticket: &Ticket, alone: bool) -> Result<(), AccountError> {
        self.change(&mut |tickets| {
            if alone {
                tickets.clear();
            }
            tickets.push(ticket.clone());
            Ok(true)
        })
    }

    /// Uses the word once. False: it is none, or is over.
    ///
    /// # Errors
    /// Nothing is used then.
    pub fn take(&self, word: &str) -> Result<bool, AccountError> {
        let now = RecordId::now();
        let mut found = false;
        self.change(&mut |tickets| {
            found = false;
            let ticket = tickets.iter_mut().find(|it| it.is_good_for(word, now));
            if let Some(ticket) = ticket {
                ticket.left -= 1;
                found = true;
            }
            Ok(found)
        })?;
        Ok(found)
    }

    /// Takes all tickets away.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn clear(&self) -> Result<(), AccountError> {
        self.change(&mut |tickets| {
            tickets.clear();
            Ok(true)
        })
    }

    /// Whether the word could be used.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn has(&self, word: &str) -> io::Result<bool> {
        let now = RecordId::now();
        Ok(self.load()?.iter().any(|it| it.is_good_for(word, now)))
    }

    fn load(&self) -> io::Result<Vec<Ticket>> {
        let text = file::read_whole(&self.path, MAX_BYTES)?;
        Ok(tickets_in(&text))
    }

    fn change(
        &self,
        edit: &mut dyn FnMut(&mut Vec<Ticket>) -> Result<bool, AccountError>,
    ) -> Result<(), AccountError> {
        if let Some(dir) = self.path.parent() {
            dirs::create_dir(dir)?;
        }
        let flags = OFlags::RDWR | OFlags::CREATE;
        let lock_path = file::suffixed(&self.path, ".lock");
        let lock_file = file::open(&lock_path, flags).map_err(io::Error::from)?.0;
        let Some(_lock) = lock::take(&lock_file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(AccountError::Busy);
        };
        order::edit(&self.dirs, &self.path, MAX_BYTES, |text| {
            let mut tickets = tickets_in(text);
            if !edit(&mut tickets)? {
                return Ok((After::Same, ()));
            }
            let now = RecordId::now();
            tickets.retain(|ticket| ticket.left > 0 && now < ticket.until);
            if tickets.len() > MAX_TICKETS {
                return Err(AccountError::Refused(
                    "there are too many invitations that nobody has used",
                ));
            }
            let mut lines: Vec<_> = tickets.iter().map(|it| format!("{it}\n")).collect();
            if self.dirs.cluster.is_some() {
                // Two who use one ticket on two machines would make the same list of it.
                lines.push(order::unlike_others()?);
            }
            Ok((After::Text(lines.concat().into_bytes()), ()))
        })
    }
}

fn tickets_in(text: &[u8]) -> Vec<Ticket> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(Ticket::parse).collect()
}

fn hash_of(word: &str) -> String {
    hex(&Sha256::digest(word))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
        );
    }
    text
}
