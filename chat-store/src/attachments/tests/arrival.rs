//! Files that come from another machine.

use super::*;
use crate::attachments::{ArrivalError, Naming, Standing};
use crate::fs::lock::{self, Share};
use crate::log::delete;

impl Home {
    fn naming(&self, message: RecordId) -> Naming<'_> {
        Naming {
            dirs: &self.dirs,
            room: &self.room,
            message,
        }
    }

    /// Writes a message as another machine ordered it.
    fn apply(&self, file: &Attachment) -> RecordId {
        let value = named_key(file);
        let draft = Draft {
            extra: &[(attrs::FILE, Some(&value))],
            msgid: Some("m1"),
            ..Draft::new(Kind::Say, "anna", "look")
        };
        RoomLog::new(&self.dirs, &self.room).append(&draft).unwrap()
    }

    /// Gives all parts of `content`.
    fn receive(
        &self,
        about: &Attachment,
        content: &[u8],
        message: RecordId,
    ) -> Result<(), ArrivalError> {
        let mut arrival = self.shelf.expect(about.clone())?;
        while let Some(from) = arrival.next() {
            let rest = &content[usize::try_from(from).unwrap()..];
            arrival.add(&rest[..rest.len().min(3)])?;
        }
        arrival.keep(self.naming(message))
    }

    fn counted(&self) -> i64 {
        let size = |line: &str| line.split('\t').next()?.parse::<i64>().ok();
        ledger(self).lines().filter_map(size).sum()
    }
}

#[test]
fn a_file_of_another_machine_gets_its_place_with_its_message() {
    let (there, here) = (home(), home());
    let file = put(&there.shelf, "a;b%.png", b"some bytes");
    let message = here.apply(&file);
    let standing = |id| here.shelf.settle(here.naming(message), id).unwrap();
    assert_eq!(standing(&file.id), Standing::Lacking);
    here.receive(&file, b"some bytes", message).unwrap();
    assert_eq!(standing(&file.id), Standing::Here);
    let kept = here.shelf.find(&file.id).unwrap().unwrap();
    let wanted = Attachment {
        message: Some(message),
        msgid: Some("m1".to_owned()),
        ..file.clone()
    };
    assert_eq!(kept, wanted);
    assert_eq!(fs::read(here.shelf.content(&kept)).unwrap(), b"some bytes");
    assert_eq!(here.counted(), 10);
    // Where it was put it becomes the message's, too, and is counted once.
    let message = there.apply(&file);
    assert_eq!(
        there.shelf.settle(there.naming(message), &file.id).unwrap(),
        Standing::Here
    );
    let kept = there.shelf.find(&file.id).unwrap().unwrap();
    assert_eq!(kept.message, Some(message));
    assert_eq!(there.counted(), 10);
    // The same content under another id is not fetched again.
    let again = put(&there.shelf, "again.png", b"some bytes");
    let message = here.apply(&again);
    let arrival = here.shelf.expect(again.clone()).unwrap();
    assert_eq!(arrival.next(), None);
    arrival.keep(here.naming(message)).unwrap();
    assert_eq!(here.counted(), 20);
    assert_eq!(names(&here.shelf).len(), 3, "a content, two lines");
}

#[test]
fn what_is_not_what_it_should_be_leaves_nothing() {
    let (there, here) = (home(), home());
    let file = put(&there.shelf, "a.png", b"some bytes");
    let message = here.apply(&file);
    let wrong = |about: &Attachment, content: &[u8]| {
        let got = here.receive(about, content, message);
        assert!(matches!(got, Err(ArrivalError::Wrong)), "{got:?}");
        assert_eq!(names(&here.shelf), Vec::<String>::new());
    };
    wrong(&file, b"some bytez");
    wrong(&file, b"");
    for about in [
        Attachment {
            name: "b.png".to_owned(),
            ..file.clone()
        },
        Attachment {
            kind: "text/html".to_owned(),
            ..file.clone()
        },
        Attachment {
            owner: "x\tlobby\n+9".to_owned(),
            ..file.clone()
        },
        Attachment {
            pixels: None,
            ..file.clone()
        },
    ] {
        wrong(&about, b"some bytes");
    }
    let mut arrival = here.shelf.expect(file.clone()).unwrap();
    assert!(matches!(
        arrival.add(b"more bytes than it has"),
        Err(ArrivalError::Wrong)
    ));
    drop(arrival);
    here.receive(&file, b"some bytes", message).unwrap();
}

#[test]
fn a_file_whose_message_went_while_it_came_is_not_kept() {
    let (there, here) = (home(), home());
    let file = put(&there.shelf, "a.png", b"some bytes");
    let message = here.apply(&file);
    let mut arrival = here.shelf.expect(file.clone()).unwrap();
    arrival.add(b"some bytes").unwrap();
    let mut log = RoomLog::new(&here.dirs, &here.room);
    log.redact(message, "bob").unwrap();
    let kept = arrival.keep(here.naming(message));
    assert!(matches!(kept, Err(ArrivalError::Gone)), "{kept:?}");
    assert_eq!(names(&here.shelf), Vec::<String>::new());
    assert_eq!(
        here.shelf.settle(here.naming(message), &file.id).unwrap(),
        Standing::Gone
    );
    // With its room.
    let message = here.apply(&file);
    let mut arrival = here.shelf.expect(file).unwrap();
    arrival.add(b"some bytes").unwrap();
    delete::room(&here.dirs, &here.room).unwrap();
    let kept = arrival.keep(here.naming(message));
    assert!(matches!(kept, Err(ArrivalError::Gone)), "{kept:?}");
    assert!(!here.shelf.exists());
}

#[test]
fn what_was_here_already_and_goes_before_the_file_is_kept_is_not_made_of_nothing() {
    let (there, here) = (home(), home());
    let [first, second] = ["a.png", "b.png"].map(|name| put(&there.shelf, name, b"some bytes"));
    let earlier = here.apply(&first);
    here.receive(&first, b"some bytes", earlier).unwrap();
    let message = here.apply(&second);
    let arrival = here.shelf.expect(second.clone()).unwrap();
    assert_eq!(arrival.next(), None);
    // Others have the lock, and take back the message that had it.
    let held = here.shelf.lock_file().unwrap().unwrap();
    assert!(lock::try_hold(&held, Share::Exclusive).unwrap());
    let kept = std::thread::scope(|scope| {
        #[expect(clippy::disallowed_methods, reason = "both sides of a lock")]
        let keeper = scope.spawn(|| arrival.keep(here.naming(message)));
        while !lock::is_waited_for(&held).unwrap() {
            assert!(!keeper.is_finished(), "it waits for the lock");
            std::thread::yield_now();
        }
        here.shelf.delete_now(&|file| file.id == first.id).unwrap();
        drop(held);
        keeper.join().unwrap()
    });
    assert!(matches!(kept, Err(ArrivalError::Io(_))), "{kept:?}");
    assert_eq!(names(&here.shelf), Vec::<String>::new());
    assert_eq!(here.counted(), 0);
    here.receive(&second, b"some bytes", message).unwrap();
    assert_eq!(here.counted(), 10);
}

#[test]
fn a_file_whose_line_cannot_be_written_leaves_no_content() {
    let (there, here) = (home(), home());
    let file = put(&there.shelf, "a.png", b"some bytes");
    let message = here.apply(&file);
    let mut arrival = here.shelf.expect(file.clone()).unwrap();
    arrival.add(b"some bytes").unwrap();
    // The line is written here first.
    let in_the_way = here.shelf.dir().join(format!("{}.part", file.id));
    fs::create_dir(&in_the_way).unwrap();
    let kept = arrival.keep(here.naming(message));
    assert!(matches!(kept, Err(ArrivalError::Io(_))), "{kept:?}");
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(names(&here.shelf), Vec::<String>::new());
    assert_eq!(here.counted(), 0);
    here.receive(&file, b"some bytes", message).unwrap();
}

#[test]
fn a_message_may_have_a_file_that_is_elsewhere_and_nobodys_lock_is_held() {
    let (there, here) = (home(), home());
    let file = put(&there.shelf, "a.png", b"some bytes");
    let ids = [file.id.clone()];
    let give = |found: Option<&Attachment>| {
        let mut seek = |id: &AttachmentId| {
            assert_eq!(*id, file.id);
            Ok(found.cloned())
        };
        let given = here.shelf.give(&ids, &anna(), Some("m1"), Some(&mut seek));
        given.map(|given| given.values())
    };
    assert_eq!(give(Some(&file)).unwrap(), [named_key(&file)]);
    assert!(matches!(give(None), Err(GivenError::NotFound)));
    // Somebody else's, another message's, and one that is about to be swept where it is.
    let old = RecordId::now().as_micros() - 59 * 60 * 1_000_000;
    for other in [
        Attachment {
            person: "bob".to_owned(),
            ..file.clone()
        },
        Attachment {
            message: Some(RecordId::now()),
            msgid: Some("m0".to_owned()),
            ..file.clone()
        },
        Attachment {
            at: RecordId::from_micros(old),
            ..file.clone()
        },
    ] {
        assert!(matches!(give(Some(&other)), Err(GivenError::NotFound)));
    }
    // The relay changes the room's files while who says something waits for it.
    let mut nowhere = |_: &AttachmentId| Ok(None);
    let given = there
        .shelf
        .give(&ids, &anna(), None, Some(&mut nowhere))
        .unwrap();
    let message = there.apply(&file);
    there.shelf.settle(there.naming(message), &file.id).unwrap();
    given.belong_to(message, None).unwrap();
    let kept = there.shelf.find(&file.id).unwrap().unwrap();
    assert_eq!(kept.msgid.as_deref(), Some("m1"));
}
