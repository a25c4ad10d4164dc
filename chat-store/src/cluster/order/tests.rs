use super::*;
use crate::closed::{Circle, Kind as Sort};
use crate::moderation::{self, Extent};
use crate::record::attrs::write_to;

fn home() -> (tempfile::TempDir, Dirs) {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    (dir, dirs)
}

fn about(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (*key, Some(*value)))
        .collect();
    let mut line = Vec::new();
    write_to(&pairs, &mut line);
    String::from_utf8(line).unwrap()
}

/// The order that makes one text of another.
fn change(path: &str, before: &str, after: &str) -> (String, String) {
    let (at, cut) = text::difference(before.as_bytes(), after.as_bytes());
    let put = &after.as_bytes()[at..after.len() - (before.len() - at - cut)];
    let (hash, then) = (hash_of(before.as_bytes()), hash_of(after.as_bytes()));
    let (at, cut) = (at.to_string(), cut.to_string());
    let pairs = [
        (WHAT, REPLACE),
        (PATH, path),
        (BEFORE, &hash),
        (AFTER, &then),
        (AT, &at),
        (CUT, &cut),
    ];
    (about(&pairs), text::escaped(put))
}

fn perform_now(dirs: &Dirs, (about, text): &(String, String)) -> Result<(), Refused> {
    perform(dirs, Moment(RecordId::now()), about, text).unwrap()
}

#[test]
fn a_text_is_said_exactly() {
    for text in [
        "",
        "one\ttwo\n",
        " a ",
        "50 %0a\r\n",
        "\u{202e}evil\u{7f}",
        "ä\u{2028}b\0",
    ] {
        let line = text::escaped(text.as_bytes());
        assert_eq!(text::unescaped(&line), text.as_bytes(), "{line}");
        assert_eq!(crate::record::clean(&line), line);
    }
    assert_eq!(text::unescaped("%zz%4"), b"%zz%4");
    for (one, two) in [
        ("", "a\n"),
        ("a\nb\n", "b\n"),
        ("aaa", "aa"),
        ("abab", "ab"),
        ("x", "x"),
    ] {
        let (at, cut) = text::difference(one.as_bytes(), two.as_bytes());
        let kept = one.len() - at - cut;
        assert_eq!(one[..at], two[..at]);
        assert_eq!(one[at + cut..], two[two.len() - kept..]);
    }
}

#[test]
fn who_changes_what_was_changed_meanwhile_is_refused_everywhere() {
    let (_keep, dirs) = home();
    let path = "state/lobby.roles";
    let one = change(path, "", "owner\tanna\t\n");
    let other = change(path, "", "owner\tbob\t\n");
    assert_eq!(perform_now(&dirs, &one), Ok(()));
    assert_eq!(perform_now(&dirs, &other), Err(Refused::Conflict));
    // Again, as after a crash before it was noted.
    assert_eq!(perform_now(&dirs, &one), Ok(()));
    let text = std::fs::read(dirs.state.join("lobby.roles")).unwrap();
    assert_eq!(text, b"owner\tanna\t\n");
    let more = change(path, "owner\tanna\t\n", "owner\tanna\t\nmoderator\tbob\t\n");
    assert_eq!(perform_now(&dirs, &more), Ok(()));
    let roles = moderation::roles::list(&dirs, Extent::Room(&RoomName::lobby())).unwrap();
    assert_eq!(roles.len(), 2);
}

#[test]
fn what_is_put_together_is_there_whole_or_not_at_all() {
    let (_keep, dirs) = home();
    let path = "profiles/anna.avatar";
    let file = dirs.profiles.join("anna.avatar");
    let finish = |before: &str, after: &str| {
        let (before, after) = (hash_of(before.as_bytes()), hash_of(after.as_bytes()));
        let pairs = [
            (WHAT, FINISH),
            (PATH, path),
            (BEFORE, &*before),
            (AFTER, &*after),
        ];
        (about(&pairs), String::new())
    };
    let part = format!("{path}{UNFINISHED}");
    assert_eq!(perform_now(&dirs, &change(&part, "", "one")), Ok(()));
    assert!(!file.exists());
    // The second part is missing, or another's picture came first.
    let whole = finish("", "one two");
    assert_eq!(perform_now(&dirs, &whole), Err(Refused::Conflict));
    assert_eq!(perform_now(&dirs, &change(&part, "one", "one two")), Ok(()));
    let late = finish("another", "one two");
    assert_eq!(perform_now(&dirs, &late), Err(Refused::Conflict));
    for _ in 0..2 {
        assert_eq!(perform_now(&dirs, &whole), Ok(()));
        assert_eq!(std::fs::read(&file).unwrap(), b"one two");
        assert_eq!(std::fs::read_dir(&dirs.profiles).unwrap().count(), 1);
    }
}

#[test]
fn what_was_changed_meanwhile_is_not_removed_and_what_was_blanked_not_written() {
    let (_keep, dirs) = home();
    let path = "names/0123";
    let before = hash_of(b"anna\n");
    let pairs = [(WHAT, REMOVE), (PATH, path), (BEFORE, &*before)];
    let remove = (about(&pairs), String::new());
    assert_eq!(perform_now(&dirs, &change(path, "", "bob\n")), Ok(()));
    assert_eq!(perform_now(&dirs, &remove), Err(Refused::Conflict));
    let (about, text) = change(path, "bob\n", "anna\n");
    let blanked = (about.clone(), "_".repeat(text.len()));
    assert_eq!(perform_now(&dirs, &blanked), Err(Refused::Conflict));
    assert_eq!(perform_now(&dirs, &(about, text)), Ok(()));
    for _ in 0..2 {
        assert_eq!(perform_now(&dirs, &remove), Ok(()));
        assert!(!dirs.names.join("0123").exists());
    }
}

#[test]
fn an_order_changes_no_other_file() {
    let (keep, dirs) = home();
    for path in [
        "../outside",
        "/etc/passwd",
        "state/../../outside",
        "rooms/lobby.log",
        "state/.hidden",
        "spool/node",
        "state",
        "",
    ] {
        let order = change(path, "", "x");
        let done = perform(&dirs, Moment(RecordId::now()), &order.0, &order.1);
        assert!(!matches!(done, Ok(Ok(()))), "{path}: {done:?}");
    }
    assert!(
        !keep.path().join("../outside").exists() && !dirs.room_log(&RoomName::lobby()).exists()
    );
}

#[test]
fn a_closed_room_is_made_whole_and_goes_whole() {
    let (_keep, dirs) = home();
    let room = RoomName::parse("~0123456789abcdef0123").unwrap();
    let list = String::from_utf8(Circle::new(Sort::Room, "tea").written()).unwrap();
    let path = format!("closed/{room}/members");
    let made = change(&path, "", &list);
    for _ in 0..2 {
        assert_eq!(perform_now(&dirs, &made), Ok(()));
        let found = closed::find(&dirs, &room).unwrap().unwrap();
        assert_eq!(found.circle.title, "tea");
        assert!(found.dirs.room_log(&room).exists());
    }
    let gone = (about(&[(WHAT, REMOVE), (PATH, &path)]), String::new());
    for _ in 0..2 {
        assert_eq!(perform_now(&dirs, &gone), Ok(()));
        assert!(closed::find(&dirs, &room).unwrap().is_none());
    }
}

#[test]
fn what_somebody_has_read_does_not_go_back() {
    let (_keep, dirs) = home();
    let person = PersonId::of(Some("anna"), None).unwrap();
    let id = |at: u64| RecordId::from_micros(1_790_000_000_000_000 + at);
    let about = about(&[(WHAT, MARK), (attrs::PERSON, person.as_str())]);
    let say = |at| format!("lobby\t{}\n", Change::Read(id(at)).to_text());
    for at in [5, 3, 5] {
        let order = (about.clone(), text::escaped(say(at).as_bytes()));
        assert_eq!(perform_now(&dirs, &order), Ok(()));
    }
    assert_eq!(marks::load(&dirs, &person).unwrap()[0].read, id(5));
    for change in [
        Change::Read(id(1)),
        Change::Found(id(2)),
        Change::Level(marks::Level::Nothing),
        Change::Shows(true),
        Change::Gone,
    ] {
        assert_eq!(Change::parse(&change.to_text()), Some(change));
    }
}

#[test]
fn a_file_becomes_what_it_is_on_another_machine_whatever_it_was() {
    let (_one, there) = home();
    let (_two, here) = home();
    let moment = Moment(RecordId::now());
    let write = |dirs: &Dirs, name: &str, text: &str| {
        let path = dirs.base().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let read = |dirs: &Dirs, name: &str| std::fs::read_to_string(dirs.base().join(name)).ok();
    let given = |name: &str| settle(&there, name, |_| true).unwrap();
    let become_so = |name: &str| {
        let (about, text) = given(name).unwrap();
        let value = |key: &str| {
            let found = Attrs::new(&about).find(|(known, _)| *known == key);
            found.map(|(_, value)| value)
        };
        let told = settled(&here, value).unwrap();
        let done = perform(&here, moment, &about, &text).unwrap();
        assert_eq!(done, Ok(()));
        assert_eq!(settled(&here, value).unwrap(), None);
        told
    };
    let bans = "state/lobby.bans";
    write(&there, bans, "a\tban\n");
    write(&here, bans, "b\tban\n");
    assert_eq!(become_so(bans).as_deref(), Some(bans));
    assert_eq!(read(&here, bans).as_deref(), Some("a\tban\n"));
    assert_eq!(become_so(bans), None, "it is so already");
    write(&here, "names/0123", "anna\n");
    become_so("names/0123");
    assert_eq!(read(&here, "names/0123"), None);
    write(&there, "names/4567", "bob\n");
    become_so("names/4567");
    assert_eq!(read(&here, "names/4567").as_deref(), Some("bob\n"));
    // What is no more a room's list takes the room along, what is not whole is nothing yet, and what no order has made
    // is not told.
    for name in [
        "closed/~0123456789abcdef0123/members",
        "profiles/01.avatar.part",
        "chat.ini",
        "rooms/lobby.log",
    ] {
        assert_eq!(given(name), None, "{name}");
    }
    assert_eq!(settle(&there, bans, |_| false).unwrap(), None);
    write(&there, "profiles/01", &"x".repeat(MAX_TEXT + 1));
    let failed = settle(&there, "profiles/01", |_| true).unwrap_err();
    assert_eq!(failed.kind(), io::ErrorKind::FileTooLarge);
    // What somebody who was forgotten had said there is blank.
    let (about, text) = given(bans).unwrap();
    let blank = perform(&here, moment, &about, &" ".repeat(text.len())).unwrap();
    assert_eq!(blank, Err(Refused::Conflict));
}
