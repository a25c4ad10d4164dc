//! `make cluster-torture`: one trial after the other, on machines with disks and clocks of their own, and a report that is
//! written after each: what was tried counts, whatever comes then.
//!
//! | | |
//! |---|---|
//! | `CLUSTER_SEEDS`, `CLUSTER_FIRST_SEED` | how many trials, and what draws the blows of the first |
//! | `CLUSTER_SECONDS` | for so long each |
//! | `CLUSTER_PEOPLE` | with so many people; else with 9 to 30, and each tenth seed with 200 |
//! | `CLUSTER_JOBS` | so many at the same time |
//! | `CLUSTER_UNTIL` | none is begun after this time, in Unix seconds |
//! | `CLUSTER_REPORT` | the report's file |
//! | `CLUSTER_KEEP` | a directory for what the machines had of those that were not clean |

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use e2e::cluster::machine::{Engine, Hardware};

use super::page;
use super::report::Report;
use super::trial::Trial;

/// One seed of so many is tried with many people.
const MANY_EVERY: u64 = 10;
const MANY: u64 = 200;
/// The others with so many at least, and fewer than that more.
const FEW: u64 = 9;
const MORE: u64 = 22;

/// Without being asked for more: one short trial, in which clocks are an hour off.
#[test]
fn what_was_acked_stays_through_power_cuts_full_disks_and_wrong_clocks() {
    let seeds = number_from("CLUSTER_SEEDS").unwrap_or(1);
    let first = number_from("CLUSTER_FIRST_SEED").unwrap_or(3);
    let seconds = number_from("CLUSTER_SECONDS").unwrap_or(30);
    let until = number_from("CLUSTER_UNTIL").unwrap_or(u64::MAX);
    let jobs = number_from("CLUSTER_JOBS").unwrap_or(1);
    let path = std::env::var_os("CLUSTER_REPORT").map(PathBuf::from);
    let next = AtomicU64::new(first);
    let reports: Mutex<Vec<Report>> = Mutex::default();
    let begun = SystemTime::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first.saturating_add(seeds) || unix_seconds() > until {
                return;
            }
            let report = try_one(seed, seconds);
            println!("{report}");
            let mut reports = reports.lock().expect("no holder panics");
            reports.push(report);
            reports.sort_by_key(|it| it.seed);
            if let Some(path) = &path {
                let page = page::of(&reports, seconds, jobs, begun);
                std::fs::write(path, page).expect("writable");
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    for report in reports.into_inner().expect("no holder panics") {
        report.assert_kept();
        report.assert_well();
        report.assert_listed();
        report.assert_done();
        report.assert_one_state();
    }
}

fn try_one(seed: u64, seconds: u64) -> Report {
    let drawn = if seed.is_multiple_of(MANY_EVERY) {
        MANY
    } else {
        FEW + seed * 7 % MORE
    };
    let people = number_from("CLUSTER_PEOPLE").unwrap_or(drawn);
    let trial = Trial {
        seed,
        seconds,
        machines: 3,
        hardware: Hardware::Own,
        engine: Engine::Sentinel,
        people: usize::try_from(people).expect("few"),
    };
    // One that does not come to its end is a line of the report, and the others are tried all the same.
    catch_unwind(AssertUnwindSafe(|| trial.run())).unwrap_or_else(|why| {
        let mut report = Report::of(trial);
        report.broken = Some(text_of(&*why));
        report
    })
}

fn text_of(why: &(dyn Any + Send)) -> String {
    let literal = why.downcast_ref::<&str>().map(|it| (*it).to_owned());
    let text = literal.or_else(|| why.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_default();
    text.lines().next().unwrap_or("it failed").to_owned()
}

fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |it| it.as_secs())
}

fn number_from(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {value:?}")),
    )
}
