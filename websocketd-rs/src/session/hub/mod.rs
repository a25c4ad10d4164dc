//! Shared programs: one process for all clients of a site, or of a path below it. The process has a task of its own
//! ([`driver`]); each client's session is a member of its [`room`], with a bounded [`mailbox`].
//!
//! ```text
//! member ─ inbox ─► stdin ─► program ─► stdout ─► orders ─► mailboxes ─► members
//! ```
//!
//! A full stdin makes members wait, and so their clients. A full mailbox makes the program wait, for a short time once; then
//! its client is too slow, and sent away or left out. So nobody waits for the slowest for long, and nothing is unbounded.

mod backoff;
mod driver;
mod mailbox;
mod member;
mod order;
mod output;
mod room;
mod start;
pub mod wire;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::config::{Shared, SiteKey};
use crate::permit::{AddressPermit, Permit};
use driver::Driver;
pub(in crate::session) use mailbox::{Delivery, Dismissal};
pub use member::Member;
pub use order::{MemberId, Message, Order};
use room::Room;
pub use start::Start;

/// Tries to enter a room that closes at the same moment.
const MAX_TRIES: u32 = 8;

/// What a shared program is the only one for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomKey {
    /// The site.
    pub site: SiteKey,
    /// `SCRIPT_NAME` of the program.
    pub script_name: Vec<u8>,
    /// The path behind it, with `--sharedby=path`; else empty.
    pub path_info: Vec<u8>,
}

/// A client that wants to enter.
#[derive(Debug)]
pub struct Newcomer {
    /// Its `join` event; empty when the program is not told.
    pub join: Vec<u8>,
    /// Its number.
    pub id: MemberId,
    /// One of `--maxconnsperip`, for a client behind a trusted proxy.
    pub address: Option<AddressPermit>,
}

/// Why there is no room for a client.
#[derive(Debug)]
pub enum NoRoom {
    /// `--maxshared` programs run at this site.
    Shared,
    /// No permit for a program is free.
    Permit,
    /// The program does not start.
    Spawn(io::Error),
}

/// What a task runs.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts tasks on the thread that asks. A function of the server's, which is alone in starting tasks.
pub struct Tasks(Box<dyn Fn(Task) + Send + Sync>);

impl Tasks {
    /// Tasks that `start` starts.
    pub fn new(start: impl Fn(Task) + Send + Sync + 'static) -> Self {
        Self(Box::new(start))
    }

    /// Starts one.
    pub(in crate::session) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        (self.0)(Box::pin(task));
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks")
    }
}

/// All shared programs. It outlives a reload.
#[derive(Debug)]
pub struct Hub {
    rooms: Mutex<HashMap<RoomKey, Arc<Place>>>,
    last_id: AtomicU64,
    tasks: Tasks,
    stopping: CancellationToken,
}

/// A room with its program's first start.
#[derive(Debug)]
struct Place {
    room: Arc<Room>,
    /// Empty until the program runs.
    started: OnceCell<()>,
    /// As the program was started last.
    start: Mutex<Start>,
}

impl Hub {
    /// No programs yet. Their tasks are started by `tasks` and end with `stopping`.
    pub fn new(tasks: Tasks, stopping: CancellationToken) -> Self {
        Self {
            rooms: Mutex::default(),
            last_id: AtomicU64::new(0),
            tasks,
            stopping,
        }
    }

    /// A number that no client had before.
    pub fn next_id(&self) -> MemberId {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Finds the program for `key`, or starts it as `start` says, when `permit` gives one.
    ///
    /// # Errors
    /// When there may be no more of them, or it can't be started.
    pub async fn enter(
        self: &Arc<Self>,
        key: RoomKey,
        config: &Shared,
        start: Start,
        permit: impl Fn() -> Option<Permit>,
        newcomer: Newcomer,
    ) -> Result<Member, NoRoom> {
        let Newcomer { join, id, address } = newcomer;
        for _ in 0..MAX_TRIES {
            let place = self.place(&key, config, &start)?;
            let Some(mut member) = place.room.reserve(id, join.clone()) else {
                self.forget(&key, &place);
                continue;
            };
            let run = || self.start(key.clone(), Arc::clone(&place), permit());
            return match place.started.get_or_try_init(run).await {
                Ok(()) => {
                    member.hold(address);
                    Ok(member)
                }
                Err(no_room) => {
                    drop(member);
                    if place.room.close_if_empty() {
                        self.forget(&key, &place);
                    }
                    Err(no_room)
                }
            };
        }
        Err(NoRoom::Spawn(io::ErrorKind::ResourceBusy.into()))
    }

    /// Has each program go on as `starts` says for its key since a reload; `None`: not at all.
    pub fn reload(&self, starts: impl Fn(&RoomKey) -> Option<(Shared, Start)>) {
        let places: Vec<_> = self
            .lock()
            .iter()
            .map(|(key, place)| (key.clone(), Arc::clone(place)))
            .collect();
        for (key, place) in places {
            match starts(&key) {
                Some((shared, next)) if shared == *place.room.config() => {
                    let mut start = place.start.lock().unwrap_or_else(PoisonError::into_inner);
                    if !start.is_same(&next) {
                        start.clone_from(&next);
                        place.room.replace(next);
                    }
                }
                // Its rules are others: who is there comes again, to a new one.
                _ => {
                    self.forget(&key, &place);
                    place.room.close(Dismissal::Replaced);
                }
            }
        }
    }

    fn place(&self, key: &RoomKey, config: &Shared, start: &Start) -> Result<Arc<Place>, NoRoom> {
        let mut rooms = self.lock();
        if let Some(place) = rooms.get(key) {
            return Ok(Arc::clone(place));
        }
        let of_site = rooms.keys().filter(|other| other.site == key.site).count();
        if of_site >= config.max_programs {
            return Err(NoRoom::Shared);
        }
        let place = Arc::new(Place {
            room: Arc::new(Room::new(config.clone())),
            started: OnceCell::new(),
            start: Mutex::new(start.clone()),
        });
        rooms.insert(key.clone(), Arc::clone(&place));
        Ok(place)
    }

    async fn start(
        self: &Arc<Self>,
        key: RoomKey,
        place: Arc<Place>,
        permit: Option<Permit>,
    ) -> Result<(), NoRoom> {
        let permit = permit.ok_or(NoRoom::Permit)?;
        let start = place
            .start
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let program = start.start().await.map_err(NoRoom::Spawn)?;
        let driver = Driver::new(Arc::clone(&place.room), start, program, permit);
        let hub = Arc::clone(self);
        let stopping = self.stopping.clone();
        self.tasks.start(async move {
            driver.run(stopping, || hub.forget(&key, &place)).await;
        });
        Ok(())
    }

    /// Forgets a room that is closed, so that who comes next finds a new one.
    fn forget(&self, key: &RoomKey, place: &Arc<Place>) {
        let mut rooms = self.lock();
        if rooms
            .get(key)
            .is_some_and(|there| Arc::ptr_eq(there, place))
        {
            rooms.remove(key);
        }
    }

    /// Each line of ours leaves it whole: a panic elsewhere can't have broken it.
    fn lock(&self) -> MutexGuard<'_, HashMap<RoomKey, Arc<Place>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
