//! What docs/cluster.md says an operator does: each command here stands there.

use std::fs;
use std::process::Command;
use std::thread;

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::transport::Endpoint;
use e2e::under_test::workspace;
use e2e::ws::Client;

/// What was said before there were several machines.
const OLD: &str = "2026-01-01T10:00:00.000001Z\tsay\talice\t\tlong ago\n";
/// What all machines have alike.
const ALIKE: [&str; 10] = [
    "rooms", "closed", "channels", "state", "accounts", "names", "profiles", "marks", "logins",
    "files",
];

/// Whether docs/cluster.md shows this command.
#[track_caller]
fn is_in_the_document(command: &str) {
    let text = fs::read_to_string(workspace().join("docs/cluster.md")).expect("the document");
    assert!(
        text.contains(command),
        "docs/cluster.md does not have: {command}"
    );
}

/// Copies what all machines have alike from one to the other.
#[track_caller]
fn copy(from: &Machine, to: &Machine) {
    for part in ALIKE {
        let (from, to) = (from.base().join(part), to.base());
        if from.exists() {
            let mut cp = Command::new("cp");
            let done = cp.arg("-a").arg(from).arg(to).status().expect("cp runs");
            assert!(done.success());
        }
    }
}

/// Somebody comes to a machine, says this and goes; what they saw of the past.
#[track_caller]
fn say(cluster: &Cluster, endpoint: &Endpoint, name: &str, text: &str) -> Vec<String> {
    let entrance = cluster.cables.entrance();
    thread::scope(|scope| {
        let said = scope.spawn(|| {
            entrance.enter();
            let path = format!("/lobby?format=json&nick={name}");
            let mut page = Page::enter(Client::connect(endpoint, &path));
            page.say_acked(text, &format!("{name}-{text}").replace(' ', "-"));
            let past = page
                .past
                .iter()
                .map(e2e::page::text_of)
                .map(str::to_owned)
                .collect();
            page.client.close();
            past
        });
        said.join().expect("they are served")
    })
}

#[track_caller]
fn wait_for_one_log(cluster: &Cluster, machines: usize) {
    eventually("all machines have the same log", || {
        let mut logs = cluster.machines[..machines]
            .iter()
            .map(|it| it.whole_log("lobby"));
        let first = logs.next()?;
        logs.all(|log| log == first).then_some(())
    });
}

#[test]
fn a_chat_with_a_past_gets_machines_one_of_which_misses_much_and_a_fourth() {
    let mut cluster = Cluster::lay(4, Engine::Sentinel, "");
    let endpoints = cluster.endpoints();
    // On: the past of the first, on all.
    let rooms = cluster.machines[0].base().join("rooms");
    fs::create_dir_all(&rooms).expect("made");
    fs::write(rooms.join("lobby.log"), OLD).expect("written");
    for at in 1..3 {
        copy(&cluster.machines[0], &cluster.machines[at]);
    }
    for at in 0..3 {
        cluster.machines[at].start_engine();
    }
    for at in 0..3 {
        cluster.machines[at].start_relay();
        cluster.machines[at].start_daemon();
    }
    for at in 0..3 {
        cluster.machines[at].wait_until_up();
    }
    let past = say(&cluster, &endpoints[1], "bob", "hello from two");
    assert!(past.contains(&"long ago".to_owned()), "{past:?}");
    say(&cluster, &endpoints[2], "carol", "hello from three");
    wait_for_one_log(&cluster, 3);

    // How they are.
    is_in_the_document("chatctl cluster status");
    is_in_the_document("chatctl cluster nodes");
    let (code, said) = cluster.machines[0].chatctl(&["cluster", "status"]);
    assert_eq!(code, 0, "{said}");
    let rows = eventually("all were heard of", || {
        let (_, said) = cluster.machines[0].chatctl(&["cluster", "nodes"]);
        (said.matches(" there ").count() == 3).then_some(said)
    });
    assert!(rows.contains("three"), "{rows}");

    // The third was away for longer than the engine keeps anything.
    cluster.machines[2].end("daemon");
    cluster.machines[2].end("relay");
    say(&cluster, &endpoints[0], "alice", "while three is away");
    let primary = cluster.machines[0].primary().expect("Sentinel answers");
    let primary = cluster
        .machines
        .iter()
        .position(|it| it.at_engine() == primary);
    let primary = &cluster.machines[primary.expect("one of them")];
    // As KEEP does it, which is an hour at least.
    let last = "return redis.call('hget', '{chat}:h', 'last')";
    let last = primary.redis("chat", &["eval", last, "1", "{chat}:h"]);
    primary.redis(
        "chat",
        &["xtrim", "{chat}:s", "MINID", &format!("{}-0", last.trim())],
    );
    eventually("the engine notices by its own lines", || {
        say(&cluster, &endpoints[0], "alice", "later");
        Some(())
    });
    cluster.machines[2].start_relay();
    eventually("the third says that it has a gap", || {
        let (code, said) = cluster.machines[2].chatctl(&["cluster", "status"]);
        (code == 1 && said.contains("gap")).then_some(())
    });
    is_in_the_document("chatctl cluster backfill");
    let peer = cluster.machines[0].base();
    let peer = peer.to_string_lossy();
    assert_eq!(
        cluster.machines[2]
            .chatctl(&["cluster", "backfill", &peer])
            .0,
        1
    );
    cluster.machines[2].end("relay");
    let (code, said) = cluster.machines[2].chatctl(&["cluster", "backfill", &peer]);
    assert_eq!(code, 0, "{said}");
    cluster.machines[2].start_relay();
    cluster.machines[2].start_daemon();
    cluster.machines[2].wait_until_up();
    say(&cluster, &endpoints[2], "carol", "back again");
    wait_for_one_log(&cluster, 3);

    // A fourth, with nothing on it.
    fs::create_dir_all(cluster.machines[3].base().join("run/relay")).expect("made");
    let (code, said) = cluster.machines[3].chatctl(&["cluster", "backfill", &peer]);
    assert_eq!(code, 0, "{said}");
    cluster.machines[3].start_relay();
    cluster.machines[3].start_daemon();
    cluster.machines[3].wait_until_up();
    let past = say(&cluster, &endpoints[3], "dave", "hello from four");
    assert!(past.contains(&"while three is away".to_owned()), "{past:?}");
    wait_for_one_log(&cluster, 4);

    // The first goes for good. The engine goes with it: what people say waits for another one.
    for at in 1..3 {
        cluster.machines[at].wait_for_copies();
    }
    cluster.machines[0].pull_the_plug();
    eventually("another engine is chosen, and the others go on", || {
        let primary = cluster.machines[1].primary()?;
        let (_, said) = cluster.machines[1].chatctl(&["cluster", "status"]);
        (primary != "10.0.0.1" && said.contains(": up")).then_some(())
    });
    say(&cluster, &endpoints[1], "bob", "without the first");
}
