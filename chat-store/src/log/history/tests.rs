use super::*;
use crate::log::room_log::RoomLog;
use crate::record::Draft;
use crate::state;
use std::fs;
use std::io::Write;

struct Home {
    _dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
    log: RoomLog,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let room = RoomName::lobby();
    let log = RoomLog::new(&dirs, &room);
    Home {
        _dir: dir,
        dirs,
        room,
        log,
    }
}

impl Home {
    fn add(&mut self, kind: Kind, text: &str) -> RecordId {
        self.log.append(&Draft::new(kind, "a", text)).unwrap()
    }

    fn rotate(&self) {
        let live = self.dirs.room_log(&self.room);
        for number in (0..9).rev() {
            let name = |number: u32| match number {
                0 => live.clone(),
                number => crate::fs::file::suffixed(&live, &format!(".{number}")),
            };
            if name(number).exists() {
                fs::rename(name(number), name(number + 1)).unwrap();
            }
        }
        fs::write(live, "").unwrap();
    }

    fn last(&self, limit: usize) -> Page {
        let tail = Tail::at_end(&self.dirs, &self.room).unwrap();
        before(&self.dirs, &self.room, Before::Tail(&tail), limit, |r| {
            r.kind.is_talk()
        })
        .unwrap()
    }

    fn before(&self, id: RecordId, limit: usize) -> Page {
        before(&self.dirs, &self.room, Before::Id(id), limit, |r| {
            r.kind.is_talk()
        })
        .unwrap()
    }
}

fn texts(page: &Page) -> Vec<String> {
    page.records()
        .map(|record| record.text.into_owned())
        .collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

#[test]
fn an_empty_room_has_no_history() {
    let home = home();
    let page = home.last(20);
    assert!(page.is_empty() && !page.more);
    assert!(home.before(RecordId::now(), 20).is_empty());
}

#[test]
fn pages_join_without_gap_or_overlap_over_rotations() {
    let mut home = home();
    for n in 0..100 {
        home.add(Kind::Say, &n.to_string());
        home.add(Kind::Join, "");
        if n % 17 == 16 {
            home.rotate();
        }
    }
    let page = home.last(20);
    assert_eq!((texts(&page), page.more), (numbers(80..100), true));
    let mut first = page.records().next().unwrap().id;
    for start in [50, 20] {
        let page = home.before(first, 30);
        assert_eq!(
            (texts(&page), page.more),
            (numbers(start..start + 30), true)
        );
        first = page.records().next().unwrap().id;
    }
    let page = home.before(first, 30);
    assert_eq!((texts(&page), page.more), (numbers(0..20), false));
}

#[test]
fn pages_after_an_id_go_forward() {
    let mut home = home();
    let ids: Vec<_> = (0..50)
        .map(|n| {
            if n % 20 == 19 {
                home.rotate();
            }
            home.add(Kind::Say, &n.to_string())
        })
        .collect();
    let page = after(&home.dirs, &home.room, ids[9], 25, |_| true).unwrap();
    assert_eq!(
        (texts(&page), page.more, page.scanned_to),
        (numbers(10..35), true, Some(ids[34]))
    );
    let page = after(&home.dirs, &home.room, ids[34], 15, |_| true).unwrap();
    assert_eq!((texts(&page), page.more), (numbers(35..50), false));
}

#[test]
fn lines_of_the_old_script_can_be_paged() {
    let mut home = home();
    let live = home.dirs.room_log(&home.room);
    for part in 0..3 {
        let mut file = fs::File::create(&live).unwrap();
        for n in part * 40..part * 40 + 40 {
            writeln!(file, "[10:00:{:02}] old> {n}", n % 60).unwrap();
        }
        // Rotated files without ids are ordered by their time.
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + part * 100);
        file.set_modified(time).unwrap();
        if part < 2 {
            home.rotate();
        }
    }
    home.add(Kind::Say, "120");
    home.add(Kind::Say, "121");
    let mut page = home.last(10);
    let mut all = texts(&page);
    assert_eq!(page.records().next().unwrap().clock, Some("10:00:52"));
    while page.more {
        let first = page.records().next().unwrap().id;
        page = home.before(first, 10);
        all.splice(0..0, texts(&page));
    }
    assert_eq!(all, numbers(0..122));
}

#[test]
fn what_was_cleared_or_redacted_is_not_shown() {
    let mut home = home();
    let old = home.add(Kind::Say, "old");
    home.add(Kind::Say, "older");
    let clear = home.add(Kind::Clear, "");
    let secret = home.add(Kind::Say, "secret");
    home.add(Kind::Say, "new");
    home.log.redact(secret, "mod").unwrap();
    let page = home.last(20);
    assert_eq!(
        (texts(&page).last().unwrap().as_str(), page.len(), page.more),
        ("new", 2, false)
    );
    assert!(page.records().next().unwrap().is_redacted());
    // A page that starts before the clearing cannot see it: the mark tells.
    state::set_cleared(&home.dirs, &home.room, clear).unwrap();
    assert!(home.before(old.next(), 20).is_empty());
    assert_eq!(home.before(RecordId::now(), 20).len(), 2);
    let page = after(&home.dirs, &home.room, RecordId::ZERO, 20, |r| {
        r.kind.is_talk()
    })
    .unwrap();
    assert_eq!(page.len(), 2);
}

#[test]
fn a_search_ends_and_can_go_on() {
    let mut home = home();
    home.add(Kind::Say, "needle");
    let live = home.dirs.room_log(&home.room);
    let mut text = fs::read(&live).unwrap();
    let mut id = RecordId::now();
    let filler = "x".repeat(1_000);
    while text.len() as u64 <= 2 * SCAN_BYTES {
        id = id.next();
        Draft::new(Kind::Say, "a", &filler).write_to(id, &mut text);
    }
    fs::write(&live, text).unwrap();
    let search = |id| {
        let found = |record: &Record<'_>| record.text.contains("needle");
        before(&home.dirs, &home.room, Before::Id(id), 5, found).unwrap()
    };
    let mut page = search(RecordId::MAX);
    let mut pages = 1;
    while page.is_empty() && page.more {
        page = search(page.scanned_to.unwrap());
        pages += 1;
    }
    assert_eq!((texts(&page), pages), (vec!["needle".to_owned()], 3));
}

#[test]
fn a_page_keeps_its_attributes() {
    let mut home = home();
    let draft = Draft {
        msgid: Some("m1"),
        color: Some("red"),
        ..Draft::new(Kind::Say, "a", "x")
    };
    home.log.append(&draft).unwrap();
    let page = home.last(1);
    let record = page.records().next().unwrap();
    assert_eq!(record.attr("color").as_deref(), Some("red"));
    assert_eq!((record.from.as_ref(), record.clock), ("a", None));
}

#[test]
fn a_log_that_was_truncated_since_the_tail_was_placed_has_its_history_in_the_copy() {
    let mut home = home();
    for n in 0..30 {
        home.add(Kind::Say, &n.to_string());
    }
    let tail = Tail::at_end(&home.dirs, &home.room).unwrap();
    let live = home.dirs.room_log(&home.room);
    fs::copy(&live, crate::fs::file::suffixed(&live, ".1")).unwrap();
    fs::write(&live, "").unwrap();
    let page = before(&home.dirs, &home.room, Before::Tail(&tail), 5, |_| true).unwrap();
    assert_eq!(texts(&page), numbers(25..30));
}
