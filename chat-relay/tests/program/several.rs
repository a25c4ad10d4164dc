//! A chat on several machines: each has a tree, a relay and people of its own, and all have one engine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chat_store::record::RecordId;
use e2e::chat::{Files, UNLIMITED};
use e2e::deadline::{DEADLINE, eventually};
use e2e::page::Page;
use e2e::program::pid_of;
use e2e::redis::{NAME, Sentinel, Server};
use e2e::relay::Relay;
use e2e::tls::Authority;
use e2e::under_test::beside;
use nix::sys::signal::{Signal, kill};

use crate::orders::run;
use crate::script::Chance;

/// For who is told once what becomes of it: all they wait for may be a busy machine.
const PATIENT: &str = "SEND_TIMEOUT=30\n";

/// A machine.
pub(super) struct Machine {
    pub(super) files: Files,
    relay: Option<Relay>,
}

impl Machine {
    /// One whose relay has not been started.
    pub(super) fn new(node: &str, engine: &str, more: &str) -> Self {
        let files = Files::with(UNLIMITED);
        let ini = fs::read_to_string(files.ini()).expect("an ini");
        let limit = if more.contains("SEND_TIMEOUT") {
            ""
        } else {
            PATIENT
        };
        let section = format!("[cluster]\nNODE={node}\nENGINE={engine}\n{limit}{more}\n");
        fs::write(files.ini(), format!("{ini}\n{section}")).expect("written");
        Self { files, relay: None }
    }

    pub(super) fn started(node: &str, engine: &str, more: &str) -> Self {
        let mut machine = Self::new(node, engine, more);
        machine.start();
        machine
    }

    /// A started one with more settings.
    pub(super) fn with_lines(node: &str, engine: &str, lines: &str) -> Self {
        let mut machine = Self::new(node, engine, "");
        let ini = fs::read_to_string(machine.files.ini()).expect("an ini");
        let ini = ini.replacen("[global]", &format!("[global]\n{lines}"), 1);
        fs::write(machine.files.ini(), ini).expect("written");
        machine.start();
        machine
    }

    pub(super) fn start(&mut self) {
        self.kill();
        self.relay = Some(Relay::start(self.files.base()));
    }

    /// As [`Machine::start`], with what it tells in a file.
    pub(super) fn start_telling(&mut self) -> PathBuf {
        self.kill();
        let told = self.files.path("relay.told");
        let child = self
            .command()
            .stderr(fs::File::create(&told).expect("writable"))
            .spawn()
            .expect("the relay starts");
        self.relay = Some(Relay { child });
        eventually("the relay is up", || self.is_in("up").then_some(()));
        told
    }

    /// Ends its relay at once.
    pub(super) fn kill(&mut self) {
        if let Some(mut relay) = self.relay.take() {
            relay.child.kill().expect("killed");
            relay.child.wait().expect("gone");
        }
        for left in ["up", "state"] {
            let _ = fs::remove_file(self.files.path("run/relay").join(left));
        }
    }

    /// Sends its relay a signal.
    pub(super) fn signal(&self, signal: Signal) {
        let relay = self.relay.as_ref().expect("it runs");
        kill(pid_of(relay.child.id()), signal).expect("a process of ours");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(beside("chat-relay"));
        command.arg("--config").arg(self.files.ini()).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A relay that need not come up.
    pub(super) fn try_start(&mut self) {
        let child = self.command().spawn().expect("the relay starts");
        self.relay = Some(Relay { child });
    }

    pub(super) fn page(&self, nick: &str) -> Page {
        self.files.page("lobby", nick)
    }

    /// As [`Self::page`], of somebody who has logged in.
    pub(super) fn page_of(&self, account: &str) -> Page {
        let cookie = self.files.log_in_as(account);
        self.files.page_with("lobby", "", &cookie)
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.files.room_log("lobby")).unwrap_or_default()
    }

    fn said(&self) -> Vec<String> {
        let records = self.files.records("lobby").into_iter();
        records
            .filter(|it| it.kind == "say")
            .map(|it| it.text)
            .collect()
    }

    pub(super) fn state(&self, key: &str) -> String {
        let text = fs::read_to_string(self.files.path("run/relay/state")).unwrap_or_default();
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default()
    }

    /// Makes it one that lost its power when all was on its disk that was put in order up to `place`.
    fn was_off(&self, place: &str) {
        let boot = "another-boot\n";
        fs::write(self.files.path("spool/boot"), boot).expect("written");
        let cursor = self.files.path("state/relay.cursor");
        fs::write(cursor, format!("{place} {boot}")).expect("written");
        let _ = fs::remove_file(self.files.path("run/relay/state"));
    }

    fn is_in(&self, state: &str) -> bool {
        self.state("state") == state
    }
}

/// Says it again until it is acked, as a page does.
pub(super) fn keep_saying(page: &mut Page, text: &str) {
    let msgid = format!("m-{text}");
    let end = Instant::now() + DEADLINE;
    while Instant::now() < end {
        page.say(text, &msgid);
        let answer =
            page.find(|it| it["msgid"] == msgid && (it["type"] == "ack" || it["type"] == "error"));
        if answer["type"] == "ack" {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{text} was never acked");
}

/// All have written the same bytes, among them all of `wanted`, each once.
#[track_caller]
fn assert_same(machines: &[&Machine], wanted: &[String]) {
    eventually("all machines have all that was said", || {
        let is_whole = |machine: &&Machine| {
            let said = machine.said();
            wanted.iter().all(|text| said.contains(text))
        };
        let is_same = machines
            .windows(2)
            .all(|pair| pair[0].log() == pair[1].log());
        (machines.iter().all(is_whole) && is_same).then_some(())
    });
    for machine in machines {
        assert_once(machine, wanted);
    }
}

/// It has all of `wanted`, each once.
#[track_caller]
fn assert_once(machine: &Machine, wanted: &[String]) {
    let mut counts = BTreeMap::new();
    for text in machine.said() {
        *counts.entry(text).or_insert(0) += 1;
    }
    for text in wanted {
        assert_eq!(counts.get(text), Some(&1), "{text}:\n{}", machine.log());
    }
}

#[test]
fn what_is_said_on_two_machines_stands_in_the_same_bytes_on_three() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let three = Machine::started("three", &server.address(), "");
    let (mut alice, mut bob) = (
        one.files.page("lobby", "alice"),
        two.files.page("lobby", "bob"),
    );
    let mut wanted = Vec::new();
    for at in 0..40 {
        let (here, there) = (format!("a{at}"), format!("b{at}"));
        keep_saying(&mut alice, &here);
        keep_saying(&mut bob, &there);
        wanted.extend([here, there]);
    }
    assert_same(&[&one, &two, &three], &wanted);
    // Whoever has heard it has heard it in this order.
    alice.find(|it| it["type"] == "say" && it["text"] == "b39");
    keep_saying(&mut alice, "end");
    bob.find(|it| it["type"] == "say" && it["text"] == "end");
    eventually("it says that it is up", || one.is_in("up").then_some(()));
    eventually("an own tick comes back", || {
        (one.state("lag") != "-").then_some(())
    });
    assert_eq!(
        (one.state("late"), two.state("late")),
        ("0".to_owned(), "0".to_owned())
    );
}

#[test]
fn relays_that_are_killed_at_any_time_lose_and_double_nothing() {
    let server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let (mut alice, mut bob) = (
        one.files.page("lobby", "alice"),
        two.files.page("lobby", "bob"),
    );
    let mut wanted = Vec::new();
    for round in 0..6 {
        for at in 0..12 {
            let (here, there) = (format!("a{round}.{at}"), format!("b{round}.{at}"));
            if at == 3 + round {
                // It is on its way somewhere.
                alice.say(&here, &format!("m-{here}"));
                if round % 2 == 0 {
                    one.start();
                } else {
                    two.start();
                }
            }
            keep_saying(&mut alice, &here);
            keep_saying(&mut bob, &there);
            wanted.extend([here, there]);
        }
    }
    assert_same(&[&one, &two], &wanted);
}

#[test]
fn an_engine_that_has_lost_everything_gets_it_back_while_nobody_speaks() {
    let mut server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    let mut wanted = vec!["before".to_owned()];
    keep_saying(&mut alice, "before");
    assert_same(&[&one, &two], &wanted);
    // This one sees none of what is lost.
    two.kill();
    for at in 0..20 {
        let text = format!("lost{at}");
        keep_saying(&mut alice, &text);
        wanted.push(text);
    }
    server.wipe();
    eventually("it is seen that the engine is gone", || {
        one.is_in("away").then_some(())
    });
    server.run_again();
    eventually("the engine is used again", || one.is_in("up").then_some(()));
    two.start();
    assert_same_said(&[&one, &two], &wanted);
    keep_saying(&mut alice, "after");
    wanted.push("after".to_owned());
    assert_same_said(&[&one, &two], &wanted);
    assert_ne!(one.state("resubmitted"), "0");
}

/// Of each file as much was on the disk as happened to be there: of one room nothing, and of the other all.
#[test]
fn what_a_power_cut_left_keeps_out_nothing_that_others_have() {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    let mut anna = one.files.page("den", "anna");
    keep_saying(&mut alice, "before");
    keep_saying(&mut anna, "before");
    let cursor = two.files.path("state/relay.cursor");
    let den = two.files.path("rooms/den.log");
    let (log, place) = eventually("it has that, and has kept how far it is", || {
        let log = fs::read_to_string(&den).ok()?;
        let place = fs::read_to_string(&cursor).ok()?;
        let place = place.split(' ').next()?.to_owned();
        let last = two.files.records("den").pop()?;
        (log.contains("before") && place >= last.time).then_some((log, place))
    });
    for number in 1..=5 {
        keep_saying(&mut anna, &format!("lost{number}"));
        keep_saying(&mut alice, &format!("there{number}"));
    }
    eventually("two has it", || {
        two.said().contains(&"there5".to_owned()).then_some(())
    });
    one.kill();
    two.kill();
    fs::write(&den, &log).expect("written");
    two.was_off(&place);
    server.wipe();
    server.run_again();
    two.start();
    eventually("the engine is used again", || two.is_in("up").then_some(()));
    one.start();
    let said = |machine: &Machine, room: &str| -> Vec<_> {
        let records = machine.files.records(room).into_iter();
        records
            .filter(|it| it.kind == "say")
            .map(|it| it.text)
            .collect()
    };
    for (room, what) in [("den", "lost"), ("lobby", "there")] {
        let mut wanted = vec!["before".to_owned()];
        wanted.extend((1..=5).map(|number| format!("{what}{number}")));
        for machine in [&one, &two] {
            eventually("it has all of it", || {
                (said(machine, room) == wanted).then_some(())
            });
        }
    }
}

#[test]
fn what_only_a_machine_has_that_lost_power_is_given_when_others_have_had_time() {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    let mut wanted = vec!["first".to_owned()];
    keep_saying(&mut alice, "first");
    assert_same(&[&one, &two], &wanted);
    let place = two.files.records("lobby").pop().expect("said").time;
    two.kill();
    keep_saying(&mut alice, "second");
    wanted.push("second".to_owned());
    one.kill();
    one.was_off(&place);
    server.wipe();
    server.run_again();
    one.start();
    two.start();
    assert_same_said(&[&one, &two], &wanted);
}

/// It is given once the other has said what it surely has, and what is said there next waits for it.
#[test]
fn after_all_machines_lost_power_what_one_alone_has_stands_before_what_is_said_next() {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "first");
    assert_same(&[&one, &two], &["first".to_owned()]);
    let place = two.files.records("lobby").pop().expect("said").time;
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    two.kill();
    keep_saying(&mut alice, "second");
    one.kill();
    for machine in [&one, &two] {
        machine.was_off(&place);
    }
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    two.try_start();
    one.start();
    let mut bob = two.files.page("lobby", "bob");
    keep_saying(&mut bob, "third");
    let wanted = ["first", "second", "third"].map(str::to_owned);
    assert_same_said(&[&one, &two], &wanted);
}

/// Whoever said it was told that it was not saved, and the engine took it all the same, and was lost with it.
#[test]
fn what_an_engine_took_without_saying_so_is_on_all_machines_or_on_none() {
    let mut server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let mut anna = one.page_of("anna");
    keep_saying(&mut anna, "before");
    assert_same(&[&one, &two], &["before".to_owned()]);
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    for machine in [&one, &two] {
        eventually("the engine is used again", || {
            machine.is_in("up").then_some(())
        });
    }
    server.signal(Signal::SIGSTOP);
    anna.say("lost", "m-lost");
    let answer = anna.find(|it| it["msgid"] == "m-lost");
    assert_eq!(answer["code"], "not_saved", "{answer}");
    one.signal(Signal::SIGSTOP);
    server.signal(Signal::SIGCONT);
    eventually("two has it", || {
        two.said().contains(&"lost".to_owned()).then_some(())
    });
    two.signal(Signal::SIGSTOP);
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    one.signal(Signal::SIGCONT);
    keep_saying(&mut anna, "after");
    two.signal(Signal::SIGCONT);
    let wanted = ["before", "lost", "after"].map(str::to_owned);
    assert_same_said(&[&one, &two], &wanted);
}

/// All have it, each once, in one order; where a machine had not seen what an engine lost it may be under another id.
#[track_caller]
fn assert_same_said(machines: &[&Machine], wanted: &[String]) {
    eventually("all machines have all that was said", || {
        machines
            .iter()
            .all(|it| wanted.iter().all(|text| it.said().contains(text)))
            .then_some(())
    });
    for machine in machines {
        assert_once(machine, wanted);
        assert_eq!(machine.said(), wanted);
    }
}

#[test]
fn what_an_engine_lost_at_its_end_is_put_back_behind_what_stands_there() {
    let mut server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let (mut alice, mut bob) = (
        one.files.page("lobby", "alice"),
        two.files.page("lobby", "bob"),
    );
    keep_saying(&mut alice, "a0");
    keep_saying(&mut bob, "b0");
    let mut wanted = vec!["a0".to_owned(), "b0".to_owned()];
    assert_same(&[&one, &two], &wanted);
    // As it stands now it will be again.
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    two.kill();
    for at in 1..10 {
        let text = format!("a{at}");
        keep_saying(&mut alice, &text);
        wanted.push(text);
    }
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    eventually("the engine is used again", || {
        (one.is_in("up") && one.state("resubmitted") == "9").then_some(())
    });
    two.start();
    keep_saying(&mut bob, "b1");
    wanted.push("b1".to_owned());
    assert_same_said(&[&one, &two], &wanted);
}

/// And not what was said on the one machine before all that was said on the other.
#[test]
fn what_somebody_said_on_two_machines_is_put_back_in_the_order_in_which_they_said_it() {
    let mut server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let mut three = Machine::started("three", &server.address(), "");
    let (mut here, mut there) = (one.page("anna"), two.page("bob"));
    keep_saying(&mut here, "before");
    let mut wanted = vec!["before".to_owned()];
    assert_same(&[&one, &two, &three], &wanted);
    three.kill();
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    for at in 0..6 {
        let text = format!("line-{at}");
        keep_saying(if at % 2 == 0 { &mut here } else { &mut there }, &text);
        wanted.push(text);
    }
    assert_same(&[&one, &two], &wanted);
    // What is younger keeps its id.
    std::thread::sleep(Duration::from_secs(11));
    server.kill();
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    keep_saying(&mut here, "after");
    wanted.push("after".to_owned());
    three.start();
    assert_same_said(&[&one, &two, &three], &wanted);
}

#[test]
fn what_is_said_again_elsewhere_after_an_engine_lost_it_stands_once_in_each_log() {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut anna = one.page_of("anna");
    keep_saying(&mut anna, "before");
    assert_same(&[&one, &two], &["before".to_owned()]);
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    two.kill();
    // The first machine alone has it.
    keep_saying(&mut anna, "lost");
    drop(anna);
    one.kill();
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    two.start();
    let mut anna = two.page_of("anna");
    keep_saying(&mut anna, "lost");
    keep_saying(&mut anna, "after");
    one.start();
    let wanted = ["before", "lost", "after"].map(str::to_owned);
    assert_same_said(&[&one, &two], &wanted);
    keep_saying(&mut anna, "end");
    for machine in [&one, &two] {
        eventually("it goes on", || {
            machine.said().contains(&"end".to_owned()).then_some(())
        });
        assert_once(machine, &wanted);
    }
}

/// Its power failed, and the engine's beside it, and both have lost the last line; the other machine, which has it, is
/// stopped.
fn without_power_and_engine() -> (Server, Machine, Machine) {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let mut anna = one.page_of("anna");
    keep_saying(&mut anna, "before");
    assert_same(&[&one, &two], &["before".to_owned()]);
    server.kill();
    let kept = server.dir().join("kept");
    copy(&server.dir().join("appendonlydir"), &kept);
    server.run_again();
    let files = ["rooms/lobby.log", "spool/out.log"];
    let on_the_disk = files.map(|name| fs::read(one.files.path(name)).expect("there"));
    keep_saying(&mut anna, "lost");
    assert_same(&[&one, &two], &["before", "lost"].map(str::to_owned));
    two.signal(Signal::SIGSTOP);
    drop(anna);
    one.kill();
    server.wipe();
    copy(&kept, &server.dir().join("appendonlydir"));
    server.run_again();
    for (name, bytes) in files.iter().zip(on_the_disk) {
        fs::write(one.files.path(name), bytes).expect("writable");
    }
    for name in ["state/relay.cursor", "spool/boot"] {
        let text = fs::read_to_string(one.files.path(name)).unwrap_or_default();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux");
        let text = text.replace(boot.trim_end(), "the-boot-before");
        fs::write(one.files.path(name), text).expect("writable");
    }
    (server, one, two)
}

/// Both are there again before another machine has seen what they lost.
#[test]
fn a_machine_that_is_there_again_at_once_does_not_hide_what_it_has_lost() {
    let (_server, mut one, two) = without_power_and_engine();
    one.start();
    let mut anna = one.page_of("anna");
    keep_saying(&mut anna, "after");
    two.signal(Signal::SIGCONT);
    let wanted = ["before", "lost", "after"].map(str::to_owned);
    for machine in [&one, &two] {
        eventually("it has all that was acked", || {
            let said = machine.said();
            wanted.iter().all(|it| said.contains(it)).then_some(())
        });
        assert_once(machine, &wanted);
    }
    // It stands under different ids now, and is taken back on both.
    let records = two.files.records("lobby").into_iter();
    let lost = records
        .filter(|it| it.text == "lost")
        .map(|it| it.time)
        .next();
    let done = run(
        &two.files,
        &format!("redact lobby {}", lost.expect("there")),
    );
    assert!(done.status.success(), "{done:?}");
    eventually("it is on neither", || {
        let is_gone = |it: &&Machine| !it.said().contains(&"lost".to_owned());
        [&one, &two].iter().all(is_gone).then_some(())
    });
    assert!(one.said().contains(&"after".to_owned()));
}

/// Its people go on at once, and what they had said stands before what they say.
#[test]
fn what_is_said_after_a_power_cut_stands_behind_what_was_lost() {
    let (_server, mut one, two) = without_power_and_engine();
    one.try_start();
    eventually("it has found the engine", || {
        let is_found = one.is_in("up") || one.state("why").contains("was down");
        is_found.then_some(())
    });
    let mut anna = one.page_of("anna");
    if one.is_in("up") {
        keep_saying(&mut anna, "after");
    }
    two.signal(Signal::SIGCONT);
    keep_saying(&mut anna, "after");
    assert_same_said(
        &[&one, &two],
        &["before", "lost", "after"].map(str::to_owned),
    );
}

/// An engine whose clock was wrong has given ids that are to come, and a machine is behind.
#[test]
fn who_comes_to_a_machine_that_is_behind_is_shown_nothing_again_by_a_wrong_clock() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let in_an_hour = RecordId::now().as_micros() + 3_600_000_000;
    server.ask(&["HSET", "{chat}:h", "last", &in_an_hour.to_string()]);
    let mut alice = one.page("alice");
    keep_saying(&mut alice, "first");
    assert_same(&[&one, &two], &["first".to_owned()]);
    two.kill();
    let seen = alice.say_acked("second", "m2");
    let mut bob = two
        .files
        .page_with("lobby", &format!("nick=bob&since={seen}"), "");
    two.start();
    assert_same(&[&one, &two], &["first", "second"].map(str::to_owned));
    keep_saying(&mut alice, "third");
    let shown = bob.find(|it| it["type"] == "say" || it["records"].to_string().contains("say"));
    assert_eq!(shown["text"], "third", "{shown}");
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("there") {
        let entry = entry.expect("readable");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn a_second_machine_of_one_name_is_told_and_disturbs_nobody() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut other = Machine::new("one", &server.address(), "");
    other.try_start();
    eventually("it is told", || {
        other.state("why").contains("NODE").then_some(())
    });
    assert!(other.is_in("away"));
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "hello");
    assert_once(&one, &["hello".to_owned()]);
    assert_eq!(other.log(), "");
}

#[test]
fn a_machine_whose_spool_was_deleted_is_another_one() {
    let server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let two = Machine::started("two", &server.address(), "");
    let mut wanted = vec!["before".to_owned()];
    keep_saying(&mut one.files.page("lobby", "alice"), "before");
    let node = one.state("node");
    one.kill();
    fs::remove_dir_all(one.files.path("spool")).expect("removed");
    // Its name is its own again once nothing has been heard of it for a while.
    one.try_start();
    eventually("it is up", || one.is_in("up").then_some(()));
    assert_ne!(one.state("node"), node);
    keep_saying(&mut one.files.page("lobby", "alice"), "after");
    wanted.push("after".to_owned());
    assert_same(&[&one, &two], &wanted);
}

#[test]
fn while_the_engines_memory_is_full_it_is_told_and_nothing_is_taken() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    alice.say("meanwhile", "m-meanwhile");
    let error = alice.find(|it| it["msgid"] == "m-meanwhile");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|it| it.contains("memory is full")),
        "{error}"
    );
    assert_eq!(one.said(), ["before"]);
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    keep_saying(&mut alice, "after");
    assert_eq!(one.said(), ["before", "after"]);
}

/// Who has seen it would have seen what never was, if the engine died with it.
#[test]
fn what_no_copy_of_the_engine_has_is_written_and_acked_nowhere() {
    let server = Server::start();
    let copy = server.replica();
    let one = Machine::started("one", &server.address(), "ENGINE_REPLICAS=1\n");
    let two = Machine::started("two", &server.address(), "ENGINE_REPLICAS=1\n");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    let before = vec!["before".to_owned()];
    assert_same(&[&one, &two], &before);
    copy.signal(Signal::SIGSTOP);
    alice.say("alone", "m-alone");
    let is_given = || {
        server
            .ask(&["XRANGE", "{chat}:s", "-", "+"])
            .contains("alone")
    };
    eventually("the engine has it", || is_given().then_some(()));
    let asked = || {
        let stats = server.ask(&["INFO", "commandstats"]);
        let calls = stats
            .split_once("cmdstat_wait:calls=")
            .expect("copies are waited for")
            .1;
        calls
            .split(',')
            .next()
            .and_then(|it| it.parse().ok())
            .unwrap_or(0_u32)
    };
    // Both have read it, and have looked for a copy twice.
    let first = asked();
    eventually("the copy is waited for", || {
        (asked() >= first + 6).then_some(())
    });
    assert_eq!((one.said(), two.said()), (before.clone(), before.clone()));
    copy.signal(Signal::SIGCONT);
    keep_saying(&mut alice, "alone");
    let wanted: Vec<_> = before.into_iter().chain(["alone".to_owned()]).collect();
    assert_same(&[&one, &two], &wanted);
}

/// Others may have shown it under that: pages show it once.
#[test]
fn what_an_engine_lost_before_it_stood_in_a_log_is_given_again_under_its_first_id() {
    let mut server = Server::start();
    let copy = server.replica();
    let one = Machine::started("one", &server.address(), "ENGINE_REPLICAS=1\n");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    copy.signal(Signal::SIGSTOP);
    alice.say("alone", "m-alone");
    let id = eventually("the engine has it", || {
        let entries = server.ask(&["XREVRANGE", "{chat}:s", "+", "-"]);
        let (newer, _) = entries.split_once("alone")?;
        let id = newer.lines().rfind(|line| line.ends_with("-0"))?;
        id.strip_suffix("-0")?.parse().ok()
    });
    server.kill();
    server.wipe();
    copy.signal(Signal::SIGCONT);
    server.run_again();
    let lost = eventually("it stands in the log", || {
        let mut records = one.files.records("lobby").into_iter();
        records.find(|it| it.text == "alone")
    });
    let first = RecordId::from_micros(id).to_string();
    let was = ("was".to_owned(), first.clone());
    assert!(
        lost.time == first || lost.attrs.contains(&was),
        "{lost:?}, not {first}"
    );
}

#[test]
fn what_is_said_while_the_engine_comes_back_waits_for_it_and_nobody_is_told() {
    let (server, one) = engine_and_machine();
    assert_waited_for(server, &one);
}

/// The engine's machine had a clock that was wrong: ids are ahead of every clock for as long as it was.
#[test]
fn what_is_said_while_the_engine_comes_back_waits_for_it_when_ids_are_ahead() {
    let (server, one) = engine_and_machine();
    let ahead = RecordId::now().as_micros() + 3_600_000_000;
    server.ask(&["HSET", "{chat}:h", "last", &ahead.to_string()]);
    let mut bob = one.files.page("lobby", "bob");
    keep_saying(&mut bob, "ahead");
    assert!(
        one.log()
            .lines()
            .last()
            .is_some_and(|it| it.contains("ahead"))
    );
    assert_waited_for(server, &one);
}

fn engine_and_machine() -> (Server, Machine) {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "SEND_TIMEOUT=30\n");
    (server, one)
}

#[track_caller]
fn assert_waited_for(mut server: Server, one: &Machine) {
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    // On a busy machine it may not be back in time.
    let is_waited_for = (0..5).any(|round| {
        let msgid = format!("m{round}");
        server.kill();
        eventually("it is gone", || one.is_in("away").then_some(()));
        alice.say("meanwhile", &msgid);
        server.run_again();
        let answer = alice.find(|it| it["msgid"] == *msgid && it["type"] != "say");
        eventually("it is back", || one.is_in("up").then_some(()));
        answer["type"] == "ack"
    });
    assert!(is_waited_for, "it was refused each time");
}

#[test]
fn who_waits_for_an_engine_that_does_not_answer_is_told_that_this_machine_is_cut_off() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "SEND_TIMEOUT=30\n");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    server.signal(Signal::SIGSTOP);
    alice.say("meanwhile", "m-meanwhile");
    let error = alice.find(|it| it["msgid"] == "m-meanwhile");
    // Not that the time is up, which would be "busy".
    let is_told = |it: &str| it.contains("cut off from the others");
    assert!(error["text"].as_str().is_some_and(is_told), "{error}");
    assert!(!one.files.path("run/relay/up").exists());
    server.signal(Signal::SIGCONT);
    keep_saying(&mut alice, "meanwhile");
    keep_saying(&mut alice, "after");
    assert_eq!(one.said(), ["before", "meanwhile", "after"]);
}

/// The join may be put in order when they have long gone.
#[test]
fn who_goes_before_it_is_said_whether_they_have_joined_quits() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "SEND_TIMEOUT=1\n");
    let alice = one.page("alice");
    server.signal(Signal::SIGSTOP);
    let mut bob = one.page("bob");
    let spool = || fs::read_to_string(one.files.path("spool/out.log")).unwrap_or_default();
    eventually("it waits to be put in order", || {
        spool().contains("\tjoin\tbob\t").then_some(())
    });
    bob.say("/quit", "m-quit");
    eventually("they quit", || {
        spool().contains("\tquit\tbob\t").then_some(())
    });
    server.signal(Signal::SIGCONT);
    drop(alice);
}

/// Else it would be so on one machine alone.
#[test]
fn what_is_refused_is_not_done_on_this_machine_either() {
    for what in ["redact", "slow", "pin"] {
        let server = Server::start();
        let one = Machine::started("one", &server.address(), "");
        assert!(run(&one.files, "role lobby anna owner").status.success());
        let mut anna = one.page_of("anna");
        keep_saying(&mut anna, "secret");
        let records = one.files.records("lobby").into_iter();
        let mut said = records.filter(|it| it.text == "secret");
        let id = said.next().expect("said").time;
        assert!(one.files.path("run/relay/up").exists());
        // The relay does not know it yet.
        server.signal(Signal::SIGSTOP);
        if what == "pin" {
            anna.say(&format!("/pin {id}"), "m-pin");
            let answer = anna.find(|it| it["msgid"] == "m-pin");
            assert_eq!(answer["type"], "error", "{answer}");
        } else {
            let words = match what {
                "slow" => "slow lobby 60".to_owned(),
                _ => format!("redact lobby {id}"),
            };
            let done = run(&one.files, &words);
            assert!(!done.status.success(), "{done:?}");
        }
        assert!(one.said().contains(&"secret".to_owned()), "{what}");
        for state in ["slow", "pins"] {
            let path = one.files.path(&format!("state/lobby.{state}"));
            assert!(!path.exists(), "{}", path.display());
        }
    }
}

#[test]
fn who_has_not_what_the_engine_no_longer_has_does_not_go_on_by_itself() {
    let server = Server::start();
    let one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    assert_same(&[&one, &two], &["before".to_owned()]);
    two.kill();
    keep_saying(&mut alice, "missed");
    // As if it had been cut off for so long.
    let last = server.ask(&["HGET", "{chat}:h", "last"]);
    server.ask(&["HSET", "{chat}:h", "since", &last]);
    server.ask(&["XTRIM", "{chat}:s", "MAXLEN", "0"]);
    two.try_start();
    eventually("it is told", || two.is_in("gap").then_some(()));
    assert!(!two.files.path("run/relay/up").exists());
    keep_saying(&mut alice, "later");
    assert_eq!(two.said(), ["before"]);
    fs::write(two.files.path("run/relay/accept-gap"), "").expect("written");
    eventually("it goes on", || two.is_in("up").then_some(()));
    eventually("it has what came later", || {
        (two.said() == ["before", "later"]).then_some(())
    });
}

/// What each has said, in their order.
fn of_sender(said: &[String], sender: char) -> Vec<&String> {
    said.iter()
        .filter(|text| text.starts_with(sender))
        .collect()
}

#[test]
fn whatever_fails_one_after_the_other_nothing_acked_is_lost_or_doubled() {
    let mut server = Server::start();
    let mut one = Machine::started("one", &server.address(), "");
    let mut two = Machine::started("two", &server.address(), "");
    let (mut alice, mut bob) = (
        one.files.page("lobby", "alice"),
        two.files.page("lobby", "bob"),
    );
    let mut wanted = Vec::new();
    // The order of the faults is by chance, and the same each time.
    let mut chance = Chance::new(7);
    for round in 0..16 {
        match chance.below(5) {
            0 => one.start(),
            1 => two.start(),
            2 => {
                server.kill();
                server.run_again();
            }
            3 => {
                server.wipe();
                server.run_again();
            }
            _ => {
                two.kill();
                keep_saying(&mut alice, &format!("a{round:02}alone"));
                wanted.push(format!("a{round:02}alone"));
                server.wipe();
                server.run_again();
                two.start();
            }
        }
        for at in 0..4 {
            let (here, there) = (format!("a{round:02}{at}"), format!("b{round:02}{at}"));
            keep_saying(&mut alice, &here);
            keep_saying(&mut bob, &there);
            wanted.extend([here, there]);
        }
    }
    for machine in [&one, &two] {
        eventually("it has all that was said", || {
            let said = machine.said();
            wanted.iter().all(|text| said.contains(text)).then_some(())
        });
        assert_once(machine, &wanted);
        let said = machine.said();
        for sender in ['a', 'b'] {
            assert_eq!(of_sender(&said, sender), of_sender(&wanted, sender));
        }
    }
}

#[test]
fn what_was_given_up_is_not_written_when_the_relay_is_there_again() {
    let server = Server::start();
    let mut one = Machine::started("one", &server.address(), "SEND_TIMEOUT=5\n");
    let mut alice = one.files.page("lobby", "alice");
    keep_saying(&mut alice, "before");
    one.kill();
    // As a relay leaves it that was killed.
    fs::write(one.files.path("run/relay/up"), "").expect("written");
    alice.say("meanwhile", "m-meanwhile");
    let error = alice.find(|it| it["msgid"] == "m-meanwhile");
    assert_eq!(error["type"], "error", "{error}");
    one.start();
    keep_saying(&mut alice, "after");
    assert_eq!(one.said(), ["before", "after"]);
    // Sent again it is taken.
    keep_saying(&mut alice, "meanwhile");
    assert_eq!(one.said(), ["before", "after", "meanwhile"]);
}

#[test]
fn over_tls_a_user_who_may_touch_this_site_alone_is_enough() {
    let authority = Authority::new();
    let server = Server::with_tls(&authority);
    let set = server.ask(&[
        "ACL",
        "SETUSER",
        "site",
        "on",
        ">a-secret",
        "resetkeys",
        "~{chat}:*",
        "resetchannels",
        "&{chat}:*",
        "-@all",
        "+@read",
        "+@write",
        "+@connection",
        "+eval",
        "+evalsha",
        "+script|load",
        "+role",
        "+time",
        "+wait",
        "+publish",
        "+subscribe",
        "-@dangerous",
        "+role",
    ]);
    assert_eq!(set, "OK");
    let secret = authority.dir().join("secret");
    fs::write(&secret, "a-secret\n").expect("written");
    let more = |secret: &Path| {
        format!(
            "ENGINE_USER=site\nENGINE_PASSWORD_FILE={}\nENGINE_CA_FILE={}\n",
            secret.display(),
            authority.ca().display()
        )
    };
    let one = Machine::started("one", &server.address(), &more(&secret));
    keep_saying(&mut one.files.page("lobby", "alice"), "hello");
    assert_eq!(one.said(), ["hello"]);
    let wrong = authority.dir().join("wrong");
    fs::write(&wrong, "another\n").expect("written");
    for (node, more, told) in [
        ("two", more(&wrong), "password"),
        ("three", String::new(), "certificate"),
    ] {
        let mut machine = Machine::new(node, &server.address(), &more);
        machine.try_start();
        eventually("it is told", || {
            let why = machine.state("why").to_lowercase();
            why.contains(&told.to_lowercase()).then_some(())
        });
        assert!(machine.is_in("away"));
    }
}

#[test]
fn when_the_engine_dies_its_copy_takes_over_and_nothing_acked_is_lost() {
    let mut server = Server::start();
    let copies = [server.replica(), server.replica()];
    let sentinels: Vec<_> = (0..3).map(|_| Sentinel::start(&server, 2)).collect();
    eventually("the Sentinels know each other and the copies", || {
        let knows = |sentinel: &Sentinel| {
            let master = sentinel.ask(&["SENTINEL", "MASTER", NAME]);
            let value = |key: &str| {
                let mut lines = master.lines();
                lines
                    .find(|line| *line == key)
                    .and_then(|_| lines.next())
                    .map(str::to_owned)
            };
            let others = value("num-other-sentinels").as_deref() == Some("2");
            others && value("num-slaves").as_deref() == Some("2")
        };
        sentinels.iter().all(knows).then_some(())
    });
    let hosts: Vec<_> = sentinels
        .iter()
        .map(|it| format!("127.0.0.1:{}", it.port))
        .collect();
    let address = format!("sentinel://{}/{NAME}", hosts.join(","));
    let one = Machine::started("one", &address, "ENGINE_REPLICAS=1\n");
    let two = Machine::started("two", &address, "ENGINE_REPLICAS=1\n");
    let (mut alice, mut bob) = (
        one.files.page("lobby", "alice"),
        two.files.page("lobby", "bob"),
    );
    let mut wanted = Vec::new();
    let mut speak = |round: &str| {
        for at in 0..20 {
            let (here, there) = (format!("a{round}{at}"), format!("b{round}{at}"));
            keep_saying(&mut alice, &here);
            keep_saying(&mut bob, &there);
            wanted.extend([here, there]);
        }
    };
    speak("before");
    let first = one.state("engine");
    // Cut off, as far as anybody can tell, and there again later: it must not be believed then.
    server.signal(Signal::SIGSTOP);
    speak("meanwhile");
    server.signal(Signal::SIGCONT);
    speak("after");
    eventually("another engine is used", || {
        (one.is_in("up") && one.state("engine") != first).then_some(())
    });
    assert_same(&[&one, &two], &wanted);
    assert_eq!(one.said().len(), wanted.len());
    server.kill();
    drop(copies);
}
