//! What the engine does in one step: its scripts, against a real Redis.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_handler::settings::{Address, Cluster};
use chat_relay::engine::redis::link::{Access, Link};
use chat_relay::engine::redis::script::{self, Keys, Machine, Offer, Verdict};
use chat_relay::engine::redis::trouble::Trouble;
use chat_store::record::RecordId;
use e2e::redis::Server;

const KEEP: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(15);

fn link(server: &Server) -> Link {
    let address = Address::Tcp {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        tls: false,
    };
    let access = Access::new(&Cluster::default(), &address);
    Link::open(&access, script::ALL).expect("an engine")
}

/// A machine with its name taken.
struct Node {
    link: Link,
    keys: Keys,
    machine: Machine,
    floor: RecordId,
}

impl Node {
    fn new(server: &Server, name: &str) -> Self {
        let mut node = Self {
            link: link(server),
            keys: Keys::new("site"),
            machine: Machine {
                name: name.to_owned(),
                incarnation: format!("{name}~1"),
                lease: format!("{name}~1/1"),
                former: String::new(),
            },
            floor: RecordId::ZERO,
        };
        let (keys, machine) = (&node.keys, &node.machine);
        script::lease(&mut node.link, keys, machine, LIMIT, RecordId::ZERO).expect("a lease");
        node
    }

    fn offer(&mut self, batch: &[Offer]) -> Result<Vec<Verdict>, Trouble> {
        let node = self.machine.incarnation.clone();
        let bounds = (self.floor, KEEP);
        script::append(
            &mut self.link,
            &self.keys,
            (&self.machine, &node),
            bounds,
            batch,
        )
    }

    fn one(&mut self, offer: Offer) -> Verdict {
        self.offer(&[offer]).expect("an answer")[0]
    }
}

fn say(number: u64, text: &str) -> Offer {
    Offer {
        number: RecordId::from_micros(number),
        room: "lobby".to_owned(),
        kind: "say".to_owned(),
        from: "alice".to_owned(),
        text: text.to_owned(),
        ..Offer::default()
    }
}

fn member(number: u64, kind: &str, person: &str, nick: &str) -> Offer {
    Offer {
        kind: kind.to_owned(),
        from: nick.to_owned(),
        text: if kind == "nick" {
            nick.to_owned()
        } else {
            String::new()
        },
        person: person.to_owned(),
        key: nick.to_owned(),
        ..say(number, "")
    }
}

fn id_of(verdict: Verdict) -> RecordId {
    match verdict {
        Verdict::Ok(id) => id,
        other => panic!("not put in order: {other:?}"),
    }
}

#[test]
fn ids_rise_over_machines_and_floors_and_each_number_counts_once() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    let first = id_of(a.one(say(5, "one")));
    let second = id_of(b.one(say(5, "two")));
    assert!(first < second);
    assert_eq!(a.one(say(5, "one")), Verdict::Seen);
    assert_eq!(a.one(say(4, "older")), Verdict::Seen);
    // An engine whose clock is behind what a machine has written already.
    a.floor = RecordId::from_micros(RecordId::now().as_micros() + 50_000_000);
    assert_eq!(id_of(a.one(say(6, "three"))), a.floor.next());
    let after = id_of(b.one(say(6, "four")));
    assert_eq!(after, a.floor.next().next());
    assert_eq!(server.ask(&["XLEN", "{site}:s"]), "4");
    let batch: Vec<_> = (7..50).map(|number| say(number, "many")).collect();
    let verdicts = a.offer(&batch).expect("an answer");
    let ids: Vec<_> = verdicts.into_iter().map(id_of).collect();
    assert!(ids.is_sorted() && ids[0] > after);
}

#[test]
fn what_an_engine_has_lost_keeps_its_id_unless_something_stands_behind_it_or_it_is_old() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    let again = |number, at: RecordId| Offer {
        again: true,
        at,
        ..say(number, "lost")
    };
    // Later than now: a busy machine does not make it old.
    let ahead = RecordId::from_micros(RecordId::now().as_micros() + 3_600_000_000);
    a.floor = ahead.next();
    assert_eq!(id_of(a.one(again(1, ahead))), ahead);
    assert_eq!(id_of(b.one(say(1, "next"))), ahead.next());
    assert_eq!(id_of(a.one(again(2, ahead.next()))), ahead.next().next());
    let last = |server: &Server| server.ask(&["XREVRANGE", "{site}:s", "+", "-", "COUNT", "1"]);
    let fields = last(&server);
    let was = format!("w\n{}", ahead.next().as_micros());
    assert!(fields.contains(&was), "{fields}");
    let old = RecordId::from_micros(RecordId::now().as_micros() - 60_000_000);
    assert!(id_of(a.one(again(3, old))) > ahead);
    assert!(last(&server).contains(&format!("w\n{}", old.as_micros())));
}

#[test]
fn a_message_is_taken_once_whichever_machine_it_is_sent_to_again() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    let with = |number, scope: &str| Offer {
        scope: scope.to_owned(),
        ..say(number, "x")
    };
    let id = id_of(a.one(with(1, "account:alice m1")));
    assert_eq!(b.one(with(1, "account:alice m1")), Verdict::Dup(id));
    assert!(matches!(b.one(with(2, "account:bob m1")), Verdict::Ok(_)));
    let elsewhere = Offer {
        room: "tea".to_owned(),
        ..with(3, "account:alice m1")
    };
    assert!(matches!(b.one(elsewhere), Verdict::Ok(_)));
    // The number was used up all the same.
    assert_eq!(b.one(say(1, "another")), Verdict::Seen);
}

#[test]
fn somebody_on_two_machines_is_one_member() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    let id = id_of(a.one(member(1, "join", "p1", "alice")));
    assert_eq!(b.one(member(1, "join", "p1", "alice")), Verdict::Held(id));
    assert_eq!(b.one(member(2, "join", "p2", "alice")), Verdict::Taken);
    assert!(matches!(
        b.one(member(3, "say", "p1", "alice")),
        Verdict::Ok(_)
    ));
    assert_eq!(b.one(member(4, "say", "p2", "alice")), Verdict::NotMember);
    assert!(matches!(
        a.one(member(2, "quit", "p1", "alice")),
        Verdict::Left(_)
    ));
    assert_eq!(a.one(member(3, "say", "p1", "alice")), Verdict::NotMember);
    assert!(matches!(
        b.one(member(5, "quit", "p1", "alice")),
        Verdict::Ok(_)
    ));
    assert!(matches!(
        b.one(member(6, "join", "p2", "alice")),
        Verdict::Ok(_)
    ));
    assert_eq!(server.ask(&["HGETALL", "{site}:n"]), "lobby\n1");
}

#[test]
fn a_name_moves_with_who_changes_it_and_a_room_is_full_on_all_machines() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    id_of(a.one(member(1, "join", "p1", "alice")));
    id_of(b.one(member(1, "join", "p2", "bob")));
    assert_eq!(b.one(member(2, "nick", "p2", "alice")), Verdict::Taken);
    id_of(a.one(member(2, "nick", "p1", "carol")));
    id_of(b.one(member(3, "nick", "p2", "alice")));
    let limited = |number, limit| Offer {
        limit,
        ..member(number, "join", "p3", "dave")
    };
    assert_eq!(a.one(limited(3, 2)), Verdict::Full);
    id_of(a.one(limited(4, 3)));
}

#[test]
fn the_people_of_a_machine_that_is_gone_quit_once() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    id_of(a.one(member(1, "join", "p1", "alice")));
    id_of(a.one(member(2, "join", "p2", "bob")));
    b.one(member(1, "join", "p2", "bob"));
    let reap = |node: &mut Node, limit| {
        script::reap(&mut node.link, &node.keys, limit, (RecordId::ZERO, KEEP)).expect("an answer")
    };
    assert!(reap(&mut b, LIMIT).is_empty());
    let hour_ago = (RecordId::now().as_micros() - 3_600_000_000).to_string();
    server.ask(&["HSET", "{site}:h", "tick a~1", &hour_ago]);
    assert_eq!(reap(&mut b, LIMIT), ["a~1"]);
    assert!(reap(&mut b, LIMIT).is_empty());
    let stream = server.ask(&["XRANGE", "{site}:s", "-", "+"]);
    assert_eq!(stream.matches("\nquit\n").count(), 2, "{stream}");
    assert_eq!(stream.matches("a~1~reap.").count(), 1, "{stream}");
    assert_eq!(b.one(member(2, "say", "p1", "alice")), Verdict::NotMember);
    id_of(b.one(member(3, "say", "p2", "bob")));
}

#[test]
fn nobody_is_taken_for_dead_by_a_clock_that_was_set_or_an_engine_that_was_away() {
    let server = Server::start();
    let (mut a, mut b) = (Node::new(&server, "a"), Node::new(&server, "b"));
    id_of(a.one(member(1, "join", "p1", "alice")));
    let mut reap = || {
        let bounds = (RecordId::ZERO, KEEP);
        script::reap(&mut b.link, &b.keys, LIMIT, bounds).expect("an answer")
    };
    let now = RecordId::now().as_micros();
    let heard = |micros: u64| {
        server.ask(&["HSET", "{site}:h", "tick a~1", &micros.to_string()]);
    };
    let looked = |micros: u64| {
        server.ask(&["HSET", "{site}:h", "looked", &micros.to_string()]);
    };
    let hour = 3_600_000_000;
    for long_ago in [hour, 20_000_000] {
        assert!(reap().is_empty());
        heard(now - long_ago);
        looked(now - long_ago);
        assert!(reap().is_empty(), "the clock was set forward");
    }
    // It was set back, and the machine dies: not in an hour.
    heard(now + hour);
    looked(now + hour);
    assert!(reap().is_empty());
    let tick = server.ask(&["HGET", "{site}:h", "tick a~1"]);
    assert!(tick.parse::<u64>().expect("a time") < now + hour, "{tick}");
    // Who had been let go is told so, once.
    heard(now - hour);
    assert_eq!(reap(), ["a~1"]);
    let tick = || Offer {
        kind: "tick".to_owned(),
        ..Offer::default()
    };
    assert!(matches!(a.one(tick()), Verdict::Reaped(_)));
    id_of(a.one(tick()));
}

#[test]
fn two_machines_of_one_name_are_told_apart_and_who_lost_it_is_refused() {
    let server = Server::start();
    let mut a = Node::new(&server, "a");
    let copy = Machine {
        lease: "a~1/2".to_owned(),
        ..a.machine.clone()
    };
    let mut other = link(&server);
    let keys = a.keys.clone();
    let mut take = |limit| script::lease(&mut other, &keys, &copy, limit, RecordId::ZERO).map(drop);
    assert_eq!(take(LIMIT), Err(Trouble::Name("a~1/1".to_owned())));
    assert_eq!(take(Duration::ZERO), Ok(()));
    assert_eq!(
        a.offer(&[say(1, "x")]),
        Err(Trouble::Name("a~1/2".to_owned()))
    );
    assert_eq!(server.ask(&["XLEN", "{site}:s"]), "0");
    // What it was before it went down it need not wait for.
    let again = Machine {
        incarnation: "a~2".to_owned(),
        lease: "a~2/3".to_owned(),
        former: copy.lease.clone(),
        ..copy.clone()
    };
    let taken = script::lease(&mut other, &keys, &again, LIMIT, RecordId::ZERO);
    assert!(taken.is_ok(), "{taken:?}");
    let heard = server.ask(&["HGET", "{site}:h", "tick a~1"]);
    assert_eq!(heard, "0", "its people are let go with the next look");
}

#[test]
fn with_its_memory_full_the_engine_takes_nothing_of_a_batch() {
    let server = Server::start();
    let mut a = Node::new(&server, "a");
    id_of(a.one(say(1, "before")));
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(a.offer(&[say(2, "x"), say(3, "y")]), Err(Trouble::Full));
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    id_of(a.one(say(2, "x")));
    assert_eq!(server.ask(&["XLEN", "{site}:s"]), "2");
}

/// What the engine should know, in the words of this test.
#[derive(Default)]
struct Model {
    taken: BTreeMap<&'static str, u64>,
    sent: BTreeMap<String, RecordId>,
    rows: BTreeMap<String, (BTreeSet<&'static str>, String, RecordId)>,
    last: RecordId,
}

impl Model {
    /// What is to be answered; an id that is not known yet is zero.
    fn judge(&self, node: &str, offer: &Offer) -> Verdict {
        let unknown = RecordId::ZERO;
        if self.taken.get(node).copied().unwrap_or(0) >= offer.number.as_micros() {
            return Verdict::Seen;
        }
        if let Some(&id) = self.sent.get(&offer.scope) {
            return Verdict::Dup(id);
        }
        let row = self.rows.get(&offer.person);
        let ours = row.is_some_and(|(nodes, ..)| nodes.contains(node));
        let owner = self.rows.iter().find(|(_, (_, key, _))| *key == offer.key);
        let is_others = owner.is_some_and(|(person, _)| *person != offer.person);
        match (&*offer.kind, row) {
            _ if offer.person.is_empty() => Verdict::Ok(unknown),
            ("join", Some((.., id))) => Verdict::Held(*id),
            ("join", None) if is_others => Verdict::Taken,
            ("join", None) if offer.limit > 0 && self.rows.len() >= offer.limit as usize => {
                Verdict::Full
            }
            ("join", None) => Verdict::Ok(unknown),
            _ if !ours => Verdict::NotMember,
            ("quit", Some((nodes, ..))) if nodes.len() > 1 => Verdict::Left(unknown),
            ("nick", _) if is_others => Verdict::Taken,
            _ => Verdict::Ok(unknown),
        }
    }

    fn keep(&mut self, node: &'static str, offer: &Offer, verdict: Verdict) {
        if verdict != Verdict::Seen {
            self.taken.insert(node, offer.number.as_micros());
        }
        if let Verdict::Ok(id) | Verdict::Left(id) = verdict {
            assert!(id > self.last, "{id} is not behind {}", self.last);
            self.last = id;
        }
        let person = offer.person.clone();
        match (verdict, &*offer.kind) {
            (Verdict::Held(_), _) => {
                self.rows.get_mut(&person).expect("a member").0.insert(node);
            }
            (Verdict::Left(_), _) => {
                self.rows.get_mut(&person).expect("a member").0.remove(node);
            }
            (Verdict::Ok(id), kind) => {
                if !offer.scope.is_empty() {
                    self.sent.insert(offer.scope.clone(), id);
                }
                match kind {
                    "join" => {
                        let row = (BTreeSet::from([node]), offer.key.clone(), id);
                        self.rows.insert(person, row);
                    }
                    "quit" => drop(self.rows.remove(&person)),
                    "nick" => self
                        .rows
                        .get_mut(&person)
                        .expect("a member")
                        .1
                        .clone_from(&offer.key),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Numbers by chance, the same each time (Marsaglia's xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn whatever_is_offered_in_whatever_order_the_engine_says_what_a_model_says() {
    let server = Server::start();
    for seed in 1..=6 {
        server.ask(&["FLUSHALL"]);
        let mut chance = Chance::new(seed);
        let mut nodes = [
            Node::new(&server, "a"),
            Node::new(&server, "b"),
            Node::new(&server, "c"),
        ];
        let names = ["a", "b", "c"];
        let mut model = Model::default();
        let mut next = [1; 3];
        for step in 0..400 {
            let at = usize::try_from(chance.below(3)).expect("small");
            // Now and then one that was given before.
            let number = match chance.below(10) {
                0 => next[at] - chance.below(2).min(next[at] - 1),
                _ => next[at],
            };
            next[at] = next[at].max(number + 1);
            let kinds = ["join", "join", "quit", "nick", "say", "say"];
            let kind = kinds[usize::try_from(chance.below(6)).expect("small")];
            let (person, nick) = (chance.below(6), chance.below(5));
            let mut offer = member(number, kind, &format!("p{person}"), &format!("n{nick}"));
            if kind == "say" {
                offer.person = if chance.below(3) == 0 {
                    String::new()
                } else {
                    offer.person
                };
                offer.scope = match chance.below(3) {
                    0 => String::new(),
                    _ => format!("account:p{person} m{}", chance.below(20)),
                };
            }
            offer.limit = u32::try_from(chance.below(2) * 4).expect("small");
            nodes[at].floor = RecordId::from_micros(model.last.as_micros() + chance.below(3) * 500);
            let wanted = model.judge(names[at], &offer);
            let verdict = nodes[at].one(offer.clone());
            let same = match (wanted, verdict) {
                (Verdict::Ok(_), Verdict::Ok(_)) | (Verdict::Left(_), Verdict::Left(_)) => true,
                (wanted, verdict) => wanted == verdict,
            };
            assert!(
                same,
                "seed {seed}, step {step}: {offer:?} at {at}: {verdict:?}, not {wanted:?}"
            );
            model.keep(names[at], &offer, verdict);
            // What is put in order for a member who joins again moves the ids, too.
            let last = server_last(&mut nodes[at]);
            model.last = model.last.max(last);
        }
    }
}

fn server_last(node: &mut Node) -> RecordId {
    let mut question = redis::cmd("HGET");
    question.arg(node.keys.head()).arg("last");
    let last: Option<u64> = node.link.ask(&question).expect("an answer");
    RecordId::from_micros(last.unwrap_or_default())
}
