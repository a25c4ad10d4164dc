//! People who talk while blows fall, and what is left of it on each machine.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::cluster::Cluster;
use e2e::cluster::machine::Engine;
use e2e::cluster::person::{Person, Story};

use super::blows::{Blow, Chance};

/// Where they talk.
const ROOMS: [&str; 2] = ["lobby", "den"];
/// Between two messages of one person.
const PACE: Duration = Duration::from_millis(200);
/// How long machines have to agree when it is over.
const PATIENCE: Duration = Duration::from_secs(90);
/// The same for logs of which some lines were put back: who is to be compared has to have all of them.
const PUT_BACK_PATIENCE: Duration = Duration::from_secs(15);
/// Between two blows, in milliseconds, at most.
const LULL: u64 = 2500;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    /// What draws the blows.
    pub(crate) seed: u64,
    /// How long.
    pub(crate) seconds: u64,
    /// On how many machines.
    pub(crate) machines: usize,
    /// What puts records in order.
    pub(crate) engine: Engine,
    /// How many people, each in one room.
    pub(crate) people: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What drew the blows.
    pub(crate) seed: u64,
    /// How many messages were acked.
    pub(crate) acked: usize,
    /// Acked, and not in the log of a machine: machine and text.
    pub(crate) lost: Vec<(String, String)>,
    /// More than once in the log of a machine.
    pub(crate) twice: Vec<(String, String)>,
    /// Behind a later one of the same sender.
    pub(crate) late: Vec<(String, String)>,
    /// Shown to somebody twice, or acked and never shown to who said it.
    pub(crate) shown_wrong: Vec<(String, String)>,
    /// Rooms whose logs are not the same bytes everywhere.
    pub(crate) unequal: Vec<String>,
    /// What had its tail put back, by the relays' own count.
    pub(crate) put_back: u64,
    /// The blows and how often they fell.
    pub(crate) blows: BTreeMap<String, usize>,
    /// The longest wait for an ack.
    pub(crate) longest_wait: Duration,
    /// Refusals by code.
    pub(crate) refused: BTreeMap<String, usize>,
}

impl Trial {
    /// Tries it.
    #[track_caller]
    pub(crate) fn run(self) -> Report {
        let mut report = Report {
            seed: self.seed,
            ..Report::default()
        };
        let mut cluster = Cluster::start(self.machines, self.engine, "");
        let over = AtomicBool::new(false);
        let endpoints = cluster.endpoints();
        let stories: Vec<(&str, Story)> = thread::scope(|scope| {
            let people: Vec<_> = (0..self.people)
                .map(|number| {
                    let mut servers = endpoints.clone();
                    servers.rotate_left(number % self.machines);
                    let room = ROOMS[number % ROOMS.len()];
                    let person = Person {
                        name: format!("p{number}"),
                        room: room.to_owned(),
                        servers,
                        pace: PACE,
                    };
                    let (cables, over) = (&cluster.cables, &over);
                    let enter = cables.entrance();
                    let life = scope.spawn(move || {
                        enter.enter();
                        person.live(over, PATIENCE)
                    });
                    (room, life)
                })
                .collect();
            let mut chance = Chance::new(self.seed);
            let end = Instant::now() + Duration::from_secs(self.seconds);
            while Instant::now() < end {
                thread::sleep(Duration::from_millis(chance.below(LULL)));
                let blow = Blow::draw(&mut chance, self.engine);
                let at = usize::try_from(chance.below(self.machines as u64)).expect("few");
                blow.fall(&mut cluster, at);
                *report.blows.entry(blow.to_string()).or_default() += 1;
            }
            for machine in &cluster.machines {
                machine.wait_until_up();
            }
            over.store(true, Ordering::SeqCst);
            let lives = people.into_iter();
            lives
                .map(|(room, life)| (room, life.join().expect("a person is served")))
                .collect()
        });
        report.put_back = cluster
            .machines
            .iter()
            .map(|it| it.counter("resubmitted"))
            .sum();
        report.compare(&cluster, &stories);
        report
    }
}

impl Report {
    fn compare(&mut self, cluster: &Cluster, stories: &[(&str, Story)]) {
        // Where an engine lost its tail, lines that were put back stand later on those who had not seen them, and stay.
        let patience = if self.put_back == 0 {
            PATIENCE
        } else {
            PUT_BACK_PATIENCE
        };
        for room in ROOMS {
            let until = Instant::now() + patience;
            while !cluster.has_one_log(room) {
                if Instant::now() > until {
                    self.unequal.push(room.to_owned());
                    break;
                }
                thread::sleep(PACE);
            }
        }
        for machine in &cluster.machines {
            let logs = ROOMS.map(|room| (room, positions(&machine.said(room))));
            let logs: HashMap<_, _> = logs.into_iter().collect();
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
        for (_, story) in stories {
            self.acked += story.acked.len();
            let longest = story.waits.iter().max().copied().unwrap_or_default();
            self.longest_wait = self.longest_wait.max(longest);
            for code in &story.refused {
                *self.refused.entry(code.clone()).or_default() += 1;
            }
            let seen = positions(
                &story
                    .seen
                    .iter()
                    .map(|(_, it)| it.clone())
                    .collect::<Vec<_>>(),
            );
            let twice = seen.iter().filter(|(_, at)| at.len() > 1);
            let twice = twice.map(|(text, _)| (story.name.clone(), format!("twice: {text}")));
            self.shown_wrong.extend(twice);
        }
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

    /// All machines have the same bytes.
    #[track_caller]
    pub(crate) fn assert_equal(&self) {
        assert!(self.unequal.is_empty(), "{self:#?}");
    }
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
        let blows: Vec<_> = self
            .blows
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {:.1} s | {} |",
            self.seed,
            self.acked,
            self.lost.len(),
            self.twice.len(),
            self.late.len(),
            self.shown_wrong.len(),
            self.unequal.len(),
            self.put_back,
            self.longest_wait.as_secs_f64(),
            blows.join(", ")
        )
    }
}

/// The page that `make cluster-torture` keeps.
pub(crate) fn page(reports: &[Report], seconds: u64) -> String {
    let sum = |of: fn(&Report) -> usize| reports.iter().map(of).sum::<usize>();
    let longest = reports
        .iter()
        .map(|it| it.longest_wait)
        .max()
        .unwrap_or_default();
    let lines: Vec<_> = reports.iter().map(ToString::to_string).collect();
    format!(
        "# What `make cluster-torture` found\n\n\
         Three machines as network namespaces, each with redis-server, redis-sentinel (conf/cluster/), chat-relay, the\n\
         daemon and real handlers; nine people in two rooms, five messages a second each, who know all three servers.\n\
         Written by the run itself; {} seeds of {seconds} s.\n\n\
         **{} messages acked, {} lost, {} twice, {} out of their sender's order (each counted on each machine), {} shown\n\
         twice to somebody. Rooms with unequal logs: {}. Longest wait for an ack: {:.1} s.**\n\n\
         Not tried by it: power cuts (a pulled plug kills all programs at once, and the kernel keeps their files), wrong\n\
         clocks, full disks.\n\n\
         | seed | acked | lost | twice | late | shown twice | unequal logs | put back | longest wait | blows |\n\
         |---|---|---|---|---|---|---|---|---|---|\n\
         {}\n",
        reports.len(),
        sum(|it| it.acked),
        sum(|it| it.lost.len()),
        sum(|it| it.twice.len()),
        sum(|it| it.late.len()),
        sum(|it| it.shown_wrong.len()),
        sum(|it| it.unequal.len()),
        longest.as_secs_f64(),
        lines.join("\n"),
    )
}
