//! One webhook: from the rooms' logs to its receiver, in order per room, until each event was taken or given up.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chat_handler::settings::webhooks::{Webhook, orders_of, status_of};
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::fs::file;
use chat_store::fs::lock::{self, Share};
use chat_store::log::tail::{Progress, Tail};
use chat_store::name::RoomName;
use chat_store::record::RecordId;
use chat_store::state;
use serde_json::json;

use crate::dead;
use crate::event::{self, Event};
use crate::places::Places;
use crate::post::{Outcome, Receiver};
use crate::watch::Watch;

/// The longest wait: so late a signal or an order of `chatctl` is seen.
const TICK: Duration = Duration::from_millis(500);
/// Between two writes of the places.
const SAVE: Duration = Duration::from_secs(1);
/// Bytes of a log that are read at once.
const BUDGET: usize = 32 * 1024;
/// The largest file of orders that is read.
const MAX_ORDERS: u64 = 64 * 1024;

/// A room that there is something to post from.
#[derive(Debug, Default)]
struct Due {
    /// Not before this.
    at: Option<Instant>,
    /// How often its next event failed.
    failed: usize,
    /// The receiver could not be reached: as soon as it is, this room goes on too.
    unreachable: bool,
}

/// What `chatctl hooks` shows.
#[derive(Debug, Default)]
struct Counts {
    delivered: u64,
    failed: u64,
    dead: u64,
    last_error: String,
}

/// One webhook.
pub struct Endpoint<'a> {
    hook: &'a Webhook,
    site: &'a str,
    dirs: Dirs,
    receiver: Receiver,
    places: Places,
    watch: Watch,
    due: BTreeMap<RoomName, Due>,
    counts: Counts,
    saved_at: Instant,
    note: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Endpoint<'a> {
    /// Finds out where it was.
    ///
    /// # Errors
    /// What must be mended first.
    pub fn new(
        hook: &'a Webhook,
        site: &'a str,
        dirs: &Dirs,
        note: &'a (dyn Fn(&str) + Sync),
    ) -> Result<Self, String> {
        let failed = |error: io::Error| format!("[webhook {}]: {error}", hook.name);
        Ok(Self {
            receiver: Receiver::new(hook)
                .map_err(|error| format!("[webhook {}]: {error}", hook.name))?,
            places: Places::load(dirs, &hook.name).map_err(failed)?,
            watch: Watch::new(dirs, hook.rooms.clone()).map_err(failed)?,
            hook,
            site,
            dirs: dirs.clone(),
            due: BTreeMap::new(),
            counts: Counts::default(),
            saved_at: Instant::now(),
            note,
        })
    }

    /// Posts until `stop`.
    pub fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            match self.watch.wait(self.until_due()) {
                Ok(grown) => {
                    for room in grown {
                        self.due.entry(room).or_default();
                    }
                }
                Err(error) => {
                    self.tell(&format!("the rooms cannot be watched: {error}"));
                    std::thread::sleep(TICK);
                }
            }
            self.take_orders();
            let now = Instant::now();
            let is_due = |(room, due): (&RoomName, &Due)| {
                due.at.is_none_or(|at| at <= now).then(|| room.clone())
            };
            let rooms: Vec<_> = self.due.iter().filter_map(is_due).collect();
            for room in rooms {
                if self.places.is_off() || stop.load(Ordering::Relaxed) {
                    break;
                }
                self.post_from(&room, stop);
                self.save_if_due();
            }
            self.save_if_due();
        }
        self.save();
    }

    fn until_due(&self) -> Duration {
        if self.places.is_off() {
            return TICK;
        }
        let now = Instant::now();
        let waits = self.due.values().map(|due| {
            due.at
                .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
        });
        waits.min().unwrap_or(TICK).min(TICK)
    }

    /// Posts what is new in a room, up to the first event that is not taken.
    fn post_from(&mut self, room: &RoomName, stop: &AtomicBool) {
        let (events, read_to, progress) = match self.read(room) {
            Ok(read) => read,
            Err(error) => {
                self.tell(&format!("{room}: {error}"));
                self.fail(room, None, error.to_string(), false);
                return;
            }
        };
        for event in events {
            // At the end the rest waits for the next start.
            if stop.load(Ordering::Relaxed) {
                return;
            }
            match self.receiver.post(&event) {
                Outcome::Taken => self.taken(room, event.at),
                Outcome::Gone => {
                    self.places.switch_off(true);
                    self.save();
                    self.tell(
                        "the receiver wants no more (410): switched off, until chatctl hooks on NAME",
                    );
                    return;
                }
                Outcome::Refused(why) => return self.fail(room, Some(&event), why, false),
                Outcome::Unreachable(why) => return self.fail(room, Some(&event), why, true),
            }
            self.save_if_due();
        }
        // What is not told need not be read again.
        if read_to > self.places.of(room) {
            self.places.set(room, read_to);
        }
        if progress == Progress::Idle {
            self.due.remove(room);
        } else {
            self.due.insert(room.clone(), Due::default());
        }
    }

    fn read(&self, room: &RoomName) -> io::Result<(Vec<Event>, RecordId, Progress)> {
        let dirs = if room.is_closed() {
            closed::dirs_of(&self.dirs, room)
        } else {
            self.dirs.clone()
        };
        // What its people are not shown any more is told to no program either.
        let place = self.places.of(room).max(state::cleared(&dirs, room)?);
        let mut tail = Tail::after(&dirs, room, place)?;
        let (mut events, mut read_to) = (Vec::new(), place);
        let progress = tail.read(BUDGET, &mut |record| {
            read_to = read_to.max(record.id);
            events.extend(event::of(self.site, room, record, &self.hook.events));
        })?;
        Ok((events, read_to, progress))
    }

    fn taken(&mut self, room: &RoomName, id: RecordId) {
        self.counts.delivered += 1;
        self.places.set(room, id);
        // It is there again: nobody waits out the hours that it was not.
        for due in self.due.values_mut().filter(|due| due.unreachable) {
            (due.at, due.unreachable) = (None, false);
        }
        if let Some(due) = self.due.get_mut(room) {
            due.failed = 0;
        }
    }

    fn fail(&mut self, room: &RoomName, event: Option<&Event>, why: String, unreachable: bool) {
        self.counts.failed += 1;
        let due = self.due.entry(room.clone()).or_default();
        due.failed += 1;
        due.unreachable = unreachable;
        let wait = self.hook.retries.get(due.failed - 1);
        due.at = Some(Instant::now() + wait.copied().unwrap_or(TICK));
        if due.failed == 1 {
            let text = format!("{room}: not taken, {why}");
            self.tell(&text);
        }
        if let (None, Some(event)) = (wait, event) {
            self.give_up(room, event, &why);
        }
        self.counts.last_error = why;
        self.save();
    }

    fn give_up(&mut self, room: &RoomName, event: &Event, why: &str) {
        self.counts.dead += 1;
        self.tell(&format!("{room}: {} is given up, {why}", event.at));
        if let Err(error) = dead::note(&self.dirs, &self.hook.name, room, event, why) {
            self.tell(&format!("{}: {error}", dead::FILE));
        }
        self.places.set(room, event.at);
        self.due.insert(room.clone(), Due::default());
    }

    /// What `chatctl hooks` wants. Under the lock that it writes under: none comes between reading and removing.
    fn take_orders(&mut self) {
        let path = orders_of(&self.dirs, &self.hook.name);
        let Ok(held) = File::open(&path) else {
            return;
        };
        if !matches!(lock::try_hold(&held, Share::Exclusive), Ok(true)) {
            return;
        }
        let Ok(orders) = file::read_whole(&path, MAX_ORDERS) else {
            return;
        };
        if orders.is_empty() {
            return;
        }
        for line in String::from_utf8_lossy(&orders).lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["on"] => self.places.switch_off(false),
                ["redeliver", room, id] => {
                    let (room, id) = (RoomName::parse(room), RecordId::parse(id.as_bytes()));
                    if let (Ok(room), Some(id)) = (room, id) {
                        self.places.set(&room, id.previous());
                        self.due.insert(room, Due::default());
                    }
                }
                _ => self.tell(&format!("an order that is not understood: {line}")),
            }
        }
        self.save();
        // Done, and on the disk: a crash before this does it once more.
        if let Err(error) = fs::remove_file(&path) {
            self.tell(&format!("{}: {error}", path.display()));
        }
    }

    fn save_if_due(&mut self) {
        if self.saved_at.elapsed() >= SAVE {
            self.save();
        }
    }

    fn save(&mut self) {
        self.saved_at = Instant::now();
        if let Err(error) = self.places.save() {
            self.tell(&error.to_string());
        }
        let status = json!({
            "name": self.hook.name, "off": self.places.is_off(), "waiting": self.due.len(),
            "delivered": self.counts.delivered, "failed": self.counts.failed, "dead": self.counts.dead,
            "last_error": self.counts.last_error,
        });
        if let Err(error) = file::swap(
            &status_of(&self.dirs, &self.hook.name),
            status.to_string().as_bytes(),
        ) {
            self.tell(&error.to_string());
        }
    }

    fn tell(&self, text: &str) {
        (self.note)(&format!("[webhook {}] {text}", self.hook.name));
    }
}
