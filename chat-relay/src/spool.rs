//! The spool of this machine, read on from where it was left.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_store::bell::Bell;
use chat_store::cluster::{Cluster, Submission};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::log::tail::{Progress, Tail};
use chat_store::log::{chain, end};
use chat_store::record::RecordId;
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::journal;

/// Bytes of the spool that are taken at a time.
const BATCH_BYTES: usize = 64 * 1024;
/// When the spool is rotated, in bytes.
const ROTATE_BYTES: u64 = 16 * 1024 * 1024;
/// The most that is read of the file with the place, in bytes.
const MAX_BYTES: u64 = 64;

/// The spool, followed.
#[derive(Debug)]
pub struct Spool {
    live: PathBuf,
    tail: Tail,
    bell: Bell,
    saved: RecordId,
    /// Where it is to be left, if that is not as far as it was read.
    place: Option<RecordId>,
    place_file: PathBuf,
}

impl Spool {
    /// Behind what was `taken` of it, or at its end (`last`), if that was lost.
    ///
    /// # Errors
    /// Those of opening and writing the files.
    pub fn open(
        dirs: &Dirs,
        cluster: &Cluster,
        (taken, last): (RecordId, RecordId),
    ) -> io::Result<Self> {
        let live = cluster.spool_log();
        let after = taken.min(last);
        if after < taken {
            file::swap(&place_file(dirs), format!("{after}\n").as_bytes())?;
        }
        // The bell first: what is submitted from here on rings.
        let bell = Bell::open(&cluster.bell())?;
        Ok(Self {
            tail: Tail::after_in(live.clone(), after)?,
            live,
            bell,
            saved: after,
            place: None,
            place_file: place_file(dirs),
        })
    }

    /// Where it was left; the very beginning if that is not known.
    pub fn place(dirs: &Dirs) -> RecordId {
        let text = file::read_whole(&place_file(dirs), MAX_BYTES).unwrap_or_default();
        RecordId::parse(text.trim_ascii()).unwrap_or_default()
    }

    /// Where it was left when it was kept last.
    pub fn kept(&self) -> RecordId {
        self.saved
    }

    /// Goes back, or on, to behind the submission `after`.
    ///
    /// # Errors
    /// Those of opening the files.
    pub fn rewind(&mut self, after: RecordId) -> io::Result<()> {
        self.tail = Tail::after_in(self.live.clone(), after)?;
        Ok(())
    }

    /// An engine has what was submitted up to here: it is left there, however far it was read.
    pub fn taken_up_to(&mut self, number: RecordId) {
        self.place = Some(number.max(self.saved));
    }

    /// Waits until something is submitted, not longer than `limit`.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn wait(&self, limit: Duration) -> io::Result<()> {
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        let mut fds = [PollFd::new(&self.bell, PollFlags::IN)];
        match rustix::event::poll(&mut fds, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(()),
            // Nobody else waits at it, so what rang is read.
            Ok(_) => self.bell.silence(),
            Err(error) => Err(error.into()),
        }
    }

    /// The bell that is rung at each submission.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// What has come, up to a batch.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn read(&mut self, batch: &mut Vec<Submission>) -> io::Result<Progress> {
        self.tail
            .read(BATCH_BYTES, &mut |record| match Submission::of(record) {
                Some(submission) => batch.push(submission),
                None => journal::note(format_args!("the spool has no submission at {}", record.id)),
            })
    }

    /// Keeps the place, so that what was taken is not looked at again; and rotates a spool that is long.
    ///
    /// # Errors
    /// Those of writing and renaming.
    pub fn keep_place(&mut self) -> io::Result<()> {
        let saved = self.saved;
        if let Some((path, text)) = self.take_place() {
            file::swap(&path, text.as_bytes()).inspect_err(|_| self.saved = saved)?;
        }
        self.rotate_if_long()
    }

    /// The file with the place and what is to stand in it, for somebody else to write; `None`: it stands there.
    pub fn take_place(&mut self) -> Option<(PathBuf, String)> {
        let last = self.place.unwrap_or_else(|| self.tail.last_id());
        if last == self.saved {
            return None;
        }
        self.saved = last;
        Some((self.place_file.clone(), format!("{last}\n")))
    }

    /// Rotates a spool that is long.
    ///
    /// # Errors
    /// Those of renaming.
    pub fn rotate_if_long(&self) -> io::Result<()> {
        let size = std::fs::metadata(&self.live).map_or(0, |found| found.len());
        if size > ROTATE_BYTES {
            self.rotate()?;
        }
        Ok(())
    }

    /// What stands in the file before was taken long ago. Who has this one open goes on with it for a moment, and
    /// is read on from there.
    fn rotate(&self) -> io::Result<()> {
        let old = file::suffixed(&self.live, ".1");
        std::fs::rename(&self.live, old)?;
        file::open(
            &self.live,
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CREATE,
        )?;
        Ok(())
    }
}

/// The last id of a log, or of the file before it; zero if there is none.
///
/// # Errors
/// Those of reading it.
pub fn last_of(live: &Path) -> io::Result<RecordId> {
    let before = chain::last_before(live)?;
    Ok(last_in(live)?.or(before).unwrap_or_default())
}

/// The last id in the live file of a log.
///
/// # Errors
/// Those of reading it.
pub fn last_in(live: &Path) -> io::Result<Option<RecordId>> {
    match chain::LogFile::at(live.to_owned())? {
        Some(found) => match found.open()? {
            Some(open) => Ok(end::look(&open, found.size, &mut Vec::new())?.last),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

fn place_file(dirs: &Dirs) -> PathBuf {
    dirs.state.join("relay.pos")
}

/// Says that records can be put in order now, or that they cannot.
///
/// # Errors
/// Those of making and removing the file.
pub fn say_up(up: &Path, is_up: bool) -> io::Result<()> {
    if is_up {
        return file::swap(up, b"");
    }
    match std::fs::remove_file(up) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
