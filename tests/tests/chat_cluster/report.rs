//! What came of a trial: what stands on each machine is compared with what people were told.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Machine, PROGRAMS};
use e2e::cluster::person::{Story, WHISPER};

use super::operator::{self, ATTIC, Shift};
use super::trial::Trial;

/// What is kept of an engine beside its machine's files.
const ENGINE: [(&str, &[&str]); 3] = [
    ("engine.stream", &["XRANGE", "{chat}:s", "-", "+"]),
    ("engine.members", &["HGETALL", "{chat}:m"]),
    ("engine.head", &["HGETALL", "{chat}:h"]),
];

/// How long machines have to agree when it is over.
const PATIENCE: Duration = Duration::from_secs(90);
/// The same for logs of which some lines were put back: who is to be compared has to have all of them.
const PUT_BACK_PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Who waits longer than this for an ack is counted.
pub(crate) const LONG: Duration = Duration::from_secs(8);

/// What came of it. Pairs are a machine or a person, and what is wrong there.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What drew the blows.
    pub(crate) seed: u64,
    /// How many people.
    pub(crate) people: usize,
    /// The rooms.
    pub(crate) rooms: Vec<&'static str>,
    /// How many messages were acked.
    pub(crate) acked: usize,
    /// Acked, and not in the log of a machine.
    pub(crate) lost: Vec<(String, String)>,
    /// More than once in the log of a machine.
    pub(crate) twice: Vec<(String, String)>,
    /// Behind a later one of the same sender.
    pub(crate) late: Vec<(String, String)>,
    /// Shown to somebody twice.
    pub(crate) shown_wrong: Vec<(String, String)>,
    /// Rooms whose logs are not the same bytes everywhere.
    pub(crate) unequal: Vec<String>,
    /// Files of the site's state that are not.
    pub(crate) state_unequal: Vec<String>,
    /// Machines that did not list who was there.
    pub(crate) members_wrong: Vec<(String, String)>,
    /// Machines that listed somebody when all had gone.
    pub(crate) stale: Vec<(String, String)>,
    /// Machines that did not come up again.
    pub(crate) never_up: Vec<(String, String)>,
    /// How long it took until all were, after the last blow.
    pub(crate) up_after: Duration,
    /// Whispers of which the sender was told that they arrived, those that were refused, and those that were heard.
    pub(crate) whispered: usize,
    pub(crate) whispers_refused: usize,
    pub(crate) heard: usize,
    /// Heard twice, or by somebody else, or found on a disk.
    pub(crate) whispers_wrong: Vec<(String, String)>,
    /// Commands of the operator that were done, and why others were not.
    pub(crate) orders: usize,
    pub(crate) orders_refused: BTreeMap<String, usize>,
    /// What they had done and is not so on a machine.
    pub(crate) undone: Vec<(String, String)>,
    /// How many records were given an engine again, by the relays' own count.
    pub(crate) put_back: u64,
    /// The blows and how often they fell.
    pub(crate) blows: BTreeMap<String, usize>,
    /// How long each ack took, the shortest first.
    pub(crate) waits: Vec<Duration>,
    /// Refusals by code.
    pub(crate) refused: BTreeMap<String, usize>,
    /// How long all of it took.
    pub(crate) took: Duration,
    /// How many processes waited for a processor at its end, of a minute.
    pub(crate) load: String,
    /// What failed, if it did not come to its end.
    pub(crate) broken: Option<String>,
}

impl Report {
    /// Of this trial, with nothing in it.
    pub(crate) fn of(trial: Trial) -> Self {
        Self {
            seed: trial.seed,
            people: trial.people,
            rooms: trial.rooms().to_vec(),
            ..Self::default()
        }
    }

    /// Compares what is on the machines with what people and the operator were told.
    pub(crate) fn compare(&mut self, cluster: &Cluster, stories: &[(&str, Story)], shift: &Shift) {
        self.put_back = cluster.machines.iter().map(Machine::put_back).sum();
        self.compare_logs(cluster);
        // A relay that was killed just then has not told how many.
        let rooms = self.rooms.iter().copied().chain([ATTIC]);
        let moved = rooms.map(|room| {
            cluster
                .machines
                .iter()
                .map(move |it| moved(it, room))
                .sum::<u64>()
        });
        self.put_back = self.put_back.max(moved.sum());
        for machine in &cluster.machines {
            self.compare_with_acks(machine, stories);
        }
        for (_, story) in stories {
            self.take(story);
        }
        self.waits.sort();
        self.look_for_whispers(cluster);
        self.compare_states(cluster);
        self.orders = shift.done;
        self.orders_refused.clone_from(&shift.refused);
        self.undone = shift.undone(cluster, &self.rooms);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        load.split(' ')
            .next()
            .unwrap_or("?")
            .clone_into(&mut self.load);
    }

    fn compare_logs(&mut self, cluster: &Cluster) {
        // Where an engine lost its tail, lines that were put back stand later on those who had not seen them, and stay.
        let patience = match self.put_back {
            0 => PATIENCE,
            _ => PUT_BACK_PATIENCE,
        };
        let until = Instant::now() + patience;
        for room in self.rooms.iter().copied().chain([ATTIC]) {
            while !cluster.has_one_log(room) {
                if Instant::now() > until {
                    self.unequal.push(room.to_owned());
                    break;
                }
                thread::sleep(LOOK);
            }
        }
    }

    fn compare_with_acks(&mut self, machine: &Machine, stories: &[(&str, Story)]) {
        let logs = self
            .rooms
            .iter()
            .map(|room| (*room, positions(&machine.said(room))));
        let logs: HashMap<_, _> = logs.collect();
        for (room, story) in stories {
            let log = &logs[room];
            let mut last = 0;
            for (text, _) in &story.acked {
                let what = || (machine.name.clone(), text.clone());
                match log.get(text.as_str()).map(Vec::as_slice) {
                    None => self.lost.push(what()),
                    Some([at]) if *at < last => self.late.push(what()),
                    Some([at]) => last = *at,
                    Some(_) => self.twice.push(what()),
                }
            }
        }
    }

    fn take(&mut self, story: &Story) {
        self.acked += story.acked.len();
        self.waits.extend(&story.waits);
        for code in &story.refused {
            *self.refused.entry(code.clone()).or_default() += 1;
        }
        self.shown_wrong.extend(twice(story, &story.seen));
        self.whispered += story.whispered.len();
        self.whispers_refused += story.whispers_refused.len();
        self.heard += story.heard.len();
        self.whispers_wrong.extend(twice(story, &story.heard));
        for (_, text) in &story.heard {
            // hush-FROM-TO-NUMBER
            if text.split('-').nth(2) != Some(&story.name) {
                let what = format!("of somebody else: {text}");
                self.whispers_wrong.push((story.name.clone(), what));
            }
        }
    }

    /// They go past all disks.
    fn look_for_whispers(&mut self, cluster: &Cluster) {
        for machine in &cluster.machines {
            let output = Command::new("grep")
                .args(["-rlaF", WHISPER])
                .arg(machine.disk())
                .output()
                .expect("grep runs");
            let found = String::from_utf8_lossy(&output.stdout).into_owned();
            let found = found
                .lines()
                .map(|it| (machine.name.clone(), it.to_owned()));
            self.whispers_wrong.extend(found);
        }
    }

    fn compare_states(&mut self, cluster: &Cluster) {
        let until = Instant::now() + PUT_BACK_PATIENCE;
        loop {
            let states = operator::states(cluster);
            let mut names: Vec<_> = states.iter().flat_map(BTreeMap::keys).collect();
            names.sort();
            names.dedup();
            let differs = |name: &&&String| {
                let mut files = states.iter().map(|it| it.get(**name));
                let first = files.next().flatten();
                files.any(|it| it != first)
            };
            let unequal: Vec<_> = names
                .iter()
                .filter(differs)
                .map(|it| (*it).clone())
                .collect();
            if unequal.is_empty() || Instant::now() > until {
                self.state_unequal = unequal;
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Whether nothing is to be said against it.
    pub(crate) fn is_clean(&self) -> bool {
        let lists = [
            &self.lost,
            &self.twice,
            &self.late,
            &self.shown_wrong,
            &self.members_wrong,
            &self.stale,
            &self.never_up,
            &self.whispers_wrong,
            &self.undone,
        ];
        // Where an engine lost a tail, what was put back of it stands later on a machine that had lost it, too.
        lists.iter().all(|it| it.is_empty())
            && (self.unequal.is_empty() || self.put_back > 0)
            && self.state_unequal.is_empty()
            && self.broken.is_none()
    }

    /// Where `CLUSTER_KEEP` names a directory: what the machines have, of a trial that was not clean.
    pub(crate) fn keep_evidence(&self, cluster: &Cluster) {
        let Some(dir) = std::env::var_os("CLUSTER_KEEP").map(PathBuf::from) else {
            return;
        };
        if self.is_clean() {
            return;
        }
        let dir = dir.join(format!("seed-{}", self.seed));
        let _ = fs::remove_dir_all(&dir);
        for machine in &cluster.machines {
            let to = dir.join(&machine.name);
            fs::create_dir_all(&to).expect("writable");
            let copy = |from: &Path| {
                let _ = Command::new("cp").arg("-a").arg(from).arg(&to).status();
            };
            copy(&machine.base());
            for program in PROGRAMS {
                copy(&machine.told(program));
            }
            for (name, question) in ENGINE {
                fs::write(to.join(name), machine.redis("chat", question)).expect("writable");
            }
        }
        let told: String = format!("{self:#?}\n");
        fs::write(dir.join("report"), told).expect("writable");
    }

    /// Nothing acked is lost or twice, and who said two things said them in this order.
    #[track_caller]
    pub(crate) fn assert_kept(&self) {
        assert!(self.acked > 0, "nothing was said: {self}");
        let is_kept = self.lost.is_empty() && self.twice.is_empty() && self.late.is_empty();
        assert!(is_kept, "{self:#?}");
    }

    /// Nobody was shown a message twice.
    #[track_caller]
    pub(crate) fn assert_shown_once(&self) {
        assert!(self.shown_wrong.is_empty(), "{self:#?}");
    }

    /// All machines have the same bytes in their logs.
    #[track_caller]
    pub(crate) fn assert_equal(&self) {
        assert!(self.unequal.is_empty(), "{self:#?}");
    }

    /// And of the site's state.
    #[track_caller]
    pub(crate) fn assert_one_state(&self) {
        assert!(self.state_unequal.is_empty(), "{self:#?}");
    }

    /// All machines came back, and whispers went to one person.
    #[track_caller]
    pub(crate) fn assert_well(&self) {
        let is_well = self.never_up.is_empty() && self.whispers_wrong.is_empty();
        assert!(is_well && self.broken.is_none(), "{self:#?}");
    }

    /// Whoever was there was listed everywhere, and nobody when all had gone.
    #[track_caller]
    pub(crate) fn assert_listed(&self) {
        let is_listed = self.members_wrong.is_empty() && self.stale.is_empty();
        assert!(is_listed, "{self:#?}");
    }

    /// What an operator was told to be done is so on all machines.
    #[track_caller]
    pub(crate) fn assert_done(&self) {
        assert!(self.undone.is_empty(), "{self:#?}");
    }

    /// The wait that so many of a thousand do not exceed.
    pub(crate) fn wait_of(&self, per_mille: usize) -> Duration {
        let at = self.waits.len() * per_mille / 1000;
        let last = self.waits.len().saturating_sub(1);
        self.waits.get(at.min(last)).copied().unwrap_or_default()
    }
}

/// How many lines of a room's log stand under another id than on other machines.
fn moved(machine: &Machine, room: &str) -> u64 {
    let log = machine.whole_log(room);
    let log = String::from_utf8_lossy(&log);
    let attrs = log.lines().filter_map(|line| line.split('\t').nth(3));
    let moved = attrs.filter(|it| it.split(';').any(|pair| pair.starts_with("was=")));
    moved.count() as u64
}

/// What somebody was shown twice, under whatever ids.
fn twice(story: &Story, seen: &[(String, String)]) -> Vec<(String, String)> {
    let texts: Vec<_> = seen.iter().map(|(_, text)| text.clone()).collect();
    let found = positions(&texts);
    let twice = found.iter().filter(|(_, at)| at.len() > 1);
    let told = twice.map(|(text, _)| (story.name.clone(), format!("twice: {text}")));
    told.collect()
}

/// Where each text stands.
fn positions(texts: &[String]) -> HashMap<String, Vec<usize>> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, text) in texts.iter().enumerate() {
        found.entry(text.clone()).or_default().push(at);
    }
    found
}

/// A line of the report of `make cluster-torture`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blows = self
            .blows
            .iter()
            .map(|(what, count)| format!("{count} {what}"));
        let blows: Vec<_> = blows.collect();
        let seconds = |it: Duration| format!("{:.1}", it.as_secs_f64());
        let slow = self.waits.iter().filter(|it| **it > LONG).count();
        write!(
            f,
            "| {} | {} | {} | {} {} {} {} | {} {} {} | {} {} {} | {} {} {} {} | {} {} {} | {} | {} {} {} | {} | {} |",
            self.seed,
            self.people,
            self.acked,
            self.lost.len(),
            self.twice.len(),
            self.late.len(),
            self.shown_wrong.len(),
            self.unequal.len(),
            self.state_unequal.len(),
            self.undone.len(),
            self.members_wrong.len(),
            self.stale.len(),
            self.never_up.len(),
            self.whispered,
            self.heard,
            self.whispers_refused,
            self.whispers_wrong.len(),
            self.orders,
            self.orders_refused.values().sum::<usize>(),
            self.put_back,
            seconds(self.up_after),
            seconds(self.wait_of(500)),
            seconds(self.wait_of(990)),
            seconds(self.waits.last().copied().unwrap_or_default()),
            slow,
            self.broken.clone().unwrap_or_else(|| blows.join(", ")),
        )
    }
}
