//! `log/authentization.log`: a line for each connection of somebody who enters rooms, and for each name they get
//! in them.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::fs::dirs::Dirs;
use crate::name::Nick;
use crate::record::clean;

/// Appends one entry: `when` in the administrator's own time, the client's address, the nick.
///
/// # Errors
/// Those of open(2) and write(2), with the path.
pub fn append(dirs: &Dirs, when: &str, from: &str, nick: &Nick) -> io::Result<()> {
    let path = dirs.log.join("authentization.log");
    let line = format!("{} {} {nick}\n", clean(when), clean(from));
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(&path);
    // One write: lines of two handlers do not mix.
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
