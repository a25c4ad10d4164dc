//! So many passwords are compared at a time: each takes a processor for a tenth of a second, and rooms have
//! theirs, too.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use rustix::fs::OFlags;

/// At a time.
const SLOTS: u32 = 2;
/// How long somebody waits for theirs.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// One of them, given back when it is dropped.
pub(super) struct Slot(#[expect(dead_code, reason = "its lock ends with it")] File);

/// Waits for one; `None`: others had them all the time.
pub(super) fn take(dirs: &Dirs) -> io::Result<Option<Slot>> {
    let start = Instant::now();
    loop {
        for number in 0..SLOTS {
            let path = dirs.run.join(format!("_log-in.{number}"));
            let (file, _) = file::open(&path, OFlags::RDWR | OFlags::CREATE)?;
            if lock::try_hold(&file, Share::Exclusive)? {
                return Ok(Some(Slot(file)));
            }
        }
        if start.elapsed() > TIMEOUT {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}
