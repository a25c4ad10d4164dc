use super::*;
use crate::name::Nick;
use crate::people::presence::About;

fn home() -> (tempfile::TempDir, Dirs, RoomName) {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    (dir, dirs, RoomName::lobby())
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap()
}

fn target(word: &str) -> Target {
    Target::parse(word).unwrap()
}

fn ban(name: &str) -> Entry {
    Entry {
        measure: Measure::Ban,
        nick: Some(nick(name)),
        account: None,
        person: None,
        address: None,
        guests_only: false,
        until: None,
        by: "mod".to_owned(),
        reason: "spam".to_owned(),
    }
}

#[test]
fn a_ban_lasts_until_it_is_lifted() {
    let (_dir, dirs, room) = home();
    let hostile = Entry {
        account: Some("a;b\tc".to_owned()),
        address: Network::parse("::1"),
        until: Some(RecordId::from_micros(
            RecordId::now().as_micros() + 60_000_000,
        )),
        reason: "x\n-\tban\tbob\t\tforged".to_owned(),
        ..ban("eve")
    };
    impose(&dirs, &room, &hostile).unwrap();
    impose(&dirs, &room, &ban("mallory")).unwrap();
    let entries = load(&dirs, &room).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].account.as_deref(), Some("a;b c"));
    assert_eq!(entries[0].reason, "x - ban bob  forged");
    assert_eq!(entries[1], ban("mallory"));
    assert!(lift(&dirs, &room, Measure::Ban, &target("EVE")).unwrap());
    assert!(!lift(&dirs, &room, Measure::Ban, &target("eve")).unwrap());
    assert!(!lift(&dirs, &room, Measure::Mute, &target("mallory")).unwrap());
    assert_eq!(load(&dirs, &room).unwrap(), [ban("mallory")]);
}

#[test]
fn a_second_ban_replaces_the_first() {
    let (_dir, dirs, room) = home();
    impose(&dirs, &room, &ban("eve")).unwrap();
    impose(
        &dirs,
        &room,
        &Entry {
            reason: "again".to_owned(),
            ..ban("Eve")
        },
    )
    .unwrap();
    impose(
        &dirs,
        &room,
        &Entry {
            measure: Measure::Mute,
            ..ban("eve")
        },
    )
    .unwrap();
    let entries = load(&dirs, &room).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].reason, "again");
}

#[test]
fn a_verdict_follows_the_file() {
    let (_dir, dirs, room) = home();
    let eve = nick("eve");
    let person = Person {
        nick: &eve,
        account: Some("e"),
        address: None,
        number: None,
        moderates_all: false,
    };
    let mut verdict = Verdict::new(&dirs, &room);
    verdict.refresh(&person).unwrap();
    assert!(verdict.ban.is_none() && verdict.mute.is_none());
    impose(
        &dirs,
        &room,
        &Entry {
            account: Some("e".to_owned()),
            ..ban("other")
        },
    )
    .unwrap();
    impose(
        &dirs,
        &room,
        &Entry {
            measure: Measure::Mute,
            ..ban("ЕVЕ")
        },
    )
    .unwrap();
    verdict.refresh(&person).unwrap();
    assert!(verdict.ban.is_some() && verdict.mute.is_some());
    lift(&dirs, &room, Measure::Ban, &target("other")).unwrap();
    let over = Entry {
        until: Some(RecordId::now()),
        measure: Measure::Mute,
        ..ban("eve")
    };
    impose(&dirs, &room, &over).unwrap();
    verdict.refresh(&person).unwrap();
    assert!(verdict.ban.is_none() && verdict.mute.is_none());
    let bob = nick("bob");
    let person = Person {
        nick: &bob,
        account: None,
        address: None,
        number: None,
        moderates_all: false,
    };
    impose(&dirs, &room, &ban("eve")).unwrap();
    verdict.refresh(&person).unwrap();
    assert!(verdict.ban.is_none());
}

#[test]
fn there_is_an_end_to_bans() {
    let (_dir, dirs, room) = home();
    let mut text = Vec::new();
    for n in 0..MAX_ENTRIES {
        ban(&format!("eve{n}")).write_to(&mut text);
    }
    std::fs::write(dirs.state(&room, "bans"), &text).unwrap();
    assert!(matches!(
        impose(&dirs, &room, &ban("bob")),
        Err(ModerationError::TooMany)
    ));
    impose(&dirs, &room, &ban("eve7")).unwrap();
    std::fs::write(
        dirs.state(&room, "bans"),
        b"garbage\n\n-\tban\n\xff\t\t\t\t\n",
    )
    .unwrap();
    assert_eq!(load(&dirs, &room).unwrap(), []);
}

#[test]
fn a_measure_everywhere_holds_in_every_room() {
    let (_dir, dirs, room) = home();
    impose(&dirs, Extent::Everywhere, &ban("eve")).unwrap();
    let eve = nick("eve");
    let person = Person {
        nick: &eve,
        account: None,
        address: None,
        number: None,
        moderates_all: false,
    };
    for right in [Right::Enter, Right::Read, Right::Speak] {
        assert!(may(&dirs, &room, &person, right).unwrap().is_err());
    }
    assert_eq!(load(&dirs, &room).unwrap(), []);
    assert!(lift(&dirs, Extent::Everywhere, Measure::Ban, &target("eve")).unwrap());
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
}

#[test]
fn an_address_may_count_for_guests_only() {
    let (_dir, dirs, room) = home();
    let entry = Entry {
        address: Network::parse("192.0.2.0/24"),
        guests_only: true,
        ..ban("eve")
    };
    impose(&dirs, &room, &entry).unwrap();
    let (mallory, address) = (nick("mallory"), Some("192.0.2.7"));
    let mut person = Person {
        nick: &mallory,
        account: None,
        number: None,
        moderates_all: false,
        address,
    };
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_err());
    person.account = Some("mallory");
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
    // The guest took the name of one who has an account.
    let eve = nick("eve");
    person.nick = &eve;
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
    person.nick = &mallory;
    person.account = None;
    person.address = Some("198.51.100.7");
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
}

#[test]
fn a_mute_takes_the_voice_alone() {
    let (_dir, dirs, room) = home();
    let entry = Entry {
        measure: Measure::Mute,
        ..ban("eve")
    };
    impose(&dirs, &room, &entry).unwrap();
    let eve = nick("eve");
    let person = Person {
        nick: &eve,
        account: None,
        address: None,
        number: None,
        moderates_all: false,
    };
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
    assert!(may(&dirs, &room, &person, Right::Read).unwrap().is_ok());
    assert!(may(&dirs, &room, &person, Right::Speak).unwrap().is_err());
}

#[test]
fn a_measure_is_against_an_account_a_number_or_a_network() {
    let (_dir, dirs, room) = home();
    let somebody = nick("somebody");
    let person = |account, number, address| Person {
        nick: &somebody,
        account,
        number,
        address,
        moderates_all: false,
    };
    let anna = person(Some("anna"), Some("f00"), Some("2001:db8::7"));
    let guest = person(None, Some("beef"), Some("2001:db8::8"));
    let other = person(None, None, Some("2001:db8:1::1"));
    for (word, [is_anna, is_guest, is_other]) in [
        ("account:anna", [true, false, false]),
        ("number:f00", [true, false, false]),
        ("number:beef", [false, true, false]),
        ("address:2001:db8::/64", [false, true, false]),
        ("everybody:2001:db8::/32", [true, true, true]),
        ("somebody", [true, true, true]),
    ] {
        let entry = target(word).entry(Measure::Ban, About::default(), "mod");
        impose(&dirs, &room, &entry).unwrap();
        impose(&dirs, &room, &entry).unwrap();
        assert_eq!(load(&dirs, &room).unwrap(), [entry], "{word}");
        for (person, is_against) in [(&anna, is_anna), (&guest, is_guest), (&other, is_other)] {
            let verdict = may(&dirs, &room, person, Right::Enter).unwrap();
            assert_eq!(verdict.is_err(), is_against, "{word} {person:?}");
        }
        assert!(
            lift(&dirs, &room, Measure::Ban, &target(word)).unwrap(),
            "{word}"
        );
        assert_eq!(load(&dirs, &room).unwrap(), [], "{word}");
    }
}

#[test]
fn who_moderates_the_site_is_above_who_moderates_a_room() {
    let (_dir, dirs, room) = home();
    let name = nick("root");
    let person = Person {
        nick: &name,
        account: Some("root"),
        number: None,
        address: None,
        moderates_all: true,
    };
    impose(&dirs, &room, &ban("root")).unwrap();
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_ok());
    let by_shell = Entry {
        by: crate::name::SERVER.to_owned(),
        ..ban("root")
    };
    impose(&dirs, &room, &by_shell).unwrap();
    assert!(may(&dirs, &room, &person, Right::Enter).unwrap().is_err());
}
