use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::*;
use crate::log::room_log::RoomLog;
use crate::record::{Draft, Kind as RecordKind, RecordId};

fn home() -> (tempfile::TempDir, Dirs) {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    dirs.create().unwrap();
    (home, dirs)
}

fn person(account: &str) -> PersonId {
    PersonId::of(Some(account), None).unwrap()
}

fn member(name: &str) -> Member {
    Member {
        person: person(name),
        name: name.to_owned(),
        account: Some(name.to_owned()),
        since: RecordId::ZERO,
        keeps: false,
    }
}

fn circle_of(names: &[&str]) -> Circle {
    let mut circle = Circle::new(Kind::Group, "tea; or\tcoffee");
    for name in names {
        circle.add(member(name));
    }
    circle.members[0].keeps = true;
    circle
}

fn now() -> RecordId {
    RecordId::from_micros(1_800_000_000_000_000)
}

#[test]
fn a_closed_room_has_a_name_that_entering_never_makes() {
    let name = new_name().unwrap();
    assert!(name.is_closed() && RoomName::parse(name.as_str()).unwrap() == name);
    assert_ne!(new_name().unwrap(), name);
    for open in [
        "lobby",
        "~tea",
        "~",
        "~0123456789abcdef012",
        "~0123456789ABCDEF0123",
    ] {
        assert!(!RoomName::parse(open).unwrap().is_closed(), "{open}");
    }
}

#[test]
fn what_is_made_is_whole_and_for_nobody_else() {
    let (_home, dirs) = home();
    let room = new_name().unwrap();
    assert!(find(&dirs, &room).unwrap().is_none());
    let circle = circle_of(&["anna", "bob"]);
    assert!(create(&dirs, &room, &circle).unwrap());
    assert!(!create(&dirs, &room, &circle_of(&["eve"])).unwrap());
    let closed = find(&dirs, &room).unwrap().unwrap();
    assert_eq!(closed.circle, circle_of(&["anna", "bob"]));
    assert_eq!(closed.circle.title, "tea; or coffee");
    closed.dirs.create().unwrap();
    let mut log = RoomLog::new(&closed.dirs, &room);
    log.append(&Draft::new(RecordKind::Say, "anna", "sesame"))
        .unwrap();
    crate::bell::Bell::open(&closed.dirs.bell(&room)).unwrap();
    crate::state::set_topic(&closed.dirs, &room, "a topic").unwrap();

    let mut left = vec![dirs.closed.clone(), dirs.run.join("closed")];
    let mut seen = 0;
    while let Some(dir) = left.pop() {
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700, "{dir:?}");
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{path:?}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "list, log, topic, bell");
    let names: BTreeSet<_> = names(&dirs).unwrap().into_iter().collect();
    assert_eq!(names, BTreeSet::from([room.to_string()]), "no leftover");
    // Whoever lists what there is meets none of it.
    assert!(crate::log::rooms::all(&dirs).unwrap().is_empty());
    assert!(crate::people::presence::rooms(&dirs).unwrap().is_empty());
    remove(&dirs, &room).unwrap();
    assert!(find(&dirs, &room).unwrap().is_none() && all(&dirs).unwrap().is_empty());
    assert!(!closed.dirs.run.exists());
}

#[test]
fn other_rooms_are_as_they_were() {
    let (home, dirs) = home();
    let lobby = RoomName::lobby();
    let mut log = RoomLog::new(&dirs, &lobby);
    log.append(&Draft::new(RecordKind::Say, "anna", "hello"))
        .unwrap();
    let mode = std::fs::metadata(log.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(!home.path().join("closed").exists(), "made by the first");
}

#[test]
fn a_conversation_of_two_is_the_same_whoever_begins_it() {
    let (_home, dirs) = home();
    let (anna, bob) = (person("anna"), person("bob"));
    let name = name_of_pair(&dirs, &anna, &bob).unwrap();
    assert_eq!(name_of_pair(&dirs, &bob, &anna).unwrap(), name);
    assert_ne!(name_of_pair(&dirs, &anna, &person("eve")).unwrap(), name);
    let (_home, elsewhere) = self::home();
    assert_ne!(
        name_of_pair(&elsewhere, &anna, &bob).unwrap(),
        name,
        "nobody can tell it"
    );
}

#[test]
fn who_is_not_in_it_is_let_in_by_what_they_bring_alone() {
    let mut circle = circle_of(&["anna"]);
    let (anna, eve) = (person("anna"), person("eve"));
    let none = Keys::default();
    assert!(matches!(
        circle.admits(Some(&anna), none, now()),
        Admission::Member(_)
    ));
    assert_eq!(circle.admits(Some(&eve), none, now()), Admission::Refused);
    assert_eq!(circle.admits(None, none, now()), Admission::Refused);
    let link = Keys {
        invitation: Some("token"),
        password: None,
    };
    assert_eq!(circle.admits(Some(&eve), link, now()), Admission::Refused);
    circle.invitations.push(Invitation {
        hash: Invitation::hash_of("token"),
        until: now().next(),
        uses: 2,
        by: "anna".to_owned(),
    });
    assert_eq!(circle.admits(Some(&eve), link, now()), Admission::Invited);
    assert_eq!(
        circle.admits(None, link, now()),
        Admission::Refused,
        "nobody would know them again"
    );
    assert_eq!(
        circle.admits(Some(&eve), link, now().next()),
        Admission::Refused,
        "over"
    );
    assert!(circle.use_invitation("token", now()) && circle.use_invitation("token", now()));
    assert!(
        !circle.use_invitation("token", now()) && circle.invitations.is_empty(),
        "used up"
    );
    circle.password = Some("hash".to_owned());
    assert_eq!(
        circle.admits(Some(&eve), none, now()),
        Admission::NeedsPassword
    );
    let word = Keys {
        invitation: None,
        password: Some("word"),
    };
    assert_eq!(
        circle.admits(Some(&eve), word, now()),
        Admission::IfPassword("hash")
    );
}

#[test]
fn somebody_always_keeps_a_room() {
    let mut circle = circle_of(&["anna", "bob", "cyril"]);
    assert!(circle.may(&person("anna"), Power::Keep) && !circle.may(&person("bob"), Power::Keep));
    assert!(
        circle.may(&person("bob"), Power::Invite) && !circle.may(&person("eve"), Power::Invite)
    );
    assert!(circle.remove(&person("anna")).is_some() && circle.remove(&person("anna")).is_none());
    assert!(circle.may(&person("bob"), Power::Keep));
    circle.kind = Kind::Pair;
    assert!(!circle.may(&person("bob"), Power::Invite));
    circle.kind = Kind::Room;
    assert!(
        !circle.may(&person("cyril"), Power::Invite),
        "whoever keeps it"
    );
}

#[test]
fn changes_at_once_lose_nothing_and_refused_ones_change_nothing() {
    let (_home, dirs) = home();
    let room = new_name().unwrap();
    create(&dirs, &room, &circle_of(&["anna"])).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (dirs, room) = (&dirs, &room);
            scope.spawn(move || {
                for number in 0..20 {
                    let name = format!("p{thread}-{number}");
                    change(dirs, room, |circle| Ok(circle.add(member(&name)))).unwrap();
                }
            });
        }
    });
    let circle = find(&dirs, &room).unwrap().unwrap().circle;
    assert_eq!(circle.members.len(), 81);
    let long = "x".repeat(MAX_TITLE_CHARS + 1);
    let refused = change(&dirs, &room, |circle| {
        circle.title.clone_from(&long);
        Ok(())
    });
    assert!(matches!(refused, Err(ClosedError::TitleTooLong)));
    assert_eq!(find(&dirs, &room).unwrap().unwrap().circle, circle);
    let missing = change(&dirs, &new_name().unwrap(), |_| Ok(()));
    assert!(matches!(missing, Err(ClosedError::NotThere)));
}

#[test]
fn what_a_killed_maker_left_is_no_room_and_goes() {
    let (_home, dirs) = home();
    let room = new_name().unwrap();
    let unfinished = dirs.closed.join(format!("{UNFINISHED}0123"));
    furnish(&unfinished, &room, &circle_of(&["anna"]).written()).unwrap();
    assert!(all(&dirs).unwrap().is_empty() && find(&dirs, &room).unwrap().is_none());
    assert_eq!(
        sweep(&dirs, SystemTime::now()).unwrap(),
        0,
        "it may be at work"
    );
    // The secret is a file.
    let secret = dirs.closed.join(format!("{UNFINISHED}4567"));
    std::fs::write(&secret, "random").unwrap();
    assert_eq!(sweep(&dirs, SystemTime::now() + 2 * STALE).unwrap(), 2);
    assert!(!unfinished.exists() && !secret.exists());
    // The list is what makes it a room.
    create(&dirs, &room, &circle_of(&["anna"])).unwrap();
    std::fs::remove_file(list_of(&dirs, &room)).unwrap();
    assert!(find(&dirs, &room).unwrap().is_none());
}

proptest! {
    #[test]
    fn no_list_panics_and_what_is_written_is_read_again(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        title in "\\PC{0,40}", name in "\\PC{0,40}", account in "\\PC{0,40}",
    ) {
        let _ = Circle::parse(&text);
        let mut circle = Circle::new(Kind::Room, &title);
        circle.add(Member { name: crate::record::clean(&name).into_owned(), account: Some(crate::record::clean(&account).into_owned()), ..member("anna") });
        let read = Circle::parse(&circle.written()).expect("a list");
        prop_assert_eq!(read.written(), circle.written());
        prop_assert_eq!(read.members.len(), 1);
    }
}
