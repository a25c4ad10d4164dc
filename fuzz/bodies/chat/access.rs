//! Any lines of `[access]`: no panic, and who is told that they may is named by what the answer says.

use std::collections::BTreeSet;

use chat_handler::settings::{Access, Asker, Permission};
use chat_store::accounts::Group;
use chat_store::name::RoomName;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut access = Access::default();
    let mut taken = Vec::new();
    let room = RoomName::parse("lobby").expect("a room");
    for (line, number) in text.lines().zip(1..) {
        let Some((name, whom)) = line.split_once('=') else {
            continue;
        };
        let of = (number % 3 == 0).then_some(&room);
        match access.add(of, (name, whom), number) {
            Ok(()) => taken.push((of.is_some(), name.to_owned(), whom.to_owned(), number)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let groups: BTreeSet<Group> = ["staff"]
        .iter()
        .filter_map(|name| Group::parse(name))
        .collect();
    let nobody = BTreeSet::new();
    for (account, groups, address) in [
        (None, &nobody, "192.0.2.7"),
        (Some("anna"), &groups, "2001:db8::7"),
        (Some("anna"), &nobody, "not an address"),
    ] {
        let asker = Asker {
            account,
            groups,
            address,
        };
        for &what in Permission::ALL {
            let answer = access.may(what, Some(&room), &asker);
            let Some((.., whom, _)) = taken.iter().find(|(.., number)| *number == answer.line)
            else {
                assert_eq!(answer.line, 0, "a line that was not taken decides");
                continue;
            };
            // The first that fits decides, and says so.
            let by = answer.by.trim();
            let is_named = whom.split(',').any(|item| item.trim() == by);
            assert!(is_named || !answer.allowed, "{whom:?} lets in by {by:?}");
            assert!(!(by.starts_with('!') && answer.allowed), "{by:?} lets in");
        }
    }
}
