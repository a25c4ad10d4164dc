//! How fast somebody was when they left, so that coming back is no way around a limit.
//!
//! One table in `run/` of fixed size: a slot for each hash of an account, session or address. Two who
//! fall into one slot take it from each other, no more. Nothing grows and nothing needs a sweep.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::OFlags;

use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::record::RecordId;

/// Slots: enough for those who leave within a minute of a busy server; 160 KiB.
const SLOTS: u64 = 4096;
/// Hash, time, and what is left of each limit.
const SLOT_BYTES: usize = 8 + 8 + 4 * LIMITS;
/// Limits that are kept.
pub const LIMITS: usize = 6;

/// What was left of each limit, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// When.
    pub at: RecordId,
    /// By the caller's order.
    pub thousandths: [u32; LIMITS],
}

fn hash_of(owner: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    owner.hash(&mut hasher);
    hasher.finish()
}

fn open(dirs: &Dirs) -> io::Result<std::fs::File> {
    let flags = OFlags::RDWR | OFlags::CREATE;
    Ok(file::open(&dirs.run.join("_pace.table"), flags)?.0)
}

/// What was left when `owner` was here last; `None` if that is not known.
///
/// # Errors
/// Those of open(2) and pread(2).
pub fn load(dirs: &Dirs, owner: &str) -> io::Result<Option<Left>> {
    let hash = hash_of(owner);
    let mut slot = [0; SLOT_BYTES];
    let offset = hash % SLOTS * SLOT_BYTES as u64;
    let filled = file::read_at(open(dirs)?, &mut slot, offset)?;
    let mut words = slot.chunks_exact(4).map(|word| {
        let word = word.try_into().unwrap_or_default();
        u32::from_le_bytes(word)
    });
    let mut next = || words.next().unwrap_or_default();
    let mut long = || u64::from(next()) | u64::from(next()) << 32;
    let (found, at) = (long(), RecordId::from_micros(long()));
    let thousandths = std::array::from_fn(|_| next());
    Ok((filled == SLOT_BYTES && found == hash).then_some(Left { at, thousandths }))
}

/// Keeps what is left now.
///
/// # Errors
/// Those of open(2) and pwrite(2).
pub fn save(dirs: &Dirs, owner: &str, left: &Left) -> io::Result<()> {
    let hash = hash_of(owner);
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend_from_slice(&hash.to_le_bytes());
    slot.extend_from_slice(&left.at.as_micros().to_le_bytes());
    for value in left.thousandths {
        slot.extend_from_slice(&value.to_le_bytes());
    }
    open(dirs)?.write_all_at(&slot, hash % SLOTS * SLOT_BYTES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_found_again_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        assert_eq!(load(&dirs, "alice").unwrap(), None);
        let left = Left {
            at: RecordId::now(),
            thousandths: [1, 0, u32::MAX, 20_000, 7, 8],
        };
        save(&dirs, "alice", &left).unwrap();
        assert_eq!(load(&dirs, "alice").unwrap(), Some(left));
        assert_eq!(load(&dirs, "bob").unwrap(), None);
        let size = std::fs::metadata(dirs.run.join("_pace.table"))
            .unwrap()
            .len();
        assert!(size <= SLOTS * SLOT_BYTES as u64);
    }
}
