//! How fast one key, one person, or one incoming webhook may ask: a token bucket in `run/api/`, under its lock, for all processes that answer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use chat_handler::settings::Settings;
use chat_handler::throttle::Throttle;
use chat_store::fs::dirs::{Dirs, create_dir};
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::people::person::hex_of;
use chat_store::record::RecordId;
use rustix::fs::OFlags;

use super::Refusal;
use super::caller::Caller;

/// The longest wait for the bucket, which is held for one read and one write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// Hexadecimal digits of a person's file: 4,096 files at most. Two people of one share it. Keys have a file each, and
/// are the administrator's.
const PERSON_DIGITS: usize = 3;
/// Messages a second at the address of an incoming webhook, and how many may come at once: an alert, and the flood that
/// comes with it.
const HOOK_RATE: u32 = 1;
const HOOK_BURST: u32 = 30;
/// Hexadecimal digits of what its file is called.
const HOOK_DIGITS: usize = 32;
/// The time and what was left, 8 bytes each.
const BYTES: usize = 16;

/// Takes `count` requests of the caller's.
pub(super) fn take(settings: &Settings, caller: &Caller, count: u32) -> Result<(), Refusal> {
    let file = open(&settings.dirs(), caller)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(Refusal::Busy);
    };
    let (limits, tokens) = (&settings.limits, &settings.identity.tokens);
    let (rate, burst) = match (&caller.person, &caller.hook) {
        // As in the chat.
        (Some(_), _) => (limits.rate, limits.burst),
        (None, Some(_)) => (HOOK_RATE, HOOK_BURST),
        (None, None) => (tokens.rate, tokens.burst),
    };
    let (now, wall) = (Instant::now(), RecordId::now().as_micros());
    let mut bucket = Throttle::new(rate, burst, now);
    let mut kept = [0; BYTES];
    if file.read_at(&mut kept, 0)? == BYTES {
        let [at, left] = [0, 8].map(|from| {
            let bytes = kept[from..from + 8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        });
        let ago = Duration::from_micros(wall.saturating_sub(at));
        bucket.restore(u32::try_from(left).unwrap_or_default(), ago);
    }
    let may = bucket.allows_many(count, now);
    let left = u64::from(bucket.left(now));
    let written = [wall.to_le_bytes(), left.to_le_bytes()].concat();
    file.write_all_at(&written, 0)?;
    if may {
        return Ok(());
    }
    let lacks = u64::from(count.min(burst)) * 1000 - left.min(u64::from(count.min(burst)) * 1000);
    Err(Refusal::Pace((lacks / 1000 / u64::from(rate)).max(1)))
}

fn open(dirs: &Dirs, caller: &Caller) -> io::Result<File> {
    let dir = dirs.run.join("api");
    create_dir(&dir)?;
    let name = match (&caller.person, &caller.hook) {
        (Some(_), _) => format!("person-{}", &hex_of(&[&caller.account()])[..PERSON_DIGITS]),
        (None, Some(hook)) => format!("hook-{}", &hook.id()[..HOOK_DIGITS.min(hook.id().len())]),
        // A name of a key need not be one of a file.
        (None, None) => format!("key-{}", hex_of(&[&caller.claims.kid])),
    };
    Ok(file::open(&dir.join(name), OFlags::RDWR | OFlags::CREATE)?.0)
}
