//! How the person is shown: what they have chosen and what their token says of them, taken over when they come, and
//! changed at their wish.

use std::borrow::Cow;

use super::stays::From;
use super::{Audience, Person};
use crate::color::Color;
use crate::hooks::{About, Outcome, Question};
use crate::identity;
use crate::journal;
use crate::occupant::{Code, Event, Shown, Sink as _};
use crate::settings::Permission;
use crate::wording::Line;
use chat_store::emoji::is_emoji;
use chat_store::fs::file::Stamp;
use chat_store::name::Nick;
use chat_store::people::person::PersonId;
use chat_store::profiles::{self, Profile, ProfileError, Status};
use chat_store::record::{RecordId, clean};

/// What somebody wants of their profile; what is `None` stays, what is empty goes.
#[derive(Debug, Default)]
pub struct ProfileWish<'a> {
    /// What they want to be called in all rooms.
    pub name: Option<Cow<'a, str>>,
    /// Their color.
    pub color: Option<Cow<'a, str>>,
    /// What they are up to: an emoji, a text, until when.
    pub status: Option<(Cow<'a, str>, Cow<'a, str>, Option<RecordId>)>,
    /// Their picture goes. One comes by chat-cgi.
    pub no_avatar: bool,
    /// The client's own id.
    pub msgid: Option<Cow<'a, str>>,
}

/// What holds of a profile for this connection.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What the log-in says that they are called, and their color.
    given: (Option<String>, Option<Color>),
    /// The file as it was looked at last.
    seen: Option<Stamp>,
    profile: Option<Profile>,
}

impl Held {
    pub(super) fn of(person: &identity::Person) -> Self {
        Self {
            given: (person.name.clone(), person.color.clone()),
            ..Self::default()
        }
    }
}

/// What becomes of a part of it.
#[derive(Debug)]
enum Change<T> {
    Stays,
    Goes,
    Is(T),
}

impl<T> Change<T> {
    /// `read`: what was typed, which is not empty.
    fn of<'w, E>(
        typed: Option<&'w str>,
        read: impl FnOnce(&'w str) -> Result<T, E>,
    ) -> Result<Self, E> {
        match typed.map(str::trim) {
            None => Ok(Self::Stays),
            Some("") => Ok(Self::Goes),
            Some(typed) => read(typed).map(Self::Is),
        }
    }

    fn value(&self) -> Option<&T> {
        match self {
            Self::Is(new) => Some(new),
            _ => None,
        }
    }

    fn stays(&self) -> bool {
        matches!(self, Self::Stays)
    }
}

/// What a wish comes to, once it is understood.
#[derive(Debug)]
struct Plan {
    name: Change<Nick>,
    color: Change<Color>,
    status: Change<Status>,
}

/// Why it comes to nothing.
#[derive(Debug, Clone, Copy)]
enum Wrong<'w> {
    Name(&'w str),
    Color(&'w str),
    Long,
    Emoji(&'w str),
}

impl<'w> Wrong<'w> {
    fn told(self) -> (Code, Line<'w>) {
        match self {
            Self::Name(name) => (Code::BadName, Line::BadName(name)),
            Self::Color(color) => (Code::BadColor, Line::BadColor(color)),
            Self::Long => (Code::TooLong, Line::TooLong(profiles::MAX_STATUS_CHARS)),
            Self::Emoji(emoji) => (Code::BadField, Line::NotUnderstood(emoji)),
        }
    }
}

impl Person<'_> {
    /// Takes over how they are shown, if that has changed since the last look: one stat(2).
    pub(super) fn look_up_profile(&mut self) {
        let Some(number) = PersonId::of(self.visit.person.account.as_deref(), None) else {
            return;
        };
        let dirs = self.settings.dirs();
        let stamp = match Stamp::at(&profiles::path(&dirs, &number)) {
            Ok(stamp) if stamp == self.held.seen => return,
            Ok(stamp) => stamp,
            Err(error) => return journal::note(format_args!("a profile: {error}")),
        };
        let found = match profiles::find(&dirs, &number) {
            Ok(found) => found,
            Err(error) => return journal::note(format_args!("a profile: {error}")),
        };
        self.held.seen = stamp;
        let (name, color) = self.held.given.clone();
        let chosen = found.as_ref();
        let called = chosen.filter(|profile| profiles::has_name(&dirs, profile));
        let called = called.and_then(|profile| Some(profile.name.as_ref()?.to_string()));
        let colored = chosen.and_then(|profile| Color::parse(profile.color.as_deref()?));
        let person = &mut self.visit.person;
        person.name = called.or(name);
        person.color = colored.or(color);
        person.has_profile = found.is_some();
        self.held.profile = found;
    }

    /// Keeps what their token says of them to others. True: it is something else than before.
    pub(super) fn keep_public(&mut self) -> bool {
        let person = &self.visit.person;
        let is_of_token = person
            .pass
            .as_ref()
            .is_some_and(|pass| pass.exp().is_some());
        let Some(account) = person.account.as_deref().filter(|_| is_of_token) else {
            return false;
        };
        let public = person.public.as_deref().map(clean);
        let kept = self.held.profile.as_ref();
        if kept.and_then(|profile| profile.public.as_deref()) == public.as_deref() {
            return false;
        }
        let changed = profiles::change(&self.settings.dirs(), account, &mut |profile| {
            profile.public = public.as_deref().map(Into::into);
        });
        // Without it they are in the rooms all the same.
        changed.is_ok_and(|(_, changed)| changed)
    }

    /// Tells a client that is not in a room yet how its person is shown.
    pub(super) fn put_profile(&self, to: &mut dyn Audience) {
        if let Some(profile) = &self.held.profile {
            let name = self.visit.person.name.as_deref().unwrap_or_default();
            let shown = Shown {
                name: name.into(),
                person: self.number.clone(),
                profile: profile.clone(),
            };
            to.put_from(None, &Event::Profiles(&[shown]));
        }
    }

    /// Tells all their rooms that they are shown otherwise.
    pub(super) fn show_profile(
        &mut self,
        name: Option<&Nick>,
        color: Option<&Color>,
        to: &mut dyn Audience,
    ) {
        for place in self.stays.places() {
            self.stays
                .in_room(place, self.visit.many, to, |occupant, sink| {
                    occupant.show(name, color, sink);
                });
            self.stays.set_due(place);
        }
    }

    /// Whether they may not speak in a room where they are by another connection.
    fn is_muted_elsewhere(&self, account: &str) -> bool {
        let (address, moderates_all) = (self.visit.address, self.visit.person.moderator);
        let address = Some(address).filter(|address| !address.is_empty());
        let found = profiles::is_muted(&self.settings.dirs(), account, address, moderates_all);
        // As where they are: lists that cannot be read forbid nothing.
        found.unwrap_or_else(|error| {
            journal::note(format_args!("the mutes of {account}: {error}"));
            false
        })
    }

    /// Changes how they are shown, if they may.
    pub(super) fn change_profile(&mut self, wish: &ProfileWish<'_>, to: &mut dyn Audience) {
        let decision = self.decision.take();
        if decision.is_none() {
            self.connection.charge_room();
        }
        let msgid = wish.msgid.as_deref();
        let mut refuse = |code: Code, line: Line<'_>| {
            let event = Event::Error { code, line, msgid };
            From { room: None, to }.put(&event);
        };
        let Some(account) = self.visit.person.account.clone() else {
            return refuse(Code::AnonymousRefused, Line::AnonymousRefused);
        };
        let what = Permission::Profile;
        let (person, address) = (&self.visit.person, self.visit.address);
        if !person.may(self.settings, what, None, address).allowed {
            return refuse(Code::NotAllowed, Line::NotAllowed(what.as_str()));
        }
        // What they may not say they may not be called, or be up to.
        if self.stays.all_mut().any(|stay| stay.occupant.is_muted()) {
            return refuse(Code::Muted, Line::Muted);
        }
        let mut plan = match Plan::of(wish) {
            Ok(plan) => plan,
            Err(wrong) => {
                let (code, line) = wrong.told();
                return refuse(code, line);
            }
        };
        // Whoever was asked about was not when that began.
        if decision.is_none() && self.is_muted_elsewhere(&account) {
            return refuse(Code::Muted, Line::Muted);
        }
        if let Some(decision) = decision {
            match decision.outcome {
                Outcome::Taken(changed) => plan.say(changed.as_deref()),
                Outcome::Refused(reason) | Outcome::Diverted(reason) => {
                    return refuse(Code::Refused, Line::Refused(&reason));
                }
                Outcome::Unasked | Outcome::Answered { .. } => {
                    return refuse(Code::Busy, Line::Unasked);
                }
            }
        } else if let Some(question) = plan.question(self, &account) {
            return self.begin_asking(question, true);
        }
        let changed = profiles::change(&self.settings.dirs(), &account, &mut |profile| {
            plan.apply(profile);
            if wish.no_avatar {
                profile.avatar = None;
            }
        });
        match changed {
            Ok((_, false)) => {}
            Ok((profile, true)) => {
                self.look_up_profile();
                let person = &self.visit.person;
                let name = person.name.as_deref().filter(|_| !plan.name.stays());
                let name = name.and_then(|name| Nick::parse(name).ok());
                let name = name.map(Nick::of_person);
                let color = (!plan.color.stays()).then(|| person.color.clone().unwrap_or_default());
                self.show_profile(name.as_ref(), color.as_ref(), to);
                if self.stays.all().next().is_none() {
                    self.held.profile = Some(profile);
                    self.put_profile(to);
                }
            }
            Err(error @ ProfileError::Taken(_)) => {
                return refuse(Code::BadName, Line::BadName(&error.to_string()));
            }
            Err(ProfileError::Busy) => return refuse(Code::Busy, Line::Unasked),
            Err(error) => return refuse(Code::NotSaved, Line::NotSaved(&error.to_string())),
        }
        if let Some(msgid) = msgid {
            let (id, duplicate) = (None, false);
            let ack = Event::Ack {
                msgid,
                id,
                duplicate,
            };
            From { room: None, to }.put(&ack);
        }
    }
}

impl Plan {
    fn of<'w>(wish: &'w ProfileWish<'_>) -> Result<Self, Wrong<'w>> {
        let name = Change::of(wish.name.as_deref(), |name| {
            let nick = Nick::parse(name).map_err(|_| Wrong::Name(name))?;
            Ok(nick.of_person())
        })?;
        let color = Change::of(wish.color.as_deref(), |color| {
            Color::parse(color).ok_or(Wrong::Color(color))
        })?;
        let status = match &wish.status {
            None => Change::Stays,
            Some((emoji, text, _)) if emoji.is_empty() && clean(text).trim().is_empty() => {
                Change::Goes
            }
            Some((emoji, text, until)) => match Status::new(emoji, text, *until) {
                Some(status) => Change::Is(status),
                None if emoji.is_empty() || is_emoji(emoji) => return Err(Wrong::Long),
                None => return Err(Wrong::Emoji(emoji)),
            },
        };
        Ok(Self {
            name,
            color,
            status,
        })
    }

    /// What somebody decided that their status says instead.
    fn say(&mut self, text: Option<&str>) {
        if let (Change::Is(status), Some(text)) = (&mut self.status, text) {
            let emoji = status.emoji.take().unwrap_or_default();
            let said = Status::new(&emoji, text, status.until);
            self.status = said.map_or(Change::Goes, Change::Is);
        }
    }

    fn apply(&self, profile: &mut Profile) {
        if !self.name.stays() {
            profile.name = self.name.value().cloned();
        }
        if !self.color.stays() {
            let color = self.color.value();
            profile.color = color.map(|color| color.as_str().into());
        }
        if !self.status.stays() {
            profile.status = self.status.value().cloned();
        }
    }

    /// What the site's programs are asked first: about words as about a message, else about a name.
    fn question(&self, person: &Person<'_>, account: &str) -> Option<Question> {
        let hooks = &person.settings.hooks;
        let name = self.name.value();
        let text = self.status.value();
        let text = text.map(|status| status.text.to_string());
        let text = text.filter(|text| !text.is_empty() && !hooks.messages.is_empty());
        let asks_name = name.is_some() && !hooks.entries.is_empty();
        let (ask, kind) = match &text {
            Some(_) => (About::Message, "status"),
            None if asks_name => (About::Entry, "nick"),
            None => return None,
        };
        let known = person.visit.person.name.as_deref().unwrap_or(account);
        Some(Question {
            ask,
            kind,
            from: name.map_or_else(|| known.to_owned(), Nick::to_string),
            account: Some(account.to_owned()),
            person: Some(person.number.as_str().to_owned()),
            moderator: person.visit.person.moderator,
            text,
            ..Question::default()
        })
    }
}
