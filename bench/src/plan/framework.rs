//! What there is beyond websocketd: records, who is asked before a client comes in, programs that many share.

use std::io;
use std::time::Duration;

use super::{CLASSIC, CROWD_RATE, FULL_SPEED_ROOM, Lab, Measurement, OURS, ROOM};
use crate::figures::{Figures, median};
use crate::load::pipeline::Shape;
use crate::load::{connect, fanout, hold, pipeline};
use crate::server::{Kind, Launch};

/// Lines of a burst.
pub const BURST: usize = 50_000;

/// Times that two ways are measured in turn within a run: a machine that is busy is so for both.
const TURNS: usize = 5;

/// Texts through `cat`, as lines and as records.
pub const LINES: &str = "k messages/s, lines";
pub const RECORDS: &str = "k messages/s, records";

/// A connection when nobody is asked, and when a program is.
pub const OPEN: &str = "CPU us/connection, open";
pub const ASKED: &str = "CPU us/connection, asked";

const SHARERS: &[Kind] = &[Kind::Ours, Kind::Scalesocket];

impl Lab {
    pub(super) fn framework(&self) -> Vec<Measurement<'static>> {
        let few = self.size.held[0];
        let seconds = Duration::from_secs(self.size.seconds);
        vec![
            self.add(
                "framing",
                "64-byte texts, 128 under way, cat, as lines and as records in turn",
                OURS,
                framing,
            ),
            self.add(
                "authorize",
                "connect, echo, close; static handler; with a static --authorize in turn",
                OURS,
                authorize,
            ),
            self.add(
                "shared-full",
                format!("{FULL_SPEED_ROOM} clients of one program that writes without an end"),
                OURS,
                move |lab, kind| {
                    let server = lab.start(&shared(kind, &lab.flood, BROADCAST))?;
                    fanout::flood(&server.endpoint, &server.group, FULL_SPEED_ROOM, seconds)
                },
            ),
            self.add(
                "shared-talk",
                format!("{ROOM} clients of one cat, {CROWD_RATE} lines a second"),
                OURS,
                move |lab, kind| {
                    let server = lab.start(&shared(kind, &lab.cat, BROADCAST))?;
                    let (endpoint, group) = (&server.endpoint, &server.group);
                    fanout::talk(endpoint, group, ROOM, CROWD_RATE, seconds * 3)
                },
            ),
            self.once(
                "shared-idle",
                format!("{few} clients of one program, idle"),
                OURS,
                move |lab, kind| {
                    let server = lab.start(&shared(kind, &lab.members, IDS))?;
                    hold::run(&server.endpoint, &server.group, few, false)
                },
            ),
            self.add(
                "shared-join",
                "connect, echo, close; ours as a client of a program of many, mawk; websocketd: static handler",
                CLASSIC,
                move |lab, kind| {
                    let server = match kind {
                        Kind::Ours => lab.start(&shared(kind, &lab.members, KEPT))?,
                        _ => lab.start(&Launch::lines(kind, &lab.programs.echo_handler))?,
                    };
                    connect::run(&server.endpoint, &server.group, 0, seconds)
                },
            ),
            self.add(
                "shared-burst",
                format!("{BURST} lines at once to two clients, one of which reads a second later"),
                SHARERS,
                |lab, kind| {
                    let server = lab.start(&shared(kind, &lab.burst, BROADCAST))?;
                    fanout::burst(&server.endpoint, BURST)
                },
            ),
        ]
    }
}

const BROADCAST: &[&str] = &["--shared=broadcast"];
const IDS: &[&str] = &["--shared=ids"];
/// The program stays when nobody is there, as a service would.
const KEPT: &[&str] = &["--shared=ids", "--sharedidle=-1"];

fn shared<'a>(
    kind: Kind,
    program: &'a std::path::Path,
    flags: &'static [&'static str],
) -> Launch<'a> {
    Launch {
        flags,
        ..Launch::lines(kind, program)
    }
}

fn framing(lab: &Lab, kind: Kind) -> io::Result<Figures> {
    let turn = lab.seconds() / 3;
    in_turn([LINES, RECORDS], |flags| {
        let flags: &[&str] = if flags == 0 {
            &[]
        } else {
            &["--framing=length"]
        };
        let launch = Launch {
            flags,
            ..Launch::lines(kind, &lab.cat)
        };
        let server = lab.start(&launch)?;
        let figures = pipeline::run(&server.endpoint, &server.group, Shape::LINES, turn)?;
        Ok(figures.get("k messages/s"))
    })
}

fn authorize(lab: &Lab, kind: Kind) -> io::Result<Figures> {
    let turn = lab.seconds() / 3;
    let asked: &'static str =
        Box::leak(format!("--authorize={}", lab.programs.echo_handler.display()).into_boxed_str());
    let asked: &'static [&'static str] = Box::leak(Box::new([asked]));
    in_turn([OPEN, ASKED], |flags| {
        let launch = Launch {
            flags: if flags == 0 { &[] } else { asked },
            ..Launch::lines(kind, &lab.programs.echo_handler)
        };
        let server = lab.start(&launch)?;
        let figures = connect::run(&server.endpoint, &server.group, 0, turn)?;
        Ok(figures.get("CPU us/connection"))
    })
}

/// Measures two ways, A B A B, and tells the median of each.
fn in_turn(
    names: [&'static str; 2],
    measure: impl Fn(usize) -> io::Result<Option<f64>>,
) -> io::Result<Figures> {
    let mut values = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (way, values) in values.iter_mut().enumerate() {
            values.extend(measure(way)?);
        }
    }
    let mut figures = Figures::default();
    for (name, values) in names.into_iter().zip(&values) {
        figures.set(name, median(values).unwrap_or(f64::NAN));
    }
    Ok(figures)
}
