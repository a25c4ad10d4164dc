use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};

const ID: &str = "abcdefghijklmnopqrstuv";

fn settings(dir: &Path) -> Identity {
    let text = format!(
        "[global]\nBASE_DIR={}\nSESSION_SAVE_PATH={}\nSESSION_ADMIN_PATH=user.admin\n",
        dir.display(),
        dir.display()
    );
    crate::settings::Settings::parse(&text, Path::new("/x.ini"))
        .expect("settings")
        .identity
}

fn session(bytes: &[u8]) -> (tempfile::TempDir, Identity, SessionId) {
    let dir = tempfile::tempdir().expect("a directory");
    let id = SessionId::parse(ID.as_bytes()).expect("an id");
    std::fs::write(id.path(dir.path(), 0), bytes).expect("written");
    let identity = settings(dir.path());
    (dir, identity, id)
}

#[test]
fn an_id_is_an_id_and_nothing_else() {
    for bad in [
        &b"short"[..],
        b"../../../../etc/passwd",
        b"abcdefghijklmnopqrstu/",
        b"abcdefghijklmnopqrstu\0",
        b"abcdefghijklmnopqrst..",
        &[b'a'; 257],
        &[b'a'; 10_000],
        "ábcdefghijklmnopqrstuvw".as_bytes(),
        b"",
    ] {
        assert_eq!(
            SessionId::parse(bad),
            None,
            "{}",
            String::from_utf8_lossy(bad)
        );
    }
    let id = SessionId::parse(b"ab,-efghijklmnopqrstuv").expect("an id");
    assert_eq!(
        id.path(Path::new("/s"), 3),
        Path::new("/s/a/b/,/sess_ab,-efghijklmnopqrstuv")
    );
}

#[test]
fn the_owner_is_read_with_color_and_flag() {
    let (_dir, identity, id) =
        session(b"username|s:5:\"alice\";color|s:3:\"red\";user|a:1:{s:5:\"admin\";b:1;}");
    let owner = read_owner(&identity, &id).expect("an owner");
    assert_eq!(
        owner,
        Owner {
            account: Some("alice".into()),
            name: "alice".into(),
            color: Some("red".into()),
            moderator: true,
            generation: None,
        }
    );
}

#[test]
fn a_flag_that_says_no_is_no() {
    for flag in [
        "b:0;",
        "i:0;",
        "s:0:\"\";",
        "s:1:\"0\";",
        "s:2:\"no\";",
        "N;",
        "a:0:{}",
    ] {
        let bytes = format!("username|s:1:\"a\";user|a:1:{{s:5:\"admin\";{flag}}}");
        assert!(
            !owner(bytes.as_bytes(), &settings(Path::new("/x")))
                .expect("an owner")
                .moderator,
            "{flag}"
        );
    }
}

#[test]
fn links_and_other_kinds_of_files_are_refused() {
    let (dir, identity, id) = session(b"username|s:5:\"alice\";");
    let path = id.path(dir.path(), 0);
    std::fs::rename(&path, dir.path().join("target")).unwrap();
    symlink(dir.path().join("target"), &path).unwrap();
    assert!(read_owner(&identity, &id).is_err());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(read_owner(&identity, &id).unwrap_err().contains("regular"));
    std::fs::remove_dir(&path).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    assert!(read_owner(&identity, &id).unwrap_err().contains("regular"));
}

#[test]
fn an_old_or_huge_session_does_not_count() {
    let (dir, identity, id) = session(b"username|s:5:\"alice\";");
    let file = File::options()
        .write(true)
        .open(id.path(dir.path(), 0))
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1500))
        .unwrap();
    assert!(read_owner(&identity, &id).unwrap_err().contains("expired"));
    file.set_modified(SystemTime::now()).unwrap();
    assert!(read_owner(&identity, &id).is_ok());
    file.set_len(MAX_SESSION_BYTES + 1).unwrap();
    assert!(read_owner(&identity, &id).unwrap_err().contains("larger"));
}

#[test]
fn a_locked_session_is_not_waited_for_for_ever() {
    let (dir, identity, id) = session(b"username|s:5:\"alice\";");
    let held = File::open(id.path(dir.path(), 0)).unwrap();
    rustix::fs::flock(&held, FlockOperation::LockExclusive).unwrap();
    assert!(read_owner(&identity, &id).unwrap_err().contains("in use"));
    drop(held);
    assert!(read_owner(&identity, &id).is_ok());
}

#[test]
fn our_own_sessions_are_private_changed_in_place_and_gone() {
    let dir = tempfile::tempdir().unwrap();
    let identity = settings(dir.path());
    let id = write::create(
        dir.path(),
        0,
        &[("username", "Žofie|s:1:\"x\";"), ("other", "kept")],
    )
    .unwrap();
    assert_ne!(id, write::create(dir.path(), 0, &[]).unwrap());
    let path = id.path(dir.path(), 0);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(read_owner(&identity, &id).unwrap().name, "Žofie|s:1:\"x\";");
    write::set(
        dir.path(),
        0,
        Serializer::Auto,
        &id,
        &[("username", "bob"), ("color", "#aa0000")],
    )
    .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        "username|s:3:\"bob\";other|s:4:\"kept\";color|s:7:\"#aa0000\";"
    );
    write::touch(dir.path(), 0, &id).unwrap();
    write::destroy(dir.path(), 0, &id).unwrap();
    write::destroy(dir.path(), 0, &id).unwrap();
    assert!(read_owner(&identity, &id).is_err());
}
