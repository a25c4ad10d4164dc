//! What is for one person on another machine: given to that machine's channel, which keeps nothing, and taken from this
//! machine's own. Two threads: one gives what handlers of this machine have left, one takes what the others give.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chat_store::bell::Bell;
use chat_store::closed;
use chat_store::cluster::{Cluster, Parcel};
use chat_store::fs::dirs::Dirs;
use chat_store::people::inbox;
use chat_store::record::RecordId;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::files::COME;
use super::files::give::Giver;
use super::link::Link;
use super::script;
use super::shared::{Shared, locked};
use super::trouble::{Result, Trouble};
use crate::files::Files;
use crate::journal;

/// How often a machine gives itself a word, so that it hears that its connection is alive.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How long nothing may be heard before the connection is dead.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// Between two looks whether it is to end.
const LOOK: Duration = Duration::from_secs(1);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
/// So many parcels of late are known: none is put into an inbox twice.
const KNOWN: usize = 1_000;
/// So many parcels are waited for at a time: whoever waits gives up after two seconds.
const MAX_AWAITED: usize = 10_000;

/// The words of a channel.
const ALIVE: &[u8] = b".";
const PARCEL: &[u8] = b"parcel ";
const ARRIVED: &[u8] = b"arrived ";
const NOT_HERE: &[u8] = b"not-here ";

/// What both threads have.
#[derive(Debug)]
pub struct Personal<'a> {
    shared: &'a Shared,
    cluster: &'a Cluster,
    /// Those of a machine alone: what came from another goes no further.
    dirs: Dirs,
    bell: Bell,
    awaited: Mutex<Awaited>,
    /// Questions for files come the same way: from other machines, and from this one's people.
    giver: &'a Giver<'a>,
    files: &'a Files,
}

impl<'a> Personal<'a> {
    /// Those of this machine.
    ///
    /// # Errors
    /// Those of making the bell.
    pub fn new(
        shared: &'a Shared,
        cluster: &'a Cluster,
        dirs: &Dirs,
        (giver, files): (&'a Giver<'a>, &'a Files),
    ) -> io::Result<Self> {
        Ok(Self {
            shared,
            cluster,
            dirs: dirs.alone(),
            bell: Bell::make(&cluster.personal_bell())?,
            awaited: Mutex::default(),
            giver,
            files,
        })
    }

    fn channel(&self, node: &str) -> String {
        self.shared.setup.keys.key(&format!("to:{node}"))
    }

    fn own(&self) -> &str {
        &self.shared.setup.machine.incarnation
    }

    fn open(&self) -> Result<Link> {
        Link::open_found(&self.shared.setup.access, script::ALL)
    }

    /// Whether it goes to the engine that is in charge now.
    fn is_current(&self, place: &str) -> bool {
        self.shared.setup.access.is_found_at(place)
    }

    /// Gives what handlers leave, until the end.
    pub fn give(&self) {
        let mut link: Option<Link> = None;
        let mut alive_at = Instant::now();
        while !self.shared.is_stopping() {
            if let Err(error) = self.wait() {
                journal::note(format_args!("run/relay/personal.bell: {error}"));
                self.shared.pause(PAUSE);
            }
            let parcels = self.cluster.take_parcels().unwrap_or_else(|error| {
                journal::note(format_args!("run/relay/personal: {error}"));
                Vec::new()
            });
            match self.cluster.take_sought() {
                Ok(sought) => self.files.seek(sought),
                Err(error) => journal::note(format_args!("run/relay/sought: {error}")),
            }
            let is_due = alive_at.elapsed() >= ALIVE_EVERY;
            if parcels.is_empty() && !is_due {
                continue;
            }
            if link.as_ref().is_none_or(|it| !self.is_current(&it.place)) {
                link = self.open().ok();
            }
            let Some(open) = &mut link else {
                // Those who wait are told that nobody knows.
                self.shared.pause(PAUSE);
                continue;
            };
            alive_at = Instant::now();
            let mut given = self.say(open, self.own(), ALIVE, &[]).map(drop);
            for parcel in &parcels {
                given = given.and_then(|()| self.give_one(open, parcel));
            }
            if given.is_err() {
                link = None;
            }
        }
        // Whoever takes waits at the channel.
        if let Some(mut link) = link.or_else(|| self.open().ok()) {
            let _ = self.say(&mut link, self.own(), ALIVE, &[]);
        }
    }

    fn wait(&self) -> io::Result<()> {
        let limit = Timespec::try_from(LOOK).map_err(io::Error::other)?;
        let mut fds = [PollFd::from_borrowed_fd(self.bell.as_fd(), PollFlags::IN)];
        match rustix::event::poll(&mut fds, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if fds[0].revents().is_empty() {
            return Ok(());
        }
        self.bell.silence()
    }

    /// To all machines on which the person is. Where nobody listens they are not.
    fn give_one(&self, link: &mut Link, parcel: &Parcel) -> Result<()> {
        let text = parcel.written();
        let head = [PARCEL, self.own().as_bytes(), b" "].concat();
        if let Some(to) = &parcel.answer {
            // Before it is given: the first may answer at once.
            locked(&self.awaited).add(to, parcel.number, parcel.nodes.len());
        }
        for node in &parcel.nodes {
            let listeners = self.say(link, node, &head, &text)?;
            if listeners == 0
                && let Some(to) = &parcel.answer
            {
                self.heard(to, parcel.number, false);
            }
        }
        Ok(())
    }

    fn say(&self, link: &mut Link, node: &str, head: &[u8], text: &[u8]) -> Result<u64> {
        let mut question = redis::cmd("PUBLISH");
        question.arg(self.channel(node)).arg([head, text].concat());
        link.ask(&question)
    }

    /// Takes what other machines give, until the end.
    pub fn take(&self) {
        let mut known = Known::default();
        while !self.shared.is_stopping() {
            // The other threads tell of an engine that is away.
            if self.listen(&mut known).is_err() {
                self.shared.pause(PAUSE);
            }
        }
    }

    fn listen(&self, known: &mut Known) -> Result<()> {
        let mut replies = self.open()?;
        let link = self.open()?;
        let place = link.place.clone();
        let mut connection = link.into_connection();
        let mut channel = connection.as_pubsub();
        let files = self.shared.setup.keys.key("files");
        channel.subscribe(&[self.channel(self.own()), files.clone()])?;
        channel.set_read_timeout(Some(LOOK))?;
        replies.ask::<u64>(redis::cmd("PUBLISH").arg(files).arg(COME))?;
        let mut heard = Instant::now();
        while !self.shared.is_stopping() {
            let message = match channel.get_message() {
                // What has come of a message until then is kept for the next look.
                Err(error) if error.is_timeout() && heard.elapsed() < DEAD_AFTER => None,
                message => Some(message?),
            };
            if !self.is_current(&place) {
                return Err(Trouble::Away("the engine is another one now".to_owned()));
            }
            let Some(message) = message else { continue };
            heard = Instant::now();
            let bytes = message.get_payload_bytes();
            if let Some(rest) = bytes.strip_prefix(PARCEL) {
                self.take_one(&mut replies, known, rest)?;
            } else if let Some(rest) = bytes.strip_prefix(ARRIVED) {
                self.pass_on(rest, true);
            } else if let Some(rest) = bytes.strip_prefix(NOT_HERE) {
                self.pass_on(rest, false);
            } else if bytes == COME {
                self.files.look_again();
            } else {
                self.giver.asked(bytes);
            }
        }
        Ok(())
    }

    /// Puts it into the inboxes of its person here, once, and says so if somebody waits.
    fn take_one(&self, link: &mut Link, known: &mut Known, text: &[u8]) -> Result<()> {
        let Some(end) = text.iter().position(|&byte| byte == b' ') else {
            return Ok(());
        };
        let Ok(from) = std::str::from_utf8(&text[..end]) else {
            return Ok(());
        };
        let Some(parcel) = Parcel::parse(&text[end + 1..]) else {
            return Ok(());
        };
        let is_new = known.add(from, parcel.number);
        let has_arrived = !is_new || {
            let dirs = closed::dirs_of(&self.dirs, &parcel.room);
            inbox::deliver(&dirs, &parcel.room, &parcel.person, &parcel.line).is_ok()
        };
        if let Some(to) = &parcel.answer {
            let head = if has_arrived { ARRIVED } else { NOT_HERE };
            let text = format!("{to} {}", parcel.number);
            self.say(link, from, head, text.as_bytes())?;
        }
        Ok(())
    }

    /// What another machine says of a parcel of a handler of this one.
    fn pass_on(&self, text: &[u8], arrived: bool) {
        let text = String::from_utf8_lossy(text);
        if let Some((to, number)) = text.split_once(' ')
            && let Some(number) = RecordId::parse(number.as_bytes())
        {
            self.heard(to, number, arrived);
        }
    }

    /// Tells a handler of this machine what became of its parcel, once that is known: it has arrived, or all machines
    /// have said that its person is not there.
    fn heard(&self, to: &str, number: RecordId, arrived: bool) {
        if locked(&self.awaited).is_known_by(to, number, arrived)
            && let Err(error) = self.cluster.reply(to, number, arrived)
        {
            journal::note(format_args!("an answer: {error}"));
        }
    }
}

/// The parcels that somebody waits for.
#[derive(Debug, Default)]
struct Awaited {
    /// By number, which rises, and whom to answer: how many machines have not said anything yet.
    all: BTreeMap<(RecordId, String), usize>,
}

impl Awaited {
    fn add(&mut self, to: &str, number: RecordId, machines: usize) {
        self.all.insert((number, to.to_owned()), machines);
        if self.all.len() > MAX_AWAITED {
            self.all.pop_first();
        }
    }

    /// Whether it is known, by what one of the machines has said, what became of it.
    fn is_known_by(&mut self, to: &str, number: RecordId, arrived: bool) -> bool {
        let parcel = (number, to.to_owned());
        let Some(left) = self.all.get_mut(&parcel) else {
            return false;
        };
        *left = left.saturating_sub(1);
        let is_known = arrived || *left == 0;
        if is_known {
            self.all.remove(&parcel);
        }
        is_known
    }
}

/// The parcels that came of late.
#[derive(Debug, Default)]
struct Known {
    all: BTreeSet<(String, RecordId)>,
    order: VecDeque<(String, RecordId)>,
}

impl Known {
    /// False: it was known.
    fn add(&mut self, from: &str, number: RecordId) -> bool {
        let parcel = (from.to_owned(), number);
        if !self.all.insert(parcel.clone()) {
            return false;
        }
        self.order.push_back(parcel);
        if self.order.len() > KNOWN
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_two_machines_is_not_there_when_neither_has_them() {
        let mut awaited = Awaited::default();
        let number = RecordId::from_micros(7);
        let says = |awaited: &mut Awaited, arrived| awaited.is_known_by("1-2", number, arrived);
        awaited.add("1-2", number, 2);
        assert!(!says(&mut awaited, false));
        assert!(says(&mut awaited, true));
        assert!(!says(&mut awaited, false), "it was told");
        awaited.add("1-2", number, 2);
        assert!(!says(&mut awaited, false));
        assert!(says(&mut awaited, false));
        for micros in 0..=MAX_AWAITED as u64 {
            awaited.add("1-2", RecordId::from_micros(10 + micros), 1);
        }
        assert_eq!(awaited.all.len(), MAX_AWAITED);
    }
}
