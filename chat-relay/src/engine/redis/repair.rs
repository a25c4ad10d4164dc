//! What an engine has lost, put back: it may have failed with its last seconds, or with all that it had. The room logs
//! of all machines are the last word.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use chat_store::channels;
use chat_store::closed;
use chat_store::fs::dirs::Dirs;
use chat_store::log::origins::{self, Origin};
use chat_store::log::rooms;
use chat_store::name::RoomName;
use chat_store::record::RecordId;

use super::cursor::{REPAIR, earlier};
use super::entry::{self, SINCE};
use super::link::Link;
use super::publish::DEAD_AFTER;
use super::script::{self, Offer};
use super::shared::Shared;
use super::trouble::{Result, Trouble};
use crate::journal;

/// Records that are given at a time.
const BATCH: usize = 64;

/// Takes the machine's name, and gives the engine what it lacks and this machine has; gives the number behind which
/// the spool is to be read.
///
/// # Errors
/// It is not to be used then.
pub fn repair(link: &mut Link, shared: &Shared, dirs: &Dirs) -> Result<RecordId> {
    let setup = &shared.setup;
    let ours = shared.floor();
    let before = earlier(ours, REPAIR);
    let leased = script::lease(link, &setup.keys, &setup.machine, DEAD_AFTER, before)?;
    let mut question = redis::cmd("HGETALL");
    question.arg(setup.keys.head());
    let head: HashMap<String, String> = link.ask(&question)?;
    let taken = |node: &str| -> RecordId {
        let number = head.get(node).and_then(|digits| digits.parse().ok());
        RecordId::from_micros(number.unwrap_or_default())
    };
    let failed = |error: io::Error| Trouble::Away(format!("the rooms' logs: {error}"));
    let (lost, greatest) = collect(dirs, before, &taken).map_err(failed)?;
    if !lost.is_empty() && !(before..ours).contains(&leased.last) {
        say_since(link, shared, before)?;
    }
    for (node, records) in &lost {
        let records: Vec<_> = records.values().cloned().collect();
        for batch in records.chunks(BATCH) {
            let bounds = (shared.floor(), setup.keep);
            script::append(link, &setup.keys, (&setup.machine, node), bounds, batch)?;
        }
        let count = records.len();
        shared
            .counters
            .resubmitted
            .fetch_add(count as u64, Ordering::Relaxed);
        journal::note(format_args!(
            "the engine had lost {count} records of {node}: it has them again"
        ));
    }
    let own = &*setup.machine.incarnation;
    let known = greatest.get(own).copied().unwrap_or_default();
    // A machine that has no logs, and a spool all the same, says nothing that is old.
    let oldest = match before {
        RecordId::ZERO => earlier(RecordId::now(), REPAIR),
        before => before,
    };
    Ok(taken(own).max(known).max(oldest))
}

/// By machine and number.
type Lost = BTreeMap<String, BTreeMap<RecordId, Offer>>;

/// What stands in the logs behind `since` and the engine does not know, and the greatest number of each machine.
fn collect(
    dirs: &Dirs,
    since: RecordId,
    taken: &dyn Fn(&str) -> RecordId,
) -> io::Result<(Lost, BTreeMap<String, RecordId>)> {
    let mut lost = Lost::new();
    let mut greatest = BTreeMap::new();
    let rooms = rooms::all(dirs)?.into_iter().chain(closed::all(dirs)?);
    let logs = rooms.map(|room| (closed::dirs_of(dirs, &room).room_log(&room), room, None));
    // An order is of no room.
    let orders = dirs
        .cluster
        .iter()
        .map(|it| (it.orders_log(), RoomName::lobby(), None));
    // Neither is an event.
    let channels = channels::logs(dirs)?.into_iter();
    let channels = channels.map(|live| {
        let stem = channels::Stem::of_log(&live);
        (live, RoomName::lobby(), stem)
    });
    for (live, room, channel) in logs.chain(orders).chain(channels) {
        if is_older(&live, since) {
            continue;
        }
        origins::each_back(&live, since, &mut |record| {
            let Some(Origin { node, number }) = Origin::of(record) else {
                return;
            };
            let most: &mut RecordId = greatest.entry(node.clone()).or_default();
            *most = number.max(*most);
            if number > taken(&node) {
                let offer = entry::offer_again(&room, channel.as_ref(), number, record);
                lost.entry(node).or_default().insert(number, offer);
            }
        })?;
    }
    Ok((lost, greatest))
}

/// Whether a log was last written before that. One that is just being rotated is looked at.
fn is_older(live: &std::path::Path, since: RecordId) -> bool {
    let modified = std::fs::metadata(live).and_then(|found| found.modified());
    let Ok(Ok(age)) = modified.map(|it| it.duration_since(UNIX_EPOCH)) else {
        return false;
    };
    let modified = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
    // A clock may have been set meanwhile, and file systems round.
    RecordId::from_micros(modified) < earlier(since, REPAIR)
}

/// The engine may have lost more than this machine can put back: who has not come so far must not go on.
fn say_since(link: &mut Link, shared: &Shared, before: RecordId) -> Result<()> {
    let setup = &shared.setup;
    let mut question = redis::cmd("HGET");
    let known: Option<u64> = link.ask(question.arg(setup.keys.head()).arg("since"))?;
    if known.unwrap_or_default() >= before.as_micros() {
        return Ok(());
    }
    let mut write = redis::cmd("HSET");
    link.ask::<()>(
        write
            .arg(setup.keys.head())
            .arg("since")
            .arg(before.as_micros()),
    )?;
    let offer = Offer {
        kind: SINCE.to_owned(),
        text: before.to_string(),
        ..Offer::default()
    };
    let own = (&setup.machine, &*setup.machine.incarnation);
    script::append(
        link,
        &setup.keys,
        own,
        (shared.floor(), setup.keep),
        &[offer],
    )?;
    Ok(())
}
