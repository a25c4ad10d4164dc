use super::*;

struct Home {
    _dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
    bob: Nick,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    Home {
        _dir: dir,
        dirs,
        room: RoomName::lobby(),
        bob: Nick::parse("bob").unwrap(),
    }
}

impl Home {
    fn open(&self) -> Inbox {
        Inbox::open(&self.dirs, &self.room, &self.bob).unwrap()
    }

    fn send(&self, text: &str) -> Result<RecordId, SendError> {
        send(
            &self.dirs,
            &self.room,
            &self.bob,
            Sender::new("alice"),
            &Message::Whisper(text.into()),
        )
    }
}

fn read(inbox: &mut Inbox) -> Vec<String> {
    let mut texts = Vec::new();
    while inbox
        .read(10_000, &mut |received| match &received.message {
            Message::Whisper(text) => texts.push(text.to_string()),
            Message::Kick(_) => {}
            other => panic!("{other:?}"),
        })
        .unwrap()
        == Progress::More
    {}
    texts
}

#[test]
fn a_burst_for_a_slow_reader_is_kept_whole() {
    let home = home();
    let mut inbox = home.open();
    let texts: Vec<String> = (0..200)
        .map(|n| format!("{n} {}", "x".repeat(16 * 1024)))
        .collect();
    for text in &texts {
        home.send(text).unwrap();
    }
    assert_eq!(read(&mut inbox), texts);
    assert_eq!(std::fs::metadata(&inbox.path).unwrap().len(), 0);
    home.send("again").unwrap();
    assert_eq!(read(&mut inbox), ["again"]);
}

#[test]
fn a_full_inbox_is_told_and_nothing_is_cut() {
    let home = home();
    let mut inbox = home.open();
    let text = "x".repeat(64 * 1024);
    let mut sent = 0;
    let error = loop {
        match home.send(&text) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SendError::Full), "{error}");
    // Whoever stands still is thrown out all the same.
    let kick = Message::Kick("".into());
    let boss = Sender::new("boss");
    send(&home.dirs, &home.room, &home.bob, boss, &kick).unwrap();
    assert!(sent >= 60);
    assert_eq!(read(&mut inbox).len(), sent);
    home.send("x").unwrap();
}

#[test]
fn a_dead_owner_is_not_here_and_a_new_one_reads_nothing_of_theirs() {
    let home = home();
    assert!(matches!(home.send("x"), Err(SendError::NotHere)));
    let mut inbox = home.open();
    home.send("for the old one").unwrap();
    // As kill -9 leaves it: the files stay, the descriptors are gone.
    let (path, bell_path) = (inbox.path.clone(), inbox.bell_path.clone());
    inbox.path = PathBuf::from("/nonexistent/inbox");
    drop(inbox);
    assert!(path.exists() && bell_path.exists());
    assert!(matches!(home.send("x"), Err(SendError::NotHere)));
    let mut inbox = home.open();
    assert_eq!(read(&mut inbox), Vec::<String>::new());
    home.send("for the new one").unwrap();
    assert_eq!(read(&mut inbox), ["for the new one"]);
    drop(inbox);
    assert!(!path.exists() && !bell_path.exists());
}

#[test]
fn an_inbox_follows_its_owner() {
    let home = home();
    let mut inbox = home.open();
    home.send("before").unwrap();
    let robert = Nick::parse("robert").unwrap();
    inbox.rename(&home.dirs, &home.room, &robert).unwrap();
    assert!(matches!(home.send("x"), Err(SendError::NotHere)));
    let message = Message::Whisper("after".into());
    send(
        &home.dirs,
        &home.room,
        &robert,
        Sender::new("alice"),
        &message,
    )
    .unwrap();
    assert_eq!(read(&mut inbox), ["before", "after"]);
    assert!(!inbox.reopen_if_replaced().unwrap());
}

#[test]
fn what_was_taken_away_is_made_again() {
    let home = home();
    let mut inbox = home.open();
    std::fs::remove_dir_all(&home.dirs.run).unwrap();
    assert!(inbox.reopen_if_replaced().is_err());
    home.dirs.create().unwrap();
    assert!(inbox.reopen_if_replaced().unwrap());
    home.send("x").unwrap();
    assert_eq!(read(&mut inbox), ["x"]);
}

#[test]
fn no_line_can_be_too_long_to_read() {
    let home = home();
    let mut inbox = home.open();
    assert!(matches!(
        home.send(&"x".repeat(MAX_LINE)),
        Err(SendError::TooLong)
    ));
    std::fs::write(
        &inbox.path,
        [vec![b'y'; 3 * MAX_LINE], b"\n".to_vec()].concat(),
    )
    .unwrap();
    home.send("after").unwrap();
    assert_eq!(read(&mut inbox), ["after"]);
}
