//! Which files are to come, and when each is asked for.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use chat_store::attachments::AttachmentId;
use chat_store::cluster::{Missing, Sought};
use chat_store::record::RecordId;

/// Before a file is asked for again, at first; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// A file that is to come.
#[derive(Debug, Clone)]
pub struct Want {
    /// Which message has it.
    pub missing: Missing,
    /// The machine that gave something else in its place.
    pub wrong_at: Option<String>,
    /// How often it did not come.
    failed: u32,
    /// How often all machines that are there have said that they do not have it.
    pub(super) lacked: u32,
    due: Instant,
}

/// All of them, and what people ask.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What is to come.
    pub(super) wants: BTreeMap<AttachmentId, Want>,
    /// The questions of people of this machine.
    pub(super) sought: VecDeque<Sought>,
    /// The earliest message with a file that there was no room for.
    pub(super) left_out: Option<RecordId>,
    /// The trouble that was told last.
    pub(super) trouble: String,
}

impl State {
    /// Whether it is not known yet, and there is room for it among `most`; else it is left out.
    pub(super) fn takes(&mut self, id: &AttachmentId, missing: &Missing, most: usize) -> bool {
        let is_known = self.wants.contains_key(id);
        let has_room = self.wants.len() < most;
        if !is_known && !has_room {
            self.leave_out(Some(missing.message));
        }
        !is_known && has_room
    }

    /// There is no room for what is said from there on.
    pub(super) fn leave_out(&mut self, from: Option<RecordId>) {
        self.left_out = self.left_out.into_iter().chain(from).min();
    }

    /// It is to come.
    pub(super) fn want(&mut self, id: &AttachmentId, missing: Missing) {
        let want = Want {
            missing,
            wrong_at: None,
            failed: 0,
            lacked: 0,
            due: Instant::now(),
        };
        self.wants.insert(id.clone(), want);
    }

    /// It did not come: it is asked for again after a pause, twice as long each time, but not longer than that.
    pub(super) fn put_off(&mut self, id: &AttachmentId, longest: Duration) -> Option<&mut Want> {
        let want = self.wants.get_mut(id)?;
        // By then it is the longest in any case.
        let pause = FIRST_PAUSE.saturating_mul(1 << want.failed.min(16));
        want.due = Instant::now() + pause.min(longest);
        want.failed += 1;
        Some(want)
    }

    /// All are asked for now.
    pub(super) fn hurry(&mut self) {
        let now = Instant::now();
        for want in self.wants.values_mut() {
            want.due = want.due.min(now);
        }
    }

    /// When the first is due.
    pub(super) fn first_due(&self) -> Option<Instant> {
        self.wants.values().map(|want| want.due).min()
    }

    /// What is due, the smallest first. Those that are `under_way` are not.
    pub(super) fn due(&self, under_way: &dyn Fn(&AttachmentId) -> bool) -> Vec<AttachmentId> {
        let now = Instant::now();
        let due = self.wants.iter();
        let mut due: Vec<_> = due
            .filter(|(id, want)| want.due <= now && !under_way(id))
            .map(|(id, want)| (want.missing.size, id.clone()))
            .collect();
        due.sort();
        due.into_iter().map(|(_, id)| id).collect()
    }
}
