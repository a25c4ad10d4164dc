//! People who go from one machine to another: sent there, or because theirs is gone.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::cluster::cables::inside;
use e2e::cluster::machine::{Engine, Machine, ROOMS};
use e2e::cluster::person::{Over, Person, Story};
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::workspace;
use serde_json::Value;

use super::nginx::Nginx;

/// Between two messages of one person.
const PACE: Duration = Duration::from_millis(150);
/// How long somebody waits for the ack of their last message.
const PATIENCE: Duration = Duration::from_secs(60);

/// What records of these kinds a room's log has, as `KIND FROM`.
pub(crate) fn records(machine: &Machine, room: &str, kinds: &[&str]) -> Vec<String> {
    let log = machine.whole_log(room);
    let log = String::from_utf8_lossy(&log);
    let lines = log
        .lines()
        .map(|line| line.splitn(5, '\t').collect::<Vec<_>>());
    lines
        .filter(|fields| fields.len() == 5 && kinds.contains(&fields[1]))
        .map(|fields| format!("{} {}", fields[1], fields[2]))
        .collect()
}

/// People who talk while `meanwhile` happens; what they tell of it.
fn while_they_talk(
    cluster: &mut Cluster,
    people: Vec<Person>,
    meanwhile: impl FnOnce(&mut Cluster),
) -> Vec<(String, Story)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let end = Over(&over);
        let entrance = cluster.cables.entrance();
        let over = &over;
        let lives: Vec<_> = people
            .into_iter()
            .map(|person| {
                let room = person.room.clone();
                let life = scope.spawn(move || {
                    entrance.enter();
                    person.live(over, PATIENCE)
                });
                (room, life)
            })
            .collect();
        meanwhile(cluster);
        drop(end);
        let lives = lives.into_iter();
        lives
            .map(|(room, life)| (room, life.join().expect("a person is served")))
            .collect()
    })
}

fn person(number: usize, servers: &[Endpoint]) -> Person {
    Person {
        name: format!("p{number}"),
        room: ["lobby", "den"][number % 2].to_owned(),
        servers: servers.to_vec(),
        pace: PACE,
    }
}

/// All that was acked is in all logs once, in its sender's order, and was shown once.
#[track_caller]
fn assert_kept(cluster: &Cluster, stories: &[(String, Story)]) {
    for room in ["lobby", "den"] {
        eventually("all machines have the same log", || {
            cluster.has_one_log(room).then_some(())
        });
    }
    for (room, story) in stories {
        let own = format!("{} ", story.name);
        let acked: Vec<_> = story.acked.iter().map(|(text, _)| text.clone()).collect();
        assert!(!acked.is_empty(), "{own}said nothing");
        for machine in &cluster.machines {
            let mut said = machine.said(room);
            said.retain(|text| text.starts_with(&own));
            assert_eq!(said, acked, "{own}on {}", machine.name);
        }
        let mut seen = BTreeMap::new();
        for (_, text) in &story.seen {
            *seen.entry(text.as_str()).or_insert(0) += 1;
        }
        let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{own}was shown twice: {twice:?}");
        // From the first that they were shown to the last, nothing is missing.
        let all = cluster.machines[0].said(room);
        let first = story.seen.first().expect("something was seen");
        let from = all
            .iter()
            .position(|text| *text == first.1)
            .expect("it is in the log");
        let shown: Vec<_> = story.seen.iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(
            shown,
            all[from..from + shown.len()],
            "{own}missed something"
        );
    }
}

/// Waits until so many people of each machine are served.
#[track_caller]
fn wait_for_people(cluster: &Cluster, wanted: [usize; 3]) {
    let mut last = Vec::new();
    eventually("people are where they belong", || {
        last = cluster.machines.iter().map(Machine::served).collect();
        (last == wanted).then_some(())
    });
}

#[test]
fn a_machine_s_people_are_moved_and_no_room_hears_of_it() {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "");
    let servers = cluster.endpoints();
    let people = (0..6).map(|number| person(number, &servers)).collect();
    let came: Vec<_> = (0..6).map(|number| format!("join p{number}")).collect();
    let comings = |machine: &Machine| {
        let kinds = ["join", "quit", "nick"];
        let mut all = records(machine, "lobby", &kinds);
        all.extend(records(machine, "den", &kinds));
        all.sort();
        all
    };
    let stories = while_they_talk(&mut cluster, people, |cluster| {
        wait_for_people(cluster, [6, 0, 0]);
        eventually("all have come", || {
            (comings(&cluster.machines[0]) == came).then_some(())
        });
        let (code, said) = cluster.machines[0].chatctl(&["cluster", "drain", "--over=6"]);
        assert_eq!(code, 0, "{said}");
        wait_for_people(cluster, [0, 6, 0]);
        let (_, said) = cluster.machines[0].chatctl(&["cluster", "status"]);
        assert!(said.contains("draining"), "{said}");
        // The machine is stopped, and given up by the others.
        let primary = cluster.machines[1].primary();
        cluster.machines[0].end("daemon");
        cluster.machines[0].end("relay");
        eventually("the others hear nothing of it any more", || {
            let (_, said) = cluster.machines[1].chatctl(&["cluster", "nodes"]);
            let row = said.lines().find(|line| line.starts_with("one "))?;
            row.contains(" silent ").then_some(())
        });
        assert_eq!(cluster.machines[1].primary(), primary, "its engine goes on");
        for machine in &cluster.machines[1..] {
            assert_eq!(comings(machine), came, "on {}", machine.name);
        }
        cluster.machines[0].start_relay();
        cluster.machines[0].start_daemon();
        cluster.machines[0].wait_until_up();
        let entrance = cluster.cables.entrance();
        let is_refused = thread::scope(|scope| {
            let asked = scope.spawn(|| {
                entrance.enter();
                let path = "/lobby?format=json&nick=late";
                e2e::ws::Client::try_connect(&servers[0], path, &[]).is_err()
            });
            asked.join().expect("asked")
        });
        assert!(is_refused, "a drained machine takes nobody");
        let (code, said) = cluster.machines[0].chatctl(&["cluster", "drain", "--undo"]);
        assert_eq!(code, 0, "{said}");
        // And the next one.
        let (code, said) = cluster.machines[1].chatctl(&["cluster", "drain", "--over=2"]);
        assert_eq!(code, 0, "{said}");
        wait_for_people(cluster, [0, 0, 6]);
        for machine in &cluster.machines {
            assert_eq!(comings(machine), came, "on {}", machine.name);
        }
    });
    assert_kept(&cluster, &stories);
    for (_, story) in &stories {
        assert_eq!(story.refused, Vec::<String>::new(), "{}", story.name);
    }
}

/// Daemons are killed and machines drained, one after the other, until each had both.
fn kill_and_drain(cluster: &mut Cluster) {
    for at in 0..cluster.machines.len() {
        cluster.machines[at].end("daemon");
        thread::sleep(PACE * 4);
        cluster.machines[at].start_daemon();
        cluster.machines[at].wait_until_up();
        thread::sleep(PACE * 4);
        let machine = &cluster.machines[at];
        let (code, said) = machine.chatctl(&["cluster", "drain", "--over=1"]);
        assert_eq!(code, 0, "{said}");
        eventually("its people have gone", || {
            (machine.served() == 0).then_some(())
        });
        // Nobody comes to it meanwhile, though it has the fewest.
        thread::sleep(PACE * 4);
        assert_eq!(machine.served(), 0, "on {}", machine.name);
        let (code, said) = machine.chatctl(&["cluster", "drain", "--undo"]);
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn who_knows_one_address_is_sent_on_by_nginx_and_misses_nothing() {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "");
    let mut stories = Vec::new();
    for by_room in [false, true] {
        let _nginx = Nginx::start(&cluster, by_room);
        let first = usize::from(by_room) * 6;
        let people = (first..first + 6)
            .map(|it| person(it, &[Nginx::endpoint()]))
            .collect();
        stories.extend(while_they_talk(&mut cluster, people, |cluster| {
            eventually("all are there", || {
                let served = cluster.machines.iter().map(Machine::served);
                (served.sum::<usize>() == 6).then_some(())
            });
            if by_room {
                let served: Vec<_> = cluster.machines.iter().map(Machine::served).collect();
                assert!(
                    served.iter().all(|it| it % 3 == 0),
                    "rooms are kept together: {served:?}"
                );
            }
            kill_and_drain(cluster);
        }));
    }
    assert_kept(&cluster, &stories);
}

/// The client library in Node, in the people's network.
#[track_caller]
fn library(cluster: &Cluster, servers: &[String]) -> (Program, std::io::PipeWriter) {
    let ws = workspace().join("tests/pages/node_modules/ws/wrapper.mjs");
    assert!(
        ws.exists(),
        "npm's ws is missing: `tests/pages/check test` installs it"
    );
    let mut node = inside(cluster.cables.outside(), part("/usr/bin/node", "nodejs"));
    node.arg(workspace().join("tests/tests/site/client_library.mjs"))
        .arg(workspace().join("htdocs/client/chat-client.js"))
        .arg(ws)
        .arg(servers.join(","));
    let (end, hold) = std::io::pipe().expect("a pipe");
    let talk = Program::start_with_stdin(&node, Stdio::from(end));
    talk.output.wait_for(&["speaking"]);
    (talk, hold)
}

#[test]
fn the_client_library_goes_to_another_server_and_hears_everything_once() {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "");
    let nginx = Nginx::start(&cluster, false);
    let each = cluster.machines.iter();
    let each: Vec<_> = each
        .map(|it| format!("ws://{}:{ROOMS}/", it.address()))
        .collect();
    for servers in [each, vec![Nginx::url("ws")]] {
        let (mut talk, hold) = library(&cluster, &servers);
        kill_and_drain(&mut cluster);
        drop(hold);
        let said = talk.output.wait_for(&["{\"sent\""]);
        assert!(talk.wait().success());
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let sent = said["sent"].as_u64().expect("a number");
        let numbers: Vec<_> = (0..sent).map(|number| format!("number {number}")).collect();
        assert_eq!(said["failed"], serde_json::json!([]), "{said}");
        assert_eq!(said["heard"], serde_json::json!(numbers), "{said}");
        let acked = said["acked"].as_array().expect("a list");
        assert_eq!(acked.len() as u64, sent);
        let is_ordered = acked
            .windows(2)
            .all(|two| two[0].as_str() < two[1].as_str());
        assert!(is_ordered, "ids grow: {acked:?}");
        assert!(
            said["losses"].as_u64() >= Some(1),
            "both have lost their connection: {said}"
        );
    }
    drop(nginx);
}
