//! The power of the whole site fails at once: no machine has what another has lost.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Hardware, Machine};
use e2e::cluster::person::{Over, Person, Story};
use e2e::deadline::eventually;

/// The room.
const ROOM: &str = "lobby";
/// Between two messages of one person.
const PACE: Duration = Duration::from_millis(100);
/// Engines and logs are synced once a second, and a sync of a busy disk takes a while.
const ON_DISK: Duration = Duration::from_secs(3);
/// How long there is no power.
const DARK: Duration = Duration::from_secs(1);
/// One machine takes so much longer than the others to boot.
const LATER: Duration = Duration::from_secs(3);
/// How long somebody goes on trying.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_site_whose_power_fails_goes_on_with_what_was_on_its_disks_and_all_have_the_same() {
    let mut cluster = Cluster::start_on(Hardware::Own, 3, Engine::Sentinel, "");
    for machine in &cluster.machines {
        machine.wait_for_copies();
    }
    let over = AtomicBool::new(false);
    let endpoints = cluster.endpoints();
    let (old, stories) = thread::scope(|scope| {
        let end = Over(&over);
        let people: Vec<_> = (0..6)
            .map(|number| {
                let mut servers = endpoints.clone();
                servers.rotate_left(number % 3);
                let person = Person {
                    name: format!("p{number}"),
                    room: ROOM.to_owned(),
                    servers,
                    pace: PACE,
                };
                let (enter, over) = (cluster.cables.entrance(), &over);
                scope.spawn(move || {
                    enter.enter();
                    person.live(over, PATIENCE)
                })
            })
            .collect();
        all_speak(&cluster, &HashSet::new());
        let old = cluster.machines[0].said(ROOM);
        thread::sleep(ON_DISK);
        (0..3).for_each(|at| cluster.cut_power(at));
        thread::sleep(DARK);
        (0..2).for_each(|at| cluster.power_on(at));
        thread::sleep(LATER);
        cluster.power_on(2);
        cluster.machines.iter().for_each(Machine::wait_until_up);
        let known = cluster.machines.iter().flat_map(|it| it.said(ROOM));
        all_speak(&cluster, &known.collect());
        drop(end);
        let lives = people.into_iter();
        let stories: Vec<Story> = lives.map(|it| it.join().expect("served")).collect();
        (old, stories)
    });
    // Where the engine had lost its tail, what is put back stands later on who had lost it, too.
    let said_by_all = || -> Vec<Vec<String>> {
        let machines = cluster.machines.iter();
        machines.map(|it| it.said(ROOM)).collect()
    };
    let said_by_all = eventually("all have the same lines", || {
        let all = said_by_all();
        let mut sets = all.iter().map(|it| it.iter().collect::<HashSet<_>>());
        let first = sets.next()?;
        sets.all(|it| it == first).then_some(all.clone())
    });
    for (machine, said) in cluster.machines.iter().zip(&said_by_all) {
        let name = &machine.name;
        let kept: HashSet<_> = said.iter().collect();
        assert_eq!(kept.len(), said.len(), "{name} has a line twice");
        let lost: Vec<_> = old.iter().filter(|it| !kept.contains(it)).collect();
        assert!(lost.is_empty(), "of {} on {name}: {lost:?}", old.len());
        for story in &stories {
            check_order(name, said, story);
            let gone = story.acked.iter().filter(|(text, _)| !kept.contains(text));
            let (acked, gone) = (story.acked.len(), gone.count());
            println!("{name}, {}: {acked} acked, {gone} of them lost", story.name);
        }
    }
}

/// What somebody said stands in the order in which they said it, and was shown to them once.
#[track_caller]
fn check_order(machine: &str, said: &[String], story: &Story) {
    let name = &story.name;
    let of_theirs = |text: &&String| text.split(' ').next() == Some(name);
    let numbers: Vec<_> = said.iter().filter(of_theirs).map(|it| number(it)).collect();
    assert!(numbers.is_sorted(), "{name} on {machine}: {numbers:?}");
    let shown: HashSet<_> = story.seen.iter().map(|(_, text)| text).collect();
    assert_eq!(shown.len(), story.seen.len(), "{name} saw a line twice");
}

/// Waits until everybody has said something on each machine that is not among `known`, several times.
#[track_caller]
fn all_speak(cluster: &Cluster, known: &HashSet<String>) {
    eventually("all speak on all machines", || {
        let speak = |machine: &Machine| {
            let said = machine.said(ROOM);
            (0..6).all(|number| {
                let name = format!("p{number} ");
                let new = said
                    .iter()
                    .filter(|it| it.starts_with(&name) && !known.contains(*it));
                new.count() > 5
            })
        };
        cluster.machines.iter().all(speak).then_some(())
    });
}

/// What number of theirs it is.
fn number(text: &str) -> u32 {
    let number = text.split(' ').next_back().unwrap_or_default();
    number.parse().expect("NAME NUMBER")
}
