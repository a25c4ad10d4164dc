//! Rotated files that logrotate compressed. The handlers do not read them; an export and an expire
//! do.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chat_store::record::MAX_LINE;

/// What logrotate may compress with.
const SUFFIXES: [&str; 4] = [".gz", ".bz2", ".xz", ".zst"];

/// The compressed files of a log, in no order.
///
/// # Errors
/// Those of reading the directory; a missing one is an empty list.
pub(super) fn list(live: &Path) -> io::Result<Vec<PathBuf>> {
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
        if plain.is_some_and(|plain| chat_store::log::chain::is_rotated(plain.as_bytes())) {
            files.push(dir.join(entry));
        }
    }
    Ok(files)
}

/// Gives every line with its line end; a longer one than [`MAX_LINE`] in pieces.
pub(super) fn each_line(
    reader: impl Read,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader)
            .take(MAX_LINE as u64)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(());
        }
        give(&line)?;
    }
}
