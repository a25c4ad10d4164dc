use super::*;
use crate::name::Nick;
use crate::people::kept;
use crate::people::message::Sender;
use crate::people::presence::{self, About, Entered, Leave, Newcomer};

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
    fn enter_as(&self, nick: &Nick, person: PersonId, grace: Duration) -> Entered {
        let about = About {
            person: Some(person),
            ..About::default()
        };
        let newcomer = Newcomer {
            nick,
            color: "red",
            about: &about,
            grace,
        };
        presence::claim(&self.dirs, &self.room, newcomer, 10).unwrap()
    }

    /// Bob, on one more connection.
    fn enter(&self) -> Entered {
        self.enter_as(&self.bob, bob(), Duration::ZERO)
    }

    fn open(&self, of: &Entered) -> Inbox {
        Inbox::open(&self.dirs, &self.room, &bob(), of.claim.slot()).unwrap()
    }

    fn kept(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let mut take = |received: &Received<'_>| match &received.message {
            Message::Whisper { text, .. } => texts.push(text.to_string()),
            other => panic!("{other:?}"),
        };
        kept::since(&self.dirs, &self.room, &bob(), RecordId::ZERO, &mut take).unwrap();
        texts
    }

    fn send(&self, text: &str) -> Result<RecordId, SendError> {
        send(
            &self.dirs,
            &self.room,
            &self.bob,
            Sender::new("alice"),
            &Message::whisper(text),
        )
    }
}

fn bob() -> PersonId {
    PersonId::of_page("bob's page")
}

fn read(inbox: &mut Inbox) -> Vec<String> {
    let mut texts = Vec::new();
    while inbox
        .read(10_000, &mut |received| match &received.message {
            Message::Whisper { text, .. } => texts.push(text.to_string()),
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
    let bob = home.enter();
    let mut inbox = home.open(&bob);
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
    let bob = home.enter();
    let mut inbox = home.open(&bob);
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
    let bob = home.enter();
    let inbox = home.open(&bob);
    home.send("for the old one").unwrap();
    // As kill -9 leaves it: the files stay, the descriptors are gone.
    let (path, bell_path) = (inbox.path.clone(), inbox.bell_path.clone());
    let aside = home.dirs.run.join("aside");
    std::fs::rename(&bell_path, &aside).unwrap();
    drop(inbox);
    std::fs::rename(&aside, &bell_path).unwrap();
    assert!(path.exists() && bell_path.exists());
    assert!(matches!(home.send("x"), Err(SendError::NotHere)));
    let mut inbox = home.open(&bob);
    assert_eq!(read(&mut inbox), Vec::<String>::new());
    home.send("for the new one").unwrap();
    assert_eq!(read(&mut inbox), ["for the new one"]);
    drop(inbox);
    assert!(!path.exists() && !bell_path.exists());
}

#[test]
fn an_inbox_is_there_from_the_first_message_on_and_goes_with_its_bell() {
    let home = home();
    let bob = home.enter();
    let inbox = home.open(&bob);
    let (path, bell_path) = (inbox.path.clone(), inbox.bell_path.clone());
    assert!(bell_path.exists() && !path.exists());
    // Just leaving.
    std::fs::remove_file(&bell_path).unwrap();
    assert!(matches!(home.send("x"), Err(SendError::NotHere)));
    assert!(!path.exists());
    drop(inbox);
    // One that is killed, on the third connection, and the two others went in peace.
    let others = [home.enter(), home.enter()];
    let inboxes: Vec<_> = others.iter().map(|it| home.open(it)).collect();
    home.send("x").unwrap();
    let left = [
        home.dirs.inbox(&home.room, &self::bob(), 2),
        home.dirs.inbox_bell(&home.room, &self::bob(), 2),
    ];
    assert!(left.iter().all(|path| path.exists()));
    let [second, third] = others;
    drop(second.claim.leave(Duration::ZERO).unwrap());
    drop(bob.claim.leave(Duration::ZERO).unwrap());
    std::mem::forget(inboxes);
    // Its lock goes with the process.
    crate::fs::slots::release(third.claim.file()).unwrap();
    std::mem::forget(third);
    let swept = presence::sweep(&home.dirs, &home.room).unwrap();
    assert_eq!(swept.stale.len(), 1);
    assert_eq!(swept.stale[0].nick, home.bob);
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn all_connections_of_a_person_get_it_and_nobody_else() {
    let home = home();
    let carol = Nick::parse("carol").unwrap();
    let other = home.enter_as(&carol, PersonId::of_page("carol"), Duration::ZERO);
    let mut of_other = Inbox::open(&home.dirs, &home.room, &PersonId::of_page("carol"), 0).unwrap();
    let (first, second, third) = (home.enter(), home.enter(), home.enter());
    let mut inboxes = [&first, &second, &third].map(|it| home.open(it));
    home.send("psst").unwrap();
    for inbox in &mut inboxes {
        assert_eq!(read(inbox), ["psst"]);
    }
    // To a person, whatever they are called; and to one's own other connections.
    let alice = Sender::new("alice");
    let whisper = Message::whisper("again");
    let (_, name) = send_to(&home.dirs, &home.room, &bob(), alice, &whisper).unwrap();
    assert_eq!(name, home.bob);
    let own = Message::whisper("own");
    assert!(send_own(&home.dirs, &home.room, &second.claim, alice, &own).unwrap());
    let [first, second, third] = inboxes.each_mut().map(read);
    assert_eq!(
        (first, second, third),
        (
            vec!["again".to_owned(), "own".to_owned()],
            vec!["again".to_owned()],
            vec!["again".to_owned(), "own".to_owned()],
        )
    );
    assert_eq!(read(&mut of_other), Vec::<String>::new());
    assert!(!send_own(&home.dirs, &home.room, &other.claim, alice, &own).unwrap());
}

#[test]
fn one_connection_that_stands_still_keeps_nothing_from_the_others() {
    let home = home();
    let (first, second) = (home.enter(), home.enter());
    let (_still, mut inbox) = (home.open(&first), home.open(&second));
    let text = "x".repeat(64 * 1024);
    for _ in 0..100 {
        home.send(&text).unwrap();
        assert_eq!(read(&mut inbox).len(), 1);
    }
}

#[test]
fn what_is_whispered_to_who_is_away_is_kept_until_they_are_back() {
    let home = home();
    let grace = Duration::from_secs(250);
    let first = home.enter_as(&home.bob, bob(), grace);
    let inbox = home.open(&first);
    home.send("read").unwrap();
    drop(inbox);
    assert!(matches!(first.claim.leave(grace).unwrap(), Leave::Awaited));
    home.send("while away").unwrap();
    let signal = Message::Signal("{}".into());
    let alice = Sender::new("alice");
    let refused = send(&home.dirs, &home.room, &home.bob, alice, &signal);
    assert!(matches!(refused, Err(SendError::Away)));
    // What they have heard is on no disk.
    assert_eq!(home.kept(), ["while away"]);
    let back = home.enter();
    assert_eq!(home.kept(), ["while away"]);
    assert!(matches!(
        back.claim.leave(Duration::ZERO).unwrap(),
        Leave::Last(_)
    ));
    assert_eq!(home.kept(), Vec::<String>::new());
}

#[test]
fn what_was_taken_away_is_made_again() {
    let home = home();
    let bob = home.enter();
    let mut inbox = home.open(&bob);
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
    let bob = home.enter();
    let mut inbox = home.open(&bob);
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
