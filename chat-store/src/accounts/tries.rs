//! How often somebody tried a password lately, by account and by where they come from.
//!
//! A table of fixed size in `run/`: a slot for each of the two, found by a hash with a secret of this site. Two
//! who fall into one slot share what it allows. *Refused:* that the later takes the slot over, as in
//! [`crate::people::pace`]: whoever found a name that falls into the slot of another could wipe out what was
//! counted there. What is counted runs off with time.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::record::RecordId;

/// Slots of accounts, and as many of networks: 512 KiB, most of it never written.
const SLOTS: u64 = 16_384;
/// What is counted, in thousandths, and when.
const SLOT_BYTES: u64 = 16;
/// The secret at the start of the file.
const SECRET_BYTES: usize = 32;
/// The longest wait for another who counts.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// One try.
const ONE: u64 = 1_000;

/// Whom a try counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'a> {
    /// Who logs in, by what the name looks like; there need be no such account.
    Account(&'a str),
    /// Where they come from.
    Network(&'a str),
}

/// So many at once, and one more after each of these times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once.
    pub burst: u32,
    /// Until there is one more.
    pub every: Duration,
}

/// Counts a try for each of these, if each has one left. Counted before the password is looked at, so that tries at the
/// same time count, too. `Err(time)`: none was counted, and there is one after this time.
///
/// # Errors
/// The table cannot be read or written, or others held it all the time: nobody knows then, and no password is to be looked at.
pub fn take(dirs: &Dirs, of: &[(Whom<'_>, Allowance)]) -> io::Result<Result<(), Duration>> {
    with_table(dirs, |table| {
        let now = RecordId::now().as_micros();
        let mut levels = Vec::with_capacity(of.len());
        for (whom, allowance) in of {
            let level = table.level(*whom, *allowance, now)?;
            let most = u64::from(allowance.burst) * ONE;
            if level + ONE > most {
                let over = (level + ONE - most).saturating_mul(micros(allowance.every)) / ONE;
                return Ok(Err(Duration::from_micros(over)));
            }
            levels.push(level + ONE);
        }
        for ((whom, _), level) in of.iter().zip(levels) {
            table.put(*whom, level, now)?;
        }
        Ok(Ok(()))
    })
}

/// Takes back what [`take`] counted: whoever knows a password is no guesser.
///
/// # Errors
/// As [`take`].
pub fn give_back(dirs: &Dirs, of: &[(Whom<'_>, Allowance)]) -> io::Result<()> {
    with_table(dirs, |table| {
        let now = RecordId::now().as_micros();
        for (whom, allowance) in of {
            let level = table.level(*whom, *allowance, now)?;
            table.put(*whom, level.saturating_sub(ONE), now)?;
        }
        Ok(())
    })
}

struct Table<'a> {
    file: &'a File,
    secret: [u8; SECRET_BYTES],
}

impl Table<'_> {
    fn offset(&self, whom: Whom<'_>) -> u64 {
        let (half, name) = match whom {
            Whom::Account(name) => (0, name),
            Whom::Network(name) => (1, name),
        };
        let hash = Sha256::new()
            .chain_update(self.secret)
            .chain_update(name)
            .finalize();
        let start = hash.first_chunk().copied().unwrap_or_default();
        let slot = half * SLOTS + u64::from_le_bytes(start) % SLOTS;
        SECRET_BYTES as u64 + slot * SLOT_BYTES
    }

    /// What is counted now.
    fn level(&self, whom: Whom<'_>, allowance: Allowance, now: u64) -> io::Result<u64> {
        let mut slot = [0; 16];
        file::read_at(self.file, &mut slot, self.offset(whom))?;
        let [level, at] = [0, 8].map(|from| {
            let bytes = slot[from..from + 8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        });
        let ago = u128::from(now.saturating_sub(at)) * u128::from(ONE);
        let gone = ago / u128::from(micros(allowance.every).max(1));
        Ok(level.saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX)))
    }

    fn put(&self, whom: Whom<'_>, level: u64, now: u64) -> io::Result<()> {
        let mut slot = level.to_le_bytes().to_vec();
        slot.extend(now.to_le_bytes());
        self.file.write_all_at(&slot, self.offset(whom))
    }
}

fn with_table<T>(dirs: &Dirs, run: impl FnOnce(&Table<'_>) -> io::Result<T>) -> io::Result<T> {
    let path = dirs.run.join("_tries.table");
    let file = file::open(&path, OFlags::RDWR | OFlags::CREATE)?.0;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let mut secret = [0; SECRET_BYTES];
    if file::read_at(&file, &mut secret, 0)? < SECRET_BYTES {
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        file.write_all_at(&secret, 0)?;
    }
    let table = Table {
        file: &file,
        secret,
    };
    run(&table)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
