//! What a URL path names below a directory.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

/// What a path below the directory is.
#[derive(Debug)]
pub(super) enum Found {
    File {
        file: File,
        length: u64,
        modified: SystemTime,
        etag: String,
    },
    Dir {
        dir: File,
        /// Its real path, for the search of its index.
        real: PathBuf,
    },
}

/// Whether a file is what the path names, or the index of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Itself,
    Index,
}

pub(super) fn find(dir: &Path, cgi_dir: Option<&Path>, path: &[u8]) -> io::Result<(Found, Name)> {
    // Paths were cleaned before; without `..` segments and NUL the walk below is a plain one.
    let is_odd = |segment: &[u8]| segment == b".." || segment.contains(&0);
    if path.split(|&byte| byte == b'/').any(is_odd) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let is_dir_path = path.ends_with(b"/");
    let path = Path::new(OsStr::from_bytes(path));
    let relative = path.strip_prefix("/").unwrap_or(path);
    let real = std::fs::canonicalize(dir.join(relative))?;
    let inside = real
        .strip_prefix(dir)
        .map_err(|_| io::ErrorKind::NotFound)?;
    if cgi_dir.is_some_and(|cgi| cgi.starts_with(dir) && real.starts_with(cgi)) {
        return Err(io::ErrorKind::NotFound.into());
    }
    match open(dir, inside)? {
        Found::Dir { dir: opened, real } => {
            // Without its slash a directory is moved first: relative links of its index would lead elsewhere.
            let index = is_dir_path
                .then(|| find_index(dir, cgi_dir, &real))
                .flatten();
            let itself = Found::Dir { dir: opened, real };
            Ok(index.map_or((itself, Name::Itself), |file| (file, Name::Index)))
        }
        file @ Found::File { .. } => Ok((file, Name::Itself)),
    }
}

fn find_index(dir: &Path, cgi_dir: Option<&Path>, real: &Path) -> Option<Found> {
    let index = std::fs::canonicalize(real.join("index.html")).ok()?;
    let is_source = cgi_dir.is_some_and(|cgi| cgi.starts_with(dir) && index.starts_with(cgi));
    let inside = index.strip_prefix(dir).ok().filter(|_| !is_source)?;
    match open(dir, inside) {
        Ok(file @ Found::File { .. }) => Some(file),
        _ => None,
    }
}

/// Opens a real path below `dir`. The kernel follows no link and doesn't leave `dir` on the way, so nothing that is
/// swapped after it was resolved leads out.
fn open(dir: &Path, inside: &Path) -> io::Result<Found> {
    let path = if inside.as_os_str().is_empty() {
        Path::new(".")
    } else {
        inside
    };
    // NONBLOCK: to open a FIFO would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let root = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::openat(CWD, dir, root, Mode::empty())?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let opened = match rustix::fs::openat2(&root, path, flags, Mode::empty(), resolve) {
        // Kernels before 5.6, and some container sandboxes, don't have it: the resolved path is opened, and what is
        // left is the window that websocketd has.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            rustix::fs::openat(&root, path, flags | OFlags::NOFOLLOW, Mode::empty())
        }
        opened => opened,
    };
    let file = File::from(opened?);
    let kind = file.metadata()?;
    if kind.is_dir() {
        let real = dir.join(inside);
        return Ok(Found::Dir { dir: file, real });
    }
    if !kind.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let etag = format!(
        "\"{:x}.{:x}-{:x}\"",
        kind.mtime(),
        kind.mtime_nsec(),
        kind.size()
    );
    Ok(Found::File {
        file,
        length: kind.size(),
        modified: kind.modified()?,
        etag,
    })
}

pub(super) fn status_of(error: &io::Error) -> u16 {
    use rustix::io::Errno;
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => 404,
        io::ErrorKind::PermissionDenied => 403,
        _ => match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NAMETOOLONG | Errno::LOOP | Errno::XDEV | Errno::NXIO) => 404,
            Some(Errno::MFILE | Errno::NFILE) => 503,
            _ => 500,
        },
    }
}
