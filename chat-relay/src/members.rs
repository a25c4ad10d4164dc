//! Who is in which room on the other machines: written down as presence files of this one, which handlers, `chat-cgi`
//! and `chatctl` read.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_store::closed;
use chat_store::cluster::Cluster;
use chat_store::fs::dirs::Dirs;
use chat_store::name::{Nick, RoomName, SERVER};
use chat_store::people::inbox;
use chat_store::people::message::{Message, Sender};
use chat_store::people::person::PersonId;
use chat_store::people::presence::elsewhere::{self, Elsewhere, Placed};
use chat_store::people::presence::{About, Gone};
use chat_store::people::watch::Watch;
use chat_store::record::{Kind, attrs};

use crate::journal;
use crate::rooms::Entry;

/// Between two tries to put somebody down whose name another has on this machine.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two looks for people whose handler was killed.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often somebody who has joined is looked for in vain before they are let go. One look may miss who is just
/// changing their name.
const LOOKS: u32 = 2;
/// Who has it may just be learning that it is taken. After so many tries they are told.
const TOLD_AFTER: u32 = 15;
/// After so many tries it is given up: the next change of the person's is taken.
const MAX_TRIES: u32 = 300;
/// Behind what a machine is called, in the origin of its people's quits when it was given up: script/reap.lua.
const REAPED: &str = "~reap";
/// The most who wait for their names.
const MAX_WAITING: usize = 1_000;
/// The most of whom it is kept who they are, until it is known who is there. Of others their machine knows it.
const MAX_ABOUT: usize = 10_000;

/// A line of the table that the engine has of all rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The room.
    pub room: RoomName,
    /// Who.
    pub person: String,
    /// What they are called.
    pub nick: String,
    /// Their color.
    pub color: String,
    /// The machines on which they are.
    pub holders: Vec<String>,
}

impl Row {
    /// As the engine has it: `ROOM NUL PERSON` and holders, key, name, color and the join's id between tabs.
    pub fn parse(key: &str, row: &str) -> Option<Self> {
        let (room, person) = key.split_once('\0')?;
        let mut fields = row.split('\t');
        let holders = fields.next()?.split_whitespace().map(str::to_owned);
        let holders = holders.collect();
        let (_, nick, color) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self {
            room: RoomName::parse(room).ok()?,
            person: person.to_owned(),
            nick: nick.to_owned(),
            color: color.to_owned(),
            holders,
        })
    }
}

/// Somebody whose name another has on this machine.
#[derive(Debug)]
struct Waiting {
    room: RoomName,
    who: Elsewhere,
    tries: u32,
}

/// Somebody who has joined on this machine.
#[derive(Debug)]
struct Joined {
    nick: String,
    /// How often they were not here when it was looked.
    looks: u32,
}

/// What this machine knows of the others' people.
#[derive(Debug)]
pub struct Members {
    /// What this machine is called in records.
    node: String,
    cluster: Arc<Cluster>,
    waiting: Vec<Waiting>,
    /// People of this machine of whom all were told that they had gone: nothing was heard of it for too long.
    given_up: BTreeSet<(RoomName, PersonId)>,
    /// Who has joined on this machine of late: whoever submitted it may have been killed, or have given up, before it
    /// was put in order, and nobody would say that they are gone.
    joined: BTreeMap<RoomName, BTreeMap<PersonId, Joined>>,
    /// Who they are besides who came, as it was given again: the table has no room for it.
    about: BTreeMap<(RoomName, PersonId), About>,
    tried_at: Instant,
    /// A handler was stopped while it gave somebody a place: one wait for it at a time is enough.
    is_kept_out: bool,
    swept_at: Instant,
}

impl Members {
    /// Of the machine that is called `node` in records.
    pub fn new(node: &str, cluster: &Arc<Cluster>) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            node: node.to_owned(),
            waiting: Vec::new(),
            given_up: BTreeSet::new(),
            joined: BTreeMap::new(),
            about: BTreeMap::new(),
            tried_at: Instant::now(),
            is_kept_out: false,
            swept_at: Instant::now(),
        }
    }

    /// Writes down what an entry says of a member, if it does. What it says of this machine alone its handlers know.
    ///
    /// What is given `again` moves nobody: they would be where they were, until it is read where they went, and whoever
    /// comes meanwhile would be shown them, or find their own name taken. Who is there says [`Members::reconcile`].
    pub fn follow(&mut self, dirs: &Dirs, entry: &Entry, again: bool) {
        let Some(holders) = &entry.holders else {
            return;
        };
        let Some(person) = entry.member.as_deref().and_then(PersonId::parse) else {
            return;
        };
        let name = match entry.kind {
            Kind::Nick => &entry.text,
            _ => &entry.from,
        };
        let is_join = entry.kind == Kind::Join;
        let place = (entry.room.clone(), person.clone());
        if is_join {
            self.given_up.remove(&place);
        } else if entry.origin.node.strip_prefix(&*self.node) == Some(REAPED) {
            self.given_up.insert(place);
        }
        let joined = self.joined.entry(entry.room.clone()).or_default();
        if is_join && entry.origin.node == self.node {
            let joins = Joined {
                nick: name.clone(),
                looks: 0,
            };
            joined.insert(person.clone(), joins);
        } else if !holders.contains(&self.node) {
            joined.remove(&person);
        }
        let about = is_join.then(|| About {
            account: entry.value(attrs::ACCOUNT),
            person: Some(person.clone()),
            address: entry.value(attrs::ADDRESS),
            moderates_all: entry.value(attrs::SITE).is_some(),
        });
        if again {
            if let Some(about) = about
                && self.about.len() < MAX_ABOUT
            {
                self.about.insert((entry.room.clone(), person), about);
            }
            return;
        }
        let who = Elsewhere {
            nick: Nick::parse(name).ok(),
            color: entry
                .value(attrs::COLOR)
                .filter(|_| entry.kind != Kind::Quit),
            about,
            on: self.others(holders),
            person,
        };
        self.waiting
            .retain(|it| (&it.room, &it.who.person) != (&entry.room, &who.person));
        self.put(dirs, &entry.room, who, 0);
    }

    /// The machines but this.
    fn others(&self, holders: &[String]) -> String {
        let others = holders.iter().filter(|holder| **holder != self.node);
        others.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn put(&mut self, dirs: &Dirs, room: &RoomName, who: Elsewhere, tries: u32) {
        if !closed::is_there(dirs, room) {
            return;
        }
        let own = closed::dirs_of(dirs, room);
        match own.create().and_then(|()| elsewhere::put(&own, room, &who)) {
            Ok(Placed::Done) => {}
            Ok(Placed::Taken(nick)) if self.may_wait(tries) => {
                if tries == TOLD_AFTER {
                    // They are on this machine, or gone.
                    let sender = Sender::new(SERVER);
                    let _ = inbox::send(&own, room, &nick, sender, &Message::GiveWay);
                }
                self.wait(room, who, tries);
            }
            Ok(Placed::Taken(nick)) => {
                journal::note(format_args!("{nick} in {room} is two people's name"));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut && self.may_wait(tries) => {
                self.wait(room, who, tries);
                self.is_kept_out = true;
            }
            Err(error) => journal::note(format_args!("a member of {room}: {error}")),
        }
    }

    fn may_wait(&self, tries: u32) -> bool {
        tries < MAX_TRIES && self.waiting.len() < MAX_WAITING
    }

    fn wait(&mut self, room: &RoomName, who: Elsewhere, tries: u32) {
        self.waiting.push(Waiting {
            room: room.clone(),
            who,
            tries: tries + 1,
        });
    }

    /// Tries again to put those down who wait for their names.
    pub fn settle(&mut self, dirs: &Dirs) {
        if self.waiting.is_empty() || self.tried_at.elapsed() < PAUSE {
            return;
        }
        self.is_kept_out = false;
        for it in std::mem::take(&mut self.waiting) {
            if self.is_kept_out {
                self.waiting.push(it);
            } else {
                self.put(dirs, &it.room, it.who, it.tries);
            }
        }
        self.tried_at = Instant::now();
    }

    /// Looks for people whose handler was killed in rooms where no other handler looks, because nobody is there on this
    /// machine: those on other machines would see them for ever.
    ///
    /// # Errors
    /// Those of reading the rooms.
    pub fn sweep(&mut self, dirs: &Dirs) -> io::Result<()> {
        if self.swept_at.elapsed() < SWEEP_EVERY {
            return Ok(());
        }
        self.swept_at = Instant::now();
        self.check_joined(dirs)?;
        for room in elsewhere::rooms(dirs)? {
            let mut own = closed::dirs_of(dirs, &room);
            if !closed::is_there(dirs, &room) || own.create().is_err() {
                continue;
            }
            // As a handler: files are changed under their locks.
            own.cluster = Some(Arc::clone(&self.cluster));
            // Whoever is the watchman looks by themselves. This one gives it back at once.
            let watch = Watch::open(&own, &room)?;
            for Gone { nick, person } in watch.sweep(&own, &room)?.stale {
                if let Some(person) = person {
                    self.let_go(&own, &room, nick.as_str(), &person);
                }
            }
        }
        Ok(())
    }

    /// Lets go of those who have joined and are not here.
    fn check_joined(&mut self, dirs: &Dirs) -> io::Result<()> {
        for (room, mut people) in std::mem::take(&mut self.joined) {
            if people.is_empty() || !closed::is_there(dirs, &room) {
                continue;
            }
            for it in people.values_mut() {
                it.looks += 1;
            }
            for it in elsewhere::all(&closed::dirs_of(dirs, &room), &room)? {
                // Whose handler does not know yet that they have joined may go without saying so.
                if it.here && it.due {
                    people.entry(it.person).and_modify(|it| it.looks = 0);
                } else if it.here {
                    people.remove(&it.person);
                }
            }
            for (person, it) in people.iter().filter(|(_, it)| it.looks >= LOOKS) {
                self.let_go(&closed::dirs_of(dirs, &room), &room, &it.nick, person);
            }
            people.retain(|_, it| it.looks < LOOKS);
            if !people.is_empty() {
                self.joined.insert(room, people);
            }
        }
        Ok(())
    }

    /// Has it known that somebody is not on this machine, unless they have come meanwhile: all would have them gone,
    /// and their handler would not know.
    fn let_go(&self, dirs: &Dirs, room: &RoomName, name: &str, person: &PersonId) {
        let Ok(nick) = Nick::parse(name) else {
            return;
        };
        let say = || self.cluster.let_go(room, name, person);
        if let Err(error) = elsewhere::unless_here(dirs, room, (person, &nick), say) {
            journal::note(format_args!("{name} has left {room}: {error}"));
        }
    }

    /// Brings this machine's files into line with the whole table. Own people whom the table lacks are submitted anew,
    /// those whom it has and who are not here are let go.
    ///
    /// # Errors
    /// Those of reading the rooms.
    pub fn reconcile(&mut self, dirs: &Dirs, table: &[Row]) -> io::Result<()> {
        let mut rooms: BTreeMap<RoomName, Vec<&Row>> = BTreeMap::new();
        for row in table {
            rooms.entry(row.room.clone()).or_default().push(row);
        }
        for room in elsewhere::rooms(dirs)? {
            rooms.entry(room).or_default();
        }
        for (room, rows) in rooms {
            if closed::is_there(dirs, &room) {
                self.reconcile_room(dirs, &room, &rows)?;
            }
        }
        self.given_up.clear();
        self.about.clear();
        Ok(())
    }

    fn reconcile_room(&mut self, dirs: &Dirs, room: &RoomName, rows: &[&Row]) -> io::Result<()> {
        let own = closed::dirs_of(dirs, room);
        own.create()?;
        let known = elsewhere::all(&own, room)?;
        let here = known.iter().filter(|it| it.here);
        let here: BTreeSet<_> = here.map(|it| it.person.as_str()).collect();
        let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.person.as_str(), row)).collect();
        for (person, row) in &rows {
            let Some(who) = PersonId::parse(person) else {
                continue;
            };
            if row.holders.contains(&self.node) && !here.contains(person) {
                self.let_go(&own, room, &row.nick, &who);
            }
            let who = Elsewhere {
                nick: Nick::parse(&row.nick).ok(),
                color: Some(row.color.clone()),
                about: self.about.remove(&(room.clone(), who.clone())),
                on: self.others(&row.holders),
                person: who,
            };
            self.put(dirs, room, who, 0);
        }
        for it in &known {
            let row = rows.get(it.person.as_str());
            if elsewhere::remove_double(&own, room, it)? {
                continue;
            }
            if row.is_none() {
                let who = Elsewhere {
                    person: it.person.clone(),
                    // Also one that is not found by their number.
                    nick: (!it.here).then(|| it.nick.clone()),
                    color: None,
                    about: None,
                    on: String::new(),
                };
                self.put(dirs, room, who, 0);
            }
            // Whose handler came while nothing could be put in order tells it now, with all that belongs to it.
            if it.here && !it.due && !row.is_some_and(|row| row.holders.contains(&self.node)) {
                let was_given_up = self.given_up.contains(&(room.clone(), it.person.clone()));
                // Whoever was told that they went has been told: their handler is dead, or waits for them.
                if it.held || !was_given_up {
                    self.cluster.hold(room, it, was_given_up && row.is_none())?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chat_store::log::origins::Origin;
    use chat_store::people::presence::{self, Newcomer};
    use chat_store::record::RecordId;

    use super::*;

    #[test]
    fn who_does_not_know_that_they_have_joined_is_let_go_when_they_go() {
        let dir = tempfile::tempdir().unwrap();
        let mut dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let wait = std::time::Duration::from_secs(1);
        let cluster = Arc::new(Cluster::new(dir.path(), &dirs.run, wait));
        cluster.create().unwrap();
        dirs.cluster = Some(Arc::clone(&cluster));
        let room = RoomName::lobby();
        let nick = Nick::parse("bob").unwrap();
        let about = About {
            person: PersonId::of(Some("bob"), None),
            ..About::default()
        };
        let person = about.person.clone().unwrap();
        let newcomer = Newcomer {
            nick: &nick,
            color: "#aa0000",
            about: &about,
            grace: std::time::Duration::ZERO,
        };
        let entered = presence::claim(&dirs, &room, newcomer, 9).unwrap();
        let mut members = Members::new("one~1", &cluster);
        let joins = Entry {
            room: room.clone(),
            origin: Origin {
                node: "one~1".to_owned(),
                number: RecordId::now(),
            },
            kind: Kind::Join,
            from: "bob".to_owned(),
            attrs: String::new(),
            text: String::new(),
            member: Some(person.as_str().to_owned()),
            holders: Some(vec!["one~1".to_owned()]),
            quiet: true,
        };
        members.follow(&dirs, &joins, false);
        let left = || {
            let spool = std::fs::read_to_string(cluster.spool_log()).unwrap_or_default();
            spool.contains("\tquit\tbob\t")
        };
        for _ in 0..3 {
            members.check_joined(&dirs).unwrap();
        }
        assert!(!left());
        drop(entered);
        for _ in 0..LOOKS {
            assert!(!left());
            members.check_joined(&dirs).unwrap();
        }
        assert!(left());
    }
}
