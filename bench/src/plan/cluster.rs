//! A chat on three machines, beside the same on one and beside XMPP servers.

use std::io;

use super::{Lab, Measurement, OURS};
use crate::figures::Figures;
use crate::load::spread::{self, Shape};
use crate::load::{catch_up, failover};
use crate::machines::chat::Chat;
use crate::machines::{MACHINES, Part, Site, engine};
use crate::server::Kind;

/// A few who talk.
pub const TALK: &str = "cluster-talk";
/// A crowd.
pub const CROWD: &str = "cluster-crowd";
/// One machine's people talk, fast.
pub const RELAY: &str = "cluster-relay";
/// The engine is killed.
pub const FAILOVER: &str = "cluster-failover";
/// A machine has missed much.
pub const CATCH_UP: &str = "cluster-catch-up";

const ALL: &[Kind] = &[Kind::Ours, Kind::Alone, Kind::Ejabberd, Kind::Prosody];

const FEW: usize = 9;
const FEW_RATE: u32 = 100;
const MANY: usize = 150;
const MANY_RATE: u32 = 20;
const FAST_RATE: u32 = 500;
/// Blows of a round: Sentinel rests for four seconds between two.
const BLOWS: usize = 2;
/// What a machine has missed.
pub const MISSED: usize = 10_000;

impl Lab {
    pub(super) fn cluster(&self) -> Vec<Measurement<'static>> {
        let talk = |people, from_one, rate| {
            move |lab: &Lab, kind| {
                let shape = Shape {
                    people,
                    machines: MACHINES,
                    from_one,
                    rate,
                    duration: lab.seconds() * 3,
                };
                room(lab, kind, shape)
            }
        };
        vec![
            self.add(
                TALK,
                format!("{FEW} people in a room, {FEW_RATE} lines a second, from all in turn"),
                ALL,
                talk(FEW, false, FEW_RATE),
            ),
            self.add(
                CROWD,
                format!("{MANY} people in a room, {MANY_RATE} lines a second, from all in turn"),
                ALL,
                talk(MANY, false, MANY_RATE),
            ),
            self.add(
                RELAY,
                format!("{FEW} people in a room, {FAST_RATE} lines a second, from those on one machine"),
                OURS,
                relays,
            ),
            self.add(
                FAILOVER,
                format!("{FEW} people, each says five lines a second, the engine is killed {BLOWS} times"),
                OURS,
                |lab, kind| failover::run(&mut Chat::start(&lab.programs, kind)?, FEW, BLOWS),
            ),
            self.add(
                CATCH_UP,
                format!("a machine's relay is killed, {MISSED} lines are said, it is started"),
                OURS,
                |lab, kind| catch_up::run(&mut Chat::start(&lab.programs, kind)?, MISSED),
            ),
        ]
    }
}

fn room(lab: &Lab, kind: Kind, shape: Shape) -> io::Result<Figures> {
    let site = Site::start(&lab.programs, kind)?;
    let primary = (kind == Kind::Ours).then(engine::primary).flatten();
    spread::run(&site, primary, shape)
}

/// With all relays, then with one: what the engine takes for each.
fn relays(lab: &Lab, kind: Kind) -> io::Result<Figures> {
    let mut chat = Chat::start(&lab.programs, kind)?;
    let mut shape = Shape {
        people: FEW,
        machines: MACHINES,
        from_one: true,
        rate: FAST_RATE,
        duration: lab.seconds() * 3,
    };
    let mut figures = spread::run(&chat.site, engine::primary(), shape)?;
    for at in 1..MACHINES {
        chat.site.kill(Part::Relay, at)?;
    }
    shape.machines = 1;
    let one = spread::run(&chat.site, engine::primary(), shape)?;
    let alone = one.get(spread::ENGINE).unwrap_or(f64::NAN);
    figures.set("engine CPU us/message, one relay", alone);
    Ok(figures)
}
