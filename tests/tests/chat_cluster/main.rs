//! A chat on several machines, under faults: real engines, relays, daemons and handlers, in networks of their own. Takes
//! the rights of root.

#![allow(clippy::disallowed_methods, reason = "people are threads here")]

mod blows;
mod engine;
mod trial;

use e2e::cluster::machine::Engine;
use trial::Trial;

/// The relay of the only machine is its engine: what holds for one machine holds without Redis.
#[test]
fn one_machine_loses_nothing_while_its_relay_is_killed_stopped_and_its_logs_are_rotated() {
    let trial = Trial {
        seed: 7,
        seconds: 20,
        machines: 1,
        engine: Engine::Local,
        people: 6,
    };
    let report = trial.run();
    report.assert_kept();
    report.assert_equal();
    report.assert_shown_once();
}
