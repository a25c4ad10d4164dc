//! Records of a page, kept as lines in one piece of memory.

use crate::record::{Kind, Reactions, Record, RecordId};

/// A page of records, oldest first.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    lines: Vec<Line>,
    /// True if there is more where this page came from.
    pub more: bool,
    /// How far it was read, wanted or not: ask for what is before (or after) this to go on.
    pub scanned_to: Option<RecordId>,
}

#[derive(Debug)]
struct Line {
    id: RecordId,
    kind: Kind,
    /// Where clock, from, attributes and text end in the page's text.
    ends: [usize; 4],
    start: usize,
    is_old_form: bool,
    changed: Changed,
}

/// What became of a record since it was written.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The last edit.
    pub(super) edited: Option<RecordId>,
    /// The text of that.
    pub(super) text: Option<Box<str>>,
    /// How often it was edited.
    pub(super) edits: usize,
    /// Who reacted to it.
    pub(super) reactions: Option<Box<Reactions>>,
}

/// About what a record takes in a log, in bytes.
pub(super) fn cost(record: &Record<'_>) -> u64 {
    (record.text.len() + record.from.len() + RecordId::TEXT_LEN) as u64
}

impl Page {
    /// How many records.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The records, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = Record<'_>> {
        self.lines.iter().map(|line| {
            let [clock, from, attrs, text] = line.ends;
            let written = &self.text[attrs..text];
            let mut record = Record::from_parts(
                line.id,
                line.is_old_form.then(|| &self.text[line.start..clock]),
                line.kind,
                &self.text[clock..from],
                &self.text[from..attrs],
                line.changed.text.as_deref().unwrap_or(written),
            );
            record.edited = line.changed.edited;
            record.reactions = line.changed.reactions.as_deref();
            record
        })
    }

    pub(super) fn push(&mut self, record: &Record<'_>) {
        let start = self.text.len();
        let mut ends = [0; 4];
        let fields = [
            record.clock.unwrap_or_default(),
            &record.from,
            record.raw_attrs(),
            &record.text,
        ];
        for (end, field) in ends.iter_mut().zip(fields) {
            self.text.push_str(field);
            *end = self.text.len();
        }
        let is_old_form = record.clock.is_some();
        self.lines.push(Line {
            id: record.id,
            kind: record.kind,
            ends,
            start,
            is_old_form,
            changed: Changed::default(),
        });
    }

    pub(super) fn edits(&self, at: usize) -> usize {
        self.lines[at].changed.edits
    }

    pub(super) fn change(&mut self, at: usize, changed: Changed) {
        self.lines[at].changed = changed;
    }

    /// The page was read backwards.
    pub(super) fn finish(&mut self) {
        self.lines.reverse();
    }
}
