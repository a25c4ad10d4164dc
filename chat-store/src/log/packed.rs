//! Rotated files that logrotate compressed. The handlers do not read them.

use std::io;
use std::path::{Path, PathBuf};

use super::chain;

/// What logrotate may compress with.
pub const SUFFIXES: [&str; 4] = [".gz", ".bz2", ".xz", ".zst"];

/// The compressed files of a log, in no order.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub fn list(live: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(dir), Some(name)) = (
        live.parent(),
        live.file_name().and_then(|name| name.to_str()),
    ) else {
        return Ok(Vec::new());
    };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?.file_name();
        let rest = entry.to_str().and_then(|entry| entry.strip_prefix(name));
        let plain = rest.and_then(|rest| SUFFIXES.iter().find_map(|end| rest.strip_suffix(end)));
        if plain.is_some_and(|plain| chain::is_rotated(plain.as_bytes())) {
            files.push(dir.join(entry));
        }
    }
    Ok(files)
}
