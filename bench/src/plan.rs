//! What is measured, on whom, how large and how often.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

pub mod cluster;
pub mod framework;
mod tcp;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::chat::{Files, Wire};
use crate::figures::Figures;
use crate::load::pipeline::Shape;
use crate::load::{connect, hold, join, many, pipeline, room, roundtrip, terminal};
use crate::results::{Entry, Results};
use crate::server::{self, Kind, Launch, Programs, Server};
use crate::tls::Tls;

/// How large and how long.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// For the report.
    pub name: &'static str,
    /// Times A B A B.
    pub rounds: usize,
    /// Of each measurement.
    pub seconds: u64,
    /// Connections that each say little.
    pub many: usize,
    /// Fewer and more idle connections, for what must not grow.
    pub held: [usize; 2],
    /// As many as must work with the usual limit of 20,000 files.
    pub most: usize,
    /// TLS connections.
    pub tls: usize,
    /// Connections among which the same number of messages is spread.
    pub growth: &'static [usize],
    /// People in a room: a crowd, and a large one.
    pub crowds: [usize; 2],
    /// Bytes of a small and a large log.
    pub logs: [u64; 2],
    /// Times that the rooms with these logs are joined in turn.
    pub turns: usize,
}

impl Size {
    /// The targets' own sizes.
    pub const FULL: Self = Self {
        name: "full",
        rounds: 3,
        seconds: 3,
        many: 500,
        held: [1000, 4000],
        most: 4500,
        tls: 1000,
        growth: &[10, 100, 1000, 4000],
        crowds: [150, 1000],
        logs: [1_000_000, 1_000_000_000],
        turns: 8,
    };
    /// To see in about two minutes where one stands.
    pub const QUICK: Self = Self {
        name: "quick",
        rounds: 2,
        seconds: 1,
        many: 200,
        held: [250, 1000],
        most: 1500,
        tls: 250,
        growth: &[10, 100, 1000],
        crowds: [100, 300],
        logs: [1_000_000, 50_000_000],
        turns: 2,
    };
}

/// Where all is measured.
pub struct Lab {
    /// Who can be measured.
    pub programs: Programs,
    /// How large.
    pub size: Size,
    tls: Tls,
    cat: std::path::PathBuf,
    /// Writes without an end.
    flood: std::path::PathBuf,
    /// Writes numbered lines once somebody says a word, then what is said.
    burst: std::path::PathBuf,
    /// Sends each client of many what it said.
    members: std::path::PathBuf,
}

type Run<'a> = Box<dyn Fn(&Lab, Kind) -> io::Result<Figures> + 'a>;

struct Measurement<'a> {
    id: String,
    title: String,
    kinds: &'static [Kind],
    rounds: usize,
    run: Run<'a>,
}

const WEBSOCKET: &[Kind] = &[Kind::Ours, Kind::Websocketd, Kind::Websocat];
const CLASSIC: &[Kind] = &[Kind::Ours, Kind::Websocketd];
const ALL: &[Kind] = &[
    Kind::Ours,
    Kind::Websocketd,
    Kind::Websocat,
    Kind::Tcpserver,
];
const OURS: &[Kind] = &[Kind::Ours];
const TERMINALS: &[Kind] = &[Kind::Ours, Kind::Tcpserver];
const ROOMS: &[Kind] = &[Kind::Ours, Kind::Prosody];

/// Longest that one run may take: many times what the longest does.
const RUN_LIMIT: Duration = Duration::from_secs(300);
/// People in the room that the script can serve, and at full speed.
pub const ROOM: usize = 50;
/// As the figures of the XMPP server were taken.
pub const FULL_SPEED_ROOM: usize = 100;
/// Messages a second in all while the number of connections grows.
const GROWTH_RATE: u32 = 4000;
/// People in each room while the number of rooms grows.
const GROWTH_ROOM: usize = 10;
/// People of all rooms who come at once.
const GROWTH_WAVE: usize = 100;
/// Lines a second in all, each heard by [`GROWTH_ROOM`].
const GROWTH_LINES: u32 = 200;
/// Lines a second in one room.
const CROWD_RATE: u32 = 5;
/// People who come and go where joins are measured.
const JOINS: usize = 20;
/// The same where two rooms are compared: CPU time of those who are gone is known to ten milliseconds only.
const COMPARED_JOINS: usize = 100;
/// A room with a small log, and one with a large log.
const LOGS: [join::Room; 2] = [
    join::Room {
        name: "small",
        figure: SMALL_LOG,
    },
    join::Room {
        name: "large",
        figure: LARGE_LOG,
    },
];
/// What a join costs in each of them.
pub const SMALL_LOG: &str = "CPU us/join and quit, small log";
pub const LARGE_LOG: &str = "CPU us/join and quit, large log";

impl Lab {
    /// Prepares the directory for logs and certificates.
    pub fn new(programs: Programs, size: Size) -> io::Result<Self> {
        fs::create_dir_all(&programs.work_dir)?;
        let work_dir = std::path::absolute(&programs.work_dir)?;
        let script = |name: &str, text: String| {
            let path = work_dir.join(name);
            fs::write(&path, format!("#!/bin/sh\n{text}\n"))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            io::Result::Ok(path)
        };
        let members = "exec mawk -W interactive '$1 == \"msg\" { print \"send\", $2, $3 }'";
        Ok(Self {
            flood: script("flood", format!("exec yes {}", "x".repeat(63)))?,
            burst: script(
                "burst",
                format!("read -r go\nseq 0 {}\nexec cat", framework::BURST - 1),
            )?,
            members: script("members", members.to_owned())?,
            tls: Tls::create(&work_dir)?,
            programs,
            size,
            cat: fs::canonicalize("/bin/cat")?,
        })
    }

    fn seconds(&self) -> Duration {
        Duration::from_secs(self.size.seconds)
    }

    /// Makes all measurements, or those whose names begin with one of `only`.
    pub fn measure(&self, only: &[String]) -> Results {
        let mut results = Results::default();
        for measurement in self.measurements() {
            let wanted =
                only.is_empty() || only.iter().any(|name| measurement.id.starts_with(name));
            if wanted {
                results.0.push(self.make(measurement));
            }
        }
        results
    }

    fn make(&self, measurement: Measurement<'_>) -> Entry {
        let mut rounds = BTreeMap::new();
        for round in 1..=measurement.rounds {
            for &kind in measurement
                .kinds
                .iter()
                .filter(|&&kind| self.programs.has(kind))
            {
                let start = Instant::now();
                let outcome = server::bounded(RUN_LIMIT, || (measurement.run)(self, kind))
                    .map_err(|error| error.to_string());
                let told = match &outcome {
                    Ok(figures) => summary(figures),
                    Err(error) => format!("FAILED: {error}"),
                };
                let (id, name) = (&measurement.id, kind.name());
                let seconds = start.elapsed().as_secs_f64();
                eprintln!("{id:16} round {round} {name:14} {seconds:5.1} s  {told}");
                rounds.entry(kind).or_insert_with(Vec::new).push(outcome);
            }
        }
        Entry {
            id: measurement.id,
            title: measurement.title,
            rounds,
        }
    }

    fn start(&self, launch: &Launch<'_>) -> io::Result<Server> {
        Server::start(&self.programs, launch)
    }

    fn measurements(&self) -> Vec<Measurement<'static>> {
        let mut all = Vec::new();
        all.extend(self.messages());
        all.extend(self.connections());
        all.extend(self.tcp());
        all.extend(self.terminals());
        all.extend(self.framework());
        all.extend(self.chats());
        all.extend(self.growth());
        all.extend(self.cluster());
        all
    }

    fn add(
        &self,
        id: impl Into<String>,
        title: impl Into<String>,
        kinds: &'static [Kind],
        run: impl Fn(&Lab, Kind) -> io::Result<Figures> + 'static,
    ) -> Measurement<'static> {
        Measurement {
            id: id.into(),
            title: title.into(),
            kinds,
            rounds: self.size.rounds,
            run: Box::new(run),
        }
    }

    fn messages(&self) -> Vec<Measurement<'static>> {
        let echo = |pinned: bool| {
            move |lab: &Lab, kind| {
                let _pin = pinned.then(Pin::new).transpose()?;
                let server = lab.start(&Launch::lines(kind, &lab.programs.echo_handler))?;
                roundtrip::run(&server.endpoint, &server.group, lab.seconds())
            }
        };
        let flow = |shape: Shape| {
            move |lab: &Lab, kind| {
                let launch = Launch {
                    binary: !shape.text,
                    large: true,
                    ..Launch::lines(kind, &lab.cat)
                };
                let server = lab.start(&launch)?;
                pipeline::run(&server.endpoint, &server.group, shape, lab.seconds())
            }
        };
        let many = self.size.many;
        let title = format!("{many} connections, 20 messages of 32 bytes a second each");
        vec![
            self.add(
                "roundtrip",
                "echo of 32 bytes, one at a time, static handler",
                ALL,
                echo(false),
            ),
            self.add("pinned", "the same, all on one CPU", ALL, echo(true)),
            self.add(
                "lines",
                "64-byte lines, 128 under way, cat",
                WEBSOCKET,
                flow(Shape::LINES),
            ),
            self.add(
                "binary-4",
                "64 KiB binary, 4 under way, cat",
                WEBSOCKET,
                flow(Shape::binary(65_536, 4)),
            ),
            self.add(
                "binary-16",
                "64 KiB binary, 16 under way, cat",
                WEBSOCKET,
                flow(Shape::binary(65_536, 16)),
            ),
            self.once(
                "binary-large",
                "16 MiB binary, one at a time, cat",
                WEBSOCKET,
                flow(Shape::binary(16 << 20, 1)),
            ),
            self.once(
                "lines-long",
                "4 MiB of 64-byte lines in one message, cat",
                OURS,
                flow(Shape::LONG),
            ),
            self.add("many", title, WEBSOCKET, move |lab, kind| {
                let server = lab.start(&Launch::lines(kind, &lab.programs.echo_handler))?;
                let rate = u32::try_from(many * 20).map_err(io::Error::other)?;
                many::run(&server.endpoint, &server.group, many, rate, lab.seconds())
            }),
        ]
    }

    /// What takes long, or is told by its success.
    fn once(
        &self,
        id: impl Into<String>,
        title: impl Into<String>,
        kinds: &'static [Kind],
        run: impl Fn(&Lab, Kind) -> io::Result<Figures> + 'static,
    ) -> Measurement<'static> {
        Measurement {
            rounds: 1,
            ..self.add(id, title, kinds, run)
        }
    }

    fn connections(&self) -> Vec<Measurement<'static>> {
        let connect = |held: usize| {
            move |lab: &Lab, kind| {
                let server = lab.start(&Launch::lines(kind, &lab.programs.echo_handler))?;
                connect::run(&server.endpoint, &server.group, held, lab.seconds())
            }
        };
        let hold = |connections: usize, busy: bool, tls: bool| {
            move |lab: &Lab, kind| {
                let launch = Launch {
                    tls: tls.then_some(&lab.tls),
                    ..Launch::lines(kind, &lab.cat)
                };
                let server = lab.start(&launch)?;
                hold::run(&server.endpoint, &server.group, connections, busy)
            }
        };
        let Size {
            held: [few, much],
            most,
            tls,
            ..
        } = self.size;
        vec![
            self.add(
                "connect",
                "connect, echo, close; static handler",
                ALL,
                connect(0),
            ),
            self.once(
                "connect-held",
                format!("the same while {much} connections are idle"),
                CLASSIC,
                connect(much),
            ),
            self.once(
                "hold-few",
                format!("{few} idle connections, cat"),
                WEBSOCKET,
                hold(few, false, false),
            ),
            self.once(
                "hold-many",
                format!("{much} connections that echoed 64 KiB each and went idle, cat"),
                WEBSOCKET,
                hold(much, true, false),
            ),
            self.once(
                "hold-most",
                format!("{most} connections, cat"),
                OURS,
                hold(most, false, false),
            ),
            self.once(
                "hold-tls",
                format!("{tls} idle connections over TLS, cat"),
                OURS,
                hold(tls, false, true),
            ),
        ]
    }

    fn terminals(&self) -> Vec<Measurement<'static>> {
        let launch = |lab: &Lab, kind, handler: &Path| {
            lab.start(&Launch {
                terminal: kind == Kind::Ours,
                ..Launch::lines(kind, handler)
            })
        };
        let few = self.size.held[0];
        vec![
            self.add(
                "terminal-keys",
                "a key and its echo by the terminal, cat; tcpserver: a line of one character, static handler",
                TERMINALS,
                move |lab, kind| {
                    let handler = match kind {
                        Kind::Ours => &lab.cat,
                        _ => &lab.programs.echo_handler,
                    };
                    let server = launch(lab, kind, handler)?;
                    terminal::keys(&server.endpoint, &server.group, lab.seconds())
                },
            ),
            self.add(
                "terminal-output",
                "yes with lines of 63 characters over a terminal; tcpserver: over TCP",
                TERMINALS,
                move |lab, kind| {
                    let server = launch(lab, kind, &lab.flood)?;
                    terminal::output(&server.endpoint, &server.group, lab.seconds())
                },
            ),
            self.once(
                "terminal-idle",
                format!("{few} terminals that nobody types into, cat"),
                OURS,
                move |lab, kind| {
                    let server = launch(lab, kind, &lab.cat)?;
                    terminal::idle(&server.endpoint, &server.group, few)
                },
            ),
        ]
    }

    fn chats(&self) -> Vec<Measurement<'static>> {
        let [crowd, large] = self.size.crowds;
        let room = |members, rate, wire, seconds| {
            move |lab: &Lab, kind| {
                chat(
                    lab,
                    kind,
                    room::Shape {
                        rooms: 1,
                        members,
                        wave: None,
                        rate,
                        wire,
                        duration: Duration::from_secs(seconds),
                    },
                )
            }
        };
        let s = self.size.seconds;
        let mut all = vec![
            self.add(
                "room",
                format!("room of {ROOM}, {CROWD_RATE} lines a second, text"),
                CLASSIC,
                room(ROOM, Some(CROWD_RATE), Wire::Text, s * 3),
            ),
            self.add(
                "room-full",
                format!("room of {FULL_SPEED_ROOM}, full speed, JSON; prosody: XMPP"),
                ROOMS,
                room(FULL_SPEED_ROOM, None, Wire::Json, s),
            ),
            self.once(
                "crowd",
                format!("room of {crowd}, {CROWD_RATE} lines a second, text"),
                CLASSIC,
                room(crowd, Some(CROWD_RATE), Wire::Text, s * 3),
            ),
            self.once(
                "crowd-large",
                format!("room of {large} who all join at once, {CROWD_RATE} lines a second, JSON"),
                OURS,
                room(large, Some(CROWD_RATE), Wire::Json, s * 3),
            ),
        ];
        for (id, members) in [("join-few", large / 10), ("join-many", large)] {
            let title =
                format!("{JOINS} people join a room of {members} and leave, one after the other");
            all.push(self.once(id, title, OURS, move |lab, kind| joins(lab, kind, members)));
        }
        let [small, large] = self.size.logs;
        let title = format!(
            "{COMPARED_JOINS} people join an empty room with a log of {small} bytes, then one with {large}, and again"
        );
        all.push(self.add("join-log", title, OURS, |lab, kind| {
            joins_by_log(lab, kind, lab.size.logs)
        }));
        all
    }

    fn growth(&self) -> Vec<Measurement<'static>> {
        let mut all = Vec::new();
        for &connections in self.size.growth {
            let title =
                format!("{GROWTH_RATE} messages a second spread over {connections} connections");
            all.push(self.add(
                growth_id("message", connections),
                title,
                OURS,
                move |lab, kind| {
                    let server = lab.start(&Launch::lines(kind, &lab.programs.echo_handler))?;
                    many::run(
                        &server.endpoint,
                        &server.group,
                        connections,
                        GROWTH_RATE,
                        lab.seconds(),
                    )
                },
            ));
        }
        for &people in self.size.growth {
            let rooms = people / GROWTH_ROOM;
            let title = format!(
                "{GROWTH_LINES} lines a second spread over {rooms} rooms of {GROWTH_ROOM}, JSON"
            );
            all.push(self.add(
                growth_id("delivery", people),
                title,
                OURS,
                move |lab, kind| {
                    chat(
                        lab,
                        kind,
                        room::Shape {
                            rooms,
                            members: GROWTH_ROOM,
                            // What a delivery costs is asked, not what hundreds of new rooms at once do.
                            wave: Some(GROWTH_WAVE),
                            rate: Some(GROWTH_LINES),
                            wire: Wire::Json,
                            duration: lab.seconds(),
                        },
                    )
                },
            ));
        }
        all
    }
}

/// The name of one step of growth.
pub fn growth_id(what: &str, connections: usize) -> String {
    format!("{what}-{connections}")
}

fn chat(lab: &Lab, kind: Kind, mut shape: room::Shape) -> io::Result<Figures> {
    if kind == Kind::Prosody {
        shape.wire = Wire::Xmpp;
        let server = lab.start(&Launch::lines(kind, Path::new("")))?;
        return room::run(&server.endpoint, &server.group, shape);
    }
    let files = Files::create(&lab.programs.work_dir, shape.rooms * shape.members)?;
    let server = files.serve(&lab.programs, kind)?;
    room::run(&server.endpoint, &server.group, shape)
}

fn joins(lab: &Lab, kind: Kind, members: usize) -> io::Result<Figures> {
    let files = Files::create(&lab.programs.work_dir, members + JOINS)?;
    let server = files.serve(&lab.programs, kind)?;
    join::run(&server.endpoint, &server.group, members, JOINS)
}

fn joins_by_log(lab: &Lab, kind: Kind, logs: [u64; 2]) -> io::Result<Figures> {
    let files = Files::create(&lab.programs.work_dir, COMPARED_JOINS)?;
    for (room, bytes) in LOGS.iter().zip(logs) {
        files.fill_log(room.name, bytes)?;
    }
    let server = files.serve(&lab.programs, kind)?;
    let turns = lab.size.turns;
    join::compare(&server.endpoint, &server.group, LOGS, turns, COMPARED_JOINS)
}

/// A few figures for who watches.
fn summary(figures: &Figures) -> String {
    let shown = figures
        .iter()
        .take(4)
        .map(|(name, value)| format!("{name} {value:.1}"));
    shown.collect::<Vec<_>>().join(", ")
}

/// This process and what it starts stay on the first CPU until this is dropped.
struct Pin(CpuSet);

impl Pin {
    fn new() -> io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let mut one = CpuSet::new();
        let first = (0..CpuSet::MAX_CPU)
            .find(|&cpu| all.is_set(cpu))
            .unwrap_or(0);
        one.set(first);
        sched_setaffinity(None, &one)?;
        Ok(Self(all))
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.0);
    }
}
