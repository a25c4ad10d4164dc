//! How much is in the logs of which rooms, by one look at a directory.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::log::{chain, packed};

/// The files of one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Files {
    /// Bytes of those that can be read.
    pub bytes: u64,
    /// How many are compressed: these are not searched, as no page of history shows them.
    pub packed: usize,
    /// When something was last written.
    pub changed: SystemTime,
}

/// The files of each room that has some, by the stem of its log.
///
/// # Errors
/// Those of reading the directory; a missing one is empty.
pub fn of(rooms: &Path) -> io::Result<HashMap<String, Files>> {
    let entries = match std::fs::read_dir(rooms) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        entries => entries?,
    };
    let mut all: HashMap<String, Files> = HashMap::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some((stem, is_packed)) = name.to_str().and_then(stem_of) else {
            continue;
        };
        // What logrotate takes away just now is in its new place next time.
        let Ok(stat) = entry.metadata() else { continue };
        if !stat.is_file() || stat.len() == 0 {
            continue;
        }
        let files = all.entry(stem.to_owned()).or_insert(Files {
            bytes: 0,
            packed: 0,
            changed: SystemTime::UNIX_EPOCH,
        });
        if is_packed {
            files.packed += 1;
        } else {
            files.bytes += stat.len();
            files.changed = files
                .changed
                .max(stat.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        }
    }
    Ok(all)
}

/// The stem in `STEM.log` or in what logrotate makes of it, and whether that is compressed.
pub(crate) fn stem_of(name: &str) -> Option<(&str, bool)> {
    if let Some(stem) = name.strip_suffix(".log") {
        return Some((stem, false));
    }
    let (stem, rest) = name.rsplit_once(".log")?;
    if chain::is_rotated(rest.as_bytes()) {
        return Some((stem, false));
    }
    let plain = packed::SUFFIXES
        .iter()
        .find_map(|end| rest.strip_suffix(end))?;
    chain::is_rotated(plain.as_bytes()).then_some((stem, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_and_packed_files_belong_to_their_room() {
        for (name, wanted) in [
            ("lobby.log", Some(("lobby", false))),
            ("lobby.log.1", Some(("lobby", false))),
            ("lobby.log-20261121", Some(("lobby", false))),
            ("lobby.log.2.gz", Some(("lobby", true))),
            ("a.log.1.log", Some(("a.log.1", false))),
            ("lobby.log.tmp", None),
            ("notes.txt", None),
        ] {
            assert_eq!(stem_of(name), wanted, "{name}");
        }
    }
}
