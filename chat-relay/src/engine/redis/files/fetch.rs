//! What this machine lacks, asked for until it is here. There is a connection for it only as long as something is missing.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chat_store::attachments::{Arrival, ArrivalError, Attachment, AttachmentId};
use chat_store::cluster::{Cluster, Missing, Sought};
use chat_store::record::RecordId;
use redis::PubSub;

use super::super::cursor::earlier;
use super::super::link::Link;
use super::super::script;
use super::super::shared::Shared;
use super::super::trouble::Result;
use super::{Question, Reply};
use crate::files::{Files, Want};

/// Files that come at a time.
pub const MAX_TASKS: usize = 4;
/// The longest wait for word who has a file.
const SEARCH: Duration = Duration::from_secs(2);
/// The longest wait for a part of it.
const PART_WAIT: Duration = Duration::from_secs(10);
/// Between two looks whether something is due.
const LOOK: Duration = Duration::from_secs(1);
/// The longest wait for one message of the engine.
const SLICE: Duration = Duration::from_millis(100);
/// Between two looks through what was said of late: a note may not have been written.
const LOOK_THROUGH: Duration = Duration::from_secs(3600);
/// Between two if there was no room for some notes, and is now.
const LOOK_FOR_MORE: Duration = Duration::from_secs(60);
/// After trouble with the engine.
const PAUSE: Duration = Duration::from_secs(1);

/// What is done for a question.
#[derive(Debug)]
enum Task {
    /// Somebody of this machine wants to know what it is.
    Tell(Sought, Search),
    /// Who has it?
    Find(AttachmentId, Want, Search),
    /// It comes, from that machine.
    Take(AttachmentId, Missing, String, Box<Arrival>),
}

/// How many machines were asked, and have said that they lack it.
#[derive(Debug)]
struct Search {
    asked: u64,
    lacks: u64,
}

/// Tasks by the number of their question, each with its end.
type Tasks = BTreeMap<u64, (Task, Instant)>;

/// Who fetches.
#[derive(Debug)]
pub struct Fetcher<'a> {
    shared: &'a Shared,
    cluster: &'a Cluster,
    files: &'a Files,
}

/// One connection's worth of it.
struct Session<'a> {
    it: &'a Fetcher<'a>,
    link: Link,
    tasks: Tasks,
    number: u64,
}

impl<'a> Fetcher<'a> {
    /// Of what `files` knows to be missing.
    pub fn new(shared: &'a Shared, cluster: &'a Cluster, files: &'a Files) -> Self {
        Self {
            shared,
            cluster,
            files,
        }
    }

    /// Fetches, until the end.
    pub fn run(&self) {
        let mut since = earlier(RecordId::now(), self.shared.setup.keep);
        let mut looked: Option<Instant> = None;
        while !self.shared.is_stopping() {
            let pause = if self.files.has_room_again() {
                LOOK_FOR_MORE
            } else {
                LOOK_THROUGH
            };
            if looked.is_none_or(|looked| looked.elapsed() >= pause) {
                let now = RecordId::now();
                looked = Some(Instant::now());
                match self.files.look_through(since) {
                    Ok(()) => since = earlier(now, LOOK_THROUGH),
                    Err(error) => self.files.tell(format!("the rooms' logs: {error}")),
                }
                if let Err(error) = self.cluster.sweep_found() {
                    self.files.tell(format!("run/relay/found: {error}"));
                }
            }
            self.files.wait(LOOK);
            let sought = self.files.sought();
            let lacking = self.lacking(MAX_TASKS, &|_| false);
            if sought.is_empty() && lacking.is_empty() {
                continue;
            }
            if self.session(sought, lacking).is_err() {
                // The other threads tell of an engine that is away.
                self.shared.pause(PAUSE);
            }
        }
    }

    /// So many of those that are due and must be fetched. What need not be is done on the way.
    fn lacking(&self, most: usize, under_way: &dyn Fn(&AttachmentId) -> bool) -> Vec<AttachmentId> {
        let due = self.files.due(under_way).into_iter();
        let lacks = |id: &AttachmentId| !self.shared.is_stopping() && self.files.settle(id);
        let lacking = due.filter(lacks).take(most).collect();
        let missing = &self.shared.counters.files_missing;
        missing.store(self.files.count() as u64, Ordering::Relaxed);
        lacking
    }

    fn session(&self, mut sought: Vec<Sought>, mut lacking: Vec<AttachmentId>) -> Result<()> {
        let setup = &self.shared.setup;
        let mut session = Session {
            it: self,
            link: Link::open_found(&setup.access, script::ALL)?,
            tasks: Tasks::new(),
            number: RecordId::now().as_micros(),
        };
        let mut connection = Link::open_found(&setup.access, script::ALL)?.into_connection();
        connection.set_read_timeout(Some(SLICE))?;
        let mut channel = connection.as_pubsub();
        let own = &setup.machine.incarnation;
        channel.subscribe(setup.keys.key(&format!("files:{own}")))?;
        // What is under way when another engine is chosen is begun again there.
        while !self.shared.is_stopping() && setup.access.is_found_at(&session.link.place) {
            session.begin(sought, lacking)?;
            if session.tasks.is_empty() {
                return Ok(());
            }
            session.listen(&mut channel)?;
            session.give_up();
            sought = self.files.sought();
            let room = MAX_TASKS.saturating_sub(session.tasks.len());
            lacking = match room {
                0 => Vec::new(),
                room => self.lacking(room, &|id| session.is_under_way(id)),
            };
        }
        Ok(())
    }
}

impl Session<'_> {
    fn is_under_way(&self, id: &AttachmentId) -> bool {
        self.tasks.values().any(|(task, _)| match task {
            Task::Tell(..) => false,
            Task::Find(of, ..) | Task::Take(of, ..) => of == id,
        })
    }

    /// Begins what is to be done.
    fn begin(&mut self, sought: Vec<Sought>, lacking: Vec<AttachmentId>) -> Result<()> {
        for sought in sought {
            let (room, id) = (sought.room.clone(), sought.id.clone());
            let search = self.search(room, id)?;
            self.put(Task::Tell(sought, search), SEARCH);
        }
        for id in lacking {
            if let Some(want) = self.it.files.get(&id) {
                let search = self.search(want.missing.room.clone(), id.clone())?;
                self.put(Task::Find(id, want, search), SEARCH);
            }
        }
        Ok(())
    }

    /// Asks all machines who has a file, this one among them: so all that are there answer.
    fn search(&mut self, room: chat_store::name::RoomName, id: AttachmentId) -> Result<Search> {
        let asked = self.ask("files", room, id, None)?;
        Ok(Search { asked, lacks: 0 })
    }

    /// Asks; how many machines hear it.
    fn ask(
        &mut self,
        channel: &str,
        room: chat_store::name::RoomName,
        id: AttachmentId,
        from: Option<u64>,
    ) -> Result<u64> {
        let setup = &self.it.shared.setup;
        self.number += 1;
        let question = Question {
            asker: setup.machine.incarnation.clone(),
            number: self.number,
            room,
            id,
            from,
        };
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(setup.keys.key(channel)).arg(question.to_text());
        self.link.ask(&publish)
    }

    /// Waits for the answer to the question that was asked last.
    fn put(&mut self, task: Task, limit: Duration) {
        self.tasks
            .insert(self.number, (task, Instant::now() + limit));
    }

    fn listen(&mut self, channel: &mut PubSub<'_>) -> Result<()> {
        let message = match channel.get_message() {
            Ok(message) => message,
            Err(error) if error.is_timeout() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some((number, reply)) = Reply::parse(message.get_payload_bytes()) else {
            return Ok(());
        };
        // What was given up is nobody's.
        let Some((task, until)) = self.tasks.remove(&number) else {
            return Ok(());
        };
        match (task, reply) {
            (Task::Tell(sought, _), Reply::Here(_, line)) => {
                let about = Attachment::from_line(sought.id.clone(), line);
                self.tell(&sought, about.as_ref());
            }
            (Task::Find(id, want, _), Reply::Here(giver, line))
                if want.wrong_at.as_deref() != Some(giver) =>
            {
                self.take(id, giver, line)?;
            }
            (Task::Take(id, missing, giver, mut arrival), Reply::Bytes(bytes)) => {
                match arrival.add(bytes) {
                    Ok(()) => self.go_on(id, missing, giver, arrival)?,
                    Err(error) => self.failed(&id, &giver, &error),
                }
            }
            (Task::Take(id, _, giver, _), _) => {
                self.it
                    .files
                    .tell(format!("the file {id} has gone from {giver}"));
                self.it.files.again(&id);
            }
            (Task::Tell(sought, mut search), _) => {
                search.lacks += 1;
                if search.lacks >= search.asked {
                    self.tell(&sought, None);
                } else {
                    self.tasks
                        .insert(number, (Task::Tell(sought, search), until));
                }
            }
            (Task::Find(id, want, mut search), _) => {
                search.lacks += 1;
                if search.lacks >= search.asked {
                    // It may be mended where it is not what it was.
                    self.it.files.wrong_at(&id, None);
                    self.it.files.nobody_has(&id);
                } else {
                    self.tasks
                        .insert(number, (Task::Find(id, want, search), until));
                }
            }
        }
        Ok(())
    }

    fn tell(&self, sought: &Sought, about: Option<&Attachment>) {
        if let Err(error) = self.it.cluster.answer_sought(sought, about) {
            self.it.files.tell(format!("an answer: {error}"));
        }
    }

    /// That machine has it.
    fn take(&mut self, id: AttachmentId, giver: &str, line: &[u8]) -> Result<()> {
        // Its room may have gone elsewhere meanwhile: no directory is made where that was.
        let want = self.it.files.settle(&id).then(|| self.it.files.get(&id));
        let Some(Want { missing, .. }) = want.flatten() else {
            return Ok(());
        };
        let giver = giver.to_owned();
        let about = Attachment::from_line(id.clone(), line);
        let Some(about) = about.filter(|about| about.size == missing.size) else {
            self.failed(&id, &giver, &ArrivalError::Wrong);
            return Ok(());
        };
        match self.it.files.place(&missing).shelf().expect(about) {
            Ok(arrival) => self.go_on(id, missing, giver, Box::new(arrival)),
            Err(error) => {
                self.failed(&id, &giver, &error.into());
                Ok(())
            }
        }
    }

    /// Asks for the next part, or keeps what is whole.
    fn go_on(
        &mut self,
        id: AttachmentId,
        missing: Missing,
        giver: String,
        arrival: Box<Arrival>,
    ) -> Result<()> {
        if let from @ Some(_) = arrival.next() {
            let channel = format!("to:{giver}");
            if self.ask(&channel, missing.room.clone(), id.clone(), from)? > 0 {
                self.put(Task::Take(id, missing, giver, arrival), PART_WAIT);
            } else {
                self.it
                    .files
                    .tell(format!("the file {id}: {giver} is gone"));
                self.it.files.again(&id);
            }
            return Ok(());
        }
        match arrival.keep(self.it.files.place(&missing).naming()) {
            Ok(()) => {
                self.it.files.done(&id);
                let fetched = &self.it.shared.counters.files;
                fetched.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.failed(&id, &giver, &error),
        }
        Ok(())
    }

    fn failed(&self, id: &AttachmentId, giver: &str, error: &ArrivalError) {
        let files = self.it.files;
        match error {
            // Or with its room elsewhere, where it is still to be.
            ArrivalError::Gone if !files.settle(id) => return,
            ArrivalError::Gone => {}
            ArrivalError::Wrong => {
                files.wrong_at(id, Some(giver));
                files.tell(format!("the file {id} from {giver}: {error}"));
            }
            // The same words for all: a full disk is told once.
            ArrivalError::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
                files.tell(format!("files of other machines are not kept: {error}"));
            }
            ArrivalError::Io(error) => files.tell(format!("the file {id}: {error}")),
        }
        files.again(id);
    }

    /// What was not answered in time is asked for again later.
    fn give_up(&mut self) {
        let now = Instant::now();
        let (over, on) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|(_, (_, until))| *until <= now);
        self.tasks = on;
        let over: Tasks = over;
        for (task, _) in over.into_values() {
            match task {
                // Who waits knows that nobody knows.
                Task::Tell(..) => {}
                Task::Find(id, ..) => {
                    self.it.files.wrong_at(&id, None);
                    self.it.files.again(&id);
                }
                Task::Take(id, _, giver, _) => {
                    let files = self.it.files;
                    files.tell(format!("the file {id}: {giver} does not answer"));
                    files.again(&id);
                }
            }
        }
    }
}
