//! The hardware that blows fall on: that each of them does what it is called.

use std::fs;

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Hardware, Machine, PROGRAMS};
use e2e::deadline::eventually;
use nix::fcntl::{FallocateFlags, fallocate};

/// Further off than an engine is used.
const HOUR: i64 = 3600;

/// Says it in the lobby, once: while another engine is chosen it is not saved, and said again.
#[track_caller]
fn say(machine: &Machine, text: &str) {
    eventually("it is saved", || {
        (machine.chatctl(&["say", "lobby", text]).0 == 0).then_some(())
    });
}

#[test]
fn a_power_cut_takes_what_was_not_synced() {
    // No program runs: one that syncs a file of its own makes the journal take along what others wrote.
    let mut cluster = Cluster::lay_on(Hardware::Own, 1, Engine::Local, "");
    let disk = cluster.machines[0].disk().to_owned();
    let synced = fs::File::create(disk.join("synced")).expect("writable");
    synced.sync_all().expect("a disk with power");
    let names = fs::File::open(&disk).expect("a directory");
    names.sync_all().expect("a disk with power");
    drop((synced, names));
    fs::write(disk.join("not-synced"), "gone").expect("writable");
    cluster.cut_power(0);
    assert!(!disk.join("synced").exists(), "it has no disk meanwhile");
    cluster.power_on(0);
    assert!(disk.join("synced").exists());
    assert!(!disk.join("not-synced").exists());
}

#[test]
fn after_a_power_cut_the_relay_sees_that_it_is_another_boot() {
    let mut cluster = Cluster::start_on(Hardware::Own, 3, Engine::Sentinel, "");
    let cursor = cluster.machines[0].base().join("state/relay.cursor");
    let boot = || {
        let text = fs::read_to_string(&cursor).ok()?;
        Some(text.trim_end().split_once(' ')?.1.to_owned())
    };
    say(&cluster.machines[0], "before the power cut");
    let before = eventually("the relay keeps how far it is", boot);
    cluster.cut_power(0);
    cluster.power_on(0);
    cluster.machines[0].wait_until_up();
    say(&cluster.machines[0], "after it");
    eventually("the relay has seen that it is another boot", || {
        boot().filter(|it| *it != before)
    });
    assert_eq!(
        cluster.machines[0].said("lobby"),
        ["before the power cut", "after it"]
    );
}

#[test]
fn a_full_disk_takes_nothing_and_a_freed_one_does() {
    let cluster = Cluster::lay_on(Hardware::Own, 1, Engine::Local, "");
    let machine = &cluster.machines[0];
    let write = || {
        let file = fs::File::create(machine.disk().join("a file"))?;
        fallocate(&file, FallocateFlags::empty(), 0, 4096).map_err(std::io::Error::from)
    };
    write().expect("there is room");
    fs::remove_file(machine.disk().join("a file")).expect("writable");
    machine.own_disk().fill();
    let refused = write().expect_err("there is no room");
    assert_eq!(refused.kind(), std::io::ErrorKind::StorageFull);
    machine.own_disk().free();
    write().expect("there is room again");
}

/// A line may still find its place in a block where no other file does.
#[test]
fn what_a_record_changes_is_changed_on_a_machine_whose_disk_was_full() {
    let cluster = Cluster::start_on(Hardware::Own, 3, Engine::Sentinel, "");
    let [one, two, _] = &cluster.machines[..] else {
        panic!("three machines")
    };
    let done = |words: &[&str]| {
        let (status, said) = one.chatctl(words);
        assert_eq!(status, 0, "{words:?}: {said}");
    };
    say(one, "the log has a block");
    eventually("two has it", || {
        (!two.said("lobby").is_empty()).then_some(())
    });
    two.own_disk().fill();
    done(&["topic", "lobby", "what it is about"]);
    eventually("two has the record or tells that it has no room", || {
        let log = String::from_utf8_lossy(&two.whole_log("lobby")).into_owned();
        let told = fs::read_to_string(two.told("relay")).unwrap_or_default();
        (log.contains("what it is about") || told.contains("disk is full")).then_some(())
    });
    two.own_disk().free();
    eventually("two knows what the room is about", || {
        let (_, said) = two.chatctl(&["topic", "lobby"]);
        said.contains("what it is about").then_some(())
    });
}

#[test]
fn every_program_of_a_machine_goes_by_its_clock() {
    let cluster = Cluster::start_on(Hardware::Own, 3, Engine::Sentinel, "");
    let machine = &cluster.machines[0];
    let clock = machine.own_clock();
    for program in PROGRAMS {
        let pid = machine.pid(program).expect("it runs");
        assert!(clock.is_seen_by(pid), "{program} does not see the clock");
    }
    let seconds = |text: &str| text.lines().next().and_then(|it| it.parse::<i64>().ok());
    let engine = || seconds(&machine.redis("chat", &["time"])).expect("a time");
    let relay = || machine.counter("tick_seen").cast_signed();
    let began = engine();
    eventually("the relay has sent a sign of life", || {
        (relay() > 0).then_some(())
    });
    // Half an hour, by the clock of who asks.
    eventually("mallory is banned", || {
        let ban = ["ban", "lobby", "mallory", "30m"];
        (machine.chatctl(&ban).0 == 0).then_some(())
    });
    let is_banned = || machine.chatctl(&["bans", "lobby"]).1.contains("mallory");
    assert!(is_banned());
    clock.set(HOUR);
    assert!(!is_banned(), "chatctl");
    assert!(engine() >= began + HOUR, "redis-server");
    eventually("the relay", || (relay() >= began + HOUR).then_some(()));
    clock.set(0);
    assert!(engine() < began + HOUR, "redis-server");
    eventually("the relay", || (relay() < began + HOUR).then_some(()));
}
