//! A file that somebody reads, edits and has replaced: again, if another machine was first.

use std::io;
use std::path::Path;

use super::{remove_if, replace};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::people::person::hex_of_bytes;

/// Bytes of chance in a line of [`unlike_others`].
const CHANCE: usize = 16;
/// How often a file is read again that was changed meanwhile on another machine.
const TRIES: u32 = 8;

/// What is to become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It stays as it is.
    Same,
    /// It holds this.
    Text(Vec<u8>),
    /// It is no more.
    Gone,
}

/// Has the file at `path` be what `edit` makes of it; a missing one is empty. At most `max` bytes of it are read. The
/// caller holds whatever lock keeps others of this machine away. `edit` may be called again: what it gives at last holds.
///
/// # Errors
/// Those of `edit` and of [`replace`]; `TimedOut` if others were first again and again. Nothing is changed then.
pub fn edit<T, E: From<io::Error>>(
    dirs: &Dirs,
    path: &Path,
    max: u64,
    mut edit: impl FnMut(&[u8]) -> Result<(After, T), E>,
) -> Result<T, E> {
    for _ in 0..TRIES {
        let before = file::read_whole(path, max)?;
        let (after, given) = edit(&before)?;
        let is_done = match after {
            After::Same => true,
            After::Text(text) => replace(dirs, path, &before, &text)?,
            After::Gone => remove_if(dirs, path, &before)?,
        };
        if is_done {
            return Ok(given);
        }
    }
    Err(io::Error::from(io::ErrorKind::TimedOut).into())
}

/// A line for a text that only one may write. Two who write the same text on two machines are no conflict, and both are
/// told that it is done; with this line in it theirs are not the same. Whoever reads the file passes it over.
///
/// # Errors
/// There is no chance to be had.
pub fn unlike_others() -> io::Result<String> {
    let mut chance = [0; CHANCE];
    getrandom::fill(&mut chance).map_err(io::Error::other)?;
    Ok(format!("change {}\n", hex_of_bytes(&chance)))
}
