//! Lines that say something, and lines that change what was said before.

use std::fs::File;
use std::io;

use memchr::{memchr, memmem, memrchr};

use super::matcher::Matcher;
use super::scan::{BLOCK_MAX, Give};
use crate::fs::file;
use crate::log::chain::LogFile;
use crate::log::history::FOLD_BYTES;
use crate::record::{Kind, MAX_LINE, Record, RecordId, attrs};

/// Gives the messages older than `before` that what stands behind a place changes to what is looked for; and how
/// much was read.
///
/// # Errors
/// Those of reading; `UnexpectedEof` if a file was moved or cut.
pub(super) fn read(
    files: &[LogFile],
    mut pos: u64,
    before: RecordId,
    matcher: &mut Matcher,
    give: Give<'_>,
) -> io::Result<u64> {
    let finder = memmem::Finder::new(b"\tedit\t");
    let (mut left, mut buffer) = (FOLD_BYTES, Vec::new());
    for entry in files {
        let Some(file) = entry.open()? else { break };
        while left > 0 && pos < entry.size {
            let wanted = BLOCK_MAX.min(entry.size - pos).min(left + MAX_LINE as u64);
            fill(&mut buffer, &file, pos, wanted)?;
            let Some(last) = memrchr(b'\n', &buffer) else {
                break;
            };
            for hit in finder.find_iter(&buffer[..last]) {
                let start = memrchr(b'\n', &buffer[..hit]).map_or(0, |at| at + 1);
                let end = memchr(b'\n', &buffer[hit..]).map_or(last, |at| hit + at);
                if let Some(id) = changed(&buffer[start..end], matcher)
                    && id < before
                {
                    give(id, id.next());
                }
            }
            pos += last as u64 + 1;
            left = left.saturating_sub(last as u64 + 1);
        }
        pos = 0;
        if left == 0 {
            break;
        }
    }
    Ok(FOLD_BYTES - left)
}

/// Fills the buffer with so many bytes from there.
pub(super) fn fill(buffer: &mut Vec<u8>, file: &File, pos: u64, count: u64) -> io::Result<()> {
    let count = usize::try_from(count).unwrap_or_default();
    buffer.resize(count, 0);
    if file::read_at(file, buffer, pos)? < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// The id of the message that this line says, or changes, if it may be a hit; zero for a line in the old form.
pub(super) fn candidate(line: &[u8], matcher: &mut Matcher) -> Option<RecordId> {
    if let Some(id) = changed(line, matcher) {
        return Some(id);
    }
    let record = Record::parse(line)?;
    let is_one =
        super::is_shown(&record) && matcher.is_from(&record) && matcher.has_words(&record.text);
    is_one.then_some(record.id)
}

/// The id of the message that this line changes to what is looked for.
fn changed(line: &[u8], matcher: &mut Matcher) -> Option<RecordId> {
    let mut fields = line.splitn(5, |&byte| byte == b'\t');
    let (_, kind, _, pairs, text) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    if kind != Kind::Edit.as_str().as_bytes() || !matcher.has_words(&String::from_utf8_lossy(text))
    {
        return None;
    }
    let pairs = std::str::from_utf8(pairs).ok()?;
    let mut pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
    let (_, target) = pairs.find(|&(key, _)| key == attrs::TARGET)?;
    RecordId::parse(target.as_bytes())
}
