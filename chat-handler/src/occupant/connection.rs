//! What a connection has once, in however many rooms it is: how fast it may be, and its permit.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Arrival, BadRequest, Code, Event, Pace, Refusal, Sink};
use crate::identity::Person;
use crate::identity::counted::network_of;
use crate::identity::php_session::SessionId;
use crate::journal;
use crate::settings::Limits;
use crate::wording::Line;
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use chat_store::people::connections::ConnectionPermit;
use chat_store::people::entries;
use chat_store::people::pace as pace_table;

/// One connection of a person.
#[derive(Debug)]
pub struct Connection {
    pace: Rc<RefCell<Pace>>,
    limits: Limits,
    counted: Option<Counted>,
    /// The name under which it stands in the list of entries.
    noted: Option<Nick>,
}

/// It has been counted: the first room does that.
#[derive(Debug)]
struct Counted {
    dirs: Dirs,
    /// Whose pace it is: an account, a session or an address.
    pace_of: Option<String>,
    _permit: Option<ConnectionPermit>,
}

impl Connection {
    /// One that nothing is known of yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            pace: Rc::new(RefCell::new(Pace::new(limits))),
            limits: limits.clone(),
            counted: None,
            noted: None,
        }
    }

    /// Writes the list of entries: one line for however many rooms, which it does not name.
    pub(super) fn note(&mut self, dirs: &Dirs, arrival: &Arrival<'_>, nick: &Nick) {
        if self.noted.as_ref() == Some(nick) {
            return;
        }
        match entries::append(dirs, arrival.when, arrival.from, nick) {
            Ok(()) => self.noted = Some(nick.clone()),
            Err(error) => journal::note(error),
        }
    }

    pub(super) fn pace(&self) -> Rc<RefCell<Pace>> {
        Rc::clone(&self.pace)
    }

    /// Counts the visit, once. Too many are not refused: they wait, a second at most.
    pub(super) fn count(
        &mut self,
        dirs: &Dirs,
        person: &Person,
        address: &str,
    ) -> Result<(), Refusal> {
        if self.counted.is_some() {
            return Ok(());
        }
        let pace_of = pace_owner(person, address);
        self.wait_for_turn(dirs, pace_of.as_deref());
        let permit = take_permit(dirs, person, self.limits.max_connections)?;
        self.counted = Some(Counted {
            dirs: dirs.clone(),
            pace_of,
            _permit: permit,
        });
        self.remember_pace();
        Ok(())
    }

    fn wait_for_turn(&self, dirs: &Dirs, owner: Option<&str>) {
        let Some(owner) = owner else { return };
        let mut pace = self.pace.borrow_mut();
        match pace_table::load(dirs, owner) {
            Ok(Some(left)) => pace.restore(&left),
            Ok(None) => {}
            Err(error) => journal::note(format_args!("what was left of limits: {error}")),
        }
        std::thread::sleep(pace.charge_join());
    }

    /// Coming back is no way around a limit.
    pub fn remember_pace(&self) {
        let left = self.pace.borrow_mut().left();
        if let Some(counted) = &self.counted
            && let Some(owner) = &counted.pace_of
            && let Err(error) = pace_table::save(&counted.dirs, owner, &left)
        {
            journal::note(format_args!("a pace is not kept: {error}"));
        }
    }

    /// How long nothing more is to be taken from the client.
    pub fn take_delay(&self) -> Duration {
        self.pace.borrow_mut().take_delay()
    }

    /// Nothing more is to be taken from the client for so long.
    pub fn delay(&self, delay: Duration) {
        self.pace.borrow_mut().delay(delay);
    }

    /// Counts a ping, which is always answered: without its answer a connection looks dead.
    pub fn charge_ping(&self) {
        self.pace.borrow_mut().charge_side(0);
    }

    /// Counts a room that is entered.
    pub fn charge_room(&self) {
        self.pace.borrow_mut().charge_room();
    }

    /// Takes what is no request.
    pub fn reject(&self, bad: &BadRequest<'_>, sink: &mut dyn Sink) {
        if self.pace.borrow_mut().charge_talk() {
            sink.put(&Event::THROTTLED);
        }
        let line = match bad.code {
            Code::TooLong => Line::TooLong(self.limits.max_message),
            Code::UnknownType => Line::UnknownType(&bad.reason),
            Code::NotInRoom => Line::NotInRoom(&bad.reason),
            _ => Line::NotUnderstood(&bad.reason),
        };
        sink.put(&Event::Error {
            code: bad.code,
            line,
            msgid: bad.msgid.as_deref(),
        });
    }
}

/// Who has a pace: guests are told apart by their address.
fn pace_owner(person: &Person, address: &str) -> Option<String> {
    let session = person.session.as_ref().map(SessionId::as_str);
    let known = person.account.as_deref().or(session);
    known.map(str::to_owned).or_else(|| network_of(address))
}

/// People without session and account cannot be told apart here; the daemon limits connections by
/// address.
fn take_permit(
    dirs: &Dirs,
    person: &Person,
    most: usize,
) -> Result<Option<ConnectionPermit>, Refusal> {
    let session = person.session.as_ref().map(SessionId::as_str);
    let Some(owner) = person.account.as_deref().or(session) else {
        return Ok(None);
    };
    match ConnectionPermit::take(dirs, owner, most)? {
        None => Err(Refusal::new(Code::TooManyConnections, "")),
        permit => Ok(permit),
    }
}
