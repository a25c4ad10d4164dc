//! Who is in a room, as three machines agree: whatever is taken at once, dies, or is cut off.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use e2e::cluster::Cluster;
use e2e::cluster::cables::Network;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::ws::Client;
use serde_json::Value;

/// Nothing was heard of a machine for so long, and whoever looks for that looks now: docs/cluster.md.
const QUITS_WITHIN: Duration = Duration::from_secs(20);
/// A cut that is long enough for everything that is given up to be given up.
const CUT: Duration = Duration::from_secs(60);
/// `PRESENCE_GRACE` where a test sets it.
const GRACE: Duration = Duration::from_secs(12);
/// Between two looks at all pages.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// So often each relay looks for handlers that were killed.
const SWEEP: Duration = Duration::from_secs(5);

/// A page of somebody on a machine, who is the same person wherever they come. For a thread that is among the people.
#[track_caller]
pub(super) fn page(machine: &Machine, room: &str, name: &str) -> Page<Client> {
    let path = format!("/{room}?format=json&nick={name}&client=token-of-{name}");
    let page = Page::enter(Client::connect(&machine.endpoint(), &path));
    assert_eq!(page.welcome["type"], "welcome", "{}", page.welcome);
    page
}

/// Who is in the lobby, by the files of a machine.
fn present(machine: &Machine) -> Vec<String> {
    let files = fs::read_dir(machine.base().join("users")).expect("a directory");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names
        .filter_map(|name| Some(name.strip_prefix("lobby_")?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Comings and goings in a machine's lobby, as `KIND NAME`.
pub(super) fn comings(machine: &Machine) -> Vec<String> {
    records(machine)
        .into_iter()
        .filter(|it| ["join", "quit", "nick"].contains(&&*it.1))
        .map(|(_, kind, from)| format!("{kind} {from}"))
        .collect()
}

/// Id, kind and name of each record of the lobby.
fn records(machine: &Machine) -> Vec<(String, String, String)> {
    let log = machine.whole_log("lobby");
    let log = String::from_utf8_lossy(&log);
    let fields = log.lines().map(|line| line.split('\t').map(str::to_owned));
    let fields = fields.map(|mut it| Some((it.next()?, it.next()?, it.next()?)));
    fields.map(|it| it.expect("a record")).collect()
}

/// Pages that are looked at: who does not answer pings is gone after a while.
#[derive(Default)]
pub(super) struct Crowd {
    pages: Vec<(Page<Client>, Vec<Value>)>,
}

impl Crowd {
    pub(super) fn of(pages: impl IntoIterator<Item = Page<Client>>) -> Self {
        let pages = pages.into_iter().map(|page| (page, Vec::new()));
        Self {
            pages: pages.collect(),
        }
    }

    /// Reads what has come to each.
    pub(super) fn look(&mut self) {
        for (page, seen) in &mut self.pages {
            seen.extend(page.settle());
        }
    }

    /// Waits until something is so.
    #[track_caller]
    pub(super) fn wait_until<T>(&mut self, what: &str, mut is_so: impl FnMut() -> Option<T>) -> T {
        eventually(what, || {
            let found = is_so();
            if found.is_none() {
                self.look();
                thread::sleep(LOOK_AGAIN);
            }
            found
        })
    }

    /// Waits until these are in the lobby, by the files of all these machines.
    #[track_caller]
    pub(super) fn wait_for(&mut self, machines: &[&Machine], names: &[&str]) {
        self.wait_until(&format!("{names:?} are there on all machines"), || {
            let mut all = machines.iter().map(|machine| present(machine));
            all.all(|found| found == names).then_some(())
        });
    }

    /// Lets time pass.
    pub(super) fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.look();
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn page(&mut self, at: usize) -> &mut Page<Client> {
        &mut self.pages[at].0
    }
}

#[track_caller]
fn wait_for_one_log(cluster: &Cluster) {
    eventually("all machines have the same log", || {
        cluster.has_one_log("lobby").then_some(())
    });
}

#[test]
fn three_take_one_name_at_once_and_a_machine_that_dies_takes_its_people_along_once() {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "");
    let entrance = cluster.cables.entrance();
    entrance.enter();
    let barrier = Barrier::new(3);
    let mut pages: Vec<_> = thread::scope(|scope| {
        let enter = |(at, machine)| {
            let barrier = &barrier;
            scope.spawn(move || {
                entrance.enter();
                let path = format!("/lobby?format=json&nick=alice&client=alice-{at}");
                barrier.wait();
                Page::enter(Client::connect(&Machine::endpoint(machine), &path))
            })
        };
        let threads: Vec<_> = cluster.machines.iter().enumerate().map(enter).collect();
        let threads = threads.into_iter();
        threads.map(|it| it.join().expect("all come in")).collect()
    });
    let names = eventually("all machines have the same three people", || {
        let names = present(&cluster.machines[0]);
        let is_same = |machine: &Machine| present(machine) == names;
        (names.len() == 3 && cluster.machines.iter().all(is_same)).then_some(names)
    });
    wait_for_one_log(&cluster);
    let joins: BTreeSet<_> = comings(&cluster.machines[0]).into_iter().collect();
    let wanted: BTreeSet<_> = names.iter().map(|name| format!("join {name}")).collect();
    assert_eq!(joins, wanted);
    assert_eq!(comings(&cluster.machines[0]).len(), 3, "each came once");
    assert_eq!(
        names.iter().filter(|it| *it == "alice").count(),
        1,
        "{names:?}"
    );
    for (page, machine) in pages.iter_mut().zip(&cluster.machines) {
        let text = format!("from {}", machine.name);
        page.say_acked(&text, &text.replace(' ', "-"));
    }
    wait_for_one_log(&cluster);
    let speakers: BTreeSet<_> = records(&cluster.machines[2])
        .into_iter()
        .filter(|it| it.1 == "say")
        .map(|it| it.2)
        .collect();
    assert_eq!(
        speakers,
        names.iter().cloned().collect(),
        "each by their own name"
    );

    // The third dies, with two people.
    pages.push(page(&cluster.machines[2], "lobby", "dora"));
    let mut crowd = Crowd::of(pages);
    crowd.wait_until("dora is on all", || {
        let known = |machine: &Machine| present(machine).contains(&"dora".to_owned());
        cluster.machines.iter().all(known).then_some(())
    });
    let third = records(&cluster.machines[2]);
    let third = third.into_iter().rfind(|it| it.1 == "say");
    let of_third = third.expect("they spoke last").2;
    let engine = cluster.machines[0].redis("chat", &["hgetall", "{chat}:h"]);
    assert!(engine.contains("tick three~"), "{engine}");
    cluster.machines[2].pull_the_plug();
    crowd.pages.truncate(2);
    let died = chat_clock(&cluster);
    let gone = |machine: &Machine| {
        let quits = records(machine).into_iter().filter(|it| it.1 == "quit");
        quits.collect::<Vec<_>>()
    };
    let quits = crowd.wait_until("its people have gone", || {
        let quits = gone(&cluster.machines[0]);
        (quits.len() >= 2 && gone(&cluster.machines[1]) == quits).then_some(quits)
    });
    let who: BTreeSet<_> = quits.iter().map(|it| it.2.clone()).collect();
    assert_eq!(who, BTreeSet::from(["dora".to_owned(), of_third]));
    assert_eq!(quits.len(), 2);
    for (id, ..) in &quits {
        let after = seconds_of(id).saturating_sub(died);
        println!(
            "they quit {} s after their machine had died",
            after.as_secs_f64()
        );
        assert!(after <= QUITS_WITHIN, "{id}: {after:?}");
    }
    // It comes back, with presence files of people whose handlers are no more.
    cluster.machines[2].start_engine();
    cluster.machines[2].start_relay();
    cluster.machines[2].start_daemon();
    cluster.machines[2].wait_until_up();
    let left: Vec<_> = names.iter().filter(|name| !who.contains(*name)).collect();
    let left: Vec<_> = left.iter().map(|it| it.as_str()).collect();
    crowd.wait_for(&cluster.machines.iter().collect::<Vec<_>>(), &left);
    // Longer than anybody needs to find them once more.
    crowd.rest(SWEEP * 2);
    crowd.page(0).say_acked("who is there?", "last");
    wait_for_one_log(&cluster);
    for machine in &cluster.machines {
        assert_eq!(gone(machine), quits, "on {}", machine.name);
        assert_eq!(present(machine), left, "on {}", machine.name);
        assert_eq!(comings(machine).len(), 6, "{:?}", comings(machine));
    }
}

/// Now, by the clock of the machines: since midnight.
fn chat_clock(cluster: &Cluster) -> Duration {
    let time = cluster.machines[0].redis("chat", &["time"]);
    let mut lines = time
        .lines()
        .map(|line| line.parse::<u64>().expect("a number"));
    let seconds = lines.next().expect("seconds") % 86_400;
    Duration::from_secs(seconds) + Duration::from_micros(lines.next().expect("microseconds"))
}

/// The time of a record's id, since midnight.
fn seconds_of(id: &str) -> Duration {
    let (_, time) = id.split_once('T').expect("date and time");
    let parts: Vec<f64> = time
        .trim_end_matches('Z')
        .split(':')
        .map(|part| part.parse().expect("a number"))
        .collect();
    Duration::from_secs_f64(parts[0] * 3600.0 + parts[1] * 60.0 + parts[2])
}

#[test]
fn sixty_seconds_of_partition_leave_nobody_stale_and_keep_nobody_out() {
    let cluster = Cluster::start(3, Engine::Sentinel, "");
    cluster.cables.entrance().enter();
    let [one, two, three] = &cluster.machines[..] else {
        panic!("three machines")
    };
    let eve = page(two, "lobby", "eve");
    // Gus is on both sides of the cut.
    let homes = [
        (one, "ada"),
        (two, "ben"),
        (three, "fay"),
        (one, "gus"),
        (two, "gus"),
    ];
    let mut all = Crowd::of(homes.map(|(machine, name)| page(machine, "lobby", name)));
    let [ada, ben, fay, gus] = [0, 1, 2, 4];
    all.page(ada).say_acked("hello", "m1");
    all.wait_for(&[one, two, three], &["ada", "ben", "eve", "fay", "gus"]);
    let came = ["join eve", "join ada", "join ben", "join fay", "join gus"];
    assert_eq!(comings(one), came);

    cluster.cables.cut(1, Network::Machines);
    let cut_at = Instant::now();
    eve.client.close();
    all.wait_for(&[one, three], &["ada", "fay", "gus"]);
    all.page(ben).say("is anybody there?", "m2");
    let refused = |it: &Value| it["type"] == "error" && it["msgid"] == "m2";
    let refused = all.page(ben).find(refused);
    assert_eq!(refused["code"], "not_saved", "{refused}");
    all.rest(CUT.saturating_sub(cut_at.elapsed()));
    all.page(ada).say_acked("they are gone", "m3");
    cluster.cables.mend(1, Network::Machines);
    all.wait_until("the second is up", || two.is_up().then_some(()));

    all.wait_for(&[one, two, three], &["ada", "ben", "fay", "gus"]);
    all.page(gus).say_acked("I was here all the time", "m4");
    all.page(ben).say_acked("and I am back", "m5");
    wait_for_one_log(&cluster);
    all.rest(SWEEP * 2);
    all.wait_for(&[one, two, three], &["ada", "ben", "fay", "gus"]);
    // Who was told that they went is told that they are there: pages know no files.
    let told = comings(three);
    assert_eq!(told[..5], came);
    let mut since = told[5..].to_vec();
    since.sort();
    assert_eq!(since, ["join ben", "quit ben", "quit eve"], "{told:?}");
    let seen = all.pages[fay].1.iter();
    let of_ben = seen.filter(|it| it["from"] == "ben" && it["type"] != "say");
    let of_ben: Vec<_> = of_ben.map(|it| it["type"].to_string()).collect();
    assert_eq!(
        of_ben.last().map(String::as_str),
        Some("\"join\""),
        "{of_ben:?}"
    );
    // And a page that comes now finds them.
    let mut members = page(one, "lobby", "hal").members();
    members.sort();
    assert_eq!(members, ["ada", "ben", "fay", "gus", "hal"]);
}

#[test]
fn who_loses_a_machine_is_waited_for_on_all() {
    let cluster = Cluster::start(3, Engine::Sentinel, "PRESENCE_GRACE=12");
    cluster.cables.entrance().enter();
    let [one, two, three] = &cluster.machines[..] else {
        panic!("three machines")
    };
    let mut others = Crowd::of([page(two, "lobby", "ben"), page(three, "lobby", "fay")]);
    let ada = page(one, "lobby", "ada");
    others.wait_for(&[one, two, three], &["ada", "ben", "fay"]);
    let came = ["join ben", "join fay", "join ada"];
    // Her network goes; she comes to another machine before she is given up, and after that.
    drop(ada);
    others.pages.push((page(three, "lobby", "ada"), Vec::new()));
    others.rest(GRACE + SWEEP * 2);
    for machine in [one, two, three] {
        assert_eq!(comings(machine), came, "on {}", machine.name);
    }
    // She does not come again.
    others.pages.truncate(2);
    let told: Vec<_> = came.into_iter().chain(["quit ada"]).collect();
    others.wait_until("all are told that she went", || {
        let is_told = |machine: &&Machine| comings(machine) == told;
        [one, two, three].iter().all(is_told).then_some(())
    });
    others.wait_for(&[one, two, three], &["ben", "fay"]);
    others.rest(SWEEP * 2);
    for machine in [one, two, three] {
        assert_eq!(comings(machine), told, "on {}", machine.name);
    }
}
