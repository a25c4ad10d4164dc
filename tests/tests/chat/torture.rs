//! Twenty people, half of them in three rooms on one connection, who talk while their handlers, and the daemon,
//! are killed with -9 at random moments, and who come back with `since` and send again what was not acked. They
//! also edit and take back what they said, and react to what others said. The seed is printed; `TORTURE_SEED=N`
//! draws the same victims again, and `TORTURE_ROUNDS=N` makes it shorter or longer.

#![allow(
    clippy::print_stdout,
    reason = "the seed and what happened are the test's report"
)]

use std::collections::{BTreeMap, HashMap, VecDeque};

mod shown;

use shown::Shown;

use std::env;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::chat::{Files, Record, UNLIMITED};
use e2e::daemon::Daemon;
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::program::pid_of;
use e2e::transport::Endpoint;
use e2e::under_test::{Subject, chat_handler};
use e2e::ws::Client;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

const PEOPLE: usize = 20;
/// Everybody is in the first; every other person is in all of them.
const ROOMS: [&str; 3] = ["lobby", "den", "attic"];
const ROUNDS: usize = 200;
/// One round in so many takes the daemon.
const DAEMON_EVERY: u64 = 8;
/// The longest time between two blows.
const LULL_MICROS: u64 = 60_000;
/// Between two messages of one person.
const PACE: Duration = Duration::from_millis(40);
const LAST: &str = "that was all";
const EMOJI: [&str; 3] = ["👍", "❤️", "👩🏽‍🚀"];

/// xorshift64*: small, and the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")),
    )
}

/// What all threads share.
struct World {
    files: Files,
    /// Where the daemon listens just now.
    endpoint: RwLock<Endpoint>,
    connected: AtomicUsize,
    /// Nothing new is to be said.
    over: AtomicBool,
    /// Messages that are said and not acked yet.
    under_way: AtomicUsize,
    /// `msgid` to the id it was acked with.
    acked: Mutex<HashMap<String, String>>,
}

/// A room as one person knows it.
#[derive(Clone)]
struct Room {
    name: &'static str,
    /// Up to here everything was seen.
    since: String,
    seen: Vec<String>,
    shown: Shown,
    /// The last message of their own that they have not taken back.
    own: Option<String>,
    ended: bool,
}

/// What was said or done and is not acked yet.
struct Unacked {
    room: &'static str,
    msgid: String,
    request: Value,
}

/// One person at a page that reconnects.
struct Person<'w> {
    world: &'w World,
    name: String,
    /// One is reached by its path; more are entered.
    rooms: Vec<Room>,
    unacked: VecDeque<Unacked>,
    said: usize,
}

impl Person<'_> {
    /// Lives until the last thing was said and everything of their own is acked.
    fn live(mut self) -> Vec<Room> {
        while !self.is_ended() || !self.unacked.is_empty() {
            let Some(page) = self.connect() else { continue };
            self.world.connected.fetch_add(1, Ordering::Relaxed);
            let _ = self.talk(page);
            self.world.connected.fetch_sub(1, Ordering::Relaxed);
        }
        self.rooms
    }

    fn is_ended(&self) -> bool {
        self.rooms.iter().all(|room| room.ended)
    }

    fn is_in_many(&self) -> bool {
        self.rooms.len() > 1
    }

    fn connect(&self) -> Option<Page<Client>> {
        let name = &self.name;
        let query = format!("format=json&nick={name}&client=token-of-{name}");
        let path = match &self.rooms[..] {
            [room] => format!("/{}?{query}&since={}", room.name, room.since),
            _ => format!("/?{query}&protocol=2"),
        };
        let endpoint = self.world.endpoint.read().expect("no panic").clone();
        if let Ok(client) = Client::try_connect(&endpoint, &path, &[]) {
            return Some(Page::over(client));
        }
        // Its daemon is dead and the next not there yet.
        thread::sleep(Duration::from_millis(5));
        None
    }

    /// One connection. `None`: it broke.
    fn talk(&mut self, mut page: Page<Client>) -> Option<()> {
        if self.is_in_many() {
            let room = |room: &Room| json!({ "room": room.name, "since": room.since });
            let rooms: Vec<_> = self.rooms.iter().map(room).collect();
            send(&mut page, &json!({ "type": "enter", "rooms": rooms }))?;
        }
        for unacked in &self.unacked {
            send(&mut page, &unacked.request)?;
        }
        loop {
            if self.unacked.is_empty() {
                if self.is_ended() {
                    page.client.close();
                    return Some(());
                }
                // Counted before the look, so that nobody begins after the count was seen at zero.
                self.world.under_way.fetch_add(1, Ordering::SeqCst);
                if self.world.over.load(Ordering::SeqCst) {
                    self.world.under_way.fetch_sub(1, Ordering::SeqCst);
                } else {
                    let unacked = self.next();
                    self.said += 1;
                    let said = unacked.request.clone();
                    self.unacked.push_back(unacked);
                    thread::sleep(PACE);
                    send(&mut page, &said)?;
                }
            }
            let text = page.client.message().ok()?.to_string();
            let message: Value = serde_json::from_str(&text).expect("one JSON object a message");
            self.take(&message);
        }
    }

    /// What they say or do next: more is said than done.
    fn next(&mut self) -> Unacked {
        let (name, said) = (&self.name, self.said);
        let at = said / 2 % self.rooms.len();
        let room = &mut self.rooms[at];
        let msgid = format!("{name}-{said}");
        let say = json!({ "type": "say", "text": format!("{name} says {said}") });
        let about = |kind: &str, target: &String, text: String| json!({ "type": kind, "target": target, "text": text });
        let last = room.seen.last();
        let request = match (said % 12, &room.own, last) {
            (3 | 7, Some(own), _) => about("edit", own, format!("{name} edits {said}")),
            (5, _, Some(last)) => about("react", last, EMOJI[said % EMOJI.len()].to_owned()),
            (9, _, Some(last)) if said % 24 < 12 => about("react", last, EMOJI[0].to_owned()),
            (10, _, Some(last)) => about("unreact", last, EMOJI[0].to_owned()),
            (11, Some(own), _) if said % 24 > 12 => {
                let request = about("delete", own, String::new());
                room.own = None;
                request
            }
            _ => say,
        };
        let mut request = request;
        // Who is in one room need not say which; it changes nothing.
        request["room"] = json!(room.name);
        request["msgid"] = json!(msgid);
        Unacked {
            room: room.name,
            msgid,
            request,
        }
    }

    /// A request is answered; what it was.
    fn done(&mut self, msgid: &str) -> Option<Unacked> {
        let at = self
            .unacked
            .iter()
            .position(|unacked| unacked.msgid == msgid)?;
        self.world.under_way.fetch_sub(1, Ordering::SeqCst);
        self.unacked.remove(at)
    }

    fn take(&mut self, message: &Value) {
        match message["type"].as_str().expect("a type") {
            "ack" => {
                let msgid = text_of(message, "msgid");
                let done = self.done(&msgid);
                // What changes nothing has no record.
                let Some(id) = message["id"].as_str().map(str::to_owned) else {
                    return;
                };
                if let Some(done) = done.filter(|done| done.request["type"] == "say") {
                    let mut rooms = self.rooms.iter_mut();
                    let room = rooms.find(|room| room.name == done.room);
                    room.expect("one of theirs").own = Some(id.clone());
                }
                let mut acked = self.world.acked.lock().expect("no panic");
                let before = acked.insert(msgid.clone(), id.clone());
                assert!(
                    before.is_none_or(|before| before == id),
                    "{msgid} was acked with two ids"
                );
            }
            "history" => message["records"]
                .as_array()
                .expect("records")
                .iter()
                .for_each(|record| self.see(message, record)),
            // What they react to may be taken back meanwhile, and more than a few reactions are too many.
            "error" if self.is_pardoned(message) => {}
            "error" | "parted" => panic!("{} is told: {message}", self.name),
            _ if message["id"].is_string() => self.see(message, message),
            _ => {}
        }
    }

    fn is_pardoned(&mut self, error: &Value) -> bool {
        let msgid = text_of(error, "msgid");
        let is_reaction = self.unacked.iter().any(|unacked| {
            unacked.msgid == msgid
                && matches!(unacked.request["type"].as_str(), Some("react" | "unreact"))
        });
        let code = error["code"].as_str();
        is_reaction && matches!(code, Some("not_found" | "busy")) && self.done(&msgid).is_some()
    }

    fn see(&mut self, message: &Value, record: &Value) {
        let (name, id) = (&self.name, text_of(record, "id"));
        let room = match message["room"].as_str() {
            Some(named) => self.rooms.iter_mut().find(|room| room.name == named),
            None => self.rooms.first_mut(),
        };
        let room = room.expect("one of theirs");
        assert!(id > room.since, "{name} sees {record} after {}", room.since);
        room.since.clone_from(&id);
        room.shown.apply(record);
        if record["type"] == "say" {
            room.ended |= record["text"] == LAST;
            room.seen.push(id);
        }
    }
}

fn text_of(message: &Value, key: &str) -> String {
    message[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {message}"))
        .to_owned()
}

fn send(page: &mut Page<Client>, message: &Value) -> Option<()> {
    page.client.try_send(message.to_string()).ok()
}

fn start(files: &Files) -> Daemon {
    let config = format!("--config={}", files.ini().display());
    Daemon::of(&Subject::under_test())
        .command(chat_handler(), [config])
        .start()
}

/// The blows; gives the daemon that lives at the end, and how many handlers and daemons died.
fn torture(
    world: &World,
    mut daemon: Daemon,
    chance: &mut Chance,
    rounds: u64,
) -> (Daemon, usize, usize) {
    let (mut handlers, mut daemons) = (0, 0);
    for round in 0..rounds {
        eventually("everybody is back", || {
            (world.connected.load(Ordering::Relaxed) == PEOPLE).then_some(())
        });
        thread::sleep(Duration::from_micros(chance.below(LULL_MICROS)));
        if chance.below(DAEMON_EVERY) == 0 {
            daemon.signal(Signal::SIGKILL);
            // Dropped first: that ends what the old one left, while its people are at the new one's door already.
            let new = start(&world.files);
            *world.endpoint.write().expect("no panic") = new.endpoint.clone();
            daemon = new;
            daemons += 1;
        } else {
            let living = daemon.handlers();
            for _ in 0..=chance.below(4) {
                let victim =
                    usize::try_from(chance.below(living.len().max(1) as u64)).expect("small");
                // It may have died meanwhile.
                let killed = living
                    .get(victim)
                    .map(|victim| kill(pid_of(victim.pid), Signal::SIGKILL));
                handlers += usize::from(killed == Some(Ok(())));
            }
        }
        if round % 50 == 49 {
            println!("{} rounds", round + 1);
        }
    }
    (daemon, handlers, daemons)
}

#[test]
fn whatever_is_killed_no_acked_line_is_missing_or_twice() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let seed = number_from("TORTURE_SEED").unwrap_or(u64::from(now.subsec_nanos()));
    let rounds = number_from("TORTURE_ROUNDS").unwrap_or(ROUNDS as u64);
    println!("TORTURE_SEED={seed} TORTURE_ROUNDS={rounds}");
    // Zero is the one number that xorshift stays at.
    let mut chance = Chance(seed | 1 << 63);
    let files = Files::installed(UNLIMITED);
    let daemon = start(&files);
    let endpoint = RwLock::new(daemon.endpoint.clone());
    let rooms = ROOMS.map(|name| Room {
        name,
        since: say_once(&daemon, name, "here we go"),
        seen: Vec::new(),
        shown: Shown::default(),
        own: None,
        ended: false,
    });
    let world = World {
        files,
        endpoint,
        connected: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        under_way: AtomicUsize::new(0),
        acked: Mutex::new(HashMap::new()),
    };
    let (daemon, histories) = thread::scope(|scope| {
        let people: Vec<_> = (0..PEOPLE)
            .map(|number| Person {
                world: &world,
                name: format!("p{number}"),
                rooms: rooms[..if number % 2 == 0 { 1 } else { ROOMS.len() }].to_vec(),
                unacked: VecDeque::new(),
                said: 0,
            })
            .map(|person| scope.spawn(|| person.live()))
            .collect();
        let result = thread::scope(|inner| {
            inner
                .spawn(|| torture(&world, daemon, &mut chance, rounds))
                .join()
        });
        world.over.store(true, Ordering::SeqCst);
        let (daemon, handlers, daemons) = result.expect("the blows fall");
        println!("killed: {handlers} handlers, {daemons} daemons");
        assert!(
            rounds < 50 || (handlers > 50 && daemons > 2),
            "it was no torture"
        );
        // What came after the last thing would be seen by some and not by others.
        eventually("everything said is acked", || {
            (world.under_way.load(Ordering::SeqCst) == 0).then_some(())
        });
        for room in ROOMS {
            say_once(&daemon, room, LAST);
        }
        let histories: Vec<_> = people
            .into_iter()
            .map(|person| person.join().expect("a person is served"))
            .collect();
        (daemon, histories)
    });

    assert_each_line_once(&world, &histories);
    for room in ROOMS {
        assert_all_see_the_same(&world, &daemon, room, &histories);
    }
    assert_no_ghost_and_no_lock(&world.files, daemon);
}

/// Somebody comes, says this and goes; its id.
fn say_once(daemon: &Daemon, room: &str, text: &str) -> String {
    let path = format!("/{room}?format=json&nick=stranger");
    let mut page = Page::over(daemon.client_with(&path, &[]));
    // Two strangers who say something under one id are one who sends it again.
    let id = page.say_acked(text, &text.replace(' ', "-"));
    page.client.close();
    id
}

/// The logs hold what was acked, once, and everybody has seen all of it in its order.
fn assert_each_line_once(world: &World, histories: &[Vec<Room>]) {
    let mut stored = BTreeMap::new();
    for room in ROOMS {
        let of_room = histories
            .iter()
            .flatten()
            .filter(|known| known.name == room);
        check_room(world, room, of_room, &mut stored);
    }
    let acked = world.acked.lock().expect("no panic");
    println!("{} lines stored, {} acked", stored.len(), acked.len());
    for (msgid, id) in &*acked {
        assert_eq!(
            stored.get(msgid),
            Some(&vec![id.clone()]),
            "{msgid} was acked"
        );
    }
}

/// What was done about a message.
fn is_done(record: &Record) -> bool {
    matches!(
        record.kind.as_str(),
        "edit" | "react" | "unreact" | "redact"
    )
}

fn check_room<'a>(
    world: &World,
    room: &str,
    known: impl Iterator<Item = &'a Room>,
    stored: &mut BTreeMap<String, Vec<String>>,
) {
    let records: Vec<Record> = world.files.records(room);
    assert!(
        records.windows(2).all(|pair| pair[0].time < pair[1].time),
        "ids grow"
    );
    let said: Vec<&Record> = records
        .iter()
        .filter(|record| record.kind == "say")
        .skip(1)
        .collect();
    let all: Vec<&str> = said.iter().map(|record| record.time.as_str()).collect();
    for Room { seen, .. } in known {
        assert!(
            seen.iter().eq(&all),
            "somebody saw {} of {} in {room}, each once, in the log's order",
            seen.len(),
            all.len()
        );
    }
    let done = records.iter().filter(|record| is_done(record));
    for record in said.iter().copied().chain(done) {
        let msgid = record.attr("msgid").expect("each was sent with one");
        // The last is said in each room.
        if record.text != LAST {
            stored
                .entry(msgid.to_owned())
                .or_default()
                .push(record.time.clone());
        }
    }
    for (msgid, ids) in &*stored {
        assert_eq!(ids.len(), 1, "{msgid} is in a log {} times", ids.len());
    }
}

/// Who followed, who comes now, and who reads the log see every message in the same form.
fn assert_all_see_the_same(world: &World, daemon: &Daemon, room: &str, histories: &[Vec<Room>]) {
    let mut stored = Shown::default();
    let records = world.files.records(room);
    for record in &records {
        stored.read(record);
    }
    let first = records
        .iter()
        .find(|record| record.kind == "say")
        .expect("the first");
    let path = format!("/{room}?format=json&nick=late&history=0");
    let mut late = Page::over(daemon.client_with(&path, &[]));
    late.expect("welcome");
    late.expect("history");
    let (mut past, mut before) = (Vec::new(), None);
    loop {
        late.send(&json!({ "type": "history", "limit": 200, "before": before }));
        let page = late.expect("history");
        past.extend(page["records"].as_array().expect("records").iter().cloned());
        if page["more"] == false {
            break;
        }
        before = page["cursor"].as_str().map(str::to_owned);
    }
    late.client.close();
    assert_eq!(
        Shown::of_history(&past),
        stored,
        "who comes later to {room}"
    );
    // They came after the first.
    stored.0.remove(&first.time);
    let known = histories
        .iter()
        .flatten()
        .filter(|known| known.name == room);
    for known in known {
        assert_eq!(known.shown, stored, "who followed {room}");
    }
    let (edited, reacted, taken_back) = stored.counts();
    println!("{room}: {edited} edited, {reacted} with reactions, {taken_back} taken back");
}

/// All die at once; the next who comes finds nobody, and at the end nothing is held.
fn assert_no_ghost_and_no_lock(files: &Files, mut daemon: Daemon) {
    let join = |name: &str| {
        let path = format!("/lobby?format=json&nick={name}");
        let mut client = Page::over(daemon.client_with(&path, &[]));
        let welcome = client.expect("welcome");
        (client, welcome)
    };
    let mut doomed: Vec<Page<Client>> = (0..PEOPLE)
        .map(|number| join(&format!("d{number}")).0)
        .collect();
    for handler in daemon.handlers() {
        let _ = kill(pid_of(handler.pid), Signal::SIGKILL);
    }
    for client in &mut doomed {
        client.client.ended();
    }
    let (heir, welcome) = join("d7");
    assert_eq!(welcome["you"], "d7", "the name of the dead is free");
    let members = welcome["members"].as_array().expect("members");
    assert_eq!(members.len(), 1, "ghosts: {members:?}");
    assert_eq!(files.present("lobby"), ["d7"]);
    heir.client.close();
    daemon.stop();
    daemon.assert_no_process_left();
    for dir in ["rooms", "users", "run", "state"] {
        let entries = fs::read_dir(files.base().join(dir)).into_iter().flatten();
        for path in entries
            .map(|entry| entry.expect("readable").path())
            .filter(|path| path.is_file())
        {
            let file = fs::File::open(&path).expect("ours");
            let free = Flock::lock(file, FlockArg::LockExclusiveNonblock);
            assert!(free.is_ok(), "{} is locked", path.display());
        }
    }
    assert_eq!(files.present("lobby"), Vec::<String>::new());
}
