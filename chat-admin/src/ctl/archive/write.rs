//! Writing an archive, while the chat runs.
//!
//! Logs only grow: a file is copied up to the size that it had when it was opened. What is overwritten in them (a
//! message taken back) is overwritten under the log's lock, so that they are read under it, piece by piece, and a
//! line is never seen half.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::{BASE, CHUNK, Hash, Listed, MANIFEST, Manifest, VERSION};
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::log::room_log::LOCK_TIMEOUT;

/// Directories of `BASE_DIR`, and of a closed room, that are about who is there now: nothing of them means
/// anything later.
const PASSING: [&str; 3] = ["users", "run", "sessions"];

/// Times the files of one log are opened again because they were rotated meanwhile.
const TRIES: u32 = 10;

/// How deep directories may be in each other; more is no chat's.
const MAX_DEPTH: usize = 8;

/// An archive that is being written.
pub(crate) struct Archive<W: Write> {
    tar: Builder<GzEncoder<W>>,
    manifest: Manifest,
    /// What is not in it, and why.
    pub(crate) left_out: Vec<String>,
}

/// A file that was opened: its copy is of this moment.
struct Opened {
    name: PathBuf,
    path: PathBuf,
    file: File,
}

impl<W: Write> Archive<W> {
    pub(crate) fn new(out: W, made: String) -> Self {
        let manifest = Manifest {
            version: VERSION,
            made,
            files: Vec::new(),
            left_out: Vec::new(),
        };
        Self {
            tar: Builder::new(GzEncoder::new(out, Compression::default())),
            manifest,
            left_out: Vec::new(),
        }
    }

    /// Adds all of `BASE_DIR` that is worth keeping.
    pub(crate) fn add_base(&mut self, base: &Path) -> io::Result<()> {
        self.add_directory(base, Path::new(BASE), 0)
    }

    fn add_directory(&mut self, dir: &Path, name: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            self.left_out.push(format!("{}: too deep", dir.display()));
            return Ok(());
        }
        let metadata = match std::fs::metadata(dir) {
            // A room that was purged meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && depth > 0 => return Ok(()),
            metadata => told(dir, metadata)?,
        };
        let mut header = header(EntryType::Directory, 0, metadata.mode(), metadata.mtime());
        self.tar.append_data(&mut header, name, io::empty())?;
        let mut names: Vec<_> = told(dir, std::fs::read_dir(dir))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<_>>()?;
        names.sort_unstable();
        let mut files = Vec::new();
        for entry in names {
            let path = dir.join(&entry);
            let below = name.join(&entry);
            let Ok(metadata) = path.symlink_metadata() else {
                continue;
            };
            let is_passing = PASSING.iter().any(|passing| entry == *passing);
            if is_passing && (depth == 0 || dir.parent().is_some_and(is_closed)) {
                continue;
            }
            // Directories of BASE_DIR itself may lie on another disk.
            let is_directory = metadata.is_dir() || depth == 0 && path.is_dir();
            if is_directory {
                self.add_directory(&path, &below, depth + 1)?;
            } else if metadata.is_file() {
                files.push(entry.to_string_lossy().into_owned());
            } else {
                let path = path.display();
                self.left_out
                    .push(format!("{path}: neither file nor directory"));
            }
        }
        // The files of one log at once: between two of them it may be rotated.
        for group in files.chunk_by(|one, other| stem(one) == stem(other)) {
            for opened in open_group(dir, name, group)? {
                self.add_opened(&opened)?;
            }
        }
        Ok(())
    }

    fn add_opened(&mut self, opened: &Opened) -> io::Result<()> {
        let metadata = opened.file.metadata()?;
        self.add_file(&opened.name, &opened.file, metadata.len())
            .map_err(|error| of(&opened.path, &error))
    }

    /// Adds the first `size` bytes of a file.
    pub(crate) fn add_file(&mut self, name: &Path, file: &File, size: u64) -> io::Result<()> {
        let metadata = file.metadata()?;
        let mut header = header(EntryType::Regular, size, metadata.mode(), metadata.mtime());
        let mut reader = Reader {
            file,
            at: 0,
            size,
            piece: Vec::new(),
            used: 0,
            hash: Hash::new(),
        };
        self.tar.append_data(&mut header, name, &mut reader)?;
        if reader.at != size || reader.used != reader.piece.len() {
            return Err(io::Error::other("it got smaller meanwhile, run this again"));
        }
        self.list(name, size, reader.hash);
        Ok(())
    }

    fn list(&mut self, name: &Path, size: u64, hash: Hash) {
        self.manifest.files.push(Listed {
            path: name.to_string_lossy().into_owned(),
            size,
            sha256: hash.text(),
        });
    }

    /// Writes the manifest; files and bytes in all.
    pub(crate) fn finish(mut self) -> io::Result<(W, usize, u64)> {
        self.manifest.left_out = self.left_out;
        let text = serde_json::to_vec(&self.manifest)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
        let mut header = header(EntryType::Regular, text.len() as u64, 0o600, now);
        self.tar.append_data(&mut header, MANIFEST, &text[..])?;
        let files = &self.manifest.files;
        let (count, bytes) = (files.len(), files.iter().map(|file| file.size).sum());
        let out = self.tar.into_inner()?.finish()?;
        Ok((out, count, bytes))
    }
}

fn is_closed(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == "closed")
}

fn header(kind: EntryType, size: u64, mode: u32, mtime: i64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode & 0o777);
    header.set_mtime(u64::try_from(mtime).unwrap_or(0));
    header
}

/// What the files of one log have in common: `lobby` of `lobby.log`, `lobby.log.1`, `lobby.log-20261121.gz`.
fn stem(name: &str) -> &str {
    name.split_once(".log").map_or(name, |(stem, _)| stem)
}

/// Opens files that belong together, all of one moment: none was renamed between the first and the last.
fn open_group(dir: &Path, name: &Path, group: &[String]) -> io::Result<Vec<Opened>> {
    let mut names: Vec<String> = group.to_vec();
    for _ in 0..TRIES {
        let mut opened = Vec::new();
        for entry in &names {
            let path = dir.join(entry);
            match file::open_read(&path) {
                Ok((file, _)) => opened.push(Opened {
                    name: name.join(entry),
                    path,
                    file,
                }),
                // It was there a moment ago: deleted, or renamed.
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(of(&path, &error.into())),
            }
        }
        let is_one_moment = opened.len() == names.len()
            && opened
                .iter()
                .all(|opened| file::is_at(&opened.file, &opened.path).unwrap_or(false));
        if is_one_moment {
            return Ok(opened);
        }
        let stem_here = stem(&group[0]);
        names = std::fs::read_dir(dir)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|entry| stem(entry) == stem_here)
            .collect();
        names.sort_unstable();
    }
    let first = dir.join(&group[0]);
    Err(io::Error::other(format!(
        "{}: it changes all the time, run this later",
        first.display()
    )))
}

/// A file up to a size, read under its lock piece by piece, each up to the end of a line.
struct Reader<'a> {
    file: &'a File,
    /// Up to where it was read.
    at: u64,
    size: u64,
    piece: Vec<u8>,
    /// How much of the piece was taken.
    used: usize,
    hash: Hash,
}

impl Reader<'_> {
    fn next_piece(&mut self) -> io::Result<()> {
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        self.piece.resize(left.min(CHUNK), 0);
        self.used = 0;
        let read = {
            // A writer that waits for us waits for one read.
            let _lock = lock::take(self.file, Share::Shared, LOCK_TIMEOUT)?
                .ok_or_else(|| io::Error::other("others hold its lock all the time"))?;
            read_at(self.file, &mut self.piece, self.at)?
        };
        self.piece.truncate(read);
        // What follows the last whole line is read again with the rest of its line.
        if self.at + (read as u64) < self.size
            && let Some(end) = self.piece.iter().rposition(|&byte| byte == b'\n')
        {
            self.piece.truncate(end + 1);
        }
        self.at += self.piece.len() as u64;
        self.hash.add(&self.piece);
        Ok(())
    }
}

fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], at + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

impl io::Read for Reader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() && self.at < self.size {
            self.next_piece()?;
        }
        let rest = &self.piece[self.used..];
        let taken = rest.len().min(bytes.len());
        bytes[..taken].copy_from_slice(&rest[..taken]);
        self.used += taken;
        Ok(taken)
    }
}

fn of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn told<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| of(path, &error))
}
