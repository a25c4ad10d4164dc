//! Files that messages name and that this machine does not have in their place, or not yet as the messages': noted as
//! these are written, before anybody is woken for them, and by a look through the rooms' logs.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_store::attachments::{AttachmentId, MAX_OF_MESSAGE, Named, Naming, Shelf, Standing};
use chat_store::closed;
use chat_store::cluster::{Cluster, MAX_MISSING, Missing, Sought};
use chat_store::fs::dirs::Dirs;
use chat_store::log::{origins, rooms};
use chat_store::name::RoomName;
use chat_store::record::{Attrs, RecordId, attrs};

use crate::journal;
use crate::rooms::Entry;

/// Before a file is asked for again, at first and at most: its machine may come back at any time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Questions of people that wait at most.
const MAX_SOUGHT: usize = 256;

/// A file that is to come.
#[derive(Debug, Clone)]
pub struct Want {
    /// Which message has it.
    pub missing: Missing,
    /// The machine that gave something else in its place.
    pub wrong_at: Option<String>,
    /// How often it did not come.
    failed: u32,
    due: Instant,
}

#[derive(Debug, Default)]
struct State {
    wants: BTreeMap<AttachmentId, Want>,
    sought: VecDeque<Sought>,
    /// The trouble that was told last.
    trouble: String,
}

impl State {
    /// Whether it is not known yet, and there is room for it.
    fn takes(&self, id: &AttachmentId) -> bool {
        !self.wants.contains_key(id) && self.wants.len() < MAX_MISSING
    }

    fn want(&mut self, id: &AttachmentId, missing: Missing) {
        let want = Want {
            missing,
            wrong_at: None,
            failed: 0,
            due: Instant::now(),
        };
        self.wants.insert(id.clone(), want);
    }
}

/// What this machine lacks.
#[derive(Debug)]
pub struct Files {
    cluster: Arc<Cluster>,
    /// Those of a machine alone.
    dirs: Dirs,
    state: Mutex<State>,
    changed: Condvar,
}

impl Files {
    /// Those of the machine whose directories are `dirs`, with what was noted before.
    ///
    /// # Errors
    /// Those of reading the notes.
    pub fn new(dirs: &Dirs, cluster: &Arc<Cluster>) -> io::Result<Self> {
        let files = Self {
            cluster: Arc::clone(cluster),
            dirs: dirs.alone(),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        let mut state = files.locked();
        for (id, missing) in cluster.all_missing()? {
            if state.takes(&id) {
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
        // Known, or one too many: a look through the logs finds it then.
        if !state.takes(&file.id) {
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

    /// Looks which files are missing of those that were said in any room since then.
    ///
    /// # Errors
    /// Those of reading the logs.
    pub fn look_through(&self, since: RecordId) -> io::Result<()> {
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
        let due = state.wants.values().map(|want| want.due).min();
        if !state.sought.is_empty() || due.is_some_and(|due| due <= now) {
            return;
        }
        let left = due.map_or(limit, |due| limit.min(due - now));
        let _ = self.changed.wait_timeout(state, left);
    }

    /// What is due, the smallest first: a picture does not wait for a film. Those that are `under_way` are not.
    pub fn due(&self, under_way: &dyn Fn(&AttachmentId) -> bool) -> Vec<AttachmentId> {
        let (state, now) = (self.locked(), Instant::now());
        let due = state.wants.iter();
        let mut due: Vec<_> = due
            .filter(|(id, want)| want.due <= now && !under_way(id))
            .map(|(id, want)| (want.missing.size, id.clone()))
            .collect();
        due.sort();
        due.into_iter().map(|(_, id)| id).collect()
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
        let Some(want) = self.get(id) else {
            return false;
        };
        if !closed::is_there(&self.dirs, &want.missing.room) {
            self.done(id);
            return false;
        }
        let place = Place::of(&self.dirs, &want.missing);
        match place.shelf().settle(place.naming(), id) {
            Ok(Standing::Lacking) => return true,
            Ok(Standing::Here | Standing::Gone) => self.done(id),
            Err(error) => {
                self.tell(format!("the file {id}: {error}"));
                self.again(id);
            }
        }
        false
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

    /// It did not come: it is asked for again after a while. True: it was the first time.
    pub fn again(&self, id: &AttachmentId) -> bool {
        let mut state = self.locked();
        let Some(want) = state.wants.get_mut(id) else {
            return false;
        };
        let pause = FIRST_PAUSE.saturating_mul(1 << want.failed.min(5));
        want.due = Instant::now() + pause.min(LONGEST_PAUSE);
        want.failed += 1;
        want.failed == 1
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

/// Where a file is to be.
#[derive(Debug)]
pub struct Place {
    dirs: Dirs,
    room: RoomName,
    message: RecordId,
}

impl Place {
    fn of(dirs: &Dirs, missing: &Missing) -> Self {
        Self {
            dirs: closed::dirs_of(dirs, &missing.room),
            room: missing.room.clone(),
            message: missing.message,
        }
    }

    /// The room's files.
    pub fn shelf(&self) -> Shelf {
        Shelf::of(&self.dirs, &self.room)
    }

    /// The message that names it.
    pub fn naming(&self) -> Naming<'_> {
        Naming {
            dirs: &self.dirs,
            room: &self.room,
            message: self.message,
        }
    }
}
