//! The directory of one room's files, and its lock.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::ledger::{self, Bounds, Entry, Full, Ledger};
use super::{Attachment, AttachmentId};
use crate::fs::dirs::{self, Dirs};
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::log::room_log::LOCK_TIMEOUT;
use crate::name::RoomName;

/// What the name of a line beside a file ends with.
pub(super) const ENDING: &str = ".file";
/// What the name of a file that is not whole yet ends with.
pub(super) const SCRATCH: &str = ".part";
/// Files of a chat are for its user alone.
pub(super) const FILE_MODE: u32 = 0o600;

/// The files of one room.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// `files/ROOM`
    pub(super) dir: PathBuf,
    pub(super) room: String,
    pub(super) ledger: Ledger,
}

impl Shelf {
    /// That of `room`, whose directories are `dirs`.
    pub fn of(dirs: &Dirs, room: &RoomName) -> Self {
        let stem = room.file_stem();
        Self {
            dir: dirs.files.join(&stem),
            ledger: ledger::of_site(&dirs.site_files),
            room: stem,
        }
    }

    /// That of the room whose live log this is: `files/` is beside `rooms/`.
    pub(crate) fn beside(live: &Path) -> Option<Self> {
        let stem = live.file_name()?.to_str()?.strip_suffix(".log")?;
        let base = live.parent()?.parent()?;
        let site = match base.parent() {
            Some(closed) if dirs::is_of_closed_rooms(closed) => closed.parent()?,
            _ => base,
        };
        Some(Self {
            dir: base.join(dirs::FILES).join(stem),
            ledger: ledger::of_site(&site.join(dirs::FILES)),
            room: stem.to_owned(),
        })
    }

    /// Where the files are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the room has, or had, any.
    pub fn exists(&self) -> bool {
        self.dir.is_dir()
    }

    /// Makes the directory, and that of the site's ledger.
    ///
    /// # Errors
    /// Those of mkdir(2).
    pub fn create(&self) -> io::Result<()> {
        if let Some(site) = self.ledger.0.parent() {
            dirs::create_private(site)?;
        }
        dirs::create_private(&self.dir)
    }

    /// The path of the content of `file`.
    pub fn content(&self, file: &Attachment) -> PathBuf {
        self.dir.join(&file.hash)
    }

    /// Whether the content of `file` is there, all of it.
    pub fn has_content(&self, file: &Attachment) -> bool {
        std::fs::metadata(self.content(file)).is_ok_and(|found| found.len() == file.size)
    }

    fn sidecar(&self, id: &AttachmentId) -> PathBuf {
        self.dir.join(format!("{id}{ENDING}"))
    }

    /// What is kept of one file; `None`: there is no such file.
    ///
    /// # Errors
    /// Those of reading.
    pub fn find(&self, id: &AttachmentId) -> io::Result<Option<Attachment>> {
        let line = file::read_whole(&self.sidecar(id), Attachment::MAX_LINE)?;
        Ok(Attachment::from_line(id.clone(), &line))
    }

    /// All files of the room.
    ///
    /// # Errors
    /// Those of reading.
    pub fn all(&self) -> io::Result<Vec<Attachment>> {
        let mut found = Vec::new();
        for name in self.names()? {
            let id = name.strip_suffix(ENDING).and_then(AttachmentId::parse);
            if let Some(id) = id {
                found.extend(self.find(&id)?);
            }
        }
        found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(found)
    }

    /// What is in the directory; nothing if it is not there.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    /// Whether `size` more of `owner` would fit.
    ///
    /// # Errors
    /// Those of reading.
    pub fn has_space(
        &self,
        size: u64,
        owner: &str,
        bounds: &Bounds,
    ) -> io::Result<Result<(), Full>> {
        self.ledger.has_space(size, self.entry(owner), bounds)
    }

    pub(super) fn entry<'a>(&'a self, owner: &'a str) -> Entry<'a> {
        Entry {
            owner,
            room: &self.room,
        }
    }

    /// Runs `change` while nobody else changes the room's files. `None`: there are none.
    pub(super) fn locked<T>(
        &self,
        change: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let Some(file) = self.lock_file()? else {
            return Ok(None);
        };
        let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
            return Err(io::Error::other(
                "others change the room's files all the time",
            ));
        };
        change().map(Some)
    }

    /// `None`: the room has no directory, and so no files.
    pub(super) fn lock_file(&self) -> io::Result<Option<File>> {
        let opened = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.dir.join("lock"));
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Writes the line beside a file, whole or not at all.
    pub(super) fn write(&self, file: &Attachment) -> io::Result<()> {
        let path = self.sidecar(&file.id);
        let scratch = self.dir.join(format!("{}{SCRATCH}", file.id));
        let written = (|| {
            let mut new = File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(FILE_MODE)
                .open(&scratch)?;
            new.write_all(&file.to_line())?;
            new.sync_all()?;
            std::fs::rename(&scratch, &path)
        })();
        if written.is_err() {
            // Half of it must not stay; if it was never made there is nothing to remove.
            let _ = std::fs::remove_file(&scratch);
        }
        written?;
        file::sync_directory_of(&path)
    }

    /// Removes the line beside a file; whether it was there.
    pub(super) fn remove(&self, id: &AttachmentId) -> io::Result<bool> {
        match std::fs::remove_file(self.sidecar(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true),
        }
    }
}
