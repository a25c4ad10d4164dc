//! Somebody who looks after the chat meanwhile, from whatever machine: one `chatctl` after the other, and at the end what
//! was done has to be so on all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::cluster::machine::Administrator;
use serde_json::Value;

use super::blows::Chance;

/// Where nobody is: it is filled and deleted again.
pub(crate) const ATTIC: &str = "attic";
/// Between two commands.
const LULL: Duration = Duration::from_millis(700);
/// Different people who are banned and let in again.
const TROLLS: u64 = 5;
/// What the state directory has that is of this machine alone, by the end of its name.
const OF_ONE: [&str; 3] = ["relay.cursor", "relay.pos", ".lock"];

/// What they did.
#[derive(Debug, Default)]
pub(crate) struct Shift {
    /// What was done, by the command's name.
    pub(crate) done: usize,
    /// What was not, by what it said.
    pub(crate) refused: BTreeMap<String, usize>,
    /// How each thing has to be, by its command's subject.
    wanted: BTreeMap<String, Wanted>,
    /// What was taken back.
    redacted: Vec<String>,
}

/// How something has to be.
#[derive(Debug, Default)]
struct Wanted {
    /// What was done to it last; none where that is not known, because it was refused: it may have been done all the same.
    last: Option<String>,
    /// What was refused before: an engine that went away may have taken it, and then it is done when there is one again,
    /// behind what another machine has done meanwhile.
    late: BTreeSet<String>,
}

/// Works until `over` is set.
pub(crate) fn work(
    administrators: &[Administrator],
    rooms: &[&str],
    mut chance: Chance,
    over: &AtomicBool,
) -> Shift {
    let mut shift = Shift::default();
    let mut number = 0;
    while !over.load(Ordering::SeqCst) {
        thread::sleep(LULL);
        number += 1;
        let machines = administrators.len() as u64;
        let at = usize::try_from(chance.below(machines)).expect("few");
        let administrator = &administrators[at];
        let room = rooms[usize::try_from(chance.below(rooms.len() as u64)).expect("few")];
        let troll = format!("troll{}", chance.below(TROLLS));
        match chance.below(8) {
            0 | 1 => {
                let done = shift.order(administrator, &["ban", room, &troll]);
                shift.want(format!("ban {room} {troll}"), done, "banned");
            }
            2 | 3 => {
                let done = shift.order(administrator, &["unban", room, &troll]);
                shift.want(format!("ban {room} {troll}"), done, "");
            }
            4 | 5 => {
                let topic = format!("topic {number}");
                let done = shift.order(administrator, &["topic", room, &topic]);
                shift.want(format!("topic {room}"), done, &topic);
            }
            6 => shift.redact(administrator, room, number),
            _ => {
                shift.order(administrator, &["say", ATTIC, &format!("box {number}")]);
                shift.order(administrator, &["purge", ATTIC, "--force"]);
            }
        }
    }
    shift
}

impl Shift {
    fn order(&mut self, administrator: &Administrator, words: &[&str]) -> bool {
        let (status, said) = administrator.chatctl(words);
        if status == 0 {
            self.done += 1;
        } else {
            let why = said.lines().last().unwrap_or_default();
            let why = why.rsplit(": ").next().unwrap_or_default();
            *self.refused.entry(why.to_owned()).or_default() += 1;
        }
        status == 0
    }

    fn want(&mut self, what: String, done: bool, how: &str) {
        let wanted = self.wanted.entry(what).or_default();
        wanted.last = done.then(|| how.to_owned());
        if !done {
            wanted.late.insert(how.to_owned());
        }
    }

    /// Says something and takes it back.
    fn redact(&mut self, administrator: &Administrator, room: &str, number: usize) {
        let text = format!("mistake-{number}-");
        if !self.order(administrator, &["say", room, &text]) {
            return;
        }
        let asked = ["history", room, "--search", &text, "--json"];
        let (_, said) = administrator.chatctl(&asked);
        let found: Value = serde_json::from_str(said.trim()).unwrap_or_default();
        let Some(id) = found[0]["id"].as_str() else {
            return;
        };
        if self.order(administrator, &["redact", room, id]) {
            self.redacted.push(text);
        }
    }

    /// What is not as it was made, machine and thing.
    pub(crate) fn undone(&self, cluster: &Cluster, rooms: &[&str]) -> Vec<(String, String)> {
        let mut undone = Vec::new();
        for machine in &cluster.machines {
            let mut wrong = |what: &str| undone.push((machine.name.clone(), what.to_owned()));
            for (what, Wanted { last, late }) in &self.wanted {
                let Some(how) = last else { continue };
                let words: Vec<_> = what.split(' ').collect();
                let is_so = |how: &String| match words[..] {
                    ["topic", room] => machine.chatctl(&["topic", room]).1.contains(how.as_str()),
                    [_, room, troll] => {
                        machine.chatctl(&["bans", room]).1.contains(troll) != how.is_empty()
                    }
                    _ => unreachable!("one of the two"),
                };
                if !is_so(how) && !late.iter().any(is_so) {
                    wrong(&format!("{what}: {how}"));
                }
            }
            for room in rooms {
                let log = machine.whole_log(room);
                let log = String::from_utf8_lossy(&log);
                for text in self.redacted.iter().filter(|it| log.contains(it.as_str())) {
                    wrong(&format!("redacted in {room}: {text}"));
                }
            }
        }
        undone
    }
}

/// The site's state on each machine, file by file, without what is a machine's own.
pub(crate) fn states(cluster: &Cluster) -> Vec<BTreeMap<String, Vec<u8>>> {
    let machines = cluster.machines.iter();
    machines
        .map(|machine| {
            let listed = std::fs::read_dir(machine.base().join("state")).into_iter();
            let files = listed.flatten().flatten().filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_of_one = OF_ONE.iter().any(|it| name.ends_with(it));
                let whole = std::fs::read(entry.path()).ok()?;
                (!is_of_one).then_some((name, whole))
            });
            files.collect()
        })
        .collect()
}

/// Who is in a room, by a machine's own list.
pub(crate) fn members(administrator: &Administrator, room: &str) -> Vec<String> {
    let (_, said) = administrator.chatctl(&["users", room, "--json"]);
    let listed: Value = serde_json::from_str(said.trim()).unwrap_or_default();
    let listed = listed.as_array().into_iter().flatten();
    let mut names: Vec<_> = listed
        .filter_map(|it| it["nick"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}
