use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use super::super::{
    Claim, Entered, Gone, Leave, Newcomer, claim, list_alive, people_by_stem, sweep,
};
use super::*;
use crate::cluster::Cluster;
use crate::fs::lock;

const NONE: Duration = Duration::ZERO;

struct Home {
    _dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let mut dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let cluster = Cluster::new(dir.path(), &dirs.run, Duration::from_secs(1));
    dirs.cluster = Some(Arc::new(cluster));
    Home {
        _dir: dir,
        dirs,
        room: RoomName::lobby(),
    }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap()
}

fn person(account: &str) -> PersonId {
    PersonId::of(Some(account), None).unwrap()
}

impl Home {
    fn put(&self, account: &str, name: &str, on: &str) -> Placed {
        let who = Elsewhere {
            person: person(account),
            nick: Some(nick(name)),
            color: Some("#aa0000".to_owned()),
            about: Some(About {
                account: Some(account.to_owned()),
                address: Some("192.0.2.7".to_owned()),
                ..About::default()
            }),
            on: on.to_owned(),
        };
        put(&self.dirs.alone(), &self.room, &who).unwrap()
    }

    fn enter(&self, account: &str, name: &str, grace: Duration) -> Entered {
        let about = About {
            account: Some(account.to_owned()),
            person: Some(person(account)),
            ..About::default()
        };
        let newcomer = Newcomer {
            nick: &nick(name),
            color: "#00aa00",
            about: &about,
            grace,
        };
        claim(&self.dirs, &self.room, newcomer, 100).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let members = list_alive(&self.dirs, &self.room).unwrap();
        let mut names: Vec<_> = members.iter().map(|it| it.nick.to_string()).collect();
        names.sort();
        names
    }

    fn gone(&self) -> Vec<Gone> {
        sweep(&self.dirs, &self.room).unwrap().stale
    }
}

fn is_last(claim: Claim) -> bool {
    matches!(claim.leave(NONE).unwrap(), Leave::Last(_))
}

#[test]
fn who_is_on_another_machine_is_listed_counted_and_has_their_name() {
    let home = home();
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert_eq!(home.names(), ["anna"]);
    assert_eq!(people_by_stem(&home.dirs).unwrap()["lobby"], 1);
    assert_eq!(home.gone(), []);
    let about = super::super::about(&home.dirs, &home.room, &nick("anna")).unwrap();
    assert_eq!(about.address.as_deref(), Some("192.0.2.7"));
    let other = home.enter("bert", "Anna", NONE);
    assert_eq!(other.claim.nick().as_str(), "Anna1");
    assert!(other.is_new && other.members.len() == 2);
    assert_eq!(home.put("anna", "hanna", "b~1 c~1"), Placed::Done);
    assert_eq!(home.names(), ["Anna1", "hanna"]);
    assert_eq!(home.put("anna", "hanna", ""), Placed::Done);
    assert_eq!(home.names(), ["Anna1"]);
}

#[test]
fn somebody_on_two_machines_is_one_member_until_they_are_on_none() {
    let home = home();
    home.put("anna", "anna", "b~1");
    let mut entered = home.enter("anna", "other", NONE);
    assert!(!entered.is_new && entered.is_first_here);
    entered.claim.has_been_told().unwrap();
    assert_eq!(entered.claim.nick().as_str(), "anna");
    let second = home.enter("anna", "anna", NONE);
    assert!(!second.is_new && !second.is_first_here);
    assert!(!is_last(second.claim));
    // The last one here tells of it; they are still there.
    assert!(is_last(entered.claim));
    assert_eq!(home.names(), ["anna"]);
    assert_eq!(home.gone(), []);
    // They come again, and go there first.
    let entered = home.enter("anna", "anna", NONE);
    assert!(entered.is_first_here);
    home.put("anna", "anna", "");
    assert_eq!(home.names(), ["anna"]);
    assert!(is_last(entered.claim));
    assert_eq!(home.names(), Vec::<String>::new());
}

#[test]
fn whose_handler_was_killed_has_left_this_machine_and_no_other() {
    let home = home();
    home.put("anna", "anna", "b~1");
    let entered = home.enter("anna", "anna", NONE);
    slots::release(entered.claim.file()).unwrap();
    let gone = Gone {
        nick: nick("anna"),
        person: Some(person("anna")),
    };
    assert_eq!(home.gone(), [gone]);
    assert_eq!(home.gone(), []);
    assert_eq!(home.names(), ["anna"]);
    home.put("anna", "anna", "");
    assert_eq!(home.names(), Vec::<String>::new());
}

#[test]
fn who_is_waited_for_here_comes_back_on_another_machine() {
    let home = home();
    let mut entered = home.enter("anna", "anna", Duration::from_secs(60));
    assert!(entered.is_new);
    entered.claim.has_been_told().unwrap();
    let left = entered.claim.leave(Duration::from_secs(60)).unwrap();
    assert!(matches!(left, Leave::Awaited));
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert_eq!(home.gone(), []);
    assert_eq!(home.names(), ["anna"]);
    let back = home.enter("anna", "anna", NONE);
    assert!(!back.is_new && !back.is_first_here);
}

#[test]
fn a_name_that_somebody_else_has_here_is_put_down_once_they_have_another() {
    let home = home();
    let mut entered = home.enter("bert", "anna", NONE);
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Taken(nick("anna")));
    entered
        .claim
        .rename(&nick("bert"), &mut |_, _| true)
        .unwrap();
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert_eq!(home.names(), ["anna", "bert"]);
    // All machines know bert by another name: the claim learns it.
    assert_eq!(home.put("bert", "berta", "c~1"), Placed::Done);
    assert!(entered.claim.learn_name().unwrap());
    assert_eq!(entered.claim.nick().as_str(), "berta");
    let known = all(&home.dirs, &home.room).unwrap();
    assert_eq!(known.iter().filter(|it| it.here).count(), 1);
}

#[test]
fn who_has_gone_elsewhere_while_somebody_comes_here_is_on_no_other_machine() {
    let home = home();
    home.put("anna", "anna", "b~1");
    let path = home.dirs.user(&home.room, &nick("anna"));
    // They have a slot, and have not said yet that they are here.
    let (coming, _) = file::open(&path, OFlags::RDWR).unwrap();
    assert_eq!(slots::hold(&coming).unwrap(), Some(0));
    home.put("anna", "anna", "");
    assert_eq!(&*Content::read(&coming).unwrap().on, "");
    drop(coming);
    assert_eq!(home.gone().len(), 1);
    assert_eq!(home.names(), Vec::<String>::new());
}

#[test]
fn who_is_waited_for_here_and_sent_out_is_held_by_this_machine_no_longer() {
    let home = home();
    home.put("anna", "anna", "b~1");
    let entered = home.enter("anna", "anna", Duration::from_secs(60));
    let left = entered.claim.leave(Duration::from_secs(60)).unwrap();
    assert!(matches!(left, Leave::Awaited));
    let evict = || super::super::evict(&home.dirs, &home.room, &nick("anna")).unwrap();
    // Whoever sends them out has a quit to submit, and no second one.
    assert_eq!([evict(), evict()], [true, false]);
    assert_eq!(home.names(), ["anna"]);
}

#[test]
fn on_a_site_that_is_on_one_machine_again_nobody_is_elsewhere() {
    let mut home = home();
    home.put("anna", "anna", "b~1");
    home.put("bert", "bert", "b~1");
    home.dirs.cluster = None;
    assert_eq!(home.names(), Vec::<String>::new());
    assert!(!people_by_stem(&home.dirs).unwrap().contains_key("lobby"));
    let entered = home.enter("carl", "Anna", NONE);
    assert_eq!(entered.claim.nick().as_str(), "Anna");
    assert_eq!(home.names(), ["Anna"]);
}

#[test]
fn whose_number_lost_its_name_in_a_power_cut_is_one_member_under_their_next_one() {
    let home = home();
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    let own = home.dirs.of_person(&home.room, &person("anna"), "own");
    std::fs::remove_file(&own).unwrap();
    // As all machines agree when this one is back.
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert!(own.exists());
    assert_eq!(home.put("anna", "anna1", "b~2"), Placed::Done);
    assert_eq!(home.names(), ["anna1"]);
}

#[test]
fn of_two_files_of_one_person_that_stays_which_has_their_name() {
    let home = home();
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    let own = home.dirs.of_person(&home.room, &person("anna"), "own");
    std::fs::remove_file(&own).unwrap();
    // A name that they took while nobody knew under which they were here.
    assert_eq!(home.put("anna", "anna1", "b~2"), Placed::Done);
    assert_eq!(home.names(), ["anna", "anna1"]);
    for it in all(&home.dirs, &home.room).unwrap() {
        let is_double = remove_double(&home.dirs, &home.room, &it).unwrap();
        assert_eq!(is_double, it.nick == nick("anna"));
    }
    assert_eq!(home.names(), ["anna1"]);
    assert!(own.exists());
    // Whoever is here is looked after by their handler.
    let _claim = home.enter("bob", "bob", NONE);
    std::fs::remove_file(home.dirs.of_person(&home.room, &person("bob"), "own")).unwrap();
    for it in all(&home.dirs, &home.room).unwrap() {
        assert!(!remove_double(&home.dirs, &home.room, &it).unwrap());
    }
    assert_eq!(home.names(), ["anna1", "bob"]);
}

#[test]
fn whose_own_name_is_taken_by_another_file_of_theirs_gets_it() {
    let home = home();
    let mut claim = home.enter("anna", "anna1", NONE).claim;
    let own = home.dirs.of_person(&home.room, &person("anna"), "own");
    let known = std::fs::read(&own).unwrap();
    std::fs::remove_file(&own).unwrap();
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    std::fs::write(&own, known).unwrap();
    assert_eq!(home.names(), ["anna", "anna1"]);
    assert_eq!(home.put("anna", "anna", "b~1"), Placed::Done);
    assert_eq!(home.names(), ["anna"]);
    assert!(claim.learn_name().unwrap());
    assert_eq!(claim.nick().as_str(), "anna");
    // Nobody else's is.
    let _bob = home.enter("bob", "bob", NONE);
    assert_eq!(home.put("anna", "bob", "b~1"), Placed::Taken(nick("bob")));
    assert_eq!(home.names(), ["anna", "bob"]);
}

/// The relay writes down that they are on another machine in the moment in which they come to this one.
#[test]
fn who_comes_to_two_machines_at_once_has_one_name_and_one_file() {
    let home = home();
    for round in 0..500 {
        // Each second time under another name than they wish for here.
        let there = ["anna", "hanna"][round % 2];
        let barrier = Barrier::new(2);
        let entered = std::thread::scope(|scope| {
            let putting = scope.spawn(|| {
                barrier.wait();
                home.put("anna", there, "b~1")
            });
            barrier.wait();
            let entered = home.enter("anna", "anna", NONE);
            assert_eq!(putting.join().unwrap(), Placed::Done);
            entered
        });
        let mut claim = entered.claim;
        assert!(claim.learn_name().unwrap());
        assert_eq!(claim.nick().as_str(), there, "round {round}");
        assert_eq!(home.names(), [there], "round {round}");
        assert!(is_last(claim));
        home.put("anna", there, "");
        assert_eq!(home.names(), Vec::<String>::new());
    }
}

/// A power cut left the file and nothing in it. That its owner has gone, the other machines have told.
#[test]
fn of_a_file_that_names_nobody_no_other_machine_is_told() {
    let mut home = home();
    let leave = |dirs: &Dirs| {
        let path = dirs.user(&RoomName::lobby(), &nick("anna"));
        std::fs::write(path, "").unwrap();
    };
    leave(&home.dirs);
    assert_eq!(home.gone(), []);
    leave(&home.dirs);
    let entered = home.enter("bert", "anna", NONE);
    assert_eq!(
        (entered.claim.nick().as_str(), entered.stale.len()),
        ("anna", 0)
    );
    drop(entered);
    // On one machine there is nobody else to tell it.
    home.dirs.cluster = None;
    leave(&home.dirs);
    assert_eq!(home.gone().len(), 1);
}

/// The other order would have all machines but this one take them for gone, and nobody would tell them otherwise.
#[test]
fn who_comes_while_it_is_said_that_they_are_not_here_says_so_behind_it() {
    let home = home();
    let (anna, name) = (person("anna"), nick("anna"));
    let said = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let say = || {
            scope.spawn(|| {
                let entered = home.enter("anna", "anna", NONE);
                said.lock().unwrap().push("here");
                entered
            });
            let places = places::open(&home.dirs, &home.room)?.unwrap();
            while !lock::is_waited_for(&places)? {
                std::thread::yield_now();
            }
            said.lock().unwrap().push("not here");
            Ok(())
        };
        unless_here(&home.dirs.alone(), &home.room, (&anna, &name), say).unwrap();
    });
    assert_eq!(said.into_inner().unwrap(), ["not here", "here"]);
    let _entered = home.enter("anna", "anna", NONE);
    let say = || panic!("they are here");
    unless_here(&home.dirs.alone(), &home.room, (&anna, &name), say).unwrap();
}

#[test]
fn of_whom_nobody_has_been_told_somebody_is_until_it_is_done() {
    let home = home();
    let is_due = || all(&home.dirs, &home.room).unwrap()[0].due;
    let first = home.enter("anna", "anna", NONE);
    assert!(first.is_first_here && is_due());
    // The first one may go before it can be told.
    let mut second = home.enter("anna", "anna", NONE);
    assert!(second.is_first_here && is_due());
    assert!(!is_last(first.claim));
    second.claim.has_been_told().unwrap();
    assert!(!is_due());
    let third = home.enter("anna", "anna", NONE);
    assert!(!third.is_first_here && !is_due());
}
