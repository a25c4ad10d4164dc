//! Rotated files that logrotate compressed: an export, an expire and an erase read them.

use std::io::{self, BufRead, BufReader, Read};

pub(super) use chat_store::log::packed::list;
use chat_store::record::MAX_LINE;

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
