use std::path::Path;

use super::*;
use chat_store::attachments::{Attachment, Bounds, named_key};
use chat_store::closed::{Circle, Kind as Closed, Member};
use chat_store::log::room_log::RoomLog;
use chat_store::moves::Mover;
use chat_store::people::person::PersonId;
use chat_store::record::{Draft, Kind};

const DAY: u64 = 24 * 3600 * 1_000_000;
const CONTENT: &[u8] = b"some text";

struct Home {
    dirs: Dirs,
    cluster: Arc<Cluster>,
}

impl Home {
    fn at(base: &Path) -> Self {
        let dirs = Dirs::under(base);
        dirs.create().unwrap();
        let cluster = Cluster::new(base, &dirs.run, Duration::ZERO);
        cluster.create().unwrap();
        Self {
            dirs,
            cluster: Arc::new(cluster),
        }
    }

    fn files(&self, most: usize) -> Files {
        Files::bounded(&self.dirs, &self.cluster, Duration::ZERO, most).unwrap()
    }

    /// Somebody says something with a file that is elsewhere.
    fn say(&self, room: &RoomName, at: RecordId) -> (Attachment, RecordId) {
        let about = Attachment {
            id: AttachmentId::new().unwrap(),
            name: "plan.txt".to_owned(),
            kind: "text/plain".to_owned(),
            size: 0,
            pixels: None,
            hash: String::new(),
            person: "p".to_owned(),
            account: None,
            owner: "o".to_owned(),
            at,
            message: None,
            msgid: None,
        };
        let elsewhere = tempfile::tempdir().unwrap();
        let there = Home::at(elsewhere.path());
        let at_home = Shelf::of(&there.dirs, room);
        let bounds = Bounds {
            person: 100,
            room: 100,
            site: 100,
        };
        let incoming = at_home.take_in(&mut &CONTENT[..]).unwrap();
        let file = incoming.keep(about, &bounds).unwrap();
        let value = named_key(&file);
        let draft = Draft {
            extra: &[(attrs::FILE, Some(&value))],
            ..Draft::new(Kind::Say, "anna", "look")
        };
        let mut log = RoomLog::new(&self.dirs, room);
        (file, log.append_at(at, &draft).unwrap())
    }

    fn noted(&self) -> Vec<AttachmentId> {
        let noted = self.cluster.all_missing().unwrap();
        noted.into_iter().map(|(id, _)| id).collect()
    }
}

/// It comes, if it is noted.
fn receive(files: &Files, file: &Attachment) -> bool {
    let Some(want) = files.get(&file.id) else {
        return false;
    };
    let place = files.place(&want.missing);
    let mut arrival = place.shelf().expect(file.clone()).unwrap();
    if arrival.next().is_some() {
        arrival.add(CONTENT).unwrap();
    }
    arrival.keep(place.naming()).unwrap();
    files.done(&file.id);
    true
}

fn ago(micros: u64) -> RecordId {
    RecordId::from_micros(RecordId::now().as_micros() - micros)
}

#[test]
fn what_there_was_no_room_for_is_looked_for_when_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let files = home.files(2);
    let said = [5, 4, 3, 2, 1].map(|hours| home.say(&RoomName::lobby(), ago(hours * DAY / 24)).0);
    let mut since = RecordId::ZERO;
    for left in [3, 1, 0] {
        files.look_through(since).unwrap();
        // All has been looked at up to here.
        since = RecordId::now();
        assert_eq!(files.count(), 2.min(left + 1));
        assert!(!files.has_room_again());
        let come = said.iter().filter(|file| receive(&files, file));
        assert_eq!(come.count(), 2.min(left + 1));
        assert_eq!(files.has_room_again(), left > 0);
    }
    // Notes of before, too.
    for file in &said {
        let missing = Missing {
            room: RoomName::lobby(),
            message: ago(DAY),
            size: file.size,
        };
        home.cluster.note_missing(&file.id, &missing).unwrap();
    }
    let files = home.files(2);
    assert_eq!(files.count(), 2);
    assert!(files.locked().left_out.is_some());
}

#[test]
fn a_file_that_no_machine_has_is_lost_a_week_after_its_message() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let files = home.files(9);
    let (old, message) = home.say(&RoomName::lobby(), ago(8 * DAY));
    let (young, _) = home.say(&RoomName::lobby(), ago(6 * DAY));
    let [old, young] = [old.id, young.id];
    files.look_through(RecordId::ZERO).unwrap();
    assert_eq!(files.get(&old).unwrap().missing.message, message);
    for _ in 1..LOST_AFTER_TRIES {
        files.nobody_has(&old);
        files.nobody_has(&young);
    }
    assert_eq!(home.noted().len(), 2, "a machine may come");
    assert!(files.due(&|_| false).is_empty());
    // One has.
    files.look_again();
    assert_eq!(files.due(&|_| false).len(), 2);
    files.nobody_has(&old);
    files.nobody_has(&young);
    assert_eq!(home.noted(), std::slice::from_ref(&young));
    assert!(files.get(&old).is_none());
    files.look_again();
    assert_eq!(files.due(&|_| false), [young]);
    // Who may be away for longer comes with what they have.
    let keep = Duration::from_secs(30 * 24 * 3600);
    let files = Files::bounded(&home.dirs, &home.cluster, keep, 9).unwrap();
    files.look_through(RecordId::ZERO).unwrap();
    for _ in 0..LOST_AFTER_TRIES {
        files.nobody_has(&old);
    }
    assert!(files.get(&old).is_some());
}

#[test]
fn a_file_is_wanted_where_its_room_has_gone() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let files = home.files(9);
    let den = RoomName::parse("den").unwrap();
    let (file, message) = home.say(&den, RecordId::now());
    let id = file.id.clone();
    files.look_through(RecordId::ZERO).unwrap();
    assert!(files.settle(&id), "it is to be fetched");
    let by = Mover {
        nick: "anna",
        account: Some("anna"),
    };
    let mut circle = Circle::new(Closed::Room, "den");
    circle.add(Member {
        person: PersonId::of(Some("anna"), None).unwrap(),
        name: "anna".to_owned(),
        account: Some("anna".to_owned()),
        since: RecordId::ZERO,
        keeps: true,
    });
    let private = moves::make_private(&home.dirs, &den, &circle, by).unwrap();
    let wanted_in = |room: &RoomName| {
        assert!(files.settle(&id), "{room}");
        let noted = home.cluster.missing(&id).unwrap().unwrap();
        assert_eq!((&noted.room, noted.message), (room, message));
        assert_eq!(files.get(&id).unwrap().missing, noted);
    };
    wanted_in(&private);
    let open = moves::make_open(&home.dirs, &private, None, false, by).unwrap();
    assert_eq!(open, den);
    wanted_in(&den);
    let private = moves::make_private(&home.dirs, &den, &circle, by).unwrap();
    wanted_in(&private);
    assert!(receive(&files, &file));
    assert_eq!(home.noted(), []);
    // Whose message goes after the move.
    let open = moves::make_open(&home.dirs, &private, None, false, by).unwrap();
    let (file, message) = home.say(&open, RecordId::now());
    files.look_through(RecordId::ZERO).unwrap();
    assert!(files.settle(&file.id));
    let private = moves::make_private(&home.dirs, &open, &circle, by).unwrap();
    let dirs = closed::dirs_of(&home.dirs, &private);
    let mut log = RoomLog::new(&dirs, &private);
    log.redact(message, "anna").unwrap();
    assert!(!files.settle(&file.id));
    assert_eq!(home.noted(), []);
}
