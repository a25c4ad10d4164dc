//! Static files: what a URL path names below a directory is sent, and nothing else.

mod conditional;
pub(super) mod content_type;
mod listing;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

use crate::http::exchange::Exchange;
use crate::http::response::{Length, Response};
use crate::http::target;
use conditional::{Selection, Validators};
use content_type::SNIFFED;

/// How much of a file is in memory at once: one write's worth.
const STEP: usize = 64 * 1024;

/// What a path below the directory is.
#[derive(Debug)]
enum Found {
    File {
        file: File,
        length: u64,
        modified: SystemTime,
        etag: String,
    },
    Dir(PathBuf),
}

/// Answers with the file or the listing that the path names below `dir`.
/// Nothing below `cgi_dir` is sent: that would be the source of a script.
pub(super) async fn serve(
    exchange: &mut Exchange<'_>,
    dir: &Path,
    cgi_dir: Option<&Path>,
) -> io::Result<()> {
    exchange.fields().access("http", "STATIC");
    let path = exchange.path();
    if path.ends_with(b"/index.html") {
        return move_to(exchange, "./").await;
    }
    let (found, name) = match find(dir, cgi_dir, path) {
        Ok(found) => found,
        Err(error) => return exchange.reply_status(status_of(&error)).await,
    };
    let is_dir = name == Name::Index || matches!(found, Found::Dir(_));
    match found {
        // Links in a listing or an index page are relative to the directory.
        _ if is_dir && !path.ends_with(b"/") => {
            let location = format!("{}/", last_segment(&exchange.head.target.path));
            move_to(exchange, &location).await
        }
        Found::Dir(dir) => match listing::render(&dir) {
            Ok(page) => {
                let response = Response::new(200)
                    .with("Content-Type", &b"text/html; charset=utf-8"[..])
                    .with("X-Content-Type-Options", &b"nosniff"[..]);
                exchange.reply(&response, page.as_bytes()).await
            }
            Err(error) => exchange.reply_status(status_of(&error)).await,
        },
        Found::File { .. } if path.ends_with(b"/") && name == Name::Itself => {
            let location = format!("../{}", last_segment(path));
            move_to(exchange, &location).await
        }
        Found::File {
            file,
            length,
            modified,
            etag,
        } => {
            let name = if name == Name::Index {
                Path::new("index.html")
            } else {
                Path::new(OsStr::from_bytes(path))
            };
            send(
                exchange,
                &file,
                name,
                length,
                &Validators { etag, modified },
            )
            .await
        }
    }
}

/// Whether a file is what the path names, or the index of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Itself,
    Index,
}

fn find(dir: &Path, cgi_dir: Option<&Path>, path: &[u8]) -> io::Result<(Found, Name)> {
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
        Found::Dir(real) => {
            // Without its slash a directory is moved first: relative links of its index would lead elsewhere.
            let index = is_dir_path
                .then(|| find_index(dir, cgi_dir, &real))
                .flatten();
            Ok(index.map_or((Found::Dir(real), Name::Itself), |file| (file, Name::Index)))
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
        return Ok(Found::Dir(dir.join(inside)));
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

fn status_of(error: &io::Error) -> u16 {
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

fn last_segment(path: &[u8]) -> String {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    target::encode(path.rsplit(|&byte| byte == b'/').next().unwrap_or_default())
}

/// 301 to a relative location, which holds behind a proxy that serves us below a path of its own.
async fn move_to(exchange: &mut Exchange<'_>, location: &str) -> io::Result<()> {
    let mut location = location.to_owned();
    if let Some(query) = exchange.head.target.query() {
        location.push('?');
        location.push_str(query);
    }
    exchange
        .reply(&Response::new(301).with_text("Location", location), b"")
        .await
}

async fn send(
    exchange: &mut Exchange<'_>,
    file: &File,
    name: &Path,
    length: u64,
    validators: &Validators,
) -> io::Result<()> {
    let modified = httpdate::fmt_http_date(conditional::seconds(validators.modified));
    let response = |status| {
        Response::new(status)
            .with("X-Content-Type-Options", &b"nosniff"[..])
            .with_text("ETag", validators.etag.clone())
            .with_text("Last-Modified", modified.clone())
    };
    let (response, range) = match conditional::select(exchange.head, validators, length) {
        Selection::NotModified => return exchange.reply(&response(304), b"").await,
        Selection::Failed => return exchange.reply_status(412).await,
        Selection::Unsatisfiable(text) => {
            let response =
                Response::new(416).with_text("Content-Range", format!("bytes */{length}"));
            return exchange.reply_text(response, &format!("{text}\n")).await;
        }
        Selection::Whole => (response(200), 0..length),
        Selection::Part(part) => {
            let shown = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            (response(206).with_text("Content-Range", shown), part)
        }
    };
    let mut begin = [0; SNIFFED];
    let begin = file.read_at(&mut begin, 0).map(|read| &begin[..read])?;
    let response = response
        .with("Accept-Ranges", &b"bytes"[..])
        .with_text("Content-Type", content_type::of(name, begin));
    exchange.settle();
    let head = response.encode(Length::Known(range.end - range.start), &exchange.context());
    if exchange.is_head() {
        return exchange.connection.write_all(&head).await;
    }
    copy(exchange, file, range, head).await
}

/// Head and content, in steps; a small file goes out with its head in one write.
/// Reading is done in place: it comes from the page cache, or from a disk that is about as fast as handing the read to
/// another thread and waiting for it.
async fn copy(
    exchange: &mut Exchange<'_>,
    file: &File,
    range: std::ops::Range<u64>,
    head: Vec<u8>,
) -> io::Result<()> {
    let mut buffer = head;
    let mut at = range.start;
    loop {
        let begin = buffer.len();
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        buffer.resize(begin + left.min(STEP), 0);
        file.read_exact_at(&mut buffer[begin..], at)?;
        at += (buffer.len() - begin) as u64;
        exchange.connection.write_all(&buffer).await?;
        if at == range.end {
            return Ok(());
        }
        buffer.clear();
    }
}
