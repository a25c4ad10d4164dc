//! Files that lost orders have changed, so that all machines have them alike: see
//! [`chat_store::cluster::order::settle`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chat_store::cluster::order;
use chat_store::fs::dirs::Dirs;
use chat_store::name::{RoomName, SERVER};
use chat_store::record::{Attrs, Kind, RecordId};

use super::super::cursor::earlier;
use super::super::link::Link;
use super::super::script::{self, Offer};
use super::super::shared::Shared;
use super::super::trouble::Result;
use super::{BATCH, MAX_BYTES, size_of};
use crate::journal;

/// How far the others may have gone on since a lost order, for what that has made of a file to hold: somebody who was
/// away for longer must not undo what was done meanwhile.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// What lost orders have made of a file: by its hash, which of them, and its id.
pub(super) type Made = BTreeMap<String, (String, RecordId)>;

/// Has files be on all machines what lost orders have made them here, before those are put back: they may be changed on
/// another machine by now.
pub(super) fn settle(
    link: &mut Link,
    shared: &Shared,
    dirs: &Dirs,
    files: &BTreeMap<String, Made>,
    taken: &dyn Fn(&str) -> RecordId,
) -> Result<()> {
    let setup = &shared.setup;
    let node = format!("{}~settle", setup.machine.incarnation);
    let mut number = RecordId::now().max(taken(&node).next());
    let mut offers = Vec::new();
    let mut bytes = 0;
    for (name, made) in files {
        let failed = |why: &dyn fmt::Display| {
            journal::note(format_args!(
                "{name}, of which the engine had lost a change, may not be as on other machines: {why}"
            ));
        };
        let (attrs, text) = match order::settle(dirs, name, |after| made.contains_key(after)) {
            Ok(Some(order)) => order,
            Ok(None) => continue,
            Err(error) => {
                failed(&error);
                continue;
            }
        };
        let order = order::made_by(|key| value_in(&attrs, key)).and_then(|it| made.get(&it.1));
        let Some((origin, at)) = order else { continue };
        if earlier(taken("last"), SETTLED_WITHIN) > *at {
            failed(&"others have gone on since; copy it from one of them");
            continue;
        }
        let offer = Offer {
            number,
            room: RoomName::lobby().as_str().to_owned(),
            kind: Kind::Order.as_str().to_owned(),
            from: SERVER.to_owned(),
            // Of several machines that have performed it one is enough, and the others may come late.
            scope: format!("settle\t{name}\t{origin}"),
            attrs,
            text,
            ..Offer::default()
        };
        number = number.next();
        bytes += size_of(&offer);
        if bytes > MAX_BYTES {
            journal::note("what the engine had lost is too much to look after all files");
            break;
        }
        offers.push(offer);
    }
    let bounds = (shared.floor(), setup.keep);
    for batch in offers.chunks(BATCH) {
        script::append(link, &setup.keys, (&setup.machine, &node), bounds, batch)?;
    }
    Ok(())
}

fn value_in<'a>(about: &'a str, key: &str) -> Option<Cow<'a, str>> {
    let mut found = Attrs::new(about).filter(|(name, _)| *name == key);
    found.next().map(|(_, value)| value)
}
