use super::*;
use std::path::Path;

use chat_store::accounts::AccountKind;

const GOOD: &str = "correct horse battery";

fn site() -> (tempfile::TempDir, Settings) {
    let home = tempfile::tempdir().unwrap();
    let text = format!(
        "[global]\nBASE_DIR={}\nACCOUNTS=yes\n",
        home.path().display()
    );
    let settings = Settings::parse(&text, Path::new("/x.ini")).unwrap();
    settings.dirs().create().unwrap();
    (home, settings)
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap()
}

fn account(settings: &Settings, name: &str, edit: impl FnOnce(&mut Account)) {
    let mut account = Account::new(nick(name), AccountKind::Person);
    edit(&mut account);
    accounts::create(&settings.dirs(), &account).unwrap();
}

fn own(password: &str) -> String {
    Verifier::new(&Password::typed(password))
        .unwrap()
        .to_string()
}

#[test]
fn a_verifier_is_that_of_rfc_7677() {
    // The exchange of RFC 7677, section 3: user, "pencil", 4096; the keys as PostgreSQL and others compute them.
    let verifier = Verifier::of_parts(
        "4096",
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    )
    .unwrap();
    let (stored, server) = scram::tests_keys("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096);
    let again = format!("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${stored}:{server}");
    assert_eq!(verifier.to_string(), again);
    assert_eq!(Verifier::parse(&again).as_ref(), Some(&verifier));
    let mut work = Work::default();
    assert!(Verifier::check(
        Some(&verifier),
        &Password::typed("pencil"),
        &mut work
    ));
    assert!(!Verifier::check(
        Some(&verifier),
        &Password::typed("pen"),
        &mut work
    ));
}

#[test]
fn what_is_typed_on_another_keyboard_is_the_same_password() {
    // RFC 4013, section 3: a soft hyphen is nothing, a Roman numeral is its letters.
    let verifier = Verifier::parse(&own("IX marks the spot")).unwrap();
    let mut work = Work::default();
    for same in [
        "IX marks the spot",
        "I\u{ad}X marks the spot",
        "\u{2168} marks the\u{a0}spot",
    ] {
        assert!(
            Verifier::check(Some(&verifier), &Password::typed(same), &mut work),
            "{same}"
        );
    }
}

#[test]
fn what_everybody_tries_first_is_no_password() {
    let name = nick("Annabella");
    for (password, error) in [
        ("short", PasswordError::TooShort),
        ("annabella", PasswordError::Guessed),
        ("Password123", PasswordError::Guessed),
        ("ááááááááá", PasswordError::Guessed),
        ("with a \u{7} bell", PasswordError::Forbidden),
        (&"x".repeat(257), PasswordError::TooLong),
    ] {
        assert_eq!(Password::chosen(password, &name), Err(error), "{password}");
    }
    assert!(Password::chosen(GOOD, &name).is_ok());
    assert!(!format!("{:?}", Password::typed(GOOD)).contains(GOOD));
}

/// By the work that is counted, not by a clock: no busy machine changes it.
#[test]
fn the_work_is_the_same_for_names_that_are_known_and_that_are_not() {
    let (_home, settings) = site();
    let bcrypt = bcrypt::hash(GOOD, 4).unwrap();
    let mut costs = Costs::default();
    let foreign = [
        Foreign::of_htpasswd(&bcrypt).unwrap(),
        Foreign::of_sha1("4096", "QSXCR+Q6sek8bf92", "6dlGYMOdZcOPutkcNY8U2g7vK9Y=").unwrap(),
    ];
    for it in &foreign {
        assert_eq!(Foreign::parse(&it.to_string()).as_ref(), Some(it));
        assert!(costs.add(it.cost()));
    }
    costs.save(&settings.dirs()).unwrap();
    account(&settings, "anna", |it| it.scram = Some(own(GOOD).into()));
    account(&settings, "disabled", |it| {
        it.scram = Some(own(GOOD).into());
        it.disabled = Some(it.created);
    });
    account(&settings, "bob", |it| {
        it.foreign = Some(foreign[0].to_string().into());
    });
    account(&settings, "carol", |it| {
        it.foreign = Some(foreign[1].to_string().into());
    });
    account(&settings, "weak", |it| {
        let (stored, server) = scram::tests_keys(GOOD, "c2FsdA==", 4096);
        it.scram = Some(format!("SCRAM-SHA-256$4096:c2FsdA==${stored}:{server}").into());
    });
    account(&settings, "without", |_| {});
    let mut seen = Vec::new();
    for name in [
        "anna", "disabled", "bob", "carol", "weak", "without", "nobody", "a/b", "",
    ] {
        for password in ["wrong password", GOOD] {
            let mut work = Work::default();
            let done = log_in(&settings, name, password, "192.0.2.7", &mut work);
            let knows = password == GOOD && ["anna", "bob", "weak"].contains(&name);
            assert_eq!(done.is_ok(), knows, "{name}: {done:?}");
            seen.push((name, work));
        }
    }
    let all = Work {
        sha256: ITERATIONS.into(),
        sha1: 4096,
        bcrypt: 16,
    };
    assert!(seen.iter().all(|(_, work)| *work == all), "{seen:?}");
    // What came from elsewhere has been replaced; SHA-1's vector of RFC 5802 is pencil.
    let bob = accounts::find(&settings.dirs().accounts, &nick("bob"))
        .unwrap()
        .unwrap();
    assert!(bob.foreign.is_none() && bob.scram.unwrap().contains("600000"));
    let pencil = log_in(
        &settings,
        "carol",
        "pencil",
        "192.0.2.8",
        &mut Work::default(),
    );
    assert!(pencil.is_ok(), "{pencil:?}");
    Costs::tidy(&settings.dirs()).unwrap();
    assert_eq!(
        Costs::load(&settings.dirs().accounts).unwrap(),
        Costs::default()
    );
}

#[test]
fn ten_thousand_guesses_are_a_few() {
    let (_home, settings) = site();
    account(&settings, "anna", |it| it.scram = Some(own(GOOD).into()));
    let mut work = Work::default();
    let mut refused = 0;
    for guess in 0..10_000 {
        // From many networks, as a botnet would.
        let address = format!("2001:db8:{:x}::{guess:x}", guess % 500);
        match log_in(
            &settings,
            "ANNA",
            &format!("guess {guess}"),
            &address,
            &mut work,
        ) {
            Err(LoginError::TooMany(wait)) => {
                assert!(wait <= Duration::from_secs(60), "{wait:?}");
                refused += 1;
            }
            Err(LoginError::Wrong) => {}
            other => panic!("{other:?}"),
        }
    }
    let compared = work.sha256 / u64::from(ITERATIONS);
    assert_eq!(refused + compared, 10_000);
    // Ten, and one for each minute that this test takes on a busy machine.
    assert!(
        (10..40).contains(&compared),
        "{compared} guesses were compared"
    );
    // Others log in meanwhile, and whoever knows the password is not counted.
    account(&settings, "bob", |it| it.scram = Some(own(GOOD).into()));
    for _ in 0..25 {
        log_in(&settings, "bob", GOOD, "198.51.100.1", &mut Work::default()).expect("in");
    }
}
