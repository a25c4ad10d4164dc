//! Crowds: what one more person costs those who are there.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use crate::support::Chat;
use chat_store::bell::{self, Bell};
use chat_store::fs::dirs::Dirs;
use chat_store::fs::slots;
use chat_store::log::room_log::RoomLog;
use chat_store::name::RoomName;
use chat_store::record::{Draft, Kind, RecordId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// A room of a thousand, as old pages see it.
const CROWD: usize = 1000;

/// What a crowd may take of a handler: each name and color once (17 KiB), and what the heap needs to read of them.
const CROWD_KIB: u64 = 100;

/// Ends a test that hangs.
const PATIENCE: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

fn room() -> RoomName {
    RoomName::parse("r").expect("a name")
}

#[test]
fn a_crowd_takes_little_of_an_old_pages_handler() {
    let chat = Chat::new();
    let mut page = chat.old_page("r", "alice");
    page.line_with("Userlist: alice:Gray,");
    let dirs = Dirs::under(chat.dir.path());
    let mut log = RoomLog::new(&dirs, &room());
    let before = page.anonymous_kib();
    let names: Vec<_> = (0..CROWD)
        .map(|number| format!("user{number:05}"))
        .collect();
    let mut expected = String::from("Userlist: alice:Gray,");
    for name in &names {
        let join = Draft {
            color: Some("#aa0000"),
            ..Draft::new(Kind::Join, name, "")
        };
        log.append(&join).expect("room on the disk");
        bell::ring_at(&dirs.bell(&room())).expect("a bell");
        // Each is told before the next comes: what waits for a slow reader would take room, too.
        let list = page.line_with("Userlist: ");
        expected.extend([name, ":#aa0000,"]);
        assert!(list.ends_with(&expected), "{list}");
    }
    let after = page.anonymous_kib();
    assert!(
        after <= before + CROWD_KIB,
        "{after} KiB with {CROWD} people, {before} alone"
    );
    // The crowd goes; the list is that of those who are left.
    for name in &names {
        log.append(&Draft::new(Kind::Quit, name, ""))
            .expect("room on the disk");
    }
    bell::ring_at(&dirs.bell(&room())).expect("a bell");
    let end = format!("{} quit the r", names[CROWD - 1]);
    page.line_with(&end);
    let last = page.line_with("Userlist: ");
    assert!(last.ends_with("Userlist: alice:Gray,"), "{last}");
}

/// In a rush a newcomer wakes the others a moment later, unless somebody else does before.
#[test]
fn who_comes_in_a_rush_is_heard_of() {
    let chat = Chat::new();
    let dirs = Dirs::under(chat.dir.path());
    dirs.create().expect("directories");
    // Others, who say nothing: the more there are, the longer is the moment.
    let _others: Vec<File> = (0..100)
        .map(|number| {
            let path = dirs.users.join(format!("r_user{number}"));
            fs::write(&path, "Gray\n").expect("a file");
            let open = OpenOptions::new().read(true).write(true).open(path);
            let file = open.expect("it is there");
            assert_eq!(slots::hold(&file).expect("a lock"), Some(0));
            file
        })
        .collect();
    // A record from the future: the next one has the next id, as if both came at once.
    let hour = Duration::from_secs(3600).as_micros();
    let id =
        RecordId::from_micros(RecordId::now().as_micros() + u64::try_from(hour).expect("small"));
    let mut line = Vec::new();
    Draft::new(Kind::Join, "user99", "").write_to(id, &mut line);
    fs::write(dirs.room_log(&room()), line).expect("a log");
    let path = dirs.bell(&room());
    let _bell = Bell::open(&path).expect("a bell");
    let bell = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(&path)
        .expect("it is there");

    let page = chat.page("r", "alice");
    assert_eq!(page.members().len(), 101);
    let mut events = [PollFd::new(&bell, PollFlags::IN)];
    let woken = poll(&mut events, Some(&PATIENCE)).expect("poll(2)");
    assert_eq!(woken, 1, "nobody was woken");
    assert!(chat.log("r").contains("\tjoin\talice\t"));
}
