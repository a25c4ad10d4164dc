use super::matcher::Query;
use super::*;
use crate::fs::dirs::Dirs;
use crate::fs::file;
use crate::name::RoomName;
use crate::record::{Draft, Kind};
use crate::state;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

const START: u64 = 1_790_000_000_000_000;

struct Site {
    _home: tempfile::TempDir,
    dirs: Dirs,
}

impl Site {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let dirs = Dirs::under(home.path());
        dirs.create().expect("directories");
        Self { _home: home, dirs }
    }

    /// Writes a log of several files, oldest first.
    fn write(&self, room: &RoomName, files: &[Vec<u8>]) {
        let live = self.dirs.room_log(room);
        for (age, bytes) in files.iter().rev().enumerate() {
            let path = if age == 0 {
                live.clone()
            } else {
                file::suffixed(&live, &format!(".{age}"))
            };
            fs::write(path, bytes).expect("written");
        }
    }

    fn places<'a>(&'a self, rooms: &'a [RoomName]) -> Vec<Place<'a>> {
        let sizes = listing::of(&self.dirs.rooms).expect("a listing");
        let place = |room| Place {
            log: Readable::all(&self.dirs, room),
            bytes: sizes
                .get(&RoomName::file_stem(room))
                .map_or(0, |files| files.bytes),
        };
        rooms.iter().map(place).collect()
    }
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a name")
}

fn id(number: u64) -> RecordId {
    RecordId::from_micros(START + number)
}

fn say(number: u64, from: &str, text: &str) -> Vec<u8> {
    let mut line = Vec::new();
    Draft::new(Kind::Say, from, text).write_to(id(number), &mut line);
    line
}

fn words(words: &str) -> Matcher {
    let words = words.split(' ').map(str::to_owned).collect();
    Matcher::new(Query {
        words,
        ..Query::default()
    })
}

fn wish(limit: usize, bytes: u64) -> Wish {
    Wish {
        before: RecordId::MAX,
        from: RecordId::ZERO,
        limit,
        bytes,
    }
}

/// All hits, page by page.
fn all(places: &[Place<'_>], matcher: &mut Matcher, mut wish: Wish) -> Vec<(usize, RecordId)> {
    let mut hits = Vec::new();
    for _ in 0..10_000 {
        let found = run(places, matcher, wish).expect("a search");
        hits.extend(found.hits.iter().map(|hit| (hit.place, hit.id)));
        let Some(next) = found.next else { return hits };
        assert!(next < wish.before, "it goes on");
        wish.before = next;
    }
    panic!("it never ends");
}

#[test]
fn hits_of_all_rooms_come_newest_first_with_what_was_said_beside_them() {
    let site = Site::new();
    let rooms = [room("a"), room("b")];
    let line = |number: u64| say(number, "anna", &format!("word {number}"));
    site.write(&rooms[0], &[line(1), [line(4), line(6)].concat()]);
    site.write(&rooms[1], &[[line(2), line(3)].concat(), line(5)]);
    let places = site.places(&rooms);
    let found = run(&places, &mut words("WORD"), wish(10, MAX_BYTES)).expect("a search");
    let ids: Vec<_> = found.hits.iter().map(|hit| hit.id).collect();
    assert_eq!(ids, [6, 5, 4, 3, 2, 1].map(id));
    assert_eq!((found.next, found.rest), (None, 0));
    let around = |hit: &Hit| -> Vec<String> {
        let pages = hit.around.iter();
        pages
            .flat_map(|page| {
                page.records()
                    .map(|record| record.text.into_owned())
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    assert_eq!(around(&found.hits[2]), ["word 1", "word 4", "word 6"]);
    assert_eq!(around(&found.hits[0]), ["word 4", "word 6"]);
    for limit in 1..7 {
        assert_eq!(
            all(&places, &mut words("word"), wish(limit, 1)).len(),
            6,
            "{limit}"
        );
    }
}

#[test]
fn what_is_hidden_or_taken_back_is_not_found() {
    let site = Site::new();
    let rooms = [room("a")];
    let blank = say(3, "anna", "      ");
    let join = format!("{}\tjoin\tsecret\t\t\n", id(4)).into_bytes();
    let log = [
        say(1, "anna", "secret 1"),
        say(2, "bob", "secret 2"),
        blank,
        join,
        say(5, "anna", "secret 5"),
    ];
    site.write(&rooms[0], &[log.concat()]);
    let mut places = site.places(&rooms);
    let found = |places: &[Place<'_>]| all(places, &mut words("secret"), wish(9, MAX_BYTES));
    assert_eq!(found(&places).len(), 3);
    places[0].log.since = id(1);
    assert_eq!(found(&places), [(0, id(5)), (0, id(2))]);
    state::set_cleared(&site.dirs, &rooms[0], id(2)).expect("cleared");
    assert_eq!(found(&places), [(0, id(5))]);
    let late = Wish {
        before: id(5),
        ..wish(9, MAX_BYTES)
    };
    assert_eq!(all(&places, &mut words("secret"), late), []);
    let old = Wish {
        from: id(6),
        ..wish(9, MAX_BYTES)
    };
    assert_eq!(all(&places, &mut words("secret"), old), []);
}

fn edit(number: u64, target: u64, text: &str) -> Vec<u8> {
    let target = id(target).to_string();
    let extra = [(crate::record::attrs::TARGET, Some(target.as_str()))];
    let draft = Draft {
        extra: &extra,
        ..Draft::new(Kind::Edit, "anna", text)
    };
    let mut line = Vec::new();
    draft.write_to(id(number), &mut line);
    line
}

#[test]
fn a_message_that_was_edited_is_found_by_its_last_form_only() {
    let site = Site::new();
    let rooms = [room("a")];
    let log = [
        say(1, "anna", "the first form"),
        say(2, "bob", "beside it"),
        edit(3, 1, "a second form"),
        edit(4, 1, "the last shape"),
        say(5, "bob", "the end"),
    ];
    site.write(&rooms[0], &[log[..3].concat(), log[3..].concat()]);
    let places = site.places(&rooms);
    let found = |wanted: &str, before| {
        let wish = Wish {
            before,
            ..wish(9, MAX_BYTES)
        };
        all(&places, &mut words(wanted), wish)
    };
    for gone in ["first", "second", "form"] {
        assert_eq!(found(gone, RecordId::MAX), [], "{gone}");
    }
    assert_eq!(found("shape", RecordId::MAX), [(0, id(1))]);
    // Also where the search goes on between the message and its last form.
    for before in [2, 3, 4] {
        assert_eq!(found("shape", id(before)), [(0, id(1))], "{before}");
        assert_eq!(found("first", id(before)), [], "{before}");
    }
    // What is shown beside a hit is its last form as well.
    let hits = run(&places, &mut words("beside"), wish(9, MAX_BYTES))
        .expect("a search")
        .hits;
    let before = hits[0].around[0]
        .records()
        .next()
        .expect("a record")
        .text
        .into_owned();
    assert_eq!(before, "the last shape");
}

#[test]
fn a_line_that_is_longer_than_a_block_is_found_and_one_that_is_too_long_is_passed_over() {
    let site = Site::new();
    let rooms = [room("a")];
    let pad = "x".repeat(60_000);
    let too_long = vec![b'y'; 600_000];
    let log = [
        say(1, "anna", "needle first"),
        say(2, "anna", &format!("{pad} needle")),
        too_long,
        b"\n".to_vec(),
        say(3, "anna", &format!("needle {pad}")),
        say(4, "anna", "needle last"),
    ];
    site.write(&rooms[0], &[log.concat()]);
    let found = all(
        &site.places(&rooms),
        &mut words("needle"),
        wish(9, MAX_BYTES),
    );
    assert_eq!(found, [4, 3, 2, 1].map(|number| (0, id(number))));
}

#[test]
fn lines_of_the_old_script_are_found_by_their_place() {
    let site = Site::new();
    let rooms = [room("a")];
    let old = b"[10:00:00] anna> an old needle\n[10:00:01] anna> bob: a needle for bob\n".to_vec();
    site.write(&rooms[0], &[old, say(1, "anna", "a needle")]);
    let found = all(
        &site.places(&rooms),
        &mut words("needle"),
        wish(9, MAX_BYTES),
    );
    assert_eq!(found, [(0, id(1)), (0, RecordId::from_micros(1))]);
}

#[test]
fn files_that_are_rotated_meanwhile_are_found_again() {
    let site = Site::new();
    let rooms = [room("a")];
    let many: Vec<u8> = (1..9_000)
        .flat_map(|number| say(number, "anna", &format!("needle {number} or not")))
        .collect();
    site.write(&rooms[0], &[many]);
    let places = site.places(&rooms);
    let mut matcher = words("needle");
    let mut scan = Scan::new(&places[0], wish(1, MAX_BYTES)).expect("a scan");
    let mut seen = BTreeSet::new();
    let mut steps = 0;
    while scan.frontier().is_some() {
        scan.read(&mut matcher, &mut |id, _| {
            assert!(seen.insert(id), "{id} twice");
        })
        .expect("read");
        steps += 1;
        let live = site.dirs.room_log(&rooms[0]);
        if steps == 2 {
            fs::rename(&live, file::suffixed(&live, ".1")).expect("rotated");
            fs::write(&live, say(10_000, "anna", "needle new")).expect("written");
        }
    }
    assert!(steps > 3, "{steps}");
    assert_eq!(seen.len(), 8_999);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn a_search_agrees_with_reading_all(
        lines in proptest::collection::vec((0usize..3, 0usize..6, 0usize..4_000, any::<bool>()), 1..60),
        limit in 1usize..9, bytes in 1u64..200_000,
    ) {
        const TEXTS: [&str; 6] = ["the needle", "Nothing here", "NÉEDLE á la carte", "řeka needl", "ne\u{301}edle", "needless"];
        let site = Site::new();
        let rooms = [room("a"), room("b"), room("c")];
        let mut logs = vec![vec![Vec::new()]; 3];
        let mut model = Vec::new();
        for (number, (which, text, length, is_rotated)) in lines.into_iter().enumerate() {
            let number = number as u64 + 1;
            let (text, pad) = (TEXTS[text], "x ".repeat(length / 2));
            if is_rotated && !logs[which].last().is_some_and(Vec::is_empty) {
                logs[which].push(Vec::new());
            }
            let log = logs[which].last_mut().expect("a file");
            log.extend(say(number, "anna", &format!("{pad}{text}")));
            if !["Nothing here", "řeka needl"].contains(&text) {
                model.push((which, id(number)));
            }
        }
        model.reverse();
        for (room, files) in rooms.iter().zip(&logs) {
            site.write(room, files);
        }
        let places = site.places(&rooms);
        let found = all(&places, &mut words("needle"), wish(limit, bytes));
        prop_assert_eq!(&found, &model);
        // With accents typed, and where the word is no ASCII.
        prop_assert_eq!(&all(&places, &mut words("neédle"), wish(50, MAX_BYTES)), &model);
    }
}
