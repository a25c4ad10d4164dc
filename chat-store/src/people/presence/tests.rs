use super::*;
use crate::name::Key;
use crate::people::accounts;
use std::collections::HashSet;
use std::io;

const NONE: Duration = Duration::ZERO;
/// Longer than any test.
const LONG: Duration = Duration::from_secs(250);

struct Home {
    _dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    Home {
        _dir: dir,
        dirs,
        room: RoomName::lobby(),
    }
}

/// Comes in as a guest.
fn enter(dirs: &Dirs, room: &RoomName, name: &str, most: usize) -> Result<Entered, ClaimError> {
    enter_as(dirs, room, name, None, most)
}

fn enter_as(
    dirs: &Dirs,
    room: &RoomName,
    name: &str,
    account: Option<&str>,
    most: usize,
) -> Result<Entered, ClaimError> {
    let about = About {
        account: account.map(str::to_owned),
        person: PersonId::of(account, None),
        ..About::default()
    };
    let newcomer = Newcomer {
        nick: &nick(name),
        color: "Gray",
        about: &about,
        grace: NONE,
    };
    claim(dirs, room, newcomer, most)
}

impl Home {
    fn join(&self, name: &str) -> Entered {
        enter(&self.dirs, &self.room, name, 1000).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<_> = std::fs::read_dir(&self.dirs.users)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = list(&self.dirs, &self.room)
            .unwrap()
            .into_iter()
            .map(|member| member.nick.to_string())
            .collect();
        names.sort();
        names
    }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap()
}

fn gone(stale: &[Gone]) -> Vec<&str> {
    stale.iter().map(|gone| gone.nick.as_str()).collect()
}

#[test]
fn a_member_is_a_file_with_a_color() {
    let home = home();
    let mut alice = home.join("alice").claim;
    let path = home.dirs.users.join("lobby_alice");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "Gray\n");
    alice.recolor("#aa0000").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "#aa0000\n");
    alice.recolor("red\nx").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "red x\n");
    let members = list(&home.dirs, &home.room).unwrap();
    assert_eq!(
        (members[0].nick.as_str(), &*members[0].color),
        ("alice", "red x")
    );
    drop(alice);
    assert_eq!(home.files(), Vec::<String>::new());
}

#[test]
fn a_taken_name_gets_a_number_look_alikes_too() {
    let home = home();
    let claims = ["bob", "bob", "Bob", "ｂｏｂ", "ВОВ", "bob1"].map(|name| home.join(name).claim);
    let names: Vec<_> = claims
        .iter()
        .map(|claim| claim.nick().as_str().to_owned())
        .collect();
    assert_eq!(names, ["bob", "bob1", "Bob2", "bob3", "ВОВ4", "bob11"]);
}

#[test]
fn rooms_do_not_mix() {
    let home = home();
    let _bob = home.join("bob");
    let other = RoomName::parse("lobby-x").unwrap();
    let there = enter(&home.dirs, &other, "bob", 10).unwrap();
    assert_eq!(there.claim.nick().as_str(), "bob");
    assert_eq!(there.members.len(), 1);
}

#[test]
fn a_dead_handler_leaves_no_ghost() {
    let home = home();
    std::fs::write(home.dirs.users.join("lobby_ghost"), "Gray\n").unwrap();
    assert_eq!(list_alive(&home.dirs, &home.room).unwrap(), []);
    let alice = home.join("alice");
    let living = list_alive(&home.dirs, &home.room).unwrap();
    assert_eq!(
        alice
            .members
            .iter()
            .map(|member| (member.nick, member.color))
            .collect::<Vec<_>>(),
        [(living[0].nick.as_str(), &*living[0].color)]
    );
    assert_eq!(gone(&alice.stale), ["ghost"]);
    assert_eq!(alice.members.len(), 1);
    assert_eq!(home.names(), ["alice"]);
    std::fs::write(home.dirs.users.join("lobby_ghost"), "Gray\n").unwrap();
    assert_eq!(home.join("ghost").claim.nick().as_str(), "ghost");
}

#[test]
fn a_nick_can_be_changed() {
    let home = home();
    let mut alice = home.join("alice").claim;
    let _bob = home.join("bob");
    let mut rename = |name| {
        alice.rename(&nick(name), &mut |_, _| true).unwrap();
        alice.nick().to_string()
    };
    assert_eq!(rename("BOB"), "BOB1");
    assert_eq!(home.names(), ["BOB1", "bob"]);
    assert_eq!(rename("bob1"), "bob1");
    assert_eq!(rename("bob1"), "bob1");
    // Of what cannot be written down nothing happens.
    alice.rename(&nick("carol"), &mut |_, _| false).unwrap();
    assert_eq!(alice.nick().as_str(), "bob1");
    assert_eq!(home.names(), ["bob", "bob1"]);
    assert_eq!(home.join("carol").stale, []);
}

#[test]
fn a_full_room_says_so() {
    let home = home();
    let _one = home.join("one");
    let error = enter(&home.dirs, &home.room, "two", 1).unwrap_err();
    assert!(matches!(error, ClaimError::Full { max: 1 }));
    assert_eq!(home.names(), ["one"]);
}

#[test]
fn a_removed_file_comes_back() {
    let home = home();
    let mut alice = home.join("alice").claim;
    assert_eq!(alice.check().unwrap(), Standing::Kept);
    std::fs::remove_dir_all(&home.dirs.users).unwrap();
    assert!(alice.check().is_err());
    home.dirs.create().unwrap();
    assert_eq!(alice.check().unwrap(), Standing::Restored);
    assert_eq!(home.files(), ["lobby_alice"]);
    std::fs::remove_file(home.dirs.users.join("lobby_alice")).unwrap();
    let other = home.join("alice");
    assert_eq!(alice.check().unwrap(), Standing::Lost);
    drop(alice);
    assert_eq!(home.names(), ["alice"]);
    drop(other);
}

#[test]
fn a_missing_directory_is_told() {
    let home = home();
    std::fs::remove_dir_all(&home.dirs.users).unwrap();
    let error = enter(&home.dirs, &home.room, "a", 9).unwrap_err();
    assert!(error.to_string().contains("users"), "{error}");
    home.dirs.create().unwrap();
    home.join("a");
}

#[test]
fn what_is_no_presence_file_does_no_harm() {
    let home = home();
    std::fs::create_dir(home.dirs.users.join("lobby_dir")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", home.dirs.users.join("lobby_link")).unwrap();
    std::fs::write(home.dirs.users.join("lobby_a b"), "x").unwrap();
    assert_eq!(home.join("dir").claim.nick().as_str(), "dir1");
    assert_eq!(home.join("link").claim.nick().as_str(), "link1");
}

#[test]
fn a_ghost_takes_no_seat_of_a_full_room() {
    let home = home();
    std::fs::write(home.dirs.users.join("lobby_ghost"), "Gray\n").unwrap();
    let two = enter(&home.dirs, &home.room, "two", 1).unwrap();
    assert_eq!(gone(&two.stale), ["ghost"]);
    assert_eq!(home.names(), ["two"]);
}

#[test]
fn members_are_in_the_order_of_their_nicks() {
    let home = home();
    let _others = ["bob", "Zoe", "ada"].map(|name| home.join(name));
    let mut members = home.join("Žofie").members;
    members.sort();
    let nicks: Vec<_> = members.iter().map(|member| member.nick).collect();
    assert_eq!(nicks, ["Zoe", "ada", "bob", "Žofie"]);
    assert!(members.iter().all(|member| member.color == "Gray"));
}

#[test]
fn fifty_at_once_get_fifty_names() {
    let home = home();
    let claims: Vec<Entered> = std::thread::scope(|scope| {
        let joiners: Vec<_> = (0..50)
            .map(|n| {
                let home = &home;
                // Two spellings, so that look-alikes race too.
                scope.spawn(move || home.join(if n % 2 == 0 { "Anonymous" } else { "anonymous" }))
            })
            .collect();
        joiners
            .into_iter()
            .map(|joiner| joiner.join().unwrap())
            .collect()
    });
    let keys: HashSet<Key> = claims
        .iter()
        .map(|entered| entered.claim.nick().key())
        .collect();
    assert_eq!(keys.len(), 50);
    assert!(keys.contains(&Key::of("anonymous49")) && keys.contains(&Key::of("anonymous")));
    assert!(claims.iter().all(|entered| entered.stale.is_empty()));
}

#[test]
fn an_accounts_name_is_not_for_guests() {
    let home = home();
    accounts::keep(&home.dirs, &nick("anna"), "anna").expect("kept");
    let guest = home.join("Anna");
    assert_eq!(guest.claim.nick().as_str(), "Anna1");
    let mut other = home.join("bob");
    other
        .claim
        .rename(&nick("anna"), &mut |_, _| true)
        .expect("renamed");
    assert_eq!(other.claim.nick().as_str(), "anna2");
    let owner = enter_as(&home.dirs, &home.room, "anna", Some("anna"), 10).expect("entered");
    assert_eq!(owner.claim.nick().as_str(), "anna");
    let listed = home.join("carl");
    let accounts: Vec<_> = listed
        .members
        .iter()
        .filter_map(|member| member.account)
        .collect();
    assert_eq!(accounts, ["anna"]);
}

#[test]
fn who_gives_way_gets_a_number() {
    let home = home();
    let mut guest = home.join("anna");
    guest
        .claim
        .give_way(&mut |_, _| true)
        .expect("another name");
    assert_eq!(guest.claim.nick().as_str(), "anna1");
    assert_eq!(home.names(), ["anna1"]);
}

#[test]
fn an_account_with_a_line_end_is_one_field() {
    let home = home();
    let account = Some("anna\nperson");
    let entered = enter_as(&home.dirs, &home.room, "anna", account, 10).expect("entered");
    let member = entered.members.iter().next().expect("themselves");
    assert_eq!(member.account, Some("anna person"));
    let person = PersonId::of(account, None);
    assert_eq!(member.person, person.as_ref().map(PersonId::as_str));
}

/// A person with an account, who may be away for so long.
fn anna(home: &Home, grace: Duration) -> Entered {
    let about = About {
        account: Some("anna".to_owned()),
        person: PersonId::of(Some("anna"), None),
        address: None,
        moderates_all: false,
    };
    let newcomer = Newcomer {
        nick: &nick("anna"),
        color: "red",
        about: &about,
        grace,
    };
    claim(&home.dirs, &home.room, newcomer, 1000).unwrap()
}

fn is_last(left: io::Result<Leave>) -> bool {
    matches!(left.unwrap(), Leave::Last(_))
}

#[test]
fn all_connections_of_a_person_are_one_member() {
    let home = home();
    let (first, mut second, third) = (anna(&home, NONE), anna(&home, NONE), anna(&home, NONE));
    assert!(first.is_new && !second.is_new && !third.is_new);
    assert_eq!(home.files(), ["lobby_anna"]);
    assert_eq!(third.members.len(), 1);
    // One renames all: it stays one file.
    let mut told = Vec::new();
    let mut tell = |from: &Nick, to: &Nick| {
        told.push((from.to_string(), to.to_string()));
        true
    };
    second.claim.rename(&nick("Anna B"), &mut tell).unwrap();
    // Another one, which has not read of it, too.
    let mut third = third.claim;
    third.rename(&nick("Anna C"), &mut tell).unwrap();
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(told, [pair("anna", "Anna-B"), pair("Anna-B", "Anna-C")]);
    assert_eq!(home.names(), ["Anna-C"]);
    let fourth = anna(&home, NONE);
    assert_eq!(
        (fourth.claim.nick().as_str(), fourth.claim.slot()),
        ("Anna-C", 3)
    );
    // None but the last has anything to tell.
    assert!(!is_last(first.claim.leave(NONE)) && !is_last(second.claim.leave(NONE)));
    assert!(!is_last(fourth.claim.leave(LONG)));
    assert_eq!(home.names(), ["Anna-C"]);
    assert!(is_last(third.leave(NONE)));
    assert_eq!(home.files(), Vec::<String>::new());
    assert!(std::fs::read_dir(&home.dirs.run).unwrap().all(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().ends_with(".gate")
    }));
}

#[test]
fn of_all_who_leave_at_once_one_is_the_last() {
    let home = home();
    for _ in 0..50 {
        let claims: Vec<_> = (0..8).map(|_| anna(&home, NONE).claim).collect();
        let last: usize = std::thread::scope(|scope| {
            let leaving: Vec<_> = claims
                .into_iter()
                .map(|claim| scope.spawn(move || usize::from(is_last(claim.leave(NONE)))))
                .collect();
            leaving.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(last, 1);
        assert_eq!(home.files(), Vec::<String>::new());
    }
}

#[test]
fn who_had_given_back_their_slot_when_the_last_one_left_is_no_second_last() {
    let home = home();
    let (first, second) = (anna(&home, NONE).claim, anna(&home, NONE).claim);
    // As a process does that is stopped for a moment between giving back its own and asking for all.
    slots::release(second.file()).unwrap();
    assert!(is_last(first.leave(NONE)));
    assert!(!is_last(second.leave(NONE)));
    assert_eq!(home.files(), Vec::<String>::new());
    // Nor if it was somebody else who found that nobody holds the file.
    let second = anna(&home, NONE).claim;
    slots::release(second.file()).unwrap();
    assert_eq!(
        gone(&sweep(&home.dirs, &home.room).unwrap().stale),
        ["anna"]
    );
    assert!(!is_last(second.leave(NONE)));
    // Nobody has told of one whose file was merely taken away.
    let (first, second) = (anna(&home, NONE).claim, anna(&home, NONE).claim);
    std::fs::remove_file(home.dirs.user(&home.room, &nick("anna"))).unwrap();
    assert!(!is_last(first.leave(NONE)));
    assert!(is_last(second.leave(NONE)));
}

#[test]
fn who_comes_back_in_time_was_never_away() {
    let home = home();
    let first = anna(&home, LONG);
    assert!(matches!(first.claim.leave(LONG).unwrap(), Leave::Awaited));
    assert_eq!(list_alive(&home.dirs, &home.room).unwrap().len(), 1);
    assert_eq!(rooms(&home.dirs).unwrap(), [("lobby".to_owned(), 1)]);
    let swept = sweep(&home.dirs, &home.room).unwrap();
    assert!(swept.stale.is_empty() && swept.next.is_some());
    // Another one sees them, and cannot have the name.
    let other = home.join("anna");
    assert_eq!(
        (other.claim.nick().as_str(), other.members.len()),
        ("anna1", 2)
    );
    let back = anna(&home, LONG);
    assert!(!back.is_new);
    assert_eq!(
        (back.claim.nick().as_str(), back.claim.color()),
        ("anna", "red")
    );
    assert_eq!(sweep(&home.dirs, &home.room).unwrap().next, None);
}

#[test]
fn who_does_not_come_back_in_time_has_left() {
    let home = home();
    assert!(matches!(
        anna(&home, LONG)
            .claim
            .leave(Duration::from_millis(20))
            .unwrap(),
        Leave::Awaited
    ));
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(list_alive(&home.dirs, &home.room).unwrap(), []);
    assert_eq!(rooms(&home.dirs).unwrap(), []);
    assert_eq!(
        gone(&sweep(&home.dirs, &home.room).unwrap().stale),
        ["anna"]
    );
    assert_eq!(sweep(&home.dirs, &home.room).unwrap().stale, []);
    assert_eq!(home.files(), Vec::<String>::new());
    assert!(anna(&home, LONG).is_new);
}

#[test]
fn who_was_killed_is_waited_for_from_when_it_was_seen() {
    let home = home();
    let mut killed = anna(&home, LONG);
    killed.claim.recolor("blue").unwrap();
    // As kill -9 leaves it.
    let (path, text) = (
        home.dirs.users.join("lobby_anna"),
        "blue\naccount=anna;person=",
    );
    let kept = std::fs::read(&path).unwrap();
    drop(killed);
    assert!(String::from_utf8_lossy(&kept).starts_with(text));
    std::fs::write(&path, &kept).unwrap();
    assert_eq!(list_alive(&home.dirs, &home.room).unwrap(), []);
    let swept = sweep(&home.dirs, &home.room).unwrap();
    assert!(swept.stale.is_empty() && swept.next.is_some());
    assert_eq!(list_alive(&home.dirs, &home.room).unwrap().len(), 1);
    let back = anna(&home, LONG);
    assert!(!back.is_new);
    assert_eq!(back.claim.color(), "blue");
}

#[test]
fn who_is_sent_out_is_not_waited_for() {
    let home = home();
    assert!(!evict(&home.dirs, &home.room, &nick("anna")).unwrap());
    let here = anna(&home, LONG);
    assert!(!evict(&home.dirs, &home.room, &nick("anna")).unwrap());
    assert!(matches!(here.claim.leave(LONG).unwrap(), Leave::Awaited));
    assert!(evict(&home.dirs, &home.room, &nick("anna")).unwrap());
    assert!(anna(&home, LONG).is_new);
}

#[test]
fn a_removed_file_is_put_back_once_for_all_connections() {
    let home = home();
    let (mut first, mut second) = (anna(&home, NONE).claim, anna(&home, NONE).claim);
    std::fs::remove_file(home.dirs.users.join("lobby_anna")).unwrap();
    std::fs::remove_dir_all(&home.dirs.run).unwrap();
    home.dirs.create().unwrap();
    assert_eq!(first.check().unwrap(), Standing::Restored);
    assert_eq!(second.check().unwrap(), Standing::Restored);
    assert_eq!((first.slot(), second.slot()), (0, 1));
    assert_eq!(home.files(), ["lobby_anna"]);
    assert!(!is_last(first.leave(NONE)) && is_last(second.leave(NONE)));
}

#[test]
fn one_person_has_so_many_connections_and_no_more() {
    let home = home();
    let claims: Vec<_> = (0..SLOTS).map(|_| anna(&home, NONE)).collect();
    let about = claims[0].claim.about().clone();
    let newcomer = Newcomer {
        nick: &nick("anna"),
        color: "red",
        about: &about,
        grace: NONE,
    };
    let refused = claim(&home.dirs, &home.room, newcomer, 1000).unwrap_err();
    assert!(matches!(refused, ClaimError::Connections), "{refused}");
}

/// What a power cut or a kill has left is found by all who look at once.
#[test]
fn a_name_is_free_whose_stale_file_somebody_else_is_just_removing() {
    let home = home();
    let path = home.dirs.user(&home.room, &nick("anna"));
    std::fs::write(&path, "").unwrap();
    let (stale, _) = file::open(&path, OFlags::RDWR).unwrap();
    assert!(slots::hold_all(&stale).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(PAUSE * 4);
            std::fs::remove_file(&path).unwrap();
        });
        assert_eq!(home.join("anna").claim.nick().as_str(), "anna");
    });
    // Nobody waits for ever.
    std::fs::write(&path, "").unwrap();
    let (stale, _) = file::open(&path, OFlags::RDWR).unwrap();
    assert!(slots::hold_all(&stale).unwrap());
    assert_eq!(home.join("anna").claim.nick().as_str(), "anna1");
}
