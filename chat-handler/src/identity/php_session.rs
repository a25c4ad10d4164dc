//! PHP's session files: found by id, opened with suspicion, read under PHP's own lock.
//!
//! PHP's `files` handler keeps one file a session, `sess_ID`, below `session.save_path`
//! (php.net/manual/en/session.configuration.php), and holds flock on it for a whole request.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, Mode, OFlags};

use crate::settings::{Identity, Serializer};

mod own;
pub mod serialized;
pub mod write;

pub use own::Own;

use serialized::{Scalar, lookup};

/// A session with more than this is refused: PHP reads it whole at each request, so sites keep
/// theirs far smaller.
pub const MAX_SESSION_BYTES: u64 = 1 << 20;

/// How long a session that a PHP script holds locked is waited for. Scripts that hold it longer
/// (uploads, reports) would keep the person out of the chat; they enter as Anonymous instead.
pub const LOCK_TIMEOUT: Duration = Duration::from_millis(1500);

/// Pause between two tries for the lock: flock has no time limit of its own.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The id of a session, safe as part of a file name: 22 to 256 of `A-Z a-z 0-9 , -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// Takes the bytes of a cookie; `None` if they are no id.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let good = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b',' || *byte == b'-';
        let fits = (22..=256).contains(&bytes.len()) && bytes.iter().all(good);
        fits.then(|| Self(String::from_utf8_lossy(bytes).into_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file below `dir`, `depth` levels down (`N` of `session.save_path`).
    pub fn path(&self, dir: &Path, depth: u8) -> PathBuf {
        let mut path = dir.to_owned();
        path.extend(self.0.chars().take(usize::from(depth)).map(String::from));
        path.join(format!("sess_{}", self.0))
    }
}

/// The variable in which our own form keeps the name that somebody typed. It is never an account:
/// a name anybody can type proves nothing.
pub const CHOSEN_NAME: &str = "chat_name";

/// The variable in which our own form keeps the color that somebody chose.
pub const CHOSEN_COLOR: &str = "chat_color";

/// The variable in which our own log-in keeps the account's generation. Nobody else writes it, so that whoever has it
/// logged in here.
pub const GENERATION: &str = "chat_generation";

/// The variable in which our own form keeps when a session was used last, as far as other machines know.
const USED: &str = "chat_used";

/// What a session says about its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// What they go by: the name they typed into our form, else the user's name.
    pub name: String,
    /// The user's name, as the site's own log-in wrote it.
    pub account: Option<String>,
    /// The color, as the site wrote it.
    pub color: Option<String>,
    /// The moderator flag.
    pub moderator: bool,
    /// The generation that our own log-in wrote.
    pub generation: Option<u64>,
}

/// Reads who owns session `id`.
///
/// # Errors
/// Why the session does not count, for the log; the person is then Anonymous.
pub fn read_owner(settings: &Identity, id: &SessionId) -> Result<Owner, String> {
    owner(&bytes_of(settings, id)?, settings)
}

/// What the bytes of a session file say about its owner. Pure.
///
/// # Errors
/// Why they say nothing.
pub fn owner(bytes: &[u8], settings: &Identity) -> Result<Owner, String> {
    let (_, entries) = serialized::entries(bytes, settings.serializer)
        .ok_or("the session is malformed, or SESSION_SERIALIZE_HANDLER is wrong")?;
    let text = |path: &str| match lookup(&entries, path)? {
        Scalar::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Bool(_) => None,
    };
    let filled = |path: &str| text(path).filter(|text| !text.trim().is_empty());
    let account = filled(&settings.user_path);
    let name = filled(CHOSEN_NAME).or_else(|| account.clone());
    let name = name.ok_or_else(|| format!("the session has no name at {}", settings.user_path))?;
    let moderator = settings
        .admin_path
        .as_deref()
        .and_then(|path| lookup(&entries, path));
    let moderator = match moderator {
        Some(Scalar::Bool(flag)) => flag,
        Some(Scalar::Int(number)) => number != 0,
        // As PHP's own (bool): "" and "0" are false. "no" and "false" are what people mean by it.
        Some(Scalar::Text(text)) => !matches!(text, b"" | b"0" | b"no" | b"false"),
        None => false,
    };
    Ok(Owner {
        name,
        account,
        color: filled(CHOSEN_COLOR).or_else(|| text(&settings.color_path)),
        moderator,
        // One that cannot be read is none of any account: nobody is let in by it.
        generation: text(GENERATION).map(|text| text.parse().unwrap_or_default()),
    })
}

/// What a session holds, which says whose it is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Nothing but a name and a color that somebody typed into our own form.
    Chosen,
    /// A log-in by an account of the chat's own; it may be over.
    OwnLogIn,
    /// What the site keeps there.
    Sites,
}

/// What session `id` holds.
///
/// # Errors
/// Why the session does not count.
pub fn contents(settings: &Identity, id: &SessionId) -> Result<Contents, String> {
    let bytes = bytes_of(settings, id)?;
    let (_, entries) = serialized::entries(&bytes, settings.serializer)
        .ok_or("the session is malformed, or SESSION_SERIALIZE_HANDLER is wrong")?;
    let has = |wanted: &str| entries.iter().any(|(name, _)| *name == wanted.as_bytes());
    let ours = [CHOSEN_NAME, CHOSEN_COLOR, USED].map(str::as_bytes);
    Ok(if has(GENERATION) {
        Contents::OwnLogIn
    } else if entries.iter().all(|(name, _)| ours.contains(name)) {
        Contents::Chosen
    } else {
        Contents::Sites
    })
}

fn bytes_of(settings: &Identity, id: &SessionId) -> Result<Vec<u8>, String> {
    if let Some(path) = own::place(settings, id) {
        return own::read(settings, &path);
    }
    read_all(open(settings, id)?).map_err(|error| format!("the session cannot be read: {error}"))
}

fn open(settings: &Identity, id: &SessionId) -> Result<File, String> {
    let path = id.path(&settings.session_dir, settings.session_depth);
    // NONBLOCK: somebody's FIFO of that name must not hang us.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(&path, flags, Mode::empty())
        .map_err(|error| format!("the session cannot be opened: {error}"))?;
    lock(&file, FlockOperation::NonBlockingLockShared)
        .map_err(|error| format!("the session is in use: {error}"))?;
    let file = File::from(file);
    let found = file.metadata().map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("the session is not a regular file".to_owned());
    }
    // PHP's session_destroy() unlinks the file and leaves the name in it: whoever waited for the lock
    // would still find somebody who has logged out.
    if found.nlink() == 0 {
        return Err("the session has just ended".to_owned());
    }
    if found.len() > MAX_SESSION_BYTES {
        return Err(format!(
            "the session is larger than {MAX_SESSION_BYTES} bytes"
        ));
    }
    let age = found
        .modified()
        .ok()
        .and_then(|then| SystemTime::now().duration_since(then).ok());
    if age.is_some_and(|age| age > settings.session_max_age) {
        return Err("the session has expired".to_owned());
    }
    check_owner(&path, found.uid())?;
    Ok(file)
}

/// In a directory that everybody may write to, anybody can put a session for any name: there
/// the file must be ours, root's or the directory's owner's, as PHP itself demands.
fn check_owner(path: &Path, owner: u32) -> Result<(), String> {
    const WRITABLE_BY_OTHERS: u32 = 0o002;
    let parent = path.parent().unwrap_or(Path::new("/"));
    let parent = std::fs::metadata(parent).map_err(|error| error.to_string())?;
    let us = rustix::process::geteuid().as_raw();
    if parent.mode() & WRITABLE_BY_OTHERS == 0 || [us, 0, parent.uid()].contains(&owner) {
        Ok(())
    } else {
        Err("the session lies in a directory open to all and belongs to another user".to_owned())
    }
}

fn read_all(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_SESSION_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Takes PHP's lock, waiting at most [`LOCK_TIMEOUT`]. `how` must be a non-blocking operation.
fn lock(file: impl AsFd, how: FlockOperation) -> io::Result<()> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match rustix::fs::flock(&file, how) {
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_PAUSE);
            }
            result => return Ok(result?),
        }
    }
}

#[cfg(test)]
mod tests;
