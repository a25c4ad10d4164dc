//! Whether the account that somebody is in by is still theirs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Audience, Person};
use crate::identity::{self, account};
use crate::journal;
use crate::occupant::{Bye, Code, Flow};
use crate::settings::Settings;
use chat_store::accounts;
use chat_store::fs::file::Stamp;
use chat_store::name::Nick;

/// From one look at the account's file to the next, though nobody asks for anything: whoever is in a room is told
/// at once, this is for the others, and for what was changed by hand. It wakes nobody.
const PAUSE: Duration = Duration::from_secs(30);

/// The account that a connection is by.
pub(super) struct LogIn {
    path: PathBuf,
    /// As it was looked at last.
    seen: Option<Stamp>,
    look_at: Instant,
}

impl LogIn {
    /// `None`: they have none, or it is the site's own and nothing of it can change here.
    pub(super) fn of(settings: &Settings, person: &identity::Person) -> Option<Self> {
        let dir = settings.identity.accounts.as_deref()?;
        person.generation?;
        let name = Nick::parse(person.account.as_deref()?).ok()?;
        // What has changed since they were recognized is seen at the first look.
        Some(Self {
            path: accounts::path(dir, &name),
            seen: None,
            look_at: Instant::now(),
        })
    }
}

impl Person<'_> {
    /// Ends what is by an account that is disabled, gone or logged out everywhere; takes over what else has changed.
    /// One stat(2) if nothing has.
    pub(super) fn check_log_in(&mut self, to: &mut dyn Audience) -> Flow {
        let Some(log_in) = &mut self.log_in else {
            return Flow::Idle;
        };
        log_in.look_at = Instant::now() + PAUSE;
        let stamp = match Stamp::at(&log_in.path) {
            Ok(stamp) if stamp == log_in.seen && stamp.is_some() => return Flow::Idle,
            Ok(stamp) => stamp,
            Err(error) => {
                journal::note(format_args!("an account cannot be looked at: {error}"));
                return Flow::Idle;
            }
        };
        let was_seen = log_in.seen.is_some();
        log_in.seen = stamp;
        let person = &mut self.visit.person;
        let dir = self.settings.identity.accounts.as_deref();
        let name = person.account.as_deref();
        let found = match dir.zip(name).map(|(dir, name)| account::of(dir, name)) {
            Some(Ok(found)) => found,
            // One that cannot be read just now was theirs a moment ago; a new connection is refused.
            Some(Err(reason)) => {
                journal::note(reason);
                return Flow::Idle;
            }
            None => return Flow::Idle,
        };
        let is_theirs = |account: &accounts::Account| {
            account.disabled.is_none() && Some(account.generation) == person.generation
        };
        let Some(account) = found.filter(is_theirs) else {
            return Flow::Bye(Bye::LoggedOut);
        };
        if was_seen || account.groups != person.groups {
            person.groups = account.groups;
            return self.take_powers(to);
        }
        Flow::Idle
    }

    /// As [`Person::check_log_in`], if the last look is a while ago.
    pub(super) fn check_log_in_now_and_then(&mut self, to: &mut dyn Audience) -> Flow {
        let due = |log_in: &LogIn| log_in.look_at <= Instant::now();
        if self.log_in.as_ref().is_some_and(due) {
            return self.check_log_in(to);
        }
        Flow::Idle
    }

    /// Their groups are others by now: what they may is, too.
    pub(super) fn take_powers(&mut self, to: &mut dyn Audience) -> Flow {
        self.visit.person.moderator = self.moderates_by_session
            || identity::is_administrator(
                &self.settings.identity,
                &self.visit.person,
                self.visit.address,
            );
        self.check_channels(to);
        let person = self.visit.person.clone();
        for place in self.stays.places() {
            let settings = self.settings;
            let stays = self
                .stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    occupant.take_person(settings, &person, sink)
                });
            if stays == Some(false)
                && let end @ Flow::Bye(_) =
                    self.settle(place, Flow::Bye(Bye::Refused(Code::NotAllowed)), to)
            {
                return end;
            }
        }
        Flow::Idle
    }
}
