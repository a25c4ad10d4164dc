//! A file that is to be on all machines what it is on this one, whatever it was. An engine may lose an order that some
//! have performed, and the file be changed by another one before it is put back: then those refuse the other one, and
//! the others refuse this one, and nothing that is made of the file from then on would hold on all.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use super::{
    AFTER, FINISH, GONE, MAX_BYTES, MAX_TEXT, PATH, REMOVE, REPLACE, SETTLE, UNFINISHED, WHAT,
    closed_room_of, hash_of, path_of, text,
};
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::record::attrs;

/// Which file an order makes what, by its name below `BASE_DIR` and a hash.
pub fn made_by<'a>(value: impl Fn(&str) -> Option<Cow<'a, str>>) -> Option<(String, String)> {
    let after = match &*value(WHAT)? {
        REPLACE | FINISH | SETTLE => value(AFTER)?.into_owned(),
        REMOVE => hash_of(b""),
        _ => return None,
    };
    Some((value(PATH)?.into_owned(), after))
}

/// The attributes and the text of an order by which all machines have the file `name` as it is here. `None`: it is
/// something else than what an order has made it, which `is_made` tells by a hash.
///
/// # Errors
/// Those of reading the file; it is too large for one order.
pub fn settle(
    dirs: &Dirs,
    name: &str,
    is_made: impl Fn(&str) -> bool,
) -> io::Result<Option<(String, String)>> {
    let Some(path) = path_of(dirs, name).filter(|_| !name.ends_with(UNFINISHED)) else {
        return Ok(None);
    };
    let now = file::read_whole(&path, MAX_BYTES)?;
    let (after, text) = (hash_of(&now), text::escaped(&now));
    let is_gone = !path.exists();
    // A room goes by the order that removes it.
    let is_room = is_gone && closed_room_of(dirs, &path).is_some();
    if is_room || !is_made(&after) {
        return Ok(None);
    }
    if text.len() > MAX_TEXT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let about = [
        (WHAT, Some(SETTLE)),
        (PATH, Some(name)),
        (AFTER, Some(&*after)),
        (GONE, is_gone.then_some("1")),
    ];
    let mut line = Vec::new();
    attrs::write_to(&about, &mut line);
    Ok(Some((String::from_utf8_lossy(&line).into_owned(), text)))
}

/// The file that such an order makes another on this machine.
///
/// # Errors
/// Those of reading the file.
pub fn settled<'a>(
    dirs: &Dirs,
    value: impl Fn(&str) -> Option<Cow<'a, str>>,
) -> io::Result<Option<String>> {
    let is_settle = value(WHAT).is_some_and(|what| what == SETTLE);
    let Some((name, after)) = made_by(value).filter(|_| is_settle) else {
        return Ok(None);
    };
    let now = |path: &Path| file::read_whole(path, MAX_BYTES).map(|now| hash_of(&now));
    match path_of(dirs, &name) {
        Some(path) if now(&path)? != after => Ok(Some(name)),
        _ => Ok(None),
    }
}
