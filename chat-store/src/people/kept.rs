//! What was whispered to a person while they were away and are waited for, which they read when they come back; and
//! under which ids they whispered, not what. On several machines also under which ids others whispered to them, who may
//! say it again on another one. One small file of each person in `run/`, gone with them.

use std::io;
use std::time::Duration;

use memchr::{memchr, memchr_iter};
use rustix::fs::OFlags;

use super::inbox::Received;
use super::message::{Message, Sender};
use super::person::PersonId;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::fs::lock::{self, Share};
use crate::name::RoomName;
use crate::record::{Record, RecordId, attrs};

/// How much is kept, in bytes; the older half goes when it is more. A few whispers of the greatest length, or hundreds of
/// the usual one.
pub const KEPT_BYTES: u64 = 128 * 1024;
/// For so long it is known what others whispered, as what they said in rooms is (chat-relay's script/append.lua): not
/// all who count their messages go on counting when they come again.
const KNOWN_FOR: Duration = Duration::from_secs(3 * 3600);
/// The longest wait for the file's lock, held for one write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// Keeps one line, a record as it goes into an inbox.
///
/// # Errors
/// Those of open(2), flock(2) and write(2).
pub(super) fn put(dirs: &Dirs, room: &RoomName, of: &PersonId, line: &[u8]) -> io::Result<()> {
    let path = dirs.of_person(room, of, "kept");
    let (file, _) = file::open(&path, OFlags::RDWR | OFlags::CREATE | OFlags::APPEND)?;
    let Some(_lock) = lock::take(&file, Share::Exclusive, LOCK_TIMEOUT)? else {
        return Err(io::ErrorKind::WouldBlock.into());
    };
    let size = file::size_of(&rustix::fs::fstat(&file)?);
    if size + line.len() as u64 > KEPT_BYTES {
        let text = file::read_whole(&path, KEPT_BYTES)?;
        let half = text.len() / 2;
        let newer = memchr(b'\n', &text[half..]).map_or(text.len(), |at| half + at + 1);
        rustix::fs::ftruncate(&file, 0)?;
        file::write_once(&file, &text[newer..])?;
    }
    file::write_once(&file, line)?;
    Ok(())
}

/// Forgets all of it: its owner has left while it was written.
pub(super) fn forget(dirs: &Dirs, room: &RoomName, of: &PersonId) {
    // If it cannot be removed, it goes when they leave the next time.
    let _ = rustix::fs::unlink(dirs.of_person(room, of, "kept"));
}

/// Gives what is newer than `since`, oldest first.
///
/// # Errors
/// Those of reading the file.
pub fn since(
    dirs: &Dirs,
    room: &RoomName,
    of: &PersonId,
    since: RecordId,
    give: &mut dyn FnMut(&Received<'_>),
) -> io::Result<()> {
    let text = file::read_whole(&dirs.of_person(room, of, "kept"), KEPT_BYTES)?;
    each(&text, &mut |record| {
        if record.id > since
            && !record.text.is_empty()
            && let Some(received) = Received::of(record)
        {
            give(&received);
        }
    });
    Ok(())
}

/// Whether they have whispered under this id of theirs.
///
/// # Errors
/// Those of reading the file.
pub fn has_sent(dirs: &Dirs, room: &RoomName, of: &PersonId, msgid: &str) -> io::Result<bool> {
    find(dirs, room, of, &mut |record| {
        is_under(record, msgid) && record.attr(attrs::TO).is_some()
    })
}

/// Whether `of` has had this whisper, or this copy of one of theirs: under the same id, from the same person.
///
/// # Errors
/// Those of reading the file.
pub(super) fn has(
    dirs: &Dirs,
    room: &RoomName,
    of: &PersonId,
    (from, message): (Sender<'_>, &Message<'_>),
) -> io::Result<bool> {
    let (Some(person), Some(msgid)) = (from.person, message.msgid()) else {
        return Ok(false);
    };
    let is_copy = matches!(message, Message::Sent { .. });
    let known_for = u64::try_from(KNOWN_FOR.as_micros()).unwrap_or(u64::MAX);
    let oldest = RecordId::now().as_micros().saturating_sub(known_for);
    find(dirs, room, of, &mut |record| {
        is_under(record, msgid)
            && record.id.as_micros() >= oldest
            && record.attr(attrs::PERSON).as_deref() == Some(person)
            && record.attr(attrs::TO).is_some() == is_copy
    })
}

fn is_under(record: &Record<'_>, msgid: &str) -> bool {
    record.attr(attrs::MSGID).as_deref() == Some(msgid)
}

fn find(
    dirs: &Dirs,
    room: &RoomName,
    of: &PersonId,
    is_it: &mut dyn FnMut(&Record<'_>) -> bool,
) -> io::Result<bool> {
    let text = file::read_whole(&dirs.of_person(room, of, "kept"), KEPT_BYTES)?;
    let mut found = false;
    each(&text, &mut |record| found = found || is_it(record));
    Ok(found)
}

fn each(text: &[u8], take: &mut dyn FnMut(&Record<'_>)) {
    let mut start = 0;
    for end in memchr_iter(b'\n', text) {
        if let Some(record) = Record::parse(&text[start..=end]) {
            take(&record);
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn the_newest_are_kept_within_a_bound() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let (room, bob) = (RoomName::lobby(), PersonId::of_connection());
        let text = "x".repeat(1000);
        let ids: Vec<_> = (1..500)
            .map(|micros| {
                let id = RecordId::from_micros(1_790_000_000_000_000 + micros);
                let mut line = Vec::new();
                Message::whisper(text.as_str())
                    .draft(Sender::new("alice"), |draft| draft.write_to(id, &mut line));
                put(&dirs, &room, &bob, &line).unwrap();
                id
            })
            .collect();
        let size = std::fs::metadata(dirs.of_person(&room, &bob, "kept"))
            .unwrap()
            .len();
        assert!(size <= KEPT_BYTES && size > KEPT_BYTES / 3, "{size}");
        let mut found = Vec::new();
        since(&dirs, &room, &bob, ids[490], &mut |received| {
            found.push(received.id);
        })
        .unwrap();
        assert_eq!(found, ids[491..]);
        forget(&dirs, &room, &bob);
        since(&dirs, &room, &bob, RecordId::ZERO, &mut |_| {
            panic!("forgotten")
        })
        .unwrap();
    }

    #[test]
    fn what_was_sent_is_known_by_its_id() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let (room, bob) = (RoomName::lobby(), PersonId::of_connection());
        assert!(!has_sent(&dirs, &room, &bob, "m1").unwrap());
        let sent = Message::Sent {
            to: "alice".into(),
            text: "psst".into(),
            msgid: Some("m1".into()),
        };
        let mut line = Vec::new();
        sent.draft(Sender::new("bob"), |draft| {
            draft.write_to(RecordId::now(), &mut line);
        });
        put(&dirs, &room, &bob, &line).unwrap();
        assert!(has_sent(&dirs, &room, &bob, "m1").unwrap());
        assert!(!has_sent(&dirs, &room, &bob, "m").unwrap());
    }

    #[test]
    fn what_was_heard_is_known_by_its_sender_and_its_id_for_some_hours() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        dirs.create().unwrap();
        let (room, bob) = (RoomName::lobby(), PersonId::of_connection());
        let from = |person| Sender {
            person: Some(person),
            ..Sender::new("alice")
        };
        let whisper = |msgid: Option<&'static str>| Message::Whisper {
            text: "psst".into(),
            msgid: msgid.map(Into::into),
        };
        let has = |person, message: &Message<'_>| {
            has(&dirs, &room, &bob, (from(person), message)).unwrap()
        };
        let now = RecordId::now();
        let long_ago = now.as_micros() - u64::try_from(KNOWN_FOR.as_micros()).unwrap() - 1;
        for (msgid, at) in [("m1", now), ("m2", RecordId::from_micros(long_ago))] {
            let mut line = Vec::new();
            whisper(Some(msgid)).draft(from("a1"), |draft| draft.write_to(at, &mut line));
            put(&dirs, &room, &bob, &line).unwrap();
        }
        assert!(has("a1", &whisper(Some("m1"))));
        assert!(!has("a2", &whisper(Some("m1"))), "another's");
        assert!(!has("a1", &whisper(Some("m2"))), "of long ago");
        assert!(!has("a1", &whisper(None)));
        // What bob hears is nothing that bob has said.
        assert!(!has_sent(&dirs, &room, &bob, "m1").unwrap());
        let copy = Message::Sent {
            to: "carl".into(),
            text: "psst".into(),
            msgid: Some("m1".into()),
        };
        assert!(!has("a1", &copy));
    }
}
