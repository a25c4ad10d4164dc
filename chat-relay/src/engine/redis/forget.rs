//! What all machines have written, dropped from the engine: what was taken back, cleared or purged on all of them is
//! still there until then, in its memory and, from there, in its files.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_handler::settings::{Address, Settings};
use chat_store::record::RecordId;

use super::cursor::{REPAIR, earlier};
use super::entry::{self, Fields, Read};
use super::link::{Access, Link};
use super::script::{ALL, Keys};
use super::trouble::{Result, Trouble};

/// Entries that are looked at in one step.
const BATCH: usize = 1000;
/// How far behind the machine that is furthest behind entries stay: after a power cut so much is read again, and as
/// much once more, for clocks.
const MARGIN: Duration = REPAIR.saturating_mul(2);
/// How long copies are waited for: their files are to be written anew next.
const COPIES: Duration = Duration::from_secs(1);
/// More copies than any engine has: it is waited for all of them.
const ALL_COPIES: u32 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// Entries that the engine does not have any more.
    pub entries: u64,
    /// Up to where.
    pub until: RecordId,
}

/// Drops entries that each machine has written of which something was heard within `KEEP`: one that is away gets all
/// that it has missed. Any machine can do it, at any time, also several at once.
///
/// # Errors
/// The engine is away, or it has no sign of life of any machine: nothing was dropped then.
pub fn forget(settings: &Settings, address: &Address) -> Result<Forgotten> {
    let Some(cluster) = &settings.cluster else {
        return Err(Trouble::Away("there is no section [cluster]".to_owned()));
    };
    let keys = Keys::new(&settings.identity.tokens.site);
    let mut link = Link::open(&Access::new(cluster, address), ALL)?;
    let since = earlier(RecordId::now(), cluster.keep);
    let least = furthest_behind(&mut link, &keys, since)?;
    let until = earlier(least, MARGIN);
    let mut trim = redis::cmd("XTRIM");
    trim.arg(keys.stream()).arg("MINID");
    let entries = link.ask(trim.arg(format!("{}-0", until.as_micros())))?;
    let mut wait = redis::cmd("WAIT");
    let limit = u64::try_from(COPIES.as_millis()).unwrap_or_default();
    link.be_patient(COPIES)?;
    let _: u32 = link.ask(wait.arg(ALL_COPIES).arg(limit))?;
    Ok(Forgotten { entries, until })
}

/// How far the one has written that is furthest behind, by the last sign of life of each since then. These signs are
/// never dropped: each stands behind what its machine had written.
fn furthest_behind(link: &mut Link, keys: &Keys, since: RecordId) -> Result<RecordId> {
    let start = format!("{}-0", since.as_micros());
    let mut applied: BTreeMap<String, RecordId> = BTreeMap::new();
    let mut end = "+".to_owned();
    loop {
        let mut question = redis::cmd("XREVRANGE");
        question.arg(keys.stream()).arg(&end).arg(&start);
        let entries: Vec<(String, Fields)> = link.ask(question.arg("COUNT").arg(BATCH))?;
        let Some((last, _)) = entries.last() else {
            break;
        };
        end = format!("({last}");
        for (_, fields) in entries {
            if let Read::Tick {
                node, applied: at, ..
            } = entry::read(fields)
            {
                let at = RecordId::parse(at.as_bytes()).unwrap_or_default();
                applied.entry(node).or_insert(at);
            }
        }
    }
    let least = applied.into_values().min();
    least.ok_or_else(|| Trouble::Away("nothing was heard of any machine".to_owned()))
}
