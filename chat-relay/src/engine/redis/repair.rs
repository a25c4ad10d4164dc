//! What an engine has lost, put back: it may have failed with its last seconds, or with all that it had. The room logs
//! of all machines are the last word.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use chat_store::channels;
use chat_store::closed;
use chat_store::cluster::order;
use chat_store::fs::dirs::Dirs;
use chat_store::log::origins::{self, Origin};
use chat_store::log::rooms;
use chat_store::name::RoomName;
use chat_store::record::{Kind, RecordId};

use super::cursor::{Doubt, REPAIR, earlier};
use super::entry::{self, SINCE};
use super::link::Link;
use super::script::{self, Offer};
use super::shared::Shared;
use super::signs::DEAD_AFTER;
use super::trouble::{Result, Trouble};
use crate::{journal, spool};

mod settle;

use settle::{Made, settle};

/// Records that are given at a time.
const BATCH: usize = 64;
/// Bytes of what one machine said that are kept until they are given, more or less: of the rest it is looked again.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What an offer takes beside its text, in bytes.
const OVERHEAD: usize = 300;
/// Of how many, at most, those of several machines are given in the order in which they were: that may take a call for
/// each, some tenths of a millisecond.
const MOST_IN_ORDER: usize = 4096;
/// What is younger may keep its id: script/append.lua.
const YOUNG: Duration = Duration::from_secs(10);

/// Takes the machine's name, and gives the engine what it lacks and this machine has, except what is in `doubt`; gives
/// the number behind which the spool is to be read. Up to `taken` engines have taken what stands there.
///
/// # Errors
/// It is not to be used then.
pub fn repair(
    link: &mut Link,
    shared: &Shared,
    dirs: &Dirs,
    doubt: Option<Doubt>,
    taken: RecordId,
) -> Result<RecordId> {
    let setup = &shared.setup;
    let ours = shared.floor();
    let before = earlier(ours, REPAIR);
    let leased = script::lease(link, &setup.keys, &setup.machine, DEAD_AFTER, before)?;
    let is_told = (before..ours).contains(&leased.last);
    let given = put_back(link, shared, dirs, (before, doubt), is_told)?;
    // A machine that has no logs, and a spool all the same, says nothing that is old. Ids may be ahead of its clock, by
    // which numbers go, and what no engine has taken yet is to be given, however long ago that was.
    let bounds = [before, taken, earlier(RecordId::now(), REPAIR)];
    let known = bounds.into_iter().filter(|it| *it != RecordId::ZERO);
    let oldest = known.min().unwrap_or_default();
    Ok(given.max(setup.former_last).max(oldest))
}

/// Gives the engine the rest of what it lacks, when the others have had time for it.
///
/// # Errors
/// As [`repair`].
pub fn complete(link: &mut Link, shared: &Shared, dirs: &Dirs) -> Result<()> {
    let before = earlier(shared.floor(), REPAIR);
    put_back(link, shared, dirs, (before, None), true).map(|_| ())
}

/// Gives the engine what it lacks of what is behind the id and not in doubt; gives the greatest number of this machine
/// that it has then.
fn put_back(
    link: &mut Link,
    shared: &Shared,
    dirs: &Dirs,
    (before, doubt): (RecordId, Option<Doubt>),
    mut is_told: bool,
) -> Result<RecordId> {
    let setup = &shared.setup;
    let own = &*setup.machine.incarnation;
    loop {
        let mut question = redis::cmd("HGETALL");
        question.arg(setup.keys.head());
        let head: HashMap<String, String> = link.ask(&question)?;
        let taken = |node: &str| -> RecordId {
            let number = head.get(node).and_then(|digits| digits.parse().ok());
            RecordId::from_micros(number.unwrap_or_default())
        };
        let failed = |error: io::Error| Trouble::Away(format!("the rooms' logs: {error}"));
        let found = collect(dirs, (before, doubt), &taken).map_err(failed)?;
        let known = found.greatest.get(own).copied().unwrap_or_default();
        if !found.lost.is_empty() && !std::mem::replace(&mut is_told, true) {
            say_since(link, shared, before)?;
        }
        settle(link, shared, dirs, &found.files, &taken)?;
        give(link, shared, found.lost)?;
        if !found.is_cut {
            return Ok(taken(own).max(known));
        }
    }
}

/// Puts it back: of each machine in the order of its numbers, and in the order in which it was, but for what is old of
/// so much that this would take long. What is young has the same ids again then, and who changed machines has said all
/// in order.
fn give(link: &mut Link, shared: &Shared, lost: BTreeMap<String, Lost>) -> Result<()> {
    let setup = &shared.setup;
    let young = earlier(RecordId::now(), YOUNG);
    let mut queues: BTreeMap<_, VecDeque<Offer>> = lost
        .into_iter()
        .map(|(node, lost)| (node, lost.offers.into_values().collect()))
        .collect();
    let is_much = queues.values().map(VecDeque::len).sum::<usize>() > MOST_IN_ORDER;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let next_of = |queues: &BTreeMap<String, VecDeque<Offer>>, but: &str| {
        let others = queues.iter().filter(|(node, _)| *node != but);
        let heads = others.filter_map(|(node, queue)| Some((queue.front()?.at, node.clone())));
        heads.min()
    };
    while let Some((_, node)) = next_of(&queues, "") {
        let other = next_of(&queues, &node).map(|(at, _)| at);
        let Some(queue) = queues.get_mut(&node) else {
            break;
        };
        let mut batch = Vec::new();
        while batch.len() < BATCH
            && let Some(offer) = queue.front()
            && (batch.is_empty()
                || is_much && offer.at < young
                || other.is_none_or(|at| offer.at <= at))
        {
            batch.extend(queue.pop_front());
        }
        let bounds = (shared.floor(), setup.keep);
        script::append(link, &setup.keys, (&setup.machine, &node), bounds, &batch)?;
        *counts.entry(node).or_default() += batch.len() as u64;
    }
    for (node, count) in counts {
        let resubmitted = &shared.counters.resubmitted;
        resubmitted.fetch_add(count, Ordering::Relaxed);
        journal::note(format_args!(
            "the engine had lost {count} records of {node}: it has them again"
        ));
    }
    Ok(())
}

/// What the engine does not know of one machine, by number: the least of them.
#[derive(Debug, Default)]
struct Lost {
    offers: BTreeMap<RecordId, Offer>,
    bytes: usize,
}

impl Lost {
    /// Adds one; true if another one had to go for it.
    fn add(&mut self, number: RecordId, offer: Offer) -> bool {
        self.bytes += size_of(&offer);
        if let Some(same) = self.offers.insert(number, offer) {
            self.bytes -= size_of(&same);
        }
        let mut is_cut = false;
        while self.bytes > MAX_BYTES && self.offers.len() > 1 {
            if let Some((_, last)) = self.offers.pop_last() {
                self.bytes -= size_of(&last);
                is_cut = true;
            }
        }
        is_cut
    }
}

fn size_of(offer: &Offer) -> usize {
    OVERHEAD + offer.attrs.len() + offer.text.len()
}

/// What the logs tell.
#[derive(Debug, Default)]
struct Found {
    /// By machine, what the engine does not know.
    lost: BTreeMap<String, Lost>,
    /// Which files lost orders have made what.
    files: BTreeMap<String, Made>,
    /// There is more of it.
    is_cut: bool,
    /// The greatest number of each machine.
    greatest: BTreeMap<String, RecordId>,
}

/// What stands in the logs behind `since`, and how much of it, but for what is in doubt, the engine does not know.
fn collect(
    dirs: &Dirs,
    (since, doubt): (RecordId, Option<Doubt>),
    taken: &dyn Fn(&str) -> RecordId,
) -> io::Result<Found> {
    let mut found = Found::default();
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
        if is_older(&live, since)? {
            continue;
        }
        origins::each_back(&live, since, &mut |record| {
            let Some(Origin { node, number }) = Origin::of(record) else {
                return;
            };
            let most: &mut RecordId = found.greatest.entry(node.clone()).or_default();
            *most = number.max(*most);
            let is_sure = !doubt.is_some_and(|doubt| doubt.has(record.id));
            if is_sure && number > taken(&node) {
                if record.kind == Kind::Order
                    && let Some((name, after)) = order::made_by(|key| record.attr(key))
                {
                    let origin = format!("{node}.{}", number.as_micros());
                    let made = found.files.entry(name).or_default();
                    // As logs are read, the last one is the first.
                    made.entry(after).or_insert((origin, record.id));
                }
                let offer = entry::offer_again(&room, channel.as_ref(), number, record);
                found.is_cut |= found.lost.entry(node).or_default().add(number, offer);
            }
        })?;
    }
    Ok(found)
}

/// Whether a log has nothing behind that. Its time of change alone does not tell: it is of this machine's clock, and
/// ids are ahead of that for as long as some clock was before it was set back.
fn is_older(live: &Path, since: RecordId) -> io::Result<bool> {
    let modified = std::fs::metadata(live).and_then(|found| found.modified());
    let Ok(Ok(age)) = modified.map(|it| it.duration_since(UNIX_EPOCH)) else {
        return Ok(false);
    };
    let modified = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
    if RecordId::from_micros(modified) >= earlier(since, REPAIR) {
        return Ok(false);
    }
    // One that is just being rotated has none, and is looked at.
    Ok(spool::last_in(live)?.is_some_and(|last| last <= since))
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

#[cfg(test)]
mod tests {
    use chat_store::log::room_log::RoomLog;
    use chat_store::record::Draft;

    use super::*;

    #[test]
    fn of_much_that_was_lost_the_least_numbers_are_kept() {
        let mut lost = Lost::default();
        let offer = || Offer {
            text: "x".repeat(64 * 1024),
            ..Offer::default()
        };
        let number = RecordId::from_micros;
        // As logs are read: the last first, and one file after the other.
        let cut = (1..=200).rev().filter(|&at| lost.add(number(at), offer()));
        assert!(cut.count() > 100);
        assert!(lost.bytes <= MAX_BYTES);
        let count = lost.offers.len() as u64;
        assert!(count > 50 && lost.offers.keys().copied().eq((1..=count).map(number)));
        assert!(lost.add(number(300), offer()));
        assert!(!lost.offers.contains_key(&number(300)));
        assert!(!lost.add(number(1), offer()), "it is the same");
    }

    #[test]
    fn what_is_looked_at_goes_by_the_ids_and_not_by_the_clock() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(dir.path());
        dirs.create().unwrap();
        let hour = Duration::from_secs(3600);
        // As after a clock that was an hour ahead has been set back.
        let ahead = RecordId::from_micros(RecordId::now().as_micros() + 3_600_000_000);
        let write = |room: &RoomName, id: RecordId, number: u64| {
            let origin = format!("a~1.{number}");
            let mut log = RoomLog::new(&dirs, room);
            let draft = Draft {
                origin: Some(&origin),
                ..Draft::new(Kind::Say, "alice", "hello")
            };
            log.append_at(id, &draft).unwrap()
        };
        let (young, old) = (RoomName::lobby(), RoomName::parse("old").unwrap());
        write(&young, ahead, 7);
        write(&old, earlier(ahead, hour), 3);
        let found = collect(&dirs, (earlier(ahead, REPAIR), None), &|_| RecordId::ZERO).unwrap();
        let numbers: Vec<_> = found.lost["a~1"].offers.keys().copied().collect();
        assert_eq!(numbers, [RecordId::from_micros(7)]);
        let since = earlier(ahead, REPAIR);
        assert!(is_older(&dirs.room_log(&old), since).unwrap());
        assert!(!is_older(&dirs.room_log(&young), since).unwrap());
        // Rotated a moment ago: what it had is looked for in the file before it.
        let live = dirs.room_log(&young);
        std::fs::rename(&live, live.with_extension("log.1")).unwrap();
        std::fs::write(&live, "").unwrap();
        let found = collect(&dirs, (since, None), &|_| RecordId::ZERO).unwrap();
        assert_eq!(found.lost["a~1"].offers.len(), 1);
    }
}
