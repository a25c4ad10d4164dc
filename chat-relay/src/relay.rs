//! What all engines need of this machine: its spool, its room logs, who waits for an answer.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_handler::settings::{Cluster as Settings, Engine, Sync};
use chat_store::cluster::{self, Answer, Cluster, Submission};
use chat_store::fs::dirs::Dirs;
use chat_store::record::{Kind, RecordId};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::journal;
use crate::lock_file::LockFile;
use crate::node::{self, Node};
use crate::rooms::Rooms;
use crate::spool::{self, Spool};
use crate::supervisor::Supervisor;
use crate::sweeper::Sweeper;

/// Between two looks after files.
const TICK: Duration = Duration::from_secs(1);
/// Ticks after which it is looked less far back again.
const GUARD_TICKS: u32 = 60;
/// How far back it is looked which entries a log has, at least.
const GUARD: Duration = Duration::from_secs(600);

/// Why the relay stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It was told to.
    Signal,
}

/// What the threads of an engine share out among them.
#[derive(Debug)]
pub struct Parts<'a> {
    /// How submitters and relay wake each other.
    pub cluster: &'a Arc<Cluster>,
    /// Which machine this is.
    pub node: &'a Node,
    /// What was submitted here.
    pub spool: &'a mut Spool,
    /// The room logs.
    pub rooms: &'a mut Rooms,
    /// Who starts and ends this program.
    pub supervisor: &'a mut Supervisor,
    /// Who removes what killed processes left.
    pub sweeper: &'a mut Sweeper,
    /// Readable when it is to end.
    pub signals: &'a SignalFd,
    /// What makes it the only relay of the site here.
    pub lock_file: &'a LockFile,
    /// Whether what is written has to survive a power cut.
    pub syncs: bool,
}

/// This machine's part.
#[derive(Debug)]
pub struct Relay {
    cluster: Arc<Cluster>,
    /// Which machine this is.
    pub node: Node,
    /// The longest wait of who submits something.
    pub wait_limit: Duration,
    /// What was submitted here.
    pub spool: Spool,
    /// The room logs.
    pub rooms: Rooms,
    signals: SignalFd,
    lock_file: LockFile,
    supervisor: Supervisor,
    sweeper: Sweeper,
    syncs: bool,
    tick_at: Instant,
    ticks: u32,
    trouble: Option<String>,
}

impl Relay {
    /// That of the machine whose files are `dirs`.
    ///
    /// # Errors
    /// Those of opening the files.
    pub fn open(
        dirs: &Dirs,
        cluster: Arc<Cluster>,
        settings: &Settings,
        sync: Sync,
        lock_file: LockFile,
    ) -> io::Result<Self> {
        let last = spool::last_of(&cluster.spool_log())?;
        let taken = Spool::place(dirs);
        let guarded = before(RecordId::now(), GUARD);
        // What has been submitted here alone is in order here alone, and goes on after a boot.
        let boot = match settings.engine {
            Engine::Local => None,
            _ => Some(node::boot()?),
        };
        let node = node::of(
            &cluster.spool,
            &settings.node,
            boot.as_deref(),
            (taken, last),
        )?;
        let relay = Self {
            wait_limit: settings.send_timeout,
            spool: Spool::open(dirs, &cluster, (taken, last))?,
            rooms: Rooms::new(
                dirs,
                &cluster,
                &node.incarnation,
                last.min(taken).min(guarded),
            ),
            node,
            signals: signals()?,
            lock_file,
            supervisor: Supervisor::default(),
            sweeper: Sweeper::new(dirs, cluster.run.clone()),
            syncs: sync != Sync::No,
            tick_at: Instant::now() + TICK,
            ticks: 0,
            trouble: None,
            cluster,
        };
        relay.supervisor.ready();
        Ok(relay)
    }

    /// What it is made of, for several threads.
    pub fn parts(&mut self) -> Parts<'_> {
        Parts {
            cluster: &self.cluster,
            node: &self.node,
            spool: &mut self.spool,
            rooms: &mut self.rooms,
            supervisor: &mut self.supervisor,
            sweeper: &mut self.sweeper,
            signals: &self.signals,
            lock_file: &self.lock_file,
            syncs: self.syncs,
        }
    }

    /// Says that records can be put in order now, or that they cannot.
    pub fn say_up(&mut self, is_up: bool) {
        let status = if is_up {
            "putting records in order"
        } else {
            "nothing is taken"
        };
        self.supervisor.status(status);
        let said = spool::say_up(&self.cluster.up(), is_up);
        self.note("run/relay/up", said);
    }

    /// Wakes the people of rooms that have something new.
    pub fn ring(&mut self) {
        let rung = self.rooms.ring();
        self.note("a bell", rung);
    }

    /// Tells who waits.
    pub fn answer(&mut self, to: &str, number: RecordId, what: Answer) {
        let told = cluster::answer(&self.cluster.run, to, number, what).map(drop);
        self.note("an answer", told);
    }

    /// Looks after files, once a second.
    ///
    /// # Errors
    /// Those of [`LockFile::check`].
    pub fn tick(&mut self) -> io::Result<()> {
        self.supervisor.alive();
        let now = Instant::now();
        if now < self.tick_at {
            return Ok(());
        }
        self.lock_file.check()?;
        self.tick_at = now + TICK;
        self.ticks += 1;
        if self.syncs {
            let synced = self.rooms.sync();
            self.note("the logs' sync", synced);
        }
        let kept = self.spool.keep_place();
        self.note("the spool", kept);
        if self.ticks % GUARD_TICKS == 1 {
            self.rooms.guard(before(RecordId::now(), GUARD));
        }
        self.sweeper.look();
        Ok(())
    }

    /// Waits until something is submitted, or it is time for a look after files.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn wait(&mut self) -> io::Result<Option<Stop>> {
        let limit = self.tick_at.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        let bell = self.spool.bell();
        let mut fds = [
            PollFd::new(bell, PollFlags::IN),
            PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN),
        ];
        match rustix::event::poll(&mut fds, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let (rung, told) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
        if rung {
            // This is the only one who waits at it, so what rang is read.
            bell.silence()?;
        }
        Ok(told.then_some(Stop::Signal))
    }

    /// Leaves everything so that the next one goes on from here.
    pub fn close(mut self) {
        self.supervisor.stopping();
        // Else it may be up by another one already.
        if self.lock_file.check().is_ok() {
            self.say_up(false);
        }
        let kept = self.rooms.sync().and_then(|()| self.spool.keep_place());
        self.note("the files", kept);
    }

    /// Tells trouble once, and again when it is another.
    fn note(&mut self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            let text = format!("{what}: {error}");
            if self.trouble.as_ref() != Some(&text) {
                journal::note(&text);
                self.trouble = Some(text);
            }
        }
    }
}

/// Whether who submitted it was told that it had failed, and nobody is to be surprised by it now. A quit is true however
/// late it comes.
pub fn is_expired(submission: &Submission, limit: Duration) -> bool {
    submission.kind != Kind::Quit && submission.number < before(RecordId::now(), limit)
}

fn before(id: RecordId, time: Duration) -> RecordId {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    RecordId::from_micros(id.as_micros().saturating_sub(micros))
}

fn signals() -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    set.add(Signal::SIGTERM);
    set.add(Signal::SIGINT);
    set.thread_block()?;
    Ok(SignalFd::with_flags(
        &set,
        SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
    )?)
}
