//! Who a name is, for a measure that is to hold against the person and not against the name.

use std::io;

use crate::fs::dirs::Dirs;
use crate::log::history::{self, Before};
use crate::name::{Nick, RoomName};
use crate::people::person::PersonId;
use crate::people::presence::{self, About};
use crate::record::attrs;

/// Who is called what looks like `nick` in `room`; of who has left, what their last record with an account or token tells. Nothing, if they
/// never were there.
///
/// # Errors
/// Those of reading the presence files and the log.
pub fn whois(dirs: &Dirs, room: &RoomName, nick: &Nick) -> io::Result<About> {
    let key = nick.key();
    let members = presence::list_alive(dirs, room)?;
    if let Some(member) = members.iter().find(|member| member.nick.key() == key) {
        return presence::about(dirs, room, &member.nick);
    }
    let page = history::before(
        dirs,
        room,
        Before::Id(crate::record::RecordId::MAX),
        1,
        |record| {
            // Not each record tells it: who leaves has said who they are.
            let tells = [attrs::ACCOUNT, attrs::CLIENT].map(|key| record.attr(key)) != [None, None];
            tells && Nick::parse(&record.from).is_ok_and(|from| from.key() == key)
        },
    )?;
    let Some(record) = page.records().next() else {
        return Ok(About::default());
    };
    let account = record
        .attr(attrs::ACCOUNT)
        .map(std::borrow::Cow::into_owned);
    Ok(About {
        person: PersonId::of(account.as_deref(), record.attr(attrs::CLIENT).as_deref()),
        account,
        ..About::default()
    })
}
