//! What is handed to the relay beside the spool: a line in a file, and a ring at its bell for what is personal. Nothing
//! of it is kept: what its sender has given up is dropped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::answer::{Answer, Refused};
use super::spool::Writer;
use super::{Cluster, answer};
use crate::bell;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::record::{MAX_LINE, RecordId};

/// The longest wait for the file's lock, held for one write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// The most that may wait for the relay, in bytes.
const MAX_UNREAD: u64 = 4 * 1024 * 1024;

/// One of the files, and how its lines are read.
#[derive(Debug)]
pub(super) struct Tray<T> {
    /// Its name in `run/relay/`.
    pub(super) file: &'static str,
    /// The longest wait for an answer, and so for the relay to come.
    pub(super) wait: Duration,
    /// What a line with its end says; `None`: nothing that this version knows.
    pub(super) parse: fn(&[u8]) -> Option<T>,
    /// The number by which it is answered, which says when it was handed over.
    pub(super) number: fn(&T) -> RecordId,
}

impl Cluster {
    /// The bell that wakes the relay for what is personal. An engine of one machine has none.
    pub fn personal_bell(&self) -> PathBuf {
        self.run.join("personal.bell")
    }

    /// Hands the relay a line, made of whom to answer and by which number. If somebody `waits`: whether the answer is
    /// yes.
    ///
    /// # Errors
    /// `NotConnected`: there is no relay; one that comes at once still finds it. `TimedOut`: nobody knows. Those of
    /// writing, with `StorageFull` if too much waits.
    pub(super) fn hand_over<T>(
        &self,
        tray: &Tray<T>,
        waits: bool,
        line: &dyn Fn(&str, RecordId) -> Vec<u8>,
    ) -> io::Result<bool> {
        let until = Instant::now() + tray.wait;
        let mut kept = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match kept.as_mut() {
            Some(writer) => writer,
            None => kept.insert(Writer::open(self).map_err(io::Error::other)?),
        };
        let ear = writer.ear();
        let number = RecordId::now();
        put(&self.run.join(tray.file), &line(ear.name(), number))?;
        if !bell::ring_at(&self.personal_bell())? {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if !waits {
            return Ok(true);
        }
        match ear.wait_for(number, until)? {
            Some(Answer::Stored(_) | Answer::Again(_)) => Ok(true),
            Some(Answer::Refused(Refused::NotMember)) => Ok(false),
            Some(Answer::Refused(_)) => Err(io::ErrorKind::TimedOut.into()),
            None => {
                // Somebody may have removed where answers come.
                *kept = None;
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    /// All that waits for the relay in a file, which is empty then. Who handed over what is older has given up, and may
    /// have handed it over again.
    ///
    /// # Errors
    /// Those of reading the file.
    pub(super) fn take_handed<T>(&self, tray: &Tray<T>) -> io::Result<Vec<T>> {
        let text = take(&self.run.join(tray.file))?;
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        let wait = u64::try_from(tray.wait.as_micros()).unwrap_or(u64::MAX);
        let oldest = RecordId::now().as_micros().saturating_sub(wait);
        let is_young = |it: &T| (tray.number)(it).as_micros() >= oldest;
        Ok(lines.filter_map(tray.parse).filter(is_young).collect())
    }

    /// Tells who waits for an answer to what they handed over: yes or no.
    ///
    /// # Errors
    /// As [`answer`].
    pub fn reply(&self, to: &str, number: RecordId, yes: bool) -> io::Result<()> {
        let what = if yes {
            Answer::Stored(number)
        } else {
            Answer::Refused(Refused::NotMember)
        };
        answer(&self.run, to, number, what).map(drop)
    }
}

/// All that is in the file, which is empty then.
fn take(path: &Path) -> io::Result<Vec<u8>> {
    let (file, _) = file::open_private(path, OFlags::RDWR)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let text = file::read_whole(path, MAX_UNREAD + MAX_LINE as u64)?;
    rustix::fs::ftruncate(&file, 0)?;
    Ok(text)
}

/// Adds a line to the file, whole or not at all.
pub(super) fn put(path: &Path, line: &[u8]) -> io::Result<()> {
    let (file, _) = file::open_private(path, OFlags::WRONLY | OFlags::APPEND)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let size = file::size_of(&rustix::fs::fstat(&file)?);
    if size + line.len() as u64 > MAX_UNREAD {
        return Err(io::ErrorKind::StorageFull.into());
    }
    if file::write_once(&file, line)? < line.len() {
        rustix::fs::ftruncate(&file, size)?;
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}
