use super::*;
use proptest::prelude::*;

fn access(lines: &[(&str, &str, &str)]) -> Access {
    let mut access = Access::default();
    for (number, (room, name, whom)) in lines.iter().enumerate() {
        let room = (!room.is_empty()).then(|| RoomName::parse(room).expect("a room"));
        access
            .add(room.as_ref(), (name, whom), number + 1)
            .expect(whom);
    }
    access
}

/// Everybody whom a line can tell apart.
const KINDS: [&str; 5] = ["guest", "guest-inside", "anna", "bob-of-staff", "root"];

fn with<T>(kind: &str, ask: impl FnOnce(&Asker<'_>) -> T) -> T {
    let staff = [Group::parse("staff").unwrap()].into();
    let admins = [Group::administrators()].into();
    let none = BTreeSet::new();
    let (account, groups, address) = match kind {
        "guest" => (None, &none, "198.51.100.7"),
        "guest-inside" => (None, &none, "192.0.2.9"),
        "anna" => (Some("anna"), &none, "198.51.100.7"),
        "bob-of-staff" => (Some("bob"), &staff, ""),
        _ => (Some("root"), &admins, "2001:db8::1"),
    };
    ask(&Asker {
        account,
        groups,
        address,
    })
}

/// Who of [`KINDS`] may.
fn who_may(access: &Access, what: Permission, room: &str) -> Vec<&'static str> {
    let room = RoomName::parse(room).ok();
    KINDS
        .into_iter()
        .filter(|kind| with(kind, |asker| access.may(what, room.as_ref(), asker).allowed))
        .collect()
}

#[test]
fn each_right_for_each_kind_of_person() {
    use Permission::*;
    let all = KINDS.to_vec();
    for (line, expected) in [
        ("all", all.clone()),
        ("account", vec!["anna", "bob-of-staff", "root"]),
        ("group:staff", vec!["bob-of-staff"]),
        ("group staff", vec!["bob-of-staff"]),
        ("account:anna", vec!["anna"]),
        ("account:ANNA, group:admin", vec!["anna", "root"]),
        ("network 192.0.2.0/24", vec!["guest-inside"]),
        ("network:2001:db8::/32", vec!["root"]),
        ("!account:anna, account", vec!["bob-of-staff", "root"]),
        (
            "account, !account:anna",
            vec!["anna", "bob-of-staff", "root"],
        ),
        (
            "! network 192.0.2.0/24, all",
            vec!["guest", "anna", "bob-of-staff", "root"],
        ),
        ("!all", vec![]),
    ] {
        for what in Permission::ALL {
            let general = access(&[("", what.as_str(), line)]);
            assert_eq!(
                who_may(&general, *what, "tea"),
                expected,
                "{what:?} = {line}"
            );
            if what.is_of_rooms() {
                let own = access(&[("", what.as_str(), "!all"), ("Tea", what.as_str(), line)]);
                assert_eq!(who_may(&own, *what, "tea"), expected, "{what:?} = {line}");
                assert!(
                    who_may(&own, *what, "lobby").is_empty(),
                    "{what:?} = {line}"
                );
            }
        }
    }
    // Without a line.
    let none = Access::default();
    for what in [Enter, CreateRoom, Speak, Upload, Call, Invite, Register] {
        assert_eq!(who_may(&none, what, "tea"), all, "{what:?}");
    }
    for what in [Moderate, Announce, Admin] {
        assert_eq!(who_may(&none, what, "tea"), ["root"], "{what:?}");
    }
    let closed = Access {
        for_accounts: true,
        ..Access::default()
    };
    assert_eq!(
        who_may(&closed, Enter, "tea"),
        ["anna", "bob-of-staff", "root"]
    );
}

#[test]
fn the_line_that_decides_is_named() {
    let access = access(&[
        ("", "speak", "account"),
        ("tea", "speak", "!account:anna, all"),
    ]);
    let tea = RoomName::parse("tea").unwrap();
    let answer = with("anna", |anna| {
        access.may(Permission::Speak, Some(&tea), anna)
    });
    assert_eq!(
        (answer.allowed, answer.line, answer.by.as_str()),
        (false, 2, "!account:anna")
    );
    let answer = with("guest", |guest| access.may(Permission::Speak, None, guest));
    assert_eq!(
        (answer.allowed, answer.line, answer.by.as_str()),
        (false, 1, "nothing fits")
    );
    let answer = with("guest", |guest| access.may(Permission::Call, None, guest));
    assert_eq!(
        (answer.allowed, answer.line, answer.by.as_str()),
        (true, 0, "all")
    );
}

#[test]
fn what_is_wrong_is_told_with_what_is_allowed() {
    let tea = RoomName::parse("tea").unwrap();
    for (room, name, whom, told) in [
        (None, "shout", "all", "create_room"),
        (None, "speak", "everybody", "group:NAME"),
        (None, "speak", "", "group:NAME"),
        (None, "speak", "all,", "group:NAME"),
        (None, "speak", "group:Big Staff", "group:NAME"),
        (None, "speak", "network 10.0.0.0/99", "network"),
        (None, "speak", "account:a/b", "account:NAME"),
        (Some(&tea), "admin", "all", "not a room's"),
        (Some(&tea), "create_room", "all", "not a room's"),
    ] {
        let error = Access::default()
            .add(room, (name, whom), 7)
            .expect_err(whom);
        assert!(error.to_string().contains(told), "{error}");
    }
    let mut twice = access(&[("", "speak", "all")]);
    let error = twice.add(None, ("speak", "account"), 9).expect_err("twice");
    assert!(error.to_string().contains("line 1"), "{error}");
    assert!(section("access").is_some() && section("accessories").is_none());
    assert!(matches!(section("access tea"), Some(Ok(Some(room))) if room == tea));
    assert!(matches!(section("access a/b"), Some(Err(_))));
}

proptest! {
    #[test]
    fn no_line_panics(name in "[a-z_]{0,8}|speak", whom in "(!?(all|account|group:|network |account:)[a-z0-9./: ,!]{0,12},?){0,4}") {
        let mut access = Access::default();
        if access.add(None, (&name, &whom), 1).is_ok() {
            with("anna", |anna| access.may(Permission::Speak, None, anna));
        }
    }
}
