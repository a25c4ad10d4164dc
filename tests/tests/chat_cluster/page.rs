//! The page that `make cluster-torture` keeps: tests/cluster-torture.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use e2e::cluster::clock::can_be_seen_by;
use e2e::under_test::chat_handler;

use super::report::{LONG, Report};

/// What was tried so far, since then.
pub(crate) fn of(reports: &[Report], seconds: u64, jobs: u64, begun: SystemTime) -> String {
    let mut page = "# What `make cluster-torture` found\n\n\
         Three machines as network namespaces, each with a disk (ext4 in an image) and a clock of its own, redis-server,\n\
         redis-sentinel (conf/cluster/), chat-relay, the daemon and real handlers. People who know all three servers talk,\n\
         type, whisper to each other and tell how far they have read; an operator bans, lets in, changes topics, takes back\n\
         and purges by `chatctl`, on one machine or another. Blows fall one after the other, with less than 2.5 s between\n\
         them. Written by the run itself.\n\n"
        .to_owned();
    page.push_str(&conditions(reports, seconds, jobs, begun));
    page.push_str(&result(reports));
    page.push_str("| | |\n|---|---|\n");
    for (what, count) in counts(reports) {
        let _ = writeln!(page, "| {what} | {count} |");
    }
    page.push_str(&waits(reports));
    page.push_str(
        "\nWhat fell, how often, and how many of the trials in which it did were not clean:\n\n\
         | blow | times | trials | not clean | longest wait in these |\n|---|---|---|---|---|\n",
    );
    for (blow, row) in blows(reports) {
        let Row {
            times,
            trials,
            unclean,
            longest,
        } = row;
        let longest = longest.as_secs_f64();
        let _ = writeln!(
            page,
            "| {blow} | {times} | {trials} | {unclean} | {longest:.1} s |"
        );
    }
    page.push_str(
        "\n`wrong`: lost, twice, late, shown twice. `unequal`: logs, state, commands undone. `members`: wrong lists, stale ones,\n\
         machines that stayed down. `whispers`: arrived, heard, refused, wrong. `commands`: done, refused; `back`: records\n\
         given an engine again; `up`: seconds until all machines were, after the last blow. `waits`: half, 99 %, longest,\n\
         in seconds.\n\n\
         | seed | people | acked | wrong | unequal | members | whispers | commands, back | up | waits | > 8 s | blows |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for report in reports {
        let _ = writeln!(page, "{report}");
    }
    page
}

fn sum(reports: &[Report], of: fn(&Report) -> usize) -> usize {
    reports.iter().map(of).sum()
}

fn conditions(reports: &[Report], seconds: u64, jobs: u64, begun: SystemTime) -> String {
    let hours = begun.elapsed().unwrap_or_default().as_secs_f64() / 3600.0;
    let programs = match std::env::var_os("RELEASED_PROGRAMS") {
        Some(_) => "as released",
        None => "of a debug build",
    };
    let loads: Vec<f64> = reports
        .iter()
        .filter_map(|it| it.load.parse().ok())
        .collect();
    let count = f64::from(u32::try_from(loads.len().max(1)).expect("few"));
    let load = loads.iter().sum::<f64>() / count;
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let people = reports.iter().map(|it| it.people);
    let handlers = if can_be_seen_by(&chat_handler()) {
        "too"
    } else {
        "not: they are linked statically"
    };
    format!(
        "{} trials of {seconds} s, {jobs} at the same time, in {hours:.2} hours; programs {programs}; {processors} processors,\n\
         for which {load:.1} processes waited on average, also others than these. {} to {} people. A wrong clock is seen by\n\
         engine, Sentinel, relay, daemon and chatctl; by handlers {handlers}.\n\n",
        reports.len(),
        people.clone().min().unwrap_or(0),
        people.max().unwrap_or(0),
    )
}

fn result(reports: &[Report]) -> String {
    format!(
        "**{} messages acked: {} lost, {} twice, {} out of their sender's order (each counted on each machine), {} shown\n\
         twice to somebody. {} of {} trials were clean; logs may differ where an engine lost a tail.**\n\n",
        sum(reports, |it| it.acked),
        sum(reports, |it| it.lost.len()),
        sum(reports, |it| it.twice.len()),
        sum(reports, |it| it.late.len()),
        sum(reports, |it| it.shown_wrong.len()),
        sum(reports, |it| usize::from(it.is_clean())),
        reports.len(),
    )
}

/// What is counted, and where it is.
type Count = (&'static str, fn(&Report) -> usize);

fn counts(reports: &[Report]) -> Vec<(&'static str, usize)> {
    let rows: [Count; 14] = [
        (
            "rooms whose logs are not the same bytes on all machines",
            |it| it.unequal.len(),
        ),
        (
            "of these in trials in which an engine had lost a tail, which was put back",
            |it| it.unequal.len() * usize::from(it.put_back > 0),
        ),
        ("files of the site's state that are not the same", |it| {
            it.state_unequal.len()
        }),
        ("commands that were done", |it| it.orders),
        ("commands that were refused", |it| {
            it.orders_refused.values().sum()
        }),
        (
            "commands that were done, and not so in the end (on each machine)",
            |it| it.undone.len(),
        ),
        (
            "rooms whose members a machine did not list as they were",
            |it| it.members_wrong.len(),
        ),
        (
            "rooms in which a machine listed somebody who had gone",
            |it| it.stale.len(),
        ),
        ("machines that did not come up again by themselves", |it| {
            it.never_up.len()
        }),
        ("whispers that the sender was told to have arrived", |it| {
            it.whispered
        }),
        ("whispers that were heard", |it| it.heard),
        ("whispers that were refused", |it| it.whispers_refused),
        (
            "whispers heard twice, by somebody else, or found on a disk",
            |it| it.whispers_wrong.len(),
        ),
        ("trials that did not come to their end", |it| {
            usize::from(it.broken.is_some())
        }),
    ];
    rows.map(|(what, of)| (what, sum(reports, of))).to_vec()
}

fn waits(reports: &[Report]) -> String {
    let waits = reports.iter().flat_map(|it| it.waits.iter().copied());
    let mut waits: Vec<_> = waits.collect();
    waits.sort();
    let wait = |per_mille: usize| {
        let at = waits.len() * per_mille / 1000;
        let at = at.min(waits.len().saturating_sub(1));
        waits.get(at).copied().unwrap_or_default().as_secs_f64()
    };
    format!(
        "| an ack took, half of them / 99 % / 99.9 % / the longest | {:.2} s / {:.1} s / {:.1} s / {:.1} s |\n\
         | acks that took longer than {} s | {} |\n",
        wait(500),
        wait(990),
        wait(999),
        wait(1000),
        LONG.as_secs(),
        waits.iter().filter(|it| **it > LONG).count(),
    )
}

#[derive(Default)]
struct Row {
    times: usize,
    trials: usize,
    unclean: usize,
    longest: Duration,
}

fn blows(reports: &[Report]) -> BTreeMap<&str, Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for report in reports {
        for (blow, times) in &report.blows {
            let row = rows.entry(blow).or_default();
            row.times += times;
            row.trials += 1;
            row.unclean += usize::from(!report.is_clean());
            let longest = report.waits.last().copied().unwrap_or_default();
            row.longest = row.longest.max(longest);
        }
    }
    rows
}
