//! A page that comes back takes its own old presence over: its connection may be dead and not know it,
//! and nobody is to stand beside themselves under a number.
//!
//! A file in `run/` says which presence is a page's. It is named by a hash of what only the page knows
//! (its token, of which nothing is written anywhere else), so that nobody can be sent away by others.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::inbox;
use super::message::{Message, Sender};
use super::presence::Claim;
use crate::fs::dirs::Dirs;
use crate::fs::file::{self, FileId};
use crate::name::{Nick, RoomName};

/// How long the old handler may take to leave. One that was stopped keeps the name.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Between two looks whether it has left.
const PAUSE: Duration = Duration::from_millis(5);
/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 512;

/// Which presence is a client's, as long as this lives.
#[derive(Debug)]
pub struct Own {
    path: PathBuf,
    text: String,
}

impl Own {
    /// Asks the handler that holds the old presence of `owner` in the room to leave, and waits until
    /// it has. Call it before the nick is claimed.
    ///
    /// # Errors
    /// Those of reading files and of the old handler's inbox.
    pub fn take_over(dirs: &Dirs, room: &RoomName, owner: &str) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        let name = format!("{}.{:016x}.own", room.file_stem(), hasher.finish());
        let own = Self {
            path: dirs.run.join(name),
            text: String::new(),
        };
        if let Some((id, nick)) = read(&own.path)? {
            send_away(dirs, room, id, &nick)?;
        }
        Ok(own)
    }

    /// This is the client's presence from now on. For each new nick and each restored file.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn set(&mut self, claim: &Claim) -> io::Result<()> {
        self.text.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{} {}", claim.file_id()?, claim.nick());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let (file, _) = file::open(&self.path, flags)?;
        file::write_once(&file, self.text.as_bytes())?;
        Ok(())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Not if the client's next handler has written its own there.
        if file::read_whole(&self.path, MAX_BYTES).is_ok_and(|text| text == self.text.as_bytes()) {
            let _ = rustix::fs::unlink(&self.path);
        }
    }
}

fn read(path: &Path) -> io::Result<Option<(FileId, Nick)>> {
    let text = file::read_whole(path, MAX_BYTES)?;
    let parse = || {
        let text = std::str::from_utf8(&text).ok()?.trim_end();
        let (id, nick) = text.rsplit_once(' ')?;
        Some((FileId::parse(id)?, Nick::parse(nick).ok()?))
    };
    Ok(parse())
}

fn send_away(dirs: &Dirs, room: &RoomName, id: FileId, nick: &Nick) -> io::Result<()> {
    let path = dirs.user(room, nick);
    let is_there = || Ok::<_, io::Error>(FileId::at(&path)? == Some(id));
    // Whoever has the name now, it is somebody else.
    if !is_there()? {
        return Ok(());
    }
    let sender = Sender::new(nick.as_str());
    // A dead handler has no inbox that anybody reads: its file is stale, and goes with the claim.
    if inbox::send(dirs, room, nick, sender, &Message::Replaced).is_err() {
        return Ok(());
    }
    let began = Instant::now();
    while is_there()? && began.elapsed() < TIMEOUT {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
