//! What nobody needs any more: files that no message came for, and what killed programs left.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::shelf::SCRATCH;
use super::{Attachment, AttachmentId, Named, Shelf, UNSAID_MAX, named};
use crate::fs::dirs::Dirs;
use crate::fs::lock::{self, Share};
use crate::log::tail::{Progress, Tail};
use crate::name::RoomName;
use crate::record::RecordId;

/// A file that is not locked is on its way for less than this.
const MOMENT: Duration = Duration::from_secs(60);
/// What is read of a log between two looks, in bytes.
const STEP_BYTES: usize = 64 * 1024;

/// What was swept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that no message came for.
    pub unsaid: usize,
    /// Contents and halves that nothing names.
    pub nobodys: usize,
}

/// What is wrong with a room's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Contents and halves that nothing names.
    pub nobodys: Vec<String>,
    /// Files whose content is gone.
    pub empty: Vec<AttachmentId>,
}

impl Shelf {
    /// Deletes what no message came for within an hour before `now`, and what nothing names. `dirs` and `room` are
    /// those of the room. On a machine of several that is cut off from the others nothing is late: the message may be in
    /// their logs.
    ///
    /// # Errors
    /// Those of reading and deleting.
    pub fn sweep(
        &self,
        dirs: &Dirs,
        room: &RoomName,
        now: RecordId,
        dry_run: bool,
    ) -> io::Result<Swept> {
        let is_told = dirs.cluster.as_ref().is_none_or(|cluster| cluster.is_up());
        let is_late = |file: &Attachment| is_told && is_late(file, now);
        let swept = self.locked(|| {
            let old: Vec<_> = self.all()?.into_iter().filter(&is_late).collect();
            // Whoever was killed after the message and before the line beside the file.
            let said = said(dirs, room, &old)?;
            if !dry_run {
                for file in &old {
                    if let Some(&message) = said.get(&file.id) {
                        let message = Some(message);
                        self.write(&Attachment {
                            message,
                            ..file.clone()
                        })?;
                    }
                }
            }
            let is_unsaid = |file: &Attachment| is_late(file) && !said.contains_key(&file.id);
            let unsaid = if dry_run {
                old.iter().filter(|file| is_unsaid(file)).count()
            } else {
                self.delete_now(&is_unsaid)?
            };
            let nobodys = self.nobodys()?;
            for name in nobodys.iter().filter(|_| !dry_run) {
                std::fs::remove_file(self.dir.join(name))?;
            }
            Ok(Swept {
                unsaid,
                nobodys: nobodys.len(),
            })
        })?;
        Ok(swept.unwrap_or_default())
    }

    /// Deletes what killed programs left on their way, without a look at the log.
    ///
    /// # Errors
    /// Those of reading and deleting.
    pub fn sweep_scratch(&self) -> io::Result<()> {
        for name in self.names()? {
            if name.ends_with(SCRATCH) && is_nobodys(&self.dir.join(&name)) {
                std::fs::remove_file(self.dir.join(&name))?;
            }
        }
        Ok(())
    }

    /// What is wrong with the room's files; nothing is changed, and nobody waits.
    ///
    /// # Errors
    /// Those of reading.
    pub fn orphans(&self) -> io::Result<Orphans> {
        // First the contents: what comes meanwhile has its content before its line.
        let nobodys = self.nobodys()?;
        let is_gone = |file: &Attachment| !self.content(file).is_file();
        let empty = self.all()?.into_iter().filter(is_gone);
        Ok(Orphans {
            nobodys,
            empty: empty.map(|file| file.id).collect(),
        })
    }

    /// Contents that no line names, and scratch files that nobody writes.
    fn nobodys(&self) -> io::Result<Vec<String>> {
        // In this order: a content is there before its line.
        let names = self.names()?.into_iter();
        let hashes: HashSet<String> = self.all()?.into_iter().map(|file| file.hash).collect();
        let is_hash =
            |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(names
            .filter(|name| {
                let path = self.dir.join(name);
                let is_scratch = name.ends_with(SCRATCH) && is_nobodys(&path);
                is_scratch || is_hash(name) && !hashes.contains(name)
            })
            .collect())
    }
}

/// Whether whoever wrote there is gone. Their lock says so, but for the moment before they take it.
fn is_nobodys(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > MOMENT) && lock::try_hold(&file, Share::Exclusive).unwrap_or(false)
}

fn is_late(file: &Attachment, now: RecordId) -> bool {
    let limit = u64::try_from(UNSAID_MAX.as_micros()).unwrap_or(u64::MAX);
    file.message.is_none() && file.at.as_micros().saturating_add(limit) < now.as_micros()
}

/// The messages in the room's log that have these files.
fn said(
    dirs: &Dirs,
    room: &RoomName,
    files: &[Attachment],
) -> io::Result<BTreeMap<AttachmentId, RecordId>> {
    let mut found = BTreeMap::new();
    let Some(first) = files.iter().map(|file| file.at).min() else {
        return Ok(found);
    };
    let mut tail = Tail::after(dirs, room, first.previous())?;
    loop {
        let progress = tail.read(STEP_BYTES, &mut |record| {
            for Named { id, .. } in named(record) {
                found.insert(id, record.id);
            }
        })?;
        if progress == Progress::Idle {
            return Ok(found);
        }
    }
}
