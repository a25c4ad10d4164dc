use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::record::RecordId;
use proptest::prelude::*;

struct Home {
    dirs: Dirs,
    dir: tempfile::TempDir,
}

fn home() -> Home {
    let dir = tempfile::tempdir().expect("a directory");
    let dirs = Dirs::under(dir.path());
    dirs.create().expect("directories");
    Home { dirs, dir }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).expect("a nick")
}

fn named(dirs: &Dirs, account: &str, name: Option<&str>) -> Result<(Profile, bool), ProfileError> {
    change(dirs, account, &mut |profile| {
        profile.name = name.map(nick);
    })
}

#[test]
fn a_profile_is_what_was_kept_and_for_the_user_alone() {
    let Home { dirs, .. } = home();
    assert!(!is_any(&dirs) && of_account(&dirs, "anna").expect("read").is_none());
    let status = Status::new("\u{1f334}", "back  on Monday", Some(RecordId::MAX));
    let (kept, changed) = change(&dirs, "anna", &mut |profile| {
        profile.name = Some(nick("Anna-N"));
        profile.color = Some("#aa0000".into());
        profile.status.clone_from(&status);
        profile.public = Some(r#"{"title":"Editor"}"#.into());
    })
    .expect("changed");
    assert!(changed);
    assert_eq!(of_account(&dirs, "anna").expect("read"), Some(kept));
    let person = number_of("anna").expect("a number");
    for (path, mode) in [
        (path(&dirs, &person), 0o600),
        (dirs.profiles.clone(), 0o700),
    ] {
        let found = std::fs::metadata(&path).expect("there").permissions();
        assert_eq!(found.mode() & 0o777, mode, "{}", path.display());
    }
    let (_, changed) = change(&dirs, "anna", &mut |_| {}).expect("read");
    assert!(!changed);
}

#[test]
fn a_name_is_one_accounts_and_free_again_when_it_is_given_up() {
    let Home { dirs, .. } = home();
    names::keep(&dirs, &nick("bob"), "bob").expect("kept");
    for taken in ["bob", "Bob", "b\u{43e}b"] {
        let refused = named(&dirs, "anna", Some(taken));
        assert!(matches!(refused, Err(ProfileError::Taken(_))), "{taken}");
    }
    let (profile, _) = named(&dirs, "anna", Some("Nan")).expect("named");
    assert!(has_name(&dirs, &profile));
    assert!(named(&dirs, "eve", Some("NAN")).is_err());
    named(&dirs, "anna", Some("Nana")).expect("named");
    let (eve, _) = named(&dirs, "eve", Some("NAN")).expect("it is free");
    assert!(has_name(&dirs, &eve));
    // One's own name in other letters is one's own, and stays kept.
    names::keep(&dirs, &nick("anna"), "anna").expect("kept");
    named(&dirs, "anna", Some("ANNA")).expect("named");
    named(&dirs, "anna", None).expect("unnamed");
    assert!(names::has(&dirs, &nick("anna")) && !names::has(&dirs, &nick("nana")));
}

#[test]
fn who_comes_with_the_name_as_an_account_has_it() {
    let Home { dirs, .. } = home();
    let (anna, _) = named(&dirs, "anna", Some("bob")).expect("nobody knows bob yet");
    assert!(has_name(&dirs, &anna));
    assert!(names::keep(&dirs, &nick("bob"), "bob").expect("kept"));
    assert!(!has_name(&dirs, &anna));
    // What she gives up is not hers.
    named(&dirs, "anna", None).expect("unnamed");
    assert_eq!(
        names::owner(&dirs, &nick("bob")).expect("read").as_deref(),
        Some("bob")
    );
}

#[test]
fn an_account_of_the_chats_own_keeps_its_name() {
    let Home { dirs, .. } = home();
    let kind = crate::accounts::AccountKind::Person;
    let account = crate::accounts::Account::new(nick("carol"), kind);
    crate::accounts::create(&dirs, &account).expect("made");
    std::fs::remove_dir_all(&dirs.names).expect("names are lost");
    assert!(named(&dirs, "anna", Some("Carol")).is_err());
    named(&dirs, "carol", Some("Carol")).expect("her own");
}

#[test]
fn a_picture_is_given_to_who_knows_its_number() {
    let Home { dirs, .. } = home();
    let person = number_of("anna").expect("a number");
    let first = set_avatar(&dirs, "anna", b"one").expect("kept");
    let id = first.avatar.expect("an avatar");
    assert_eq!(
        avatar(&dirs, &person, &id).expect("read").as_deref(),
        Some(&b"one"[..])
    );
    let second = set_avatar(&dirs, "anna", b"two").expect("kept");
    let other = second.avatar.expect("an avatar");
    assert_ne!(id, other);
    assert_eq!(avatar(&dirs, &person, &id).expect("read"), None);
    assert_eq!(
        avatar(&dirs, &person, &other).expect("read").as_deref(),
        Some(&b"two"[..])
    );
    change(&dirs, "anna", &mut |profile| profile.avatar = None).expect("changed");
    assert_eq!(avatar(&dirs, &person, &other).expect("read"), None);
    assert!(set_avatar(&dirs, "anna", &vec![0; MAX_AVATAR_BYTES + 1]).is_err());
}

#[test]
fn what_is_forgotten_is_in_no_file() {
    let Home { dirs, dir } = home();
    set_avatar(&dirs, "anna", b"PICTURE").expect("kept");
    change(&dirs, "anna", &mut |profile| {
        profile.name = Some(nick("Nan"));
        profile.status = Status::new("", "at the lake", None);
    })
    .expect("changed");
    assert_eq!(forget(&dirs, "anna").expect("forgotten"), 2);
    assert_eq!(forget(&dirs, "anna").expect("nothing"), 0);
    // Of somebody who was stopped at setting one.
    let picture = avatar::path(&dirs, &number_of("anna").expect("a number"));
    std::fs::write(order::unfinished(&picture), "PIC").expect("written");
    std::fs::write(&picture, "PICTURE").expect("written");
    assert_eq!(forget(&dirs, "anna").expect("forgotten"), 2);
    let mut left: Vec<_> = std::fs::read_dir(&dirs.profiles).expect("there").collect();
    assert_eq!(left.remove(0).expect("an entry").file_name(), LOCK);
    assert!(left.is_empty() && !names::has(&dirs, &nick("Nan")));
    drop(dir);
}

#[test]
fn a_status_is_short_and_over_in_time() {
    assert!(Status::new("", "", None).is_none() && Status::new("x", "a", None).is_none());
    let long = "a".repeat(MAX_STATUS_CHARS + 1);
    assert!(Status::new("", &long, None).is_none());
    let status = Status::new("", "one\ntwo\u{202e}", None).expect("a status");
    assert_eq!(&*status.text, "one two");
    let mut profile = Profile::of("anna");
    profile.status = Status::new("", "a", Some(RecordId::from_micros(1)));
    assert!(profile.status_now().is_none());
    profile.status = Status::new("", "a", Some(RecordId::MAX));
    assert!(profile.status_now().is_some());
}

#[test]
fn what_a_newer_version_wrote_stays() {
    let text = b"account=anna\nfrobs=7\navatar=../../etc/passwd\nname=\n";
    let profile = Profile::parse(text).expect("a profile");
    assert_eq!(profile.text(), b"account=anna\nfrobs=7\n");
    assert!(Profile::parse(b"name=anna\n").is_none() && Profile::parse(b"").is_none());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        account in "\\PC{1,40}", emoji in "(\u{1f600})?", text in "\\PC{0,100}", color in "\\PC{0,20}",
    ) {
        let mut profile = Profile::of(&crate::record::clean(&account));
        prop_assume!(!profile.account.is_empty());
        profile.color = Some(crate::record::clean(&color).into());
        profile.status = Status::new(&emoji, &text, None);
        prop_assert_eq!(Profile::parse(&profile.text()), Some(profile));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Profile::parse(&bytes);
    }
}
