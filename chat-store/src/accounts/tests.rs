use super::*;
use crate::record::RecordId;
use proptest::prelude::*;

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a name")
}

fn site() -> (tempfile::TempDir, Dirs) {
    let home = tempfile::tempdir().expect("a directory");
    let dirs = Dirs::under(home.path());
    dirs.create().expect("directories");
    (home, dirs)
}

fn person(name: &str) -> Account {
    let mut account = Account::new(nick(name), AccountKind::Person);
    account.scram = Some("SCRAM-SHA-256$4096:c2FsdA==$a:b".into());
    account
}

#[test]
fn an_account_survives_its_file_and_look_alikes_are_one() {
    let (_home, dirs) = site();
    let mut anna = person("Anna");
    anna.groups = [Group::administrators(), Group::parse("staff").unwrap()].into();
    create(&dirs, &anna).expect("made");
    for alike in ["anna", "ANNA", "аnna"] {
        let found = find(&dirs.accounts, &nick(alike)).expect("read");
        assert_eq!(found.as_ref(), Some(&anna), "{alike}");
        let again = create(&dirs, &person(alike));
        assert!(
            matches!(&again, Err(AccountError::Taken(name)) if name.as_str() == "Anna"),
            "{again:?}"
        );
    }
    assert_eq!(find(&dirs.accounts, &nick("anna1")).unwrap(), None);
    assert!(crate::people::accounts::has(&dirs, &nick("anna")));
    let removed = remove(&dirs, &nick("anna"), &mut |_| Ok(())).expect("removed");
    assert_eq!(removed.name, anna.name);
    // Whoever registers next is somebody else: the name stays taken.
    assert!(crate::people::accounts::has(&dirs, &nick("anna")));
    assert!(all(&dirs.accounts).unwrap().is_empty());
}

#[test]
fn files_are_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_home, dirs) = site();
    create(&dirs, &person("anna")).expect("made");
    change(&dirs, &nick("anna"), &mut |account| {
        account.end_sessions();
        Ok(())
    })
    .expect("changed");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dirs.accounts), 0o700);
    for entry in std::fs::read_dir(&dirs.accounts).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn no_name_leaves_the_directory() {
    let (_home, dirs) = site();
    // Letters that look like slash, dots and what marks hashes.
    for name in ["丿etc丿passwd", "ノノ", "٠٠", "٠", "ߺa", &"𝐖".repeat(32)] {
        let Ok(name) = Nick::parse(name) else {
            continue;
        };
        let path = path(&dirs.accounts, &name);
        assert_eq!(path.parent(), Some(dirs.accounts.as_path()), "{name}");
        create(&dirs, &Account::new(name.clone(), AccountKind::Person)).expect("made");
        assert!(find(&dirs.accounts, &name).unwrap().is_some(), "{name}");
    }
}

#[test]
fn what_is_wrong_where_it_matters_is_no_account() {
    let good = String::from_utf8(person("anna").text()).unwrap();
    assert!(Account::parse(good.as_bytes()).is_some());
    for bad in [
        "",
        "kind=person",
        "name=a/b",
        "name=anna\ndisabled=yesterday",
        "name=anna\ngeneration=-1",
        "name=anna\ngroups=Ad min,",
        "name=anna\nscram-sha-256=",
        "name=anna\nscram-sha-256=a b",
        "name=anna\nkind=cat",
        "name=anna\nlink=x",
    ] {
        assert_eq!(Account::parse(bad.as_bytes()), None, "{bad}");
    }
    let newer = format!("{good}photo=x.webp\n\nnonsense\n");
    let account = Account::parse(newer.as_bytes()).expect("an account");
    assert!(
        String::from_utf8(account.text())
            .unwrap()
            .contains("photo=x.webp\n")
    );
}

#[test]
fn sessions_of_before_are_over_for_ever() {
    let mut anna = person("anna");
    let before = anna.generation;
    anna.end_sessions();
    anna.end_sessions();
    assert!(anna.generation > before);
    // Somebody else who registers the name later does not get into old sessions.
    assert!(person("anna").generation >= anna.generation.saturating_sub(2));
}

#[test]
fn a_ticket_is_good_so_often_and_so_long() {
    let (_home, dirs) = site();
    let list = Tickets::invitations(&dirs);
    let (ticket, word) = Ticket::new(Duration::from_secs(60), 2).expect("a ticket");
    assert_eq!(Ticket::parse(&ticket.to_string()).as_ref(), Some(&ticket));
    list.add(&ticket, false).expect("kept");
    let text = std::fs::read_to_string(dirs.state.join("_invitations.tickets")).unwrap();
    assert!(!text.contains(&word), "the word is kept");
    assert!(!list.take("another").unwrap() && list.has(&word).unwrap());
    assert!(list.take(&word).unwrap() && list.take(&word).unwrap());
    assert!(!list.take(&word).unwrap() && !list.has(&word).unwrap());
    let (over, word) = Ticket::new(Duration::ZERO, 1).expect("a ticket");
    assert!(!over.is_good_for(&word, RecordId::now()));
}

#[test]
fn tries_are_counted_for_account_and_network_and_run_off() {
    let (_home, dirs) = site();
    let allowance = tries::Allowance {
        burst: 3,
        every: Duration::from_secs(3600),
    };
    let quick = tries::Allowance {
        burst: 1,
        every: Duration::from_micros(1),
    };
    let by = |account, network| {
        [
            (tries::Whom::Account(account), allowance),
            (tries::Whom::Network(network), allowance),
        ]
    };
    for _ in 0..3 {
        assert_eq!(tries::take(&dirs, &by("anna", "a")).unwrap(), Ok(()));
    }
    let refused = tries::take(&dirs, &by("anna", "b")).unwrap();
    let wait = refused.expect_err("the account has had its tries");
    assert!(wait <= Duration::from_secs(3600) && wait > Duration::from_secs(3000));
    assert!(tries::take(&dirs, &by("bob", "a")).unwrap().is_err());
    // What was refused is not counted.
    assert_eq!(tries::take(&dirs, &by("bob", "b")).unwrap(), Ok(()));
    tries::give_back(&dirs, &by("anna", "a")).unwrap();
    assert_eq!(tries::take(&dirs, &by("anna", "a")).unwrap(), Ok(()));
    let one = [(tries::Whom::Account("quick"), quick)];
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(tries::take(&dirs, &one).unwrap(), Ok(()));
    }
    let size = std::fs::metadata(dirs.run.join("_tries.table"))
        .unwrap()
        .len();
    assert!(size <= 600 * 1024, "{size}");
}

#[test]
fn tries_at_the_same_time_count_too() {
    let (_home, dirs) = site();
    let allowance = tries::Allowance {
        burst: 10,
        every: Duration::from_secs(3600),
    };
    let of = [(tries::Whom::Account("anna"), allowance)];
    let may: usize = std::thread::scope(|scope| {
        let tries = (0..8).map(|_| {
            scope.spawn(|| {
                (0..10)
                    .filter(|_| tries::take(&dirs, &of).unwrap().is_ok())
                    .count()
            })
        });
        let threads: Vec<_> = tries.collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(may, 10);
}

proptest! {
    #[test]
    fn no_file_panics_and_what_is_read_is_written(text in "(name=[a-zA-Zá丿]{0,9}\n)?([a-z-]{0,9}=[\\PC]{0,20}\n){0,6}") {
        if let Some(account) = Account::parse(text.as_bytes()) {
            prop_assert_eq!(Account::parse(&account.text()), Some(account));
        }
    }
}
