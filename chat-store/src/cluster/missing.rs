//! Files that a message names and that are not in their place on this machine yet, or not yet as the message's:
//! `spool/missing/ID`, a line for each. The relay notes one before it wakes anybody for the message, and strikes it out
//! when it is there, nobody needs it any more, or it is lost. So who asks for it meanwhile is told to wait, and not that
//! there is none; but for those that were too many at a time.

use std::io;
use std::path::PathBuf;

use super::Cluster;
use crate::attachments::AttachmentId;
use crate::fs::dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::RecordId;

/// Files that are noted at most. For what is not the relay looks through the rooms' logs again when half of them have
/// come.
pub const MAX_MISSING: usize = 10_000;
/// The longest line.
const MAX_BYTES: u64 = 1024;

/// A file that is not in its place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The room.
    pub room: RoomName,
    /// The message that names it.
    pub message: RecordId,
    /// Its bytes, as the message says.
    pub size: u64,
}

impl Missing {
    fn written(&self) -> String {
        format!("{}\t{}\t{}\n", self.room, self.message, self.size)
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = line.split('\t');
        Some(Self {
            room: RoomName::parse(fields.next()?).ok()?,
            message: RecordId::parse(fields.next()?.as_bytes())?,
            size: fields.next()?.parse().ok()?,
        })
    }
}

impl Cluster {
    fn missing_dir(&self) -> PathBuf {
        self.spool.join("missing")
    }

    /// Notes that a file is missing here.
    ///
    /// # Errors
    /// Those of writing the note.
    pub fn note_missing(&self, id: &AttachmentId, missing: &Missing) -> io::Result<()> {
        let path = self.missing_dir().join(id.as_str());
        let write = || file::swap(&path, missing.written().as_bytes());
        match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                dirs::create_private(&self.missing_dir())?;
                write()
            }
            written => written,
        }
    }

    /// It is in its place, or nobody needs it any more.
    ///
    /// # Errors
    /// Those of unlink(2).
    pub fn strike_missing(&self, id: &AttachmentId) -> io::Result<()> {
        match std::fs::remove_file(self.missing_dir().join(id.as_str())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether that file is missing here.
    ///
    /// # Errors
    /// Those of reading the note.
    pub fn missing(&self, id: &AttachmentId) -> io::Result<Option<Missing>> {
        let line = file::read_whole(&self.missing_dir().join(id.as_str()), MAX_BYTES)?;
        Ok(Missing::parse(&line))
    }

    /// All that are noted.
    ///
    /// # Errors
    /// Those of reading the notes.
    pub fn all_missing(&self) -> io::Result<Vec<(AttachmentId, Missing)>> {
        let entries = match std::fs::read_dir(self.missing_dir()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut all = Vec::new();
        for entry in entries.take(2 * MAX_MISSING) {
            let name = entry?.file_name();
            let id = name.to_str().and_then(AttachmentId::parse);
            if let Some(id) = id
                && let Some(missing) = self.missing(&id)?
            {
                all.push((id, missing));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_missing_is_known_until_it_is_struck_out() {
        let home = tempfile::tempdir().unwrap();
        let cluster = Cluster::new(home.path(), &home.path().join("run"), Duration::ZERO);
        cluster.create().unwrap();
        let id = AttachmentId::new().unwrap();
        assert_eq!(cluster.missing(&id).unwrap(), None);
        assert!(cluster.all_missing().unwrap().is_empty());
        cluster.strike_missing(&id).unwrap();
        let missing = Missing {
            room: RoomName::lobby(),
            message: RecordId::from_micros(7),
            size: 12,
        };
        cluster.note_missing(&id, &missing).unwrap();
        assert_eq!(cluster.missing(&id).unwrap().as_ref(), Some(&missing));
        // Half of a line, and what somebody else left there, is nothing.
        let other = AttachmentId::new().unwrap();
        std::fs::write(cluster.missing_dir().join(other.as_str()), "lobby\t").unwrap();
        std::fs::write(cluster.missing_dir().join("README"), "x\n").unwrap();
        let all = cluster.all_missing().unwrap();
        assert_eq!(all, [(id.clone(), missing)]);
        cluster.strike_missing(&id).unwrap();
        assert!(cluster.all_missing().unwrap().is_empty());
    }
}
