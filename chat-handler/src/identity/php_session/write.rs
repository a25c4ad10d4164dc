//! Sessions of our own making, for the log-in form of sites without PHP: fresh ids, private
//! files, and a change that keeps what others put there.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags};

use super::serialized::{encode, entries, text_value};
use super::{CHOSEN_NAME, GENERATION, MAX_SESSION_BYTES, Serializer, SessionId, lock, read_all};

/// Bytes of chance in an id: 128 bits, what PHP and OWASP ask for at least.
const ID_BYTES: usize = 16;

/// Makes a session that holds `variables` (`user.name` is `name` in the array `user`), under an id nobody can
/// guess. The file is new (`O_EXCL`) and only ours (0600).
///
/// # Errors
/// Whatever making the directory or the file meets.
pub fn create(dir: &Path, depth: u8, variables: &[(&str, &str)]) -> io::Result<SessionId> {
    let id = new_id()?;
    let path = id.path(dir, depth);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?);
    let written = file.write_all(&text_of(variables));
    if written.is_err() {
        // Half a session is worse than none; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&path);
    }
    written.map(|()| id)
}

/// An id that nobody can guess.
pub(super) fn new_id() -> io::Result<SessionId> {
    let mut chance = [0; ID_BYTES];
    getrandom::fill(&mut chance).map_err(io::Error::other)?;
    Ok(SessionId(format!("{:032x}", u128::from_ne_bytes(chance))))
}

/// What a session's file says that holds `variables` and nothing else.
pub(super) fn text_of(variables: &[(&str, &str)]) -> Vec<u8> {
    let values: Vec<_> = variables.iter().map(serialized).collect();
    encode(Serializer::Php, &values)
}

/// Sets `variables` in session `id` and keeps all others, in the serializer it was written with.
/// Also renews its age.
///
/// # Errors
/// `NotFound` if there is none, `InvalidData` if it is malformed, and whatever files meet.
pub fn set(
    dir: &Path,
    depth: u8,
    serializer: Serializer,
    id: &SessionId,
    variables: &[(&str, &str)],
) -> io::Result<()> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(id.path(dir, depth), flags, Mode::empty())?);
    lock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let found = file.metadata()?;
    if found.nlink() == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    if !found.is_file() || found.len() > MAX_SESSION_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let bytes = read_all(file.try_clone()?)?;
    let text = with(&bytes, serializer, variables)?;
    file.write_all_at(&text, 0)?;
    file.set_len(text.len() as u64)
}

/// What a session's file says with `variables` beside all others.
pub(super) fn with(
    bytes: &[u8],
    serializer: Serializer,
    variables: &[(&str, &str)],
) -> io::Result<Vec<u8>> {
    let (serializer, old) = if bytes.is_empty() {
        (Serializer::Php, Vec::new())
    } else {
        entries(bytes, serializer).ok_or(io::ErrorKind::InvalidData)?
    };
    let mut kept: Vec<_> = old
        .iter()
        .map(|(name, value)| (name.to_vec(), value.to_vec()))
        .collect();
    for pair in variables {
        let (name, value) = serialized(pair);
        match kept.iter_mut().find(|(kept, _)| *kept == name) {
            // In place: references count values from the start, so none may move.
            Some(entry) => entry.1 = value,
            None => kept.push((name, value)),
        }
    }
    Ok(encode(serializer, &kept))
}

/// Renews the age of session `id`, as PHP does at each request.
///
/// # Errors
/// `NotFound` if there is none.
pub fn touch(dir: &Path, depth: u8, id: &SessionId) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(id.path(dir, depth), flags, Mode::empty())?);
    file.set_modified(std::time::SystemTime::now())
}

/// Removes sessions of `dir` that our own form made and that are older than `max_age`: no PHP
/// sweeps up behind us. Sessions of a site are left alone, whatever their age.
pub fn sweep(dir: &Path, max_age: Duration) {
    let Ok(files) = std::fs::read_dir(dir) else {
        return;
    };
    for file in files.flatten() {
        let is_session = file.file_name().as_encoded_bytes().starts_with(b"sess_");
        let age = file.metadata().and_then(|found| found.modified()).ok();
        let age = age.and_then(|then| then.elapsed().ok());
        if is_session && age.is_some_and(|age| age > max_age) && is_of_our_form(&file.path()) {
            // Somebody else may have removed it, or may remove it later.
            let _ = std::fs::remove_file(file.path());
        }
    }
}

/// Ours begin with the name somebody chose; [`create`] writes it first.
fn is_of_our_form(path: &Path) -> bool {
    // Either stands first.
    let starts = [CHOSEN_NAME, GENERATION].map(|name| format!("{name}|"));
    let longest = starts.iter().map(String::len).max().unwrap_or_default();
    let mut bytes = Vec::new();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let read = rustix::fs::open(path, flags, Mode::empty())
        .map_err(io::Error::from)
        .and_then(|file| {
            let mut start = io::Read::take(File::from(file), longest as u64);
            io::Read::read_to_end(&mut start, &mut bytes)
        });
    read.is_ok()
        && starts
            .iter()
            .any(|start| bytes.starts_with(start.as_bytes()))
}

/// Ends session `id`; that there is none is fine.
///
/// # Errors
/// Whatever removing the file meets.
pub fn destroy(dir: &Path, depth: u8, id: &SessionId) -> io::Result<()> {
    match std::fs::remove_file(id.path(dir, depth)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn serialized((path, text): &(&str, &str)) -> (Vec<u8>, Vec<u8>) {
    let mut names = path.split('.');
    let first = names.next().unwrap_or_default().as_bytes().to_vec();
    let value = names
        .rev()
        .fold(text_value(text.as_bytes()), |inner, name| {
            let key = text_value(name.as_bytes());
            [b"a:1:{", &*key, &inner, b"}"].concat()
        });
    (first, value)
}
