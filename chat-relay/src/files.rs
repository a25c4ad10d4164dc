//! Files that messages name and that this machine does not have in their place, or not yet as the messages': noted as
//! these are written, before anybody is woken for them, and by a look through the rooms' logs.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_store::attachments::{AttachmentId, MAX_OF_MESSAGE, Named, Shelf, Standing};
use chat_store::cluster::{Cluster, MAX_MISSING, Missing, Sought};
use chat_store::fs::dirs::Dirs;
use chat_store::log::{origins, rooms};
use chat_store::name::RoomName;
use chat_store::record::{Attrs, RecordId, attrs};
use chat_store::{closed, moves};

use crate::journal;
use crate::rooms::Entry;

mod place;
mod state;
#[cfg(test)]
mod tests;

pub use place::Place;
use state::State;
pub use state::Want;

/// The longest pause after trouble, here or on the way: it may be mended at any time.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause if no machine has it: one that comes says so.
const LONGEST_SEARCH_PAUSE: Duration = Duration::from_secs(3600);
/// What is older and on no machine is lost, unless `KEEP` is longer: after that a machine that was away comes back as a
/// copy of another.
const LOST_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// So often all machines have said first that they do not have it: for half a day, also after a restart.
const LOST_AFTER_TRIES: u32 = 24;
/// Questions of people that wait at most.
const MAX_SOUGHT: usize = 256;

/// What this machine lacks.
#[derive(Debug)]
pub struct Files {
    cluster: Arc<Cluster>,
    /// Those of a machine alone.
    dirs: Dirs,
    /// What is older and on no machine is lost.
    lost_after: Duration,
    /// How many there are at most.
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl Files {
    /// Those of the machine whose directories are `dirs`, with what was noted before. `keep` is how long a machine may be
    /// away.
    ///
    /// # Errors
    /// Those of reading the notes.
    pub fn new(dirs: &Dirs, cluster: &Arc<Cluster>, keep: Duration) -> io::Result<Self> {
        Self::bounded(dirs, cluster, keep, MAX_MISSING)
    }

    fn bounded(
        dirs: &Dirs,
        cluster: &Arc<Cluster>,
        keep: Duration,
        most: usize,
    ) -> io::Result<Self> {
        let files = Self {
            cluster: Arc::clone(cluster),
            dirs: dirs.alone(),
            lost_after: LOST_AFTER.max(keep),
            most,
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        let mut state = files.locked();
        for (id, missing) in cluster.all_missing()? {
            if state.takes(&id, &missing, most) {
                state.want(&id, missing);
            }
        }
        drop(state);
        Ok(files)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message stands in this machine's log. Its files are noted, also those that are here and not yet the message's:
    /// nobody's lock is waited for here.
    pub fn named(&self, dirs: &Dirs, id: RecordId, entry: &Entry) {
        if !entry.kind.is_talk() || !entry.attrs.contains(attrs::FILE) {
            return;
        }
        let values = Attrs::new(&entry.attrs).filter(|(key, _)| *key == attrs::FILE);
        let named = values.filter_map(|(_, value)| Named::parse(&value));
        for file in named.take(MAX_OF_MESSAGE) {
            self.look(&Shelf::of(dirs, &entry.room), &file, &entry.room, id);
        }
    }

    /// Notes a file, unless it is in its place.
    fn look(&self, of_room: &Shelf, file: &Named, room: &RoomName, message: RecordId) {
        let found = of_room.find(&file.id).unwrap_or_default();
        if found.is_some_and(|found| found.message.is_some() && of_room.has_content(&found)) {
            return;
        }
        let missing = Missing {
            room: room.clone(),
            message,
            size: file.size,
        };
        let mut state = self.locked();
        // Known, or one too many.
        if !state.takes(&file.id, &missing, self.most) {
            return;
        }
        // Noted before anybody can find that it is here and strike the note out.
        let noted = self.cluster.note_missing(&file.id, &missing);
        state.want(&file.id, missing);
        drop(state);
        self.changed.notify_all();
        if let Err(error) = noted {
            self.tell(format!("spool/missing: {error}"));
        }
    }

    /// Whether there was no room for some, and is now.
    pub fn has_room_again(&self) -> bool {
        let state = self.locked();
        state.left_out.is_some() && state.wants.len() <= self.most / 2
    }

    /// Looks which files are missing of those that were said in any room since then, or for which there was no room.
    ///
    /// # Errors
    /// Those of reading the logs.
    pub fn look_through(&self, since: RecordId) -> io::Result<()> {
        let left_out = self.locked().left_out.take();
        let looked = self.look_since(left_out.map_or(since, |it| it.previous().min(since)));
        if looked.is_err() {
            self.locked().leave_out(left_out);
        }
        looked
    }

    fn look_since(&self, since: RecordId) -> io::Result<()> {
        let all = rooms::all(&self.dirs)?.into_iter();
        for room in all.chain(closed::all(&self.dirs)?) {
            let dirs = closed::dirs_of(&self.dirs, &room);
            let of_room = Shelf::of(&dirs, &room);
            let live = dirs.room_log(&room);
            origins::each_back_having(&live, since, attrs::FILE, &mut |record| {
                for file in chat_store::attachments::named(record) {
                    self.look(&of_room, &file, &room, record.id);
                }
            })?;
        }
        Ok(())
    }

    /// Somebody of this machine asks what a file of another is. Whose question is one too many is not answered.
    pub fn seek(&self, sought: Vec<Sought>) {
        if sought.is_empty() {
            return;
        }
        let mut state = self.locked();
        state.sought.extend(sought);
        state.sought.truncate(MAX_SOUGHT);
        drop(state);
        self.changed.notify_all();
    }

    /// The questions of people of this machine.
    pub fn sought(&self) -> Vec<Sought> {
        self.locked().sought.drain(..).collect()
    }

    /// Waits until something is to be done, at most that long.
    pub fn wait(&self, limit: Duration) {
        let state = self.locked();
        let now = Instant::now();
        let due = state.first_due();
        if !state.sought.is_empty() || due.is_some_and(|due| due <= now) {
            return;
        }
        let left = due.map_or(limit, |due| limit.min(due - now));
        let _ = self.changed.wait_timeout(state, left);
    }

    /// What is due, the smallest first: a picture does not wait for a film. Those that are `under_way` are not.
    pub fn due(&self, under_way: &dyn Fn(&AttachmentId) -> bool) -> Vec<AttachmentId> {
        self.locked().due(under_way)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.locked().wants.len()
    }

    /// What is known of one that is to come.
    pub fn get(&self, id: &AttachmentId) -> Option<Want> {
        self.locked().wants.get(id).cloned()
    }

    /// Makes it its message's, if it is here; what is here, or nobody's any more, is struck out. True: it must be fetched.
    pub fn settle(&self, id: &AttachmentId) -> bool {
        // Again if it has gone elsewhere meanwhile.
        for _ in 0..2 {
            let Some(want) = self.get(id) else {
                return false;
            };
            let standing = self.stand(id, &want.missing);
            match standing.and_then(|it| Ok((it, self.follow(id, it, &want.missing)?))) {
                Ok((_, true)) => {}
                Ok((Standing::Lacking, false)) => return true,
                Ok((Standing::Here | Standing::Gone, false)) => {
                    self.done(id);
                    return false;
                }
                Err(error) => {
                    self.tell(format!("the file {id}: {error}"));
                    break;
                }
            }
        }
        self.again(id);
        false
    }

    fn stand(&self, id: &AttachmentId, missing: &Missing) -> io::Result<Standing> {
        if !closed::is_there(&self.dirs, &missing.room) {
            return Ok(Standing::Gone);
        }
        let place = Place::of(&self.dirs, missing);
        place.shelf().settle(place.naming(), id)
    }

    /// A message that is not where it was may have gone elsewhere with its room: then its file is noted there. False: it
    /// has not.
    fn follow(&self, id: &AttachmentId, standing: Standing, missing: &Missing) -> io::Result<bool> {
        if standing != Standing::Gone {
            return Ok(false);
        }
        // Not in the midst of the move.
        moves::finish(&self.dirs)?;
        let Some(room) = moves::gone_to(&self.dirs, &missing.room)? else {
            return Ok(false);
        };
        let missing = Missing {
            room,
            ..missing.clone()
        };
        self.cluster.note_missing(id, &missing)?;
        if let Some(want) = self.locked().wants.get_mut(id) {
            want.missing = missing;
        }
        Ok(true)
    }

    /// Where it is to be.
    pub fn place(&self, missing: &Missing) -> Place {
        Place::of(&self.dirs, missing)
    }

    /// It is there, or nobody needs it.
    pub fn done(&self, id: &AttachmentId) {
        if let Err(error) = self.cluster.strike_missing(id) {
            // Asked for again, it is found to be there.
            self.tell(format!("spool/missing: {error}"));
        }
        self.locked().wants.remove(id);
    }

    /// It did not come: it is asked for again after a while.
    pub fn again(&self, id: &AttachmentId) {
        self.locked().put_off(id, LONGEST_PAUSE);
    }

    /// No machine that is there has it: it is asked for again after a while, and when one comes, unless it is lost.
    pub fn nobody_has(&self, id: &AttachmentId) {
        let mut state = self.locked();
        let Some(want) = state.put_off(id, LONGEST_SEARCH_PAUSE) else {
            return;
        };
        want.lacked += 1;
        let want = want.clone();
        drop(state);
        let Missing { room, message, .. } = want.missing;
        let age = RecordId::now()
            .as_micros()
            .saturating_sub(message.as_micros());
        if want.lacked >= LOST_AFTER_TRIES && Duration::from_micros(age) > self.lost_after {
            journal::note(format_args!(
                "the file {id} of {message} in {room} is lost: no machine has it"
            ));
            self.done(id);
        } else if want.lacked == 1 {
            journal::note(format_args!(
                "the file {id}: no machine that is there has it; it is fetched when one comes that has"
            ));
        }
    }

    /// A machine has come, and may have what the others lack.
    pub fn look_again(&self) {
        self.locked().hurry();
        self.changed.notify_all();
    }

    /// That machine gave something else in its place: another is asked, if one has it.
    pub fn wrong_at(&self, id: &AttachmentId, machine: Option<&str>) {
        if let Some(want) = self.locked().wants.get_mut(id) {
            want.wrong_at = machine.map(str::to_owned);
        }
    }

    /// Tells trouble, once as long as it is the same.
    pub fn tell(&self, trouble: String) {
        let mut state = self.locked();
        if state.trouble != trouble {
            journal::note(&trouble);
            state.trouble = trouble;
        }
    }
}
