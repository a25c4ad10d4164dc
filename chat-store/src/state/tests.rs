use super::*;
use crate::fs::dirs::Dirs;
use crate::name::RoomName;
use crate::record::RecordId;

fn home() -> (tempfile::TempDir, Dirs, RoomName) {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    (dir, dirs, RoomName::lobby())
}

#[test]
fn topic_and_clearing_are_kept() {
    let (_dir, dirs, room) = home();
    assert_eq!(topic(&dirs, &room).unwrap(), None);
    set_topic(&dirs, &room, "to\npic").unwrap();
    assert_eq!(topic(&dirs, &room).unwrap().as_deref(), Some("to pic"));
    set_topic(&dirs, &room, "").unwrap();
    assert_eq!(topic(&dirs, &room).unwrap(), None);
    assert_eq!(cleared(&dirs, &room).unwrap(), RecordId::ZERO);
    let id = RecordId::now();
    set_cleared(&dirs, &room, id).unwrap();
    assert_eq!(cleared(&dirs, &room).unwrap(), id);
    let left = std::fs::read_dir(&dirs.state).unwrap().count();
    assert_eq!(left, 2);
}

#[test]
fn a_room_with_a_long_name_is_found_again() {
    let (_dir, dirs, _) = home();
    let long = RoomName::parse(&"水".repeat(64).replace("水水", "😀水")).unwrap();
    assert_eq!(name_of(&dirs, &long.file_stem()), None);
    crate::log::room_log::RoomLog::new(&dirs, &long);
    assert_eq!(name_of(&dirs, &long.file_stem()), Some(long));
    assert_eq!(name_of(&dirs, "lobby"), Some(RoomName::lobby()));
}
