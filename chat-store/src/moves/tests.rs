use super::*;
use crate::closed::Member;
use crate::fs::slots;
use crate::moderation::{Role, roles};
use crate::name::Nick;
use crate::people::person::PersonId;
use crate::people::presence::{About, Newcomer};
use crate::record::Kind as Word;
use crate::state::{cleared, set_topic, topic};
use tempfile::TempDir;

const BY: Mover<'static> = Mover {
    nick: "alice",
    account: Some("alice"),
};

struct Home {
    dirs: Dirs,
    _dir: TempDir,
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn say(dirs: &Dirs, room: &RoomName, text: &str) {
    let draft = Draft::new(Word::Say, "alice", text);
    RoomLog::new(dirs, room).append(&draft).unwrap();
}

impl Home {
    /// A room with all that a room can have.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let den = room("den");
        say(&dirs, &den, "oldest");
        let live = dirs.room_log(&den);
        std::fs::rename(&live, file::suffixed(&live, ".1")).unwrap();
        std::fs::write(file::suffixed(&live, ".2.gz"), "packed").unwrap();
        say(&dirs, &den, "newest");
        say(&dirs, &room("den.log"), "another room");
        set_topic(&dirs, &den, "secrets").unwrap();
        roles::set(&dirs, &den, "alice", Role::Owner, "alice").unwrap();
        let files = dirs.files.join("den");
        dirs::create_private(&files).unwrap();
        std::fs::write(files.join("picture"), "bytes").unwrap();
        Self { dirs, _dir: dir }
    }

    fn circle() -> Circle {
        let mut circle = Circle::new(Kind::Room, "den");
        circle.add(Member {
            person: PersonId::of(Some("alice"), None).unwrap(),
            name: "alice".into(),
            account: Some("alice".into()),
            since: crate::record::RecordId::ZERO,
            keeps: true,
        });
        circle
    }

    fn close(&self) -> RoomName {
        make_private(&self.dirs, &room("den"), &Self::circle(), BY).unwrap()
    }

    fn text_of(dirs: &Dirs, room: &RoomName) -> String {
        let live = dirs.room_log(room);
        let one = file::suffixed(&live, ".1");
        [one, live]
            .map(|path| std::fs::read_to_string(path).unwrap_or_default())
            .concat()
    }

    /// Names below the site's directories that have the old one in them.
    fn left(&self) -> Vec<String> {
        let dirs = [
            &self.dirs.rooms,
            &self.dirs.state,
            &self.dirs.files,
            &self.dirs.users,
        ];
        let entries = dirs
            .into_iter()
            .filter_map(|dir| std::fs::read_dir(dir).ok())
            .flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("den")).collect();
        names.sort();
        names
    }

    fn assert_private(&self, to: &RoomName) {
        // A room whose name only begins alike, and locks, which hold nothing.
        assert_eq!(self.left(), ["den.log.log", "den.roles.lock"]);
        let found = closed::find(&self.dirs, to).unwrap().unwrap();
        let text = Self::text_of(&found.dirs, to);
        assert!(text.contains("oldest") && text.contains("newest"), "{text}");
        let packed = file::suffixed(&found.dirs.room_log(to), ".2.gz");
        assert_eq!(std::fs::read(packed).unwrap(), b"packed");
        assert_eq!(topic(&found.dirs, to).unwrap().as_deref(), Some("secrets"));
        assert_eq!(
            roles::of(&found.dirs, to, Some("alice")).unwrap(),
            Role::Owner
        );
        let picture = found.dirs.files.join(to.file_stem()).join("picture");
        assert_eq!(std::fs::read(picture).unwrap(), b"bytes");
        assert_eq!(
            gone_to(&self.dirs, &room("den")).unwrap().as_ref(),
            Some(to)
        );
        assert!(!self.dirs.closed.join(JOURNAL).exists());
    }
}

#[test]
fn all_of_an_open_room_goes_and_nothing_stays_for_strangers() {
    let home = Home::new();
    let to = home.close();
    home.assert_private(&to);
    // Whoever still has the old place makes no new one there.
    let mut log = RoomLog::new(&home.dirs, &room("den"));
    let refused = log.append(&Draft::new(Word::Say, "bob", "late"));
    assert!(matches!(
        refused,
        Err(crate::log::room_log::AppendError::Moved)
    ));
    assert!(!rooms::all(&home.dirs).unwrap().contains(&room("den")));
}

#[test]
fn who_has_the_log_open_reads_that_it_goes_and_what_they_write_is_not_lost_outside() {
    let home = Home::new();
    let den = room("den");
    let mut log = RoomLog::new(&home.dirs, &den);
    log.append(&Draft::new(Word::Say, "bob", "before")).unwrap();
    let mut tail = crate::log::tail::Tail::at_end(&home.dirs, &den).unwrap();
    let to = home.close();
    let mut told = None;
    tail.read(1 << 16, &mut |record| told = told_by(record))
        .unwrap();
    assert_eq!(told.as_ref(), Some(&to));
    assert!(log.append(&Draft::new(Word::Say, "bob", "after")).is_err());
    home.assert_private(&to);
}

#[test]
fn who_is_waited_for_is_in_the_old_one_no_more() {
    let home = Home::new();
    let den = room("den");
    let nick = Nick::parse("carol").unwrap();
    let newcomer = Newcomer {
        nick: &nick,
        color: "Gray",
        about: &About::default(),
        grace: Duration::from_secs(60),
    };
    let entered = presence::claim(&home.dirs, &den, newcomer, 10).unwrap();
    entered.claim.leave(Duration::from_secs(60)).unwrap();
    assert!(home.dirs.user(&den, &nick).exists());
    let to = home.close();
    home.assert_private(&to);
    let _ = slots::SLOTS;
}

#[test]
fn a_move_that_was_killed_at_any_step_is_finished_by_whoever_comes() {
    for step in 0..7 {
        let home = Home::new();
        let (dirs, den) = (&home.dirs, room("den"));
        let plan = Plan {
            way: Way::Private,
            from: den.clone(),
            to: closed::new_name().unwrap(),
            nick: "alice".into(),
            account: None,
            hides: false,
            circle: Some(Home::circle()),
            id: None,
        };
        dirs::create_private(&dirs.closed).unwrap();
        file::replace(&dirs.closed.join(JOURNAL), &plan.written()).unwrap();
        let own = dirs.of_closed(&plan.to);
        let live = dirs.room_log(&den);
        let new = own.room_log(&plan.to);
        if step > 0 {
            assert!(closed::create(dirs, &plan.to, &Home::circle()).unwrap());
        }
        if step > 1 {
            tell(dirs, &plan).unwrap();
        }
        if step > 2 {
            dirs::create_private(&dirs.closed.join(MOVED)).unwrap();
            std::fs::write(pointer(dirs, &den), format!("{}\n", plan.to)).unwrap();
        }
        if step > 3 {
            std::fs::rename(file::suffixed(&live, ".1"), file::suffixed(&new, ".1")).unwrap();
        }
        if step > 4 {
            std::fs::rename(&live, &new).unwrap();
        }
        if step > 5 {
            let topic = (dirs.state(&den, "topic"), own.state(&plan.to, "topic"));
            std::fs::rename(topic.0, topic.1).unwrap();
        }
        finish(dirs).unwrap();
        home.assert_private(&plan.to);
        finish(dirs).unwrap();
    }
}

#[test]
fn a_room_comes_back_under_its_name_and_shows_what_was_said_only_if_that_is_asked_for() {
    for hides in [true, false] {
        let home = Home::new();
        let den = room("den");
        let to = home.close();
        let own = home.dirs.of_closed(&to);
        say(&own, &to, "between us");
        assert_eq!(make_open(&home.dirs, &to, None, hides, BY).unwrap(), den);
        assert!(closed::find(&home.dirs, &to).unwrap().is_none());
        assert_eq!(gone_to(&home.dirs, &to).unwrap(), Some(den.clone()));
        assert!(!is_away(&home.dirs, &den));
        let text = Home::text_of(&home.dirs, &den);
        assert!(
            text.contains("oldest") && text.contains("between us"),
            "{text}"
        );
        let last = text
            .lines()
            .last()
            .and_then(|line| Record::parse(line.as_bytes()));
        let shown_from = cleared(&home.dirs, &den).unwrap();
        assert_eq!(hides, shown_from == last.unwrap().id);
        assert_eq!(topic(&home.dirs, &den).unwrap().as_deref(), Some("secrets"));
        let mode = std::fs::metadata(home.dirs.room_log(&den))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, OPEN_MODE);
        // And once more.
        let again = home.close();
        assert_eq!(gone_to(&home.dirs, &to).unwrap(), Some(again));
    }
}

#[test]
fn a_directory_that_was_made_anew_in_its_old_place_is_in_the_way_of_no_room() {
    let home = Home::new();
    let to = home.close();
    let files = home.dirs.files.join("den");
    dirs::create_private(&files).unwrap();
    for name in ["lock", "late.part"] {
        std::fs::write(files.join(name), name).unwrap();
    }
    let there = make_open(&home.dirs, &to, None, false, BY).unwrap();
    assert_eq!(there, room("den"));
    for (name, bytes) in [("picture", "bytes"), ("late.part", "late.part")] {
        assert_eq!(std::fs::read_to_string(files.join(name)).unwrap(), bytes);
    }
    assert!(!home.dirs.of_closed(&to).files.join(to.file_stem()).exists());
    finish(&home.dirs).unwrap();
}

#[test]
fn nobody_makes_a_room_of_the_name_meanwhile_and_another_rooms_name_is_not_taken() {
    let home = Home::new();
    let to = home.close();
    let mut rules = create::Rules {
        described: &[],
        most: 10,
        may: &mut || true,
    };
    let made = create::create(&home.dirs, &room("den"), &mut rules).unwrap();
    assert!(matches!(made, create::Created::Busy));
    say(&home.dirs, &room("taken"), "here");
    let open = |name| make_open(&home.dirs, &to, Some(&room(name)), true, BY);
    assert!(matches!(open("taken"), Err(ClosedError::NameTaken)));
    assert_eq!(open("elsewhere").unwrap(), room("elsewhere"));
    // Whoever knows the first name finds it there, too.
    assert_eq!(
        gone_to(&home.dirs, &room("den")).unwrap(),
        Some(room("elsewhere"))
    );
}
