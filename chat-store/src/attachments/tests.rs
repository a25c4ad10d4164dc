use std::fs;
use std::io::{self, Read};

use super::*;
use crate::fs::dirs::Dirs;
use crate::log::room_log::RoomLog;
use crate::name::RoomName;
use crate::people::person::PersonId;
use crate::record::{Draft, Kind, Record, attrs};

mod arrival;

const WIDE: Bounds = Bounds {
    person: 1 << 30,
    room: 1 << 30,
    site: 1 << 30,
};

struct Home {
    _dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
    shelf: Shelf,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let room = RoomName::parse("lobby").unwrap();
    let shelf = Shelf::of(&dirs, &room);
    Home {
        _dir: dir,
        dirs,
        room,
        shelf,
    }
}

fn anna() -> PersonId {
    PersonId::of(Some("anna"), None).unwrap()
}

fn about(name: &str) -> Attachment {
    Attachment {
        id: AttachmentId::new().unwrap(),
        name: name.to_owned(),
        kind: "image/png".to_owned(),
        size: 0,
        pixels: Some((640, 480)),
        hash: String::new(),
        person: anna().as_str().to_owned(),
        account: Some("anna;50%".to_owned()),
        owner: "owner-of-anna".to_owned(),
        at: RecordId::now(),
        message: None,
        msgid: None,
    }
}

fn put(shelf: &Shelf, name: &str, content: &[u8]) -> Attachment {
    let incoming = shelf.take_in(&mut &content[..]).unwrap();
    incoming.keep(about(name), &WIDE).unwrap()
}

/// What is in the room's directory, without its lock.
fn names(shelf: &Shelf) -> Vec<String> {
    let mut names = shelf.names().unwrap();
    names.retain(|name| name != "lock");
    names.sort();
    names
}

/// Says that the files are there; the message's line is read again.
fn say(home: &Home, files: &[&Attachment], text: &str, msgid: &str) -> (RecordId, String) {
    let ids: Vec<_> = files.iter().map(|file| file.id.clone()).collect();
    let given = home.shelf.give(&ids, &anna(), Some(msgid), None).unwrap();
    let values = given.values();
    let extra: Vec<_> = values
        .iter()
        .map(|value| (attrs::FILE, Some(value.as_str())))
        .collect();
    let draft = Draft {
        extra: &extra,
        msgid: Some(msgid),
        ..Draft::new(Kind::Say, "anna", text)
    };
    let mut log = RoomLog::new(&home.dirs, &home.room);
    let id = log.append_once(&draft).unwrap().id();
    given.belong_to(id, Some(msgid)).unwrap();
    let line = fs::read_to_string(home.dirs.room_log(&home.room)).unwrap();
    let line = line.lines().find(|line| line.starts_with(&id.to_string()));
    (id, line.unwrap_or_default().to_owned())
}

fn ledger(home: &Home) -> String {
    fs::read_to_string(home.dirs.files.join("ledger")).unwrap()
}

#[test]
fn a_content_is_kept_once_and_goes_with_its_last_file() {
    let home = home();
    let one = put(&home.shelf, "a;b%.png", b"same");
    let other = put(&home.shelf, "other.png", b"same");
    assert_eq!(home.shelf.find(&one.id).unwrap(), Some(one.clone()));
    assert_eq!(names(&home.shelf).len(), 3, "a content, two lines");
    assert_eq!(fs::read(home.shelf.content(&one)).unwrap(), b"same");
    assert_eq!(
        home.shelf
            .delete_ids(std::slice::from_ref(&one.id))
            .unwrap(),
        1
    );
    assert!(home.shelf.content(&other).is_file());
    assert_eq!(home.shelf.delete_ids(&[other.id, one.id]).unwrap(), 1);
    assert_eq!(names(&home.shelf), Vec::<String>::new());
    let sum: i64 = ledger(&home)
        .lines()
        .map(|line| line.split('\t').next().unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(sum, 0);
}

#[test]
fn files_are_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home();
    put(&home.shelf, "a.png", b"content");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.dirs.files), 0o700);
    assert_eq!(mode(home.shelf.dir()), 0o700);
    assert_eq!(mode(&home.dirs.files.join("ledger")), 0o600);
    for name in home.shelf.names().unwrap() {
        assert_eq!(mode(&home.shelf.dir().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn what_breaks_off_leaves_nothing() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }
    let home = home();
    assert!(home.shelf.take_in(&mut Broken(0)).is_err());
    assert_eq!(names(&home.shelf), Vec::<String>::new());
    let incoming = home.shelf.take_in(&mut &b"whole"[..]).unwrap();
    assert_eq!(names(&home.shelf).len(), 1);
    drop(incoming);
    assert_eq!(names(&home.shelf), Vec::<String>::new());
}

#[test]
fn there_is_so_much_space_and_no_more() {
    let home = home();
    let bounds = |person, room, site| Bounds { person, room, site };
    let keep = |bounds: Bounds| {
        let incoming = home.shelf.take_in(&mut &[0; 10][..]).unwrap();
        incoming.keep(about("a"), &bounds)
    };
    keep(bounds(10, 10, 10)).unwrap();
    for (bounds, full) in [
        (bounds(19, 99, 99), Full::Person),
        (bounds(99, 19, 99), Full::Room),
        (bounds(99, 99, 19), Full::Site),
    ] {
        let refused = keep(bounds);
        assert!(
            matches!(refused, Err(PutError::Full(found)) if found == full),
            "{refused:?}"
        );
    }
    assert_eq!(names(&home.shelf).len(), 2, "the first alone");
    fs::write(home.dirs.files.join("ledger"), "rubbish").unwrap();
    let usage = recount(&home.dirs).unwrap();
    assert_eq!((usage.files, usage.bytes), (1, 10));
    assert_eq!(ledger(&home), "+10\towner-of-anna\tlobby\n");
}

#[test]
fn a_message_names_its_files_and_takes_them_along() {
    let home = home();
    let picture = put(&home.shelf, "summer; 50%.png", b"picture");
    let text = put(&home.shelf, "notes.txt", b"notes");
    let (id, line) = say(&home, &[&picture, &text], "", "m1");
    let record = Record::parse(line.as_bytes()).unwrap();
    let known = named(&record);
    assert_eq!(known.len(), 2, "{line}");
    assert_eq!(
        (known[0].name.as_str(), known[0].size),
        ("summer; 50%.png", 7)
    );
    assert_eq!(known[0].pixels, Some((640, 480)));
    assert!(!record.is_redacted());
    let kept = home.shelf.find(&picture.id).unwrap().unwrap();
    assert_eq!(kept.message, Some(id));
    // Sent again it is the same message; another cannot have them.
    assert_eq!(say(&home, &[&picture, &text], "", "m1").0, id);
    for (person, msgid) in [
        (anna(), Some("m2")),
        (anna(), None),
        (PersonId::of(Some("bob"), None).unwrap(), Some("m1")),
    ] {
        let given = home
            .shelf
            .give(std::slice::from_ref(&picture.id), &person, msgid, None);
        assert!(matches!(given, Err(GivenError::NotFound)), "{given:?}");
    }

    let mut log = RoomLog::new(&home.dirs, &home.room);
    log.redact(id, "anna").unwrap();
    assert_eq!(names(&home.shelf), Vec::<String>::new());
    let left = fs::read_to_string(home.dirs.room_log(&home.room)).unwrap();
    assert!(
        !left.contains("summer") && !left.contains("notes"),
        "{left}"
    );
    let record = Record::parse(left.lines().next().unwrap().as_bytes()).unwrap();
    assert!(record.is_redacted() && named(&record).is_empty());
}

#[test]
fn what_no_message_came_for_goes_after_an_hour() {
    let home = home();
    let old = put(&home.shelf, "old.png", b"old");
    let told = put(&home.shelf, "told.png", b"told");
    let (message, _) = say(&home, &[&told], "look", "m1");
    // Killed between the message and the line beside the file.
    let forgotten = Attachment {
        message: None,
        msgid: None,
        ..home.shelf.find(&told.id).unwrap().unwrap()
    };
    home.shelf.write(&forgotten).unwrap();
    fs::write(home.shelf.dir().join("dead.in.part"), "half").unwrap();
    // Younger, it is somebody's who has not locked it yet.
    assert_eq!(home.shelf.orphans().unwrap(), Orphans::default());
    let dead = fs::File::options()
        .write(true)
        .open(home.shelf.dir().join("dead.in.part"));
    let hour_ago = std::time::SystemTime::now() - UNSAID_MAX;
    dead.unwrap().set_modified(hour_ago).unwrap();
    fs::write(home.shelf.dir().join("a".repeat(64)), "nobody's").unwrap();
    let living = home.shelf.take_in(&mut &b"on its way"[..]).unwrap();

    let now = RecordId::now();
    let sweep = |now, dry_run| {
        home.shelf
            .sweep(&home.dirs, &home.room, now, dry_run)
            .unwrap()
    };
    let soon = sweep(now, true);
    assert_eq!((soon.unsaid, soon.nobodys), (0, 2));
    let hour = RecordId::from_micros(now.as_micros() + 3_601_000_000);
    assert_eq!(sweep(hour, true).unsaid, 1);
    assert_eq!(
        (sweep(hour, false).unsaid, sweep(hour, false).nobodys),
        (1, 0)
    );
    assert_eq!(home.shelf.find(&old.id).unwrap(), None);
    let kept = home.shelf.find(&told.id).unwrap().unwrap();
    assert_eq!(kept.message, Some(message));
    assert!(living.path().is_file());
    drop(living);
    assert_eq!(home.shelf.orphans().unwrap(), Orphans::default());
}

#[test]
fn deleting_what_was_said_deletes_its_files() {
    use crate::log::erase;
    let home = home();
    let live = home.dirs.room_log(&home.room);
    let first = put(&home.shelf, "first.png", b"1");
    let (first_id, _) = say(&home, &[&first], "one", "m1");
    let second = put(&home.shelf, "second.png", b"2");
    let (second_id, _) = say(&home, &[&second], "", "m2");
    let third = put(&home.shelf, "third.png", b"3");
    say(&home, &[&third], "three", "m3");
    let is_first = |record: &Record<'_>| record.id == first_id;
    assert_eq!(erase::texts(&live, &is_first).unwrap(), [first_id]);
    assert_eq!(home.shelf.all().unwrap().len(), 2);
    erase::everything(&live, second_id).unwrap();
    let left = home.shelf.all().unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].id, third.id);
}

#[test]
fn a_closed_rooms_files_are_its_own() {
    let home = home();
    let room = RoomName::closed(&[7; 10]);
    let dirs = home.dirs.of_closed(&room);
    let shelf = Shelf::of(&dirs, &room);
    put(&shelf, "secret.png", b"secret");
    assert!(shelf.dir().starts_with(&home.dirs.closed));
    let same = Shelf::beside(&dirs.room_log(&room)).unwrap();
    assert_eq!(same.dir(), shelf.dir());
    assert_eq!(same.all().unwrap().len(), 1);
    assert!(ledger(&home).contains("+6\towner-of-anna"), "one ledger");
    assert_eq!(recount(&home.dirs).unwrap().files, 1);
    shelf.delete_all().unwrap();
    assert!(!shelf.dir().exists());
}
