use super::*;
use crate::log::room_log::RoomLog;
use crate::record::{Draft, Kind, MAX_LINE};
use proptest::prelude::*;
use std::fs;

struct Home {
    _dir: tempfile::TempDir,
    live: PathBuf,
    log: RoomLog,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("lobby.log");
    let log = RoomLog::at(live.clone());
    Home {
        _dir: dir,
        live,
        log,
    }
}

impl Home {
    fn say(&mut self, text: &str) -> RecordId {
        self.log.append(&Draft::new(Kind::Say, "a", text)).unwrap()
    }

    fn rotated(&self, number: u32) -> PathBuf {
        file::suffixed(&self.live, &format!(".{number}"))
    }

    fn shift(&self) {
        for number in (1..20)
            .rev()
            .filter(|number| self.rotated(*number).exists())
        {
            fs::rename(self.rotated(number), self.rotated(number + 1)).unwrap();
        }
    }

    fn rename(&self) {
        self.shift();
        fs::rename(&self.live, self.rotated(1)).unwrap();
        fs::write(&self.live, "").unwrap();
    }

    fn copytruncate(&self) {
        self.shift();
        fs::copy(&self.live, self.rotated(1)).unwrap();
        self.truncate();
    }

    fn truncate(&self) {
        fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(&self.live)
            .unwrap();
    }

    fn tail(&self) -> Tail {
        Tail::at_end_of(self.live.clone()).unwrap()
    }

    fn after(&self, id: RecordId) -> Tail {
        Tail::after_in(self.live.clone(), id).unwrap()
    }
}

fn read(tail: &mut Tail) -> Vec<String> {
    read_by(tail, 100_000)
}

fn read_by(tail: &mut Tail, budget: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while tail
        .read(budget, &mut |record| texts.push(record.text.to_string()))
        .unwrap()
        == Progress::More
    {}
    texts
}

#[test]
fn a_tail_gives_what_comes_after_it() {
    let mut home = home();
    let mut early = home.tail();
    assert_eq!(read(&mut early), Vec::<String>::new());
    let one = home.say("one");
    let mut tail = home.tail();
    assert_eq!((tail.last_id(), tail.place().unwrap().1 > 0), (one, true));
    assert_eq!(read(&mut tail), Vec::<String>::new());
    let two = home.say("two");
    assert_eq!(read(&mut tail), ["two"]);
    assert_eq!(read(&mut tail), Vec::<String>::new());
    assert_eq!(tail.last_id(), two);
    assert_eq!(read(&mut early), ["one", "two"]);
    assert_eq!(read(&mut home.after(one)), ["two"]);
    assert_eq!(read(&mut home.after(two)), Vec::<String>::new());
    assert_eq!(read(&mut home.after(RecordId::ZERO)), ["one", "two"]);
}

#[test]
fn a_budget_stops_it_in_time() {
    let mut home = home();
    let mut tail = home.tail();
    for n in 0..100 {
        home.say(&n.to_string());
    }
    let mut count = 0;
    assert_eq!(tail.read(1, &mut |_| count += 1).unwrap(), Progress::More);
    assert_eq!(count, 1);
    assert_eq!(read_by(&mut tail, 300).len(), 99);
}

#[test]
fn a_line_is_given_when_it_is_whole() {
    let home = home();
    fs::write(&home.live, "").unwrap();
    let mut tail = home.tail();
    let append = |text: &str| {
        use std::io::Write;
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(&home.live)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append("2026-11-21T10:15:30.123456Z\tsay\ta\t\thel");
    assert_eq!(read(&mut tail), Vec::<String>::new());
    append("lo\n[10:00:00] b> old\ngarbage\n\0\0\n");
    assert_eq!(read(&mut tail), ["hello", "old"]);
}

#[test]
fn long_lines_come_whole_and_longer_ones_are_passed_over() {
    let mut home = home();
    let mut tail = home.tail();
    let long = "x".repeat(MAX_LINE - 60);
    let mut model = Vec::new();
    for text in ["a", &long, "b", &long, &long] {
        home.say(text);
        model.push(text.to_owned());
    }
    assert_eq!(read(&mut tail), model);
    let garbage = [vec![b'y'; 5 * MAX_LINE], b"\n".to_vec()].concat();
    let bytes = [fs::read(&home.live).unwrap(), garbage].concat();
    fs::write(&home.live, bytes).unwrap();
    home.say("after");
    assert_eq!(read(&mut tail), ["after"]);
    home.say("more");
    assert_eq!(read(&mut tail), ["more"]);
}

#[test]
fn a_rename_loses_nothing() {
    let mut home = home();
    let mut tail = home.tail();
    home.say("one");
    assert_eq!(read(&mut tail), ["one"]);
    home.say("two");
    home.rename();
    home.say("three");
    home.rename();
    home.rename();
    home.say("four");
    assert_eq!(read(&mut tail), ["two", "three", "four"]);
}

#[test]
fn a_late_line_in_the_old_file_comes_before_the_new_file() {
    let mut home = home();
    home.say("one");
    let mut tail = home.tail();
    home.shift();
    fs::rename(&home.live, home.rotated(1)).unwrap();
    assert_eq!(read(&mut tail), Vec::<String>::new());
    home.say("late");
    fs::write(&home.live, "").unwrap();
    home.say("new");
    assert_eq!(texts_in(&home.rotated(1)), ["one", "late"]);
    assert_eq!(read(&mut tail), ["late", "new"]);
}

fn texts_in(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap();
    let lines = text
        .split_inclusive(|&byte| byte == b'\n')
        .filter_map(Record::parse);
    lines.map(|record| record.text.into_owned()).collect()
}

#[test]
fn a_truncation_is_noticed_also_when_the_file_grew_past_the_place() {
    let mut home = home();
    let mut tail = home.tail();
    let mut far = home.tail();
    for n in 0..10 {
        home.say(&format!("old{n}"));
    }
    assert_eq!(read(&mut tail).len(), 10);
    home.copytruncate();
    for n in 0..50 {
        home.say(&format!("new{n}"));
    }
    let new: Vec<_> = (0..50).map(|n| format!("new{n}")).collect();
    assert_eq!(read(&mut tail), new);
    // This one has read nothing yet: the copy has what was cut.
    assert_eq!(read(&mut far).len(), 60);
    home.truncate();
    assert_eq!(read(&mut tail), Vec::<String>::new());
    home.say("x");
    assert_eq!(read(&mut tail), ["x"]);
}

#[test]
fn a_deleted_and_a_rewritten_log_are_followed() {
    let mut home = home();
    home.say("one");
    home.say("two");
    let mut tail = home.tail();
    home.say("three");
    // As expire does it: a new file without the oldest line in place of the old one.
    let text = fs::read_to_string(&home.live).unwrap();
    let rest = text.split_once('\n').unwrap().1.to_owned();
    fs::write(home.live.with_extension("new"), rest).unwrap();
    fs::rename(home.live.with_extension("new"), &home.live).unwrap();
    home.say("four");
    assert_eq!(read(&mut tail), ["three", "four"]);
    fs::remove_file(&home.live).unwrap();
    assert_eq!(read(&mut tail), Vec::<String>::new());
    home.say("five");
    assert_eq!(read(&mut tail), ["five"]);
}

#[test]
fn a_log_without_ids_is_followed() {
    let home = home();
    fs::write(&home.live, "[10:00:00] a> one\n").unwrap();
    let mut tail = home.tail();
    fs::write(&home.live, "[10:00:00] a> one\n[10:00:01] a> two\n").unwrap();
    assert_eq!(read(&mut tail), ["two"]);
    fs::write(&home.live, "[10:00:02] a> x\n").unwrap();
    assert_eq!(read(&mut tail), ["x"]);
}

#[test]
fn resuming_works_over_rotations() {
    let mut home = home();
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(home.say(&n.to_string()));
        if n % 10 == 9 {
            home.rename();
        }
    }
    for (n, &id) in ids.iter().enumerate() {
        let wanted: Vec<_> = (n + 1..40).map(|n| n.to_string()).collect();
        assert_eq!(read(&mut home.after(id)), wanted);
        assert_eq!(read_by(&mut home.after(id), 1), wanted);
    }
    // An empty live file: the last id is that of the file before it.
    assert_eq!(home.tail().last_id(), ids[39]);
}

#[derive(Debug, Clone)]
enum Event {
    Say(usize),
    Foreign,
    Rename,
    RenameNoCreate,
    CopyTruncate,
    Rewrite,
    Redact(usize),
    Read(usize, usize),
    Join,
    Resume(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (0usize..3_000).prop_map(Event::Say),
        1 => Just(Event::Foreign),
        2 => Just(Event::Rename),
        1 => Just(Event::RenameNoCreate),
        2 => Just(Event::CopyTruncate),
        1 => Just(Event::Rewrite),
        1 => (0usize..100).prop_map(Event::Redact),
        8 => (0usize..6, 1usize..20_000).prop_map(|(who, budget)| Event::Read(who, budget)),
        1 => Just(Event::Join),
        1 => (0usize..100).prop_map(Event::Resume),
    ]
}

/// A reader and what it must still get.
struct Follower {
    tail: Tail,
    next: usize,
}

fn check(follower: &mut Follower, all: &[RecordId], budget: usize) -> Progress {
    let next = &mut follower.next;
    follower
        .tail
        .read(budget, &mut |record| {
            assert_eq!(record.id, all[*next], "the record after {} was due", *next);
            *next += 1;
        })
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 300, ..ProptestConfig::default() })]
    /// Whatever is done to the files by a rule of one kind or the other, every follower gets every record once and in
    /// order.
    #[test]
    fn followers_agree_with_the_model(
        copy in any::<bool>(),
        events in proptest::collection::vec(event(), 1..80),
    ) {
        let mut home = home();
        let mut all = vec![];
        let mut followers = vec![Follower { tail: home.tail(), next: 0 }];
        for event in events {
            match event {
                Event::Say(length) => all.push(home.say(&"x".repeat(length + 1))),
                Event::Foreign if home.live.exists() => {
                    use std::io::Write;
                    let mut file = fs::OpenOptions::new().append(true).open(&home.live).unwrap();
                    file.write_all(b"something else\n").unwrap();
                }
                Event::Rename if !copy && home.live.exists() => home.rename(),
                Event::RenameNoCreate if !copy && home.live.exists() => {
                    home.shift();
                    fs::rename(&home.live, home.rotated(1)).unwrap();
                }
                Event::CopyTruncate if copy && home.live.exists() => home.copytruncate(),
                Event::Rewrite if home.live.exists() => {
                    let new = home.live.with_extension("new");
                    fs::copy(&home.live, &new).unwrap();
                    fs::rename(&new, &home.live).unwrap();
                }
                Event::Redact(which) if !all.is_empty() => {
                    let target = all[which % all.len()];
                    if let Ok(id) = home.log.redact(target, "mod") {
                        all.push(id);
                    }
                }
                Event::Read(who, budget) => {
                    let who = who % followers.len();
                    check(&mut followers[who], &all, budget);
                }
                Event::Join => followers.push(Follower { tail: home.tail(), next: all.len() }),
                Event::Resume(which) if !all.is_empty() => {
                    let which = which % all.len();
                    followers.push(Follower { tail: home.after(all[which]), next: which + 1 });
                }
                _ => {}
            }
        }
        for follower in &mut followers {
            while check(follower, &all, 5_000) == Progress::More {}
            prop_assert_eq!(follower.next, all.len());
        }
    }
}
