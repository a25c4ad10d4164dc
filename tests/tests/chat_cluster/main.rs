//! A chat on several machines, under faults: real engines, relays, daemons and handlers, in networks of their own. Takes
//! the rights of root.

#![allow(clippy::disallowed_methods, reason = "people are threads here")]
#![allow(clippy::print_stdout, reason = "what happened is the test's report")]

mod blows;
mod engine;
mod failover;
mod files;
mod moved;
mod operation;
mod people;
mod private;
mod site;
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

/// The whole of it: 90 s of one seed, which is always the same. `make cluster-torture` takes more of both, and keeps the
/// report: `CLUSTER_SEEDS`, `CLUSTER_SECONDS` for each, `CLUSTER_FIRST_SEED`, and `CLUSTER_REPORT`, a file.
#[test]
fn three_machines_lose_nothing_and_agree_whatever_dies() {
    let seeds = number_from("CLUSTER_SEEDS").unwrap_or(1);
    let first = number_from("CLUSTER_FIRST_SEED").unwrap_or(11);
    let seconds = number_from("CLUSTER_SECONDS").unwrap_or(90);
    let mut reports = Vec::new();
    for seed in first..first + seeds {
        let trial = Trial {
            seed,
            seconds,
            machines: 3,
            engine: Engine::Sentinel,
            people: 9,
        };
        let report = trial.run();
        println!("{report}");
        reports.push(report);
        if let Some(path) = std::env::var_os("CLUSTER_REPORT") {
            // After each: what was tried counts, whatever comes then.
            std::fs::write(path, trial::page(&reports, seconds)).expect("writable");
        }
    }
    for report in &reports {
        report.assert_kept();
        // A tail that was put back stands later, under another id, on machines that had not seen it: docs/cluster.md.
        if report.put_back == 0 {
            report.assert_shown_once();
            report.assert_equal();
        }
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")),
    )
}
