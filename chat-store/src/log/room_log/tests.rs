use super::*;
use crate::record::{Kind, Record};
use std::fs;
use std::os::unix::fs::PermissionsExt;

struct Home {
    dir: tempfile::TempDir,
    live: PathBuf,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("rooms/lobby.log");
    fs::create_dir(dir.path().join("rooms")).unwrap();
    Home { dir, live }
}

impl Home {
    fn open(&self) -> RoomLog {
        RoomLog::at(self.live.clone())
    }

    fn rotated(&self, number: u32) -> PathBuf {
        file::suffixed(&self.live, &format!(".{number}"))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.live).unwrap()
    }
}

fn say(text: &str) -> Draft<'_> {
    Draft::new(Kind::Say, "alice", text)
}

fn texts(path: &Path) -> Vec<String> {
    fs::read(path)
        .unwrap()
        .split_inclusive(|&byte| byte == b'\n')
        .filter_map(Record::parse)
        .map(|record| record.text.into_owned())
        .collect()
}

#[test]
fn a_record_is_one_line_of_a_private_file() {
    let home = home();
    let mut log = home.open();
    let one = log.append(&say("one")).unwrap();
    let two = log.append(&say("two")).unwrap();
    assert!(one < two);
    assert_eq!(
        home.text(),
        format!("{one}\tsay\talice\t\tone\n{two}\tsay\talice\t\ttwo\n")
    );
    assert_eq!(
        fs::metadata(&home.live).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn what_is_personal_is_refused() {
    let home = home();
    for &kind in Kind::ALL.iter().filter(|kind| kind.is_personal()) {
        let refused = home.open().append(&Draft::new(kind, "alice", "secret"));
        assert!(matches!(refused, Err(AppendError::Personal)));
    }
    assert!(!home.live.exists());
}

#[test]
fn ids_increase_when_the_clock_steps_back() {
    let home = home();
    let future = RecordId::from_micros(RecordId::now().as_micros() + 3_600_000_000);
    fs::write(&home.live, format!("{future}\tsay\tbob\t\tx\n")).unwrap();
    assert_eq!(home.open().append(&say("y")).unwrap(), future.next());
    let mut log = home.open();
    assert_eq!(log.append(&say("z")).unwrap(), future.next().next());
    // A new file after a rotation knows the old one's last id.
    fs::rename(&home.live, home.rotated(1)).unwrap();
    fs::write(&home.live, "").unwrap();
    assert_eq!(
        home.open().append(&say("w")).unwrap(),
        future.next().next().next()
    );
    assert!(log.append(&say("v")).unwrap() > future.next().next().next());
    // And after a copytruncate.
    fs::copy(&home.live, home.rotated(1)).unwrap();
    fs::write(&home.live, "").unwrap();
    assert!(home.open().append(&say("u")).unwrap().as_micros() > future.as_micros() + 4);
}

#[test]
fn ids_increase_after_a_line_without_one() {
    let home = home();
    let future = RecordId::from_micros(RecordId::now().as_micros() + 3_600_000_000);
    fs::write(
        &home.live,
        format!("{future}\tsay\tbob\t\tx\n[10:00:00] old> form\n"),
    )
    .unwrap();
    assert_eq!(home.open().append(&say("y")).unwrap(), future.next());
}

#[test]
fn a_torn_line_of_ours_is_cut_off() {
    let home = home();
    let mut log = home.open();
    log.append(&say("one")).unwrap();
    let whole = home.text();
    for torn in [
        "2026-11-21T1",
        "2026-11-21T10:15:30.123456Z\tsay\tbob\t\thal",
        "\0\0\0\0",
    ] {
        fs::write(&home.live, format!("{whole}{torn}")).unwrap();
        log.append(&say("two")).unwrap();
        assert_eq!(texts(&home.live), ["one", "two"]);
        assert_eq!(home.text().lines().count(), 2);
    }
}

#[test]
fn a_torn_line_of_another_program_is_closed() {
    let home = home();
    fs::write(&home.live, "something else").unwrap();
    let id = home.open().append(&say("two")).unwrap();
    assert_eq!(
        home.text(),
        format!("something else\n{id}\tsay\talice\t\ttwo\n")
    );
}

#[test]
fn a_log_that_was_renamed_away_is_written_until_there_is_a_new_one() {
    let home = home();
    let mut log = home.open();
    log.append(&say("one")).unwrap();
    fs::rename(&home.live, home.rotated(1)).unwrap();
    // As logrotate does: a writer that made the file now would be in its way.
    log.append(&say("late")).unwrap();
    assert!(!home.live.exists());
    fs::write(&home.live, "").unwrap();
    log.append(&say("new")).unwrap();
    assert_eq!(texts(&home.rotated(1)), ["one", "late"]);
    assert_eq!(texts(&home.live), ["new"]);
    // Nobody makes a new one: after the grace a writer does.
    fs::rename(&home.live, home.rotated(2)).unwrap();
    log.missing_since = Instant::now().checked_sub(RENAMED_GRACE);
    log.append(&say("made")).unwrap();
    assert_eq!(texts(&home.live), ["made"]);
}

#[test]
fn a_newcomer_between_rename_and_create_waits() {
    let home = home();
    home.open().append(&say("one")).unwrap();
    fs::rename(&home.live, home.rotated(1)).unwrap();
    let began = Instant::now();
    home.open().append(&say("two")).unwrap();
    assert!(began.elapsed() >= CREATE_GRACE);
    assert_eq!(texts(&home.live), ["two"]);
}

#[test]
fn a_deleted_log_is_made_again_at_once() {
    let home = home();
    let mut log = home.open();
    log.append(&say("one")).unwrap();
    fs::remove_file(&home.live).unwrap();
    log.append(&say("two")).unwrap();
    assert_eq!(texts(&home.live), ["two"]);
}

#[test]
fn a_missing_directory_is_told_and_may_come_back() {
    let home = home();
    let mut log = home.open();
    log.append(&say("one")).unwrap();
    fs::remove_dir_all(home.dir.path().join("rooms")).unwrap();
    let error = log.append(&say("lost")).unwrap_err();
    assert_eq!(error.code(), "no-directory");
    assert!(error.to_string().starts_with("not saved: "), "{error}");
    assert_eq!(
        home.open().append(&say("lost")).unwrap_err().code(),
        "no-directory"
    );
    fs::create_dir(home.dir.path().join("rooms")).unwrap();
    log.append(&say("back")).unwrap();
    assert_eq!(texts(&home.live), ["back"]);
}

#[test]
fn what_is_no_file_is_refused() {
    let home = home();
    fs::create_dir(&home.live).unwrap();
    assert_eq!(home.open().append(&say("x")).unwrap_err().code(), "denied");
    fs::remove_dir(&home.live).unwrap();
    std::os::unix::fs::symlink("/dev/null", &home.live).unwrap();
    assert_eq!(home.open().append(&say("x")).unwrap_err().code(), "denied");
}

#[test]
fn a_held_lock_is_not_waited_for_for_ever() {
    let home = home();
    let mut log = home.open();
    log.append(&say("one")).unwrap();
    let holder = file::open_read(&home.live).unwrap().0;
    assert!(lock::try_hold(&holder, Share::Exclusive).unwrap());
    assert_eq!(log.append(&say("two")).unwrap_err().code(), "busy");
    drop(holder);
    log.append(&say("three")).unwrap();
    assert_eq!(texts(&home.live), ["one", "three"]);
}

#[test]
fn a_line_that_is_too_long_is_refused_whole() {
    let home = home();
    let mut log = home.open();
    assert_eq!(
        log.append(&say(&"x".repeat(MAX_LINE))).unwrap_err().code(),
        "too-long"
    );
    log.append(&say("y")).unwrap();
    assert_eq!(texts(&home.live), ["y"]);
}

#[test]
fn a_message_sent_again_is_stored_once() {
    let home = home();
    let mut log = home.open();
    let draft = Draft {
        msgid: Some("m;1"),
        ..say("hello")
    };
    let first = log.append(&draft).unwrap();
    for n in 0..3000 {
        log.append(&Draft {
            msgid: Some(&format!("other{n}")),
            ..say("noise")
        })
        .unwrap();
    }
    assert_eq!(log.append_once(&draft).unwrap(), Stored::Already(first));
    assert_eq!(
        home.open().append_once(&draft).unwrap(),
        Stored::Already(first)
    );
    for number in (1..=2).rev() {
        if number == 2 {
            fs::rename(&home.live, home.rotated(2)).unwrap();
        } else {
            fs::rename(home.rotated(2), home.rotated(1)).unwrap();
        }
        fs::write(&home.live, "").unwrap();
        assert_eq!(log.append_once(&draft).unwrap(), Stored::Already(first));
    }
}

#[test]
fn a_msgid_belongs_to_its_sender() {
    let home = home();
    let mut log = home.open();
    let alice = Draft {
        msgid: Some("1"),
        ..say("a")
    };
    log.append(&alice).unwrap();
    let bob = Draft {
        from: "bob",
        ..alice
    };
    assert!(matches!(log.append_once(&bob).unwrap(), Stored::New(_)));
    assert!(matches!(log.append_once(&bob).unwrap(), Stored::Already(_)));
    let account = Draft {
        account: Some("alice"),
        ..alice
    };
    assert!(matches!(log.append_once(&account).unwrap(), Stored::New(_)));
    // The same account under another nick, as after a reconnect.
    let again = Draft {
        from: "alice1",
        ..account
    };
    assert!(matches!(
        log.append_once(&again).unwrap(),
        Stored::Already(_)
    ));
    let fresh = Draft {
        msgid: Some("2"),
        ..account
    };
    assert!(matches!(log.append_once(&fresh).unwrap(), Stored::New(_)));
    assert!(matches!(
        log.append_once(&say("no msgid")).unwrap(),
        Stored::New(_)
    ));
    assert!(matches!(
        log.append_once(&say("no msgid")).unwrap(),
        Stored::New(_)
    ));
}

#[test]
fn a_redacted_text_is_gone_from_the_disk() {
    let home = home();
    let mut log = home.open();
    let secret = log.append(&say("my password is žluťoučký")).unwrap();
    let other = log.append(&say("other")).unwrap();
    let join = log.append(&Draft::new(Kind::Join, "bob", "")).unwrap();
    fs::rename(&home.live, home.rotated(1)).unwrap();
    fs::write(&home.live, "").unwrap();
    log.append(&say("new")).unwrap();
    let size = fs::metadata(home.rotated(1)).unwrap().len();
    log.redact(secret, "mod").unwrap();
    assert_eq!(fs::metadata(home.rotated(1)).unwrap().len(), size);
    let lines = fs::read(home.rotated(1)).unwrap();
    let records: Vec<_> = lines
        .split_inclusive(|&byte| byte == b'\n')
        .filter_map(Record::parse)
        .collect();
    assert!(records[0].is_redacted() && records[0].id == secret);
    assert_eq!((records[1].id, records[1].text.as_ref()), (other, "other"));
    assert_eq!(texts(&home.live), ["new".to_owned(), secret.to_string()]);
    assert!(matches!(log.redact(join, "mod"), Err(RedactError::NotText)));
    assert!(matches!(
        log.redact(secret.previous(), "mod"),
        Err(RedactError::NotFound)
    ));
    assert!(matches!(
        log.redact(RecordId::now(), "mod"),
        Err(RedactError::NotFound)
    ));
}

#[test]
fn threads_write_one_order() {
    let home = home();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let mut log = home.open();
            scope.spawn(move || {
                for n in 0..200 {
                    log.append(&say(&format!("{thread}:{n}"))).unwrap();
                }
            });
        }
    });
    let text = home.text();
    let ids: Vec<_> = text
        .lines()
        .map(|line| Record::id_of(line.as_bytes()).unwrap())
        .collect();
    assert_eq!(ids.len(), 1600);
    assert!(ids.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_message_of_the_senders_other_process_is_known_whenever_it_came() {
    let home = home();
    let (mut one, mut other) = (home.open(), home.open());
    let of = |msgid| Draft {
        msgid: Some(msgid),
        client: Some("token"),
        ..say("text")
    };
    for (round, msgid) in ["a", "b", "c"].into_iter().enumerate() {
        let id = other.append_once(&of(msgid)).unwrap().id();
        assert_eq!(
            one.append_once(&of(msgid)).unwrap(),
            Stored::Already(id),
            "{round}"
        );
        if round == 0 {
            // Rotated away between two messages.
            fs::rename(&home.live, home.rotated(1)).unwrap();
            fs::write(&home.live, "").unwrap();
        }
    }
    assert!(matches!(one.append_once(&of("d")).unwrap(), Stored::New(_)));
    let stranger = Draft {
        client: Some("another"),
        ..of("d")
    };
    assert!(matches!(
        one.append_once(&stranger).unwrap(),
        Stored::New(_)
    ));
    assert!(matches!(
        one.append_once(&of("a")).unwrap(),
        Stored::Already(_)
    ));
}

#[test]
fn a_message_is_stored_while_its_log_is_truncated_under_the_search() {
    let home = home();
    let mut log = home.open();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let text = "x".repeat(3_000);
            // Grows and is cut, by somebody who takes no lock.
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let mut other = home.open();
                for _ in 0..5 {
                    let _ = other.append(&say(&text));
                }
                fs::write(&home.live, "").unwrap();
            }
        });
        for number in 0..300 {
            let msgid = format!("m{number}");
            let draft = Draft {
                msgid: Some(&msgid),
                ..say("hello")
            };
            // A new sender each time, who looks through all of it.
            if number % 2 == 0 {
                log = home.open();
            }
            let stored = log.append_once(&draft);
            assert!(matches!(stored, Ok(Stored::New(_))), "{stored:?}");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn the_silence_before_a_record_is_known() {
    let home = home();
    let mut log = home.open();
    log.append(&say("first")).unwrap();
    // Whoever wrote it: the ids tell, and these follow each other however fast the clock is.
    let id = RecordId::from_micros(RecordId::now().as_micros() + 3_600_000_000);
    let mut line = Vec::new();
    say("from the future").write_to(id, &mut line);
    fs::write(&home.live, line).unwrap();
    assert_eq!(log.append(&say("next")).unwrap(), id.next());
    assert_eq!(log.silence(), Duration::from_micros(1));
    let old = RecordId::from_micros(RecordId::now().as_micros() - 3_600_000_000);
    let mut line = Vec::new();
    say("an hour ago").write_to(old, &mut line);
    fs::write(&home.live, line).unwrap();
    let mut other = home.open();
    other.append(&say("now")).unwrap();
    assert!(other.silence() >= Duration::from_secs(3600));
}

#[test]
fn a_record_that_stands_under_another_id_than_elsewhere_says_which() {
    let home = home();
    let mut log = home.open();
    let id = |micros| RecordId::from_micros(micros);
    assert_eq!(
        log.append_at(id(7_000_000), &say("a")).unwrap(),
        id(7_000_000)
    );
    assert_eq!(
        log.append_at(id(5_000_000), &say("b")).unwrap(),
        id(7_000_001)
    );
    let was = id(3_000_000).to_string();
    let again = Draft {
        extra: &[("was", Some(&was))],
        ..say("c")
    };
    assert_eq!(log.append_at(id(6_000_000), &again).unwrap(), id(7_000_002));
    let text = fs::read_to_string(&home.live).unwrap();
    let told: Vec<_> = text
        .lines()
        .map(|line| {
            let record = Record::parse(line.as_bytes()).unwrap();
            record.attr("was").map(std::borrow::Cow::into_owned)
        })
        .collect();
    assert_eq!(told, [None, Some(id(5_000_000).to_string()), Some(was)]);
    assert_eq!(text.matches("was=").count(), 2);
}
