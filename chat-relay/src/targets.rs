//! What a record is about, on machines where that stands under another id: an engine had lost it, and it was put back
//! behind what had come meanwhile. So it is called by its origin, too, which is the same everywhere.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::history::{self, Readable};
use chat_store::log::origins::{self, Origin};
use chat_store::name::RoomName;
use chat_store::record::{Attrs, Kind, RecordId, attrs};

use crate::rooms::Entry;

/// The attribute, which goes through the stream and is in no log: [`attrs::FOR_MACHINES`].
const OF: &str = ".of";
/// How far from each other the ids of one record may be: relays put back what is no older than ten minutes.
const APART: Duration = Duration::from_secs(1200);

/// Adds to a record's attributes, as they are written, what is told by its origin: the one that it is about, if this
/// machine has it.
///
/// # Errors
/// Those of reading the log.
pub fn tell(
    dirs: &Dirs,
    room: &RoomName,
    kind: Kind,
    about: &mut String,
    text: &str,
) -> io::Result<()> {
    let Some(target) = target(kind, about, text) else {
        return Ok(());
    };
    let own = closed::dirs_of(dirs, room);
    if let Some(origin) = origin_at(&own, room, target)? {
        set(about, OF, &origin);
    }
    Ok(())
}

/// An entry about the record that it means, under the id that it has on this machine.
///
/// # Errors
/// Those of reading the log.
pub fn here<'a>(dirs: &Dirs, entry: &'a Entry) -> io::Result<Cow<'a, Entry>> {
    let Some(target) = target(entry.kind, &entry.attrs, &entry.text) else {
        return Ok(Cow::Borrowed(entry));
    };
    let Some(of) = entry.value(OF) else {
        return Ok(Cow::Borrowed(entry));
    };
    let found = origin_at(dirs, &entry.room, target)?;
    if found.as_ref() == Some(&of) {
        return Ok(Cow::Borrowed(entry));
    }
    let micros = u64::try_from(APART.as_micros()).unwrap_or(u64::MAX);
    let since = RecordId::from_micros(target.as_micros().saturating_sub(micros));
    let mut at = None;
    origins::each_back(&dirs.room_log(&entry.room), since, &mut |record| {
        if Origin::of(record).is_some_and(|it| it.to_text() == of) {
            at = Some(record.id);
        }
    })?;
    // What has gone here is not what has its id now.
    let Some(at) = at.or(found.map(|_| RecordId::ZERO)) else {
        return Ok(Cow::Borrowed(entry));
    };
    let (mut entry, at) = (entry.clone(), at.to_string());
    if entry.kind == Kind::Redact {
        entry.text = at;
    } else {
        set(&mut entry.attrs, attrs::TARGET, &at);
    }
    Ok(Cow::Owned(entry))
}

/// The record that another is about.
fn target(kind: Kind, about: &str, text: &str) -> Option<RecordId> {
    match kind {
        Kind::Redact => RecordId::parse(text.as_bytes()),
        Kind::Edit | Kind::React | Kind::Unreact | Kind::Pin | Kind::Unpin => {
            let mut pairs = Attrs::new(about);
            let (_, id) = pairs.find(|(key, _)| *key == attrs::TARGET)?;
            RecordId::parse(id.as_bytes())
        }
        _ => None,
    }
}

/// The origin of the record with this id, if it is there.
fn origin_at(dirs: &Dirs, room: &RoomName, id: RecordId) -> io::Result<Option<String>> {
    let mut origin = None;
    history::holds(Readable::all(dirs, room), id, |record| {
        origin = Some(Origin::of(record).map_or_else(String::new, |it| it.to_text()));
        true
    })?;
    Ok(origin)
}

/// Gives an attribute another value, among attributes as they are written.
pub fn set(about: &mut String, key: &str, value: &str) {
    let pairs: Vec<_> = Attrs::new(about)
        .filter(|(known, _)| *known != key)
        .map(|(known, value)| (known.to_owned(), value.into_owned()))
        .collect();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(known, value)| (&**known, Some(&**value)))
        .chain([(key, Some(value))])
        .collect();
    let mut line = Vec::new();
    attrs::write_to(&pairs, &mut line);
    *about = String::from_utf8_lossy(&line).into_owned();
}

#[cfg(test)]
mod tests {
    use chat_store::log::room_log::RoomLog;
    use chat_store::record::Draft;

    use super::*;

    fn say(dirs: &Dirs, at: u64, number: u64, text: &str) {
        let origin = format!("one~1.{number}");
        let draft = Draft {
            origin: Some(&origin),
            ..Draft::new(Kind::Say, "alice", text)
        };
        let mut log = RoomLog::own(dirs, &RoomName::lobby());
        log.append_at(RecordId::from_micros(at), &draft).unwrap();
    }

    fn tree() -> (tempfile::TempDir, Dirs) {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        (dir, dirs)
    }

    fn order(kind: Kind, about: &str, text: &str) -> Entry {
        Entry {
            room: RoomName::lobby(),
            origin: Origin::parse("two~1.9").unwrap(),
            kind,
            from: "bob".to_owned(),
            attrs: about.to_owned(),
            text: text.to_owned(),
            member: None,
            holders: None,
            quiet: false,
        }
    }

    #[test]
    fn what_stands_under_another_id_here_is_meant_by_its_origin() {
        let (_one, there) = tree();
        let (_two, here_dirs) = tree();
        let start = 1_796_000_000_000_000;
        say(&there, start, 1, "first");
        say(&there, start + 1, 2, "second");
        // It came late here, and what came before has the id that it has there.
        say(&here_dirs, start, 1, "first");
        say(&here_dirs, start + 1, 3, "another");
        say(&here_dirs, start + 5, 2, "second");
        let id = |at: u64| RecordId::from_micros(start + at).to_string();
        let told = |kind, about: &str, text: &str| {
            let mut about = about.to_owned();
            tell(&there, &RoomName::lobby(), kind, &mut about, text).unwrap();
            order(kind, &about, text)
        };
        let meant = |entry: &Entry| here(&here_dirs, entry).unwrap().into_owned();
        assert_eq!(meant(&told(Kind::Redact, "", &id(1))).text, id(5));
        assert_eq!(meant(&told(Kind::Redact, "", &id(0))).text, id(0));
        let pin = meant(&told(Kind::Pin, &format!("target={};x=1", id(1)), ""));
        assert_eq!(pin.value(attrs::TARGET), Some(id(5)));
        assert_eq!(pin.value("x").as_deref(), Some("1"));
        // Of a version that gives no origin, and about what nobody has.
        assert_eq!(meant(&order(Kind::Redact, "", &id(1))).text, id(1));
        assert_eq!(meant(&told(Kind::Redact, "", &id(9))).text, id(9));
        // What is not here is not what has its id.
        say(&there, start + 7, 4, "fourth");
        say(&here_dirs, start + 7, 5, "fifth");
        let none = RecordId::ZERO.to_string();
        assert_eq!(meant(&told(Kind::Redact, "", &id(7))).text, none);
    }
}
