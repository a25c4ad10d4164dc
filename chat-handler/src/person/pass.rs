//! The token that somebody came with: looked after while they are here, prolonged by another one.

use std::time::{Duration, Instant};

use super::{Audience, Person};
use crate::identity;
use crate::identity::token::{self, Distrust, Pass};
use crate::journal;
use crate::occupant::{Bye, Code, Event, Flow};
use crate::settings::Settings;
use crate::wording::{Line, Token};
use chat_store::record::RecordId;
use chat_store::state::Revocations;

/// So long before its end they are told, and may bring another one.
const WARNING: Duration = Duration::from_secs(60);
/// From one look at the list of what is revoked to the next, when something else wakes the process. Whoever says
/// something is looked up at once.
const PAUSE: Duration = Duration::from_secs(5);
/// Times further away than this are looked at again then: no clock runs so long.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// How long somebody is let in.
pub(super) struct Admission {
    revoked: Revocations,
    /// `None`: they were told.
    warn_at: Option<Instant>,
    end_at: Instant,
    look_at: Instant,
}

impl Admission {
    /// `None`: they came without a token.
    pub(super) fn of(settings: &Settings, person: &identity::Person) -> Option<Self> {
        let pass = person.pass.as_ref()?;
        let now = Instant::now();
        let (warn_at, end_at) = times(pass, now);
        Some(Self {
            revoked: Revocations::load(&settings.dirs()).unwrap_or_default(),
            warn_at: Some(warn_at),
            end_at,
            look_at: now + PAUSE,
        })
    }

    pub(super) fn due_at(&self) -> Instant {
        self.warn_at.map_or(self.end_at, |at| at.min(self.end_at))
    }
}

fn times(pass: &Pass, now: Instant) -> (Instant, Instant) {
    let clock = token::now();
    let after = |seconds: u64| now + Duration::from_secs(seconds.saturating_sub(clock)).min(FAR);
    (
        after(
            pass.exp()
                .map_or(u64::MAX, |exp| exp.saturating_sub(WARNING.as_secs())),
        ),
        after(pass.ends().unwrap_or(u64::MAX)),
    )
}

impl Person<'_> {
    /// Tells until when their token is good, if they came with one.
    pub(super) fn put_authenticated(&self, to: &mut dyn Audience) {
        if let Some(pass) = &self.visit.person.pass {
            let until = pass.exp().map(|exp| exp.saturating_mul(1_000_000));
            let until = until.map(RecordId::from_micros);
            to.put_from(None, &Event::Authenticated(until));
        }
    }

    /// Ends what is by a token that is over or revoked. One stat(2) if nothing was; none for who came without.
    pub(super) fn check_pass(&mut self) -> Flow {
        let (Some(admission), Some(pass)) = (&mut self.admission, &self.visit.person.pass) else {
            return Flow::Idle;
        };
        let now = Instant::now();
        if now >= admission.end_at {
            if pass.ends().is_some_and(|end| token::now() >= end) {
                return Flow::Bye(Bye::Expired);
            }
            // Further away than timers look, or the clock was set back.
            admission.end_at = times(pass, now).1.max(now + PAUSE);
        }
        admission.look_at = now + PAUSE;
        if let Err(error) = admission.revoked.refresh(&self.settings.dirs()) {
            // What they were believed a moment ago, they are; a new connection is refused.
            journal::note(format_args!("revocations cannot be read: {error}"));
        }
        let subject = self.visit.person.account.as_deref();
        if pass.is_revoked(&admission.revoked, subject) {
            return Flow::Bye(Bye::LoggedOut);
        }
        Flow::Idle
    }

    /// The same, now and then; and the warning before the end.
    pub(super) fn look_at_pass(&mut self, until: Instant, to: &mut dyn Audience) -> Flow {
        let (Some(admission), Some(pass)) = (&mut self.admission, &self.visit.person.pass) else {
            return Flow::Idle;
        };
        if admission.warn_at.is_some_and(|at| at <= until) {
            let (warn_at, _) = times(pass, until);
            // A second is what clocks and timers differ by.
            let is_near = warn_at <= until + Duration::from_secs(1);
            admission.warn_at = Some(warn_at).filter(|_| !is_near);
            if is_near {
                let (code, line) = (Code::Expiring, Line::Token(Token::Expiring));
                to.put_from(None, &Event::Notice { code, line });
            }
        }
        if admission.end_at <= until || admission.look_at <= until {
            return self.check_pass();
        }
        Flow::Idle
    }

    /// Takes another token of the same person in place of theirs.
    pub(super) fn prolong(&mut self, token: &str, to: &mut dyn Audience) {
        self.connection.charge_room();
        let refuse = |code: Code, line: Line<'_>, to: &mut dyn Audience| {
            let msgid = None;
            to.put_from(None, &Event::Error { code, line, msgid });
        };
        let found = match token::read(self.settings, token) {
            Ok(found) => found,
            Err(distrust) => {
                journal::note(distrust.reason());
                return match distrust {
                    Distrust::Expired => {
                        refuse(Code::TokenExpired, Line::Token(Token::Expired), to);
                    }
                    Distrust::Bad(_) => refuse(Code::BadToken, Line::Token(Token::Bad), to),
                };
            }
        };
        let person = &mut self.visit.person;
        if person.pass.is_none() || found.account != person.account {
            journal::note("a token of somebody else, or of who came without, prolongs nothing");
            return refuse(Code::BadToken, Line::Token(Token::Bad), to);
        }
        self.moderates_by_session = found.moderator;
        person.pass = found.pass;
        person.groups = found.groups;
        person.public = found.public;
        self.admission = Admission::of(self.settings, person).map(Box::new);
        self.put_authenticated(to);
        if self.keep_public() {
            self.look_up_profile();
            self.show_profile(None, None, to);
        }
        // What they may has changed with it.
        self.take_powers(to);
    }
}
