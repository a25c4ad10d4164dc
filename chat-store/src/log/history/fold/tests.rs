//! Against a model that applies each change when it is made: whatever page is asked for, whatever was rotated.

use std::collections::BTreeSet;

use super::*;
use crate::fs::dirs::Dirs;
use crate::log::history::{self, Before, Found, Readable};
use crate::log::room_log::RoomLog;
use crate::name::RoomName;
use crate::record::Draft;
use proptest::prelude::*;

const EMOJI: [&str; 4] = ["👍", "❤️", "🇨🇿", "👩🏽‍🚀"];
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

struct Home {
    dir: tempfile::TempDir,
    dirs: Dirs,
    room: RoomName,
    log: RoomLog,
    rotations: usize,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(dir.path());
    dirs.create().unwrap();
    let room = RoomName::lobby();
    let log = RoomLog::new(&dirs, &room);
    Home {
        dir,
        dirs,
        room,
        log,
        rotations: 0,
    }
}

impl Home {
    fn say(&mut self, text: &str) -> RecordId {
        self.log
            .append(&Draft::new(Kind::Say, "alice", text))
            .unwrap()
    }

    fn amend(&mut self, kind: Kind, from: &str, target: RecordId, text: &str) -> RecordId {
        let target = target.to_string();
        let person = PersonId::of(Some(from), None).unwrap();
        let extra = [
            (attrs::TARGET, Some(&*target)),
            (attrs::PERSON, Some(person.as_str())),
        ];
        let draft = Draft {
            extra: &extra,
            ..Draft::new(kind, from, text)
        };
        self.log.append(&draft).unwrap()
    }

    /// By date: the order is by what the files hold.
    fn rotate(&mut self) {
        let live = self.dirs.room_log(&self.room);
        if !live.exists() {
            return;
        }
        self.rotations += 1;
        let name = format!("-{:08}", 20_260_000 + self.rotations);
        std::fs::rename(&live, crate::fs::file::suffixed(&live, &name)).unwrap();
        std::fs::write(live, "").unwrap();
    }

    fn readable(&self) -> Readable<'_> {
        Readable::all(&self.dirs, &self.room)
    }

    fn find(&self, id: RecordId) -> Option<Found> {
        history::find(self.readable(), id).unwrap()
    }

    fn newest(&self, limit: usize) -> Page {
        let tail = Tail::at_end(&self.dirs, &self.room).unwrap();
        let keep = |record: &Record<'_>| record.kind.is_talk();
        history::before_in(self.readable(), Before::Tail(&tail), limit, keep).unwrap()
    }
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    id: RecordId,
    text: String,
    edited: Option<RecordId>,
    reactions: Vec<(String, Vec<String>)>,
}

fn shown(record: &Record<'_>) -> Shown {
    let reactions = record.reactions.map_or(&[][..], |reactions| &reactions.0);
    let reaction = |reaction: &Reaction| {
        assert_eq!(reaction.count, reaction.by.len());
        (reaction.text.clone(), reaction.by.clone())
    };
    Shown {
        id: record.id,
        text: record.text.trim().to_owned(),
        edited: record.edited,
        reactions: reactions.iter().map(reaction).collect(),
    }
}

#[derive(Debug, Clone)]
enum Step {
    Say,
    Edit(usize),
    React(usize, usize, usize),
    Unreact(usize, usize, usize),
    Redact(usize),
    Rotate,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (message, person, emoji) = (0usize..8, 0..PEOPLE.len(), 0..EMOJI.len());
    let react = (message.clone(), person.clone(), emoji.clone());
    let step = prop_oneof![
        3 => Just(Step::Say),
        3 => message.clone().prop_map(Step::Edit),
        4 => react.clone().prop_map(|(m, p, e)| Step::React(m, p, e)),
        2 => react.prop_map(|(m, p, e)| Step::Unreact(m, p, e)),
        1 => message.prop_map(Step::Redact),
        1 => Just(Step::Rotate),
    ];
    proptest::collection::vec(step, 1..40)
}

/// Does it, and to the model what it means.
fn apply(
    home: &mut Home,
    model: &mut Vec<Shown>,
    redacted: &mut BTreeSet<usize>,
    step: &Step,
    number: usize,
) {
    let text = format!("line {number}\nmore");
    match *step {
        Step::Say => {
            let id = home.say(&text);
            model.push(Shown {
                id,
                text,
                edited: None,
                reactions: Vec::new(),
            });
        }
        Step::Rotate => home.rotate(),
        Step::Edit(at) | Step::React(at, ..) | Step::Unreact(at, ..) | Step::Redact(at)
            if at >= model.len() || redacted.contains(&at) => {}
        Step::Edit(at) => {
            let id = home.amend(Kind::Edit, "alice", model[at].id, &text);
            (model[at].edited, model[at].text) = (Some(id), text);
        }
        Step::React(at, person, emoji) => {
            let (person, emoji) = (PEOPLE[person], EMOJI[emoji]);
            home.amend(Kind::React, person, model[at].id, emoji);
            let reactions = &mut model[at].reactions;
            match reactions.iter_mut().find(|(text, _)| text == emoji) {
                None => reactions.push((emoji.into(), vec![person.into()])),
                Some((_, by)) if by.iter().any(|name| name == person) => {}
                Some((_, by)) => by.push(person.into()),
            }
        }
        Step::Unreact(at, person, emoji) => {
            let (person, emoji) = (PEOPLE[person], EMOJI[emoji]);
            home.amend(Kind::Unreact, person, model[at].id, emoji);
            for (text, by) in &mut model[at].reactions {
                by.retain(|name| text != emoji || name != person);
            }
            model[at].reactions.retain(|(_, by)| !by.is_empty());
        }
        Step::Redact(at) => {
            home.log.redact(model[at].id, "mod").unwrap();
            redacted.insert(at);
            let id = model[at].id;
            model[at] = Shown {
                id,
                text: String::new(),
                edited: None,
                reactions: Vec::new(),
            };
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_page_shows_what_messages_have_become(steps in steps()) {
        let (mut home, mut model, mut redacted) = (home(), Vec::new(), BTreeSet::new());
        for (number, step) in steps.iter().enumerate() {
            apply(&mut home, &mut model, &mut redacted, step, number);
        }
        let all = |page: &Page| page.records().map(|record| shown(&record)).collect::<Vec<_>>();
        prop_assert_eq!(&all(&home.newest(100)), &model);
        let keep = |record: &Record<'_>| record.kind.is_talk();
        for (at, wanted) in model.iter().enumerate() {
            let found = home.find(wanted.id).expect("it is there");
            prop_assert_eq!(&shown(&found.record()), wanted);
            let before = Before::Id(wanted.id);
            let page = history::before_in(home.readable(), before, 2, keep).unwrap();
            prop_assert_eq!(&all(&page), &model[at.saturating_sub(2)..at]);
            let page = history::after_in(home.readable(), wanted.id, 2, keep).unwrap();
            prop_assert_eq!(&all(&page), &model[at + 1..(at + 3).min(model.len())]);
        }
        let ids: Vec<_> = model.iter().rev().map(|message| message.id).collect();
        let page = history::messages(home.readable(), &ids, keep).unwrap();
        prop_assert_eq!(&all(&page), &model);
        // What was taken back is nowhere, in no form.
        for entry in std::fs::read_dir(&home.dirs.rooms).unwrap() {
            let text = std::fs::read(entry.unwrap().path()).unwrap();
            let records = text.split(|&byte| byte == b'\n').filter_map(Record::parse);
            for record in records.filter(|record| record.kind == Kind::Edit) {
                let at = model.iter().position(|message| Some(message.id) == record.target());
                prop_assert_eq!(redacted.contains(&at.unwrap()), record.is_redacted());
            }
        }
    }
}

#[test]
fn what_is_far_behind_is_found_to_the_stated_place() {
    let mut home = home();
    let (first, second) = (home.say("first"), home.say("second"));
    let live = home.dirs.room_log(&home.room);
    let filler = "x".repeat(1_000);
    let mut text = std::fs::read(&live).unwrap();
    let mut id = RecordId::now();
    while (text.len() as u64) < AMEND_BYTES - 2_000 {
        id = id.next();
        Draft::new(Kind::Say, "bob", &filler).write_to(id, &mut text);
    }
    std::fs::write(&live, text).unwrap();
    home.rotate();
    home.log = RoomLog::new(&home.dirs, &home.room);
    let found = home.find(first).unwrap();
    assert!(found.behind < AMEND_BYTES, "{}", found.behind);
    let edit = home.amend(Kind::Edit, "alice", first, "edited");
    for target in [first, second] {
        home.amend(Kind::React, "bob", target, "👍");
    }
    let page = history::before_in(home.readable(), Before::Id(second.next()), 5, |_| true).unwrap();
    let records: Vec<_> = page.records().map(|record| shown(&record)).collect();
    assert_eq!(
        (records[0].edited, &*records[0].text),
        (Some(edit), "edited")
    );
    assert!(
        records
            .iter()
            .all(|record| record.reactions == [("👍".to_owned(), vec!["bob".to_owned()])])
    );
    let found = home.find(first).unwrap();
    assert_eq!((found.edits(), found.record().text.as_ref()), (1, "edited"));
    let forms = history::forms(home.readable(), first).unwrap();
    let forms: Vec<_> = forms.records().map(|form| form.text.into_owned()).collect();
    assert_eq!(forms, ["first", "edited"]);
    assert!(
        home.find(RecordId::from_micros(5_000_000_000_000))
            .is_none()
    );
    drop(home.dir);
}

#[test]
fn ones_own_reactions_are_known_under_every_name() {
    let mut home = home();
    let id = home.say("hello");
    home.amend(Kind::React, "bob", id, "👍");
    home.amend(Kind::React, "carol", id, "👍");
    // Nobody's emoji.
    home.amend(Kind::React, "carol", id, "<script>");
    home.amend(Kind::React, "carol", id, "   ");
    let bob = PersonId::of(Some("bob"), None).unwrap();
    let page = history::messages(
        Readable {
            viewer: Some(&bob),
            ..home.readable()
        },
        &[id],
        |_| true,
    );
    let page = page.unwrap();
    let record = page.records().next().unwrap();
    let reactions = &record.reactions.unwrap().0;
    assert_eq!(reactions.len(), 1);
    assert!(reactions[0].own && reactions[0].count == 2);
    assert!(!home.find(id).unwrap().record().reactions.unwrap().0[0].own);
}
