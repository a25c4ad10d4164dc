//! One handler of each room looks for presences whose handler was killed; a lock decides which one.
//! The others only try that lock: it goes with its process, and then another one looks.

use std::fs::File;
use std::io;

use rustix::fs::OFlags;

use super::presence;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::{Nick, RoomName};

/// Whether this process is the one that looks.
#[derive(Debug, Default)]
pub struct Watch(Option<File>);

impl Watch {
    /// Removes the stale presences of the room, if it is this process's task, and gives their nicks:
    /// append a quit record for each.
    ///
    /// # Errors
    /// Those of opening, locking and removing files; the next call tries again.
    pub fn sweep(&mut self, dirs: &Dirs, room: &RoomName) -> io::Result<Vec<Nick>> {
        if self.0.is_none() {
            let path = dirs.run.join(format!("{}.watch", room.file_stem()));
            let (file, _) = file::open(&path, OFlags::RDWR | OFlags::CREATE)?;
            if !lock::try_hold(&file, Share::Exclusive)? {
                return Ok(Vec::new());
            }
            self.0 = Some(file);
        }
        presence::sweep(dirs, room)
    }
}
