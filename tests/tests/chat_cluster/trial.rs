//! People who talk while blows fall, and what is left of it on each machine.

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Hardware, Machine};
use e2e::cluster::person::{Over, Person, Story};

use super::blows::{Blow, Chance};
use super::operator::{self, Shift};
use super::report::Report;

/// Where they talk: so many of these that no more than [`PEOPLE_OF_A_ROOM`] are in each.
const ROOMS: [&str; 8] = [
    "lobby", "den", "hall", "yard", "loft", "barn", "dock", "mill",
];
const PEOPLE_OF_A_ROOM: usize = 25;
/// All of them say so many messages a second at most, each of them not more than one in this time.
const MESSAGES_A_SECOND: u32 = 45;
const PACE: Duration = Duration::from_millis(200);
/// How long somebody waits for their last ack when it is over.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long machines have to come up again.
const RECOVERY: Duration = Duration::from_secs(120);
/// And until each knows who is there: of whom nothing is heard for 15 s is gone, and no blow falls any more.
const SETTLE: Duration = Duration::from_secs(45);
/// So long nothing falls at first. A machine that has nothing on its disk yet, when the engine loses all that it had, has
/// to be given the others' rooms by an administrator: it cannot know that there was nothing before.
const BEGINNING: Duration = Duration::from_secs(3);
/// Between two blows, in milliseconds, at most.
const LULL: u64 = 2500;
/// Between two looks at what is to come.
const LOOK: Duration = Duration::from_millis(250);

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    /// What draws the blows.
    pub(crate) seed: u64,
    /// How long.
    pub(crate) seconds: u64,
    /// On how many machines.
    pub(crate) machines: usize,
    /// With disks and clocks of their own, or without.
    pub(crate) hardware: Hardware,
    /// What puts records in order.
    pub(crate) engine: Engine,
    /// How many people, each in one room.
    pub(crate) people: usize,
}

impl Trial {
    /// The rooms that are used.
    pub(crate) fn rooms(&self) -> &'static [&'static str] {
        &ROOMS[..self.people.div_ceil(PEOPLE_OF_A_ROOM).clamp(2, ROOMS.len())]
    }

    /// Who is in a room.
    fn names(&self, room: usize) -> Vec<String> {
        let numbers = (room..self.people).step_by(self.rooms().len());
        numbers.map(|number| format!("p{number}")).collect()
    }

    /// Tries it.
    #[track_caller]
    pub(crate) fn run(self) -> Report {
        let begun = Instant::now();
        let mut cluster = Cluster::start_on(self.hardware, self.machines, self.engine, "");
        let mut report = Report::of(self);
        let (over, closed) = (AtomicBool::new(false), AtomicBool::new(false));
        let endpoints = cluster.endpoints();
        let administrators: Vec<_> = cluster
            .machines
            .iter()
            .map(Machine::administrator)
            .collect();
        let people = u32::try_from(self.people).expect("few");
        let pace = PACE.max(Duration::from_secs(1) * people / MESSAGES_A_SECOND);
        let (stories, shift) = thread::scope(|scope| {
            let ends = (Over(&over), Over(&closed));
            let people: Vec<_> = (0..self.people)
                .map(|number| {
                    let mut servers = endpoints.clone();
                    servers.rotate_left(number % self.machines);
                    let at = number % self.rooms().len();
                    let room = self.rooms()[at];
                    let person = Person {
                        name: format!("p{number}"),
                        room: room.to_owned(),
                        servers,
                        pace,
                    };
                    let (cables, over) = (&cluster.cables, &over);
                    let (enter, friends) = (cables.entrance(), self.names(at));
                    let life = scope.spawn(move || {
                        enter.enter();
                        person.live_among(&friends, over, PATIENCE)
                    });
                    (room, life)
                })
                .collect();
            let (commands, orders, closed) = (administrators.clone(), self.rooms(), &closed);
            let drawn = Chance::new(self.seed.wrapping_mul(31));
            let shift = scope.spawn(move || operator::work(&commands, orders, drawn, closed));
            let mut chance = Chance::new(self.seed);
            let end = Instant::now() + Duration::from_secs(self.seconds);
            thread::sleep(BEGINNING.min(Duration::from_secs(self.seconds)));
            while Instant::now() < end {
                thread::sleep(Duration::from_millis(chance.below(LULL)));
                let blow = Blow::draw(&mut chance, self.engine, self.hardware);
                let at = usize::try_from(chance.below(self.machines as u64)).expect("few");
                blow.fall(&mut cluster, at);
                cluster.machines.iter_mut().for_each(Machine::revive);
                *report.blows.entry(blow.to_string()).or_default() += 1;
            }
            wait_for_machines(&mut cluster, &mut report);
            drop(ends.1);
            let shift: Shift = shift.join().expect("an operator is answered");
            self.wait_for_people(&cluster, &mut report);
            drop(ends.0);
            let lives = people.into_iter();
            let stories: Vec<(&str, Story)> = lives
                .map(|(room, life)| (room, life.join().expect("a person is served")))
                .collect();
            (stories, shift)
        });
        self.wait_for_nobody(&cluster, &mut report);
        report.compare(&cluster, &stories, &shift);
        report.took = begun.elapsed();
        report.keep_evidence(&cluster);
        report
    }

    /// Each machine lists everybody who is there, once, and nobody else.
    fn wait_for_people(&self, cluster: &Cluster, report: &mut Report) {
        for (at, room) in self.rooms().iter().enumerate() {
            let mut wanted = self.names(at);
            wanted.sort();
            report
                .members_wrong
                .extend(disagreeing(cluster, room, &wanted, SETTLE));
        }
    }

    /// When all have gone each machine says so.
    fn wait_for_nobody(&self, cluster: &Cluster, report: &mut Report) {
        for room in self.rooms() {
            report.stale.extend(disagreeing(cluster, room, &[], SETTLE));
        }
    }
}

/// What does not come up again by itself is told, with what its relay says.
fn wait_for_machines(cluster: &mut Cluster, report: &mut Report) {
    let began = Instant::now();
    for at in 0..cluster.machines.len() {
        let is_well = |machine: &Machine| machine.is_up() && machine.listens();
        while !is_well(&cluster.machines[at]) {
            cluster.machines.iter_mut().for_each(Machine::revive);
            if began.elapsed() > RECOVERY {
                let machine = &cluster.machines[at];
                let why = machine.why_not_up();
                report.never_up.push((machine.name.clone(), why));
                break;
            }
            thread::sleep(LOOK);
        }
    }
    report.up_after = began.elapsed();
}

/// The machines that do not come to list these people in a room, and whom they list.
fn disagreeing(
    cluster: &Cluster,
    room: &str,
    wanted: &[String],
    patience: Duration,
) -> Vec<(String, String)> {
    let began = Instant::now();
    let mut wrong = Vec::new();
    for machine in &cluster.machines {
        loop {
            let listed = operator::members(&machine.administrator(), room);
            if listed == wanted {
                break;
            }
            if began.elapsed() > patience {
                let absent = wanted.iter().filter(|it| !listed.contains(it)).count();
                let names: Vec<_> = listed.iter().filter(|it| !wanted.contains(it)).collect();
                let what = format!("{room}: {absent} absent, too many: {names:?}");
                wrong.push((machine.name.clone(), what));
                break;
            }
            thread::sleep(LOOK);
        }
    }
    wrong
}
