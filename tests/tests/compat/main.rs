//! The differential suite: what "drop-in for websocketd" means, statement by statement.
//!
//! Each case runs against Debian's websocketd 0.4.1 and against ours. A case either holds for both, or names what the
//! original lacks and why ours has it. The table of results goes to `target/compat.txt` and to stdout.

// A function here is a list of cases, one after the other: its length is no complexity.
#![allow(clippy::too_many_lines)]

mod case;
mod table;

mod command_line;
mod environment;
mod front_end;
mod handshake;
mod listeners;
mod log;
mod messages;
mod process_life;
mod script_dir;
mod weaknesses;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let cases = [
        command_line::cases(),
        log::cases(),
        front_end::cases(),
        handshake::cases(),
        messages::cases(),
        process_life::cases(),
        environment::cases(),
        script_dir::cases(),
        listeners::cases(),
        weaknesses::cases(),
    ];
    let mut arguments = Arguments::from_args();
    // The cases wait for daemons more than they compute.
    arguments.test_threads.get_or_insert(case::THREADS);
    let table = table::Table::default();
    let trials = cases
        .into_iter()
        .flatten()
        .map(|case| case.into_trial(&table))
        .collect();
    let listing = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !listing {
        table.publish();
    }
    conclusion.exit_code()
}
