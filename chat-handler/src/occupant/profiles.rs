//! How people are shown. A room's log says only that somebody's profile has changed, or that somebody has come who has
//! one; whoever reads that looks it up. So nothing of a profile is in a log, from which it could not be taken back.

use super::{Event, Occupant, Sink};
use crate::color::Color;
use crate::journal;
use chat_store::name::Nick;
use chat_store::people::person::PersonId;
use chat_store::people::presence::Members;
use chat_store::profiles::{self, Profile};
use chat_store::record::{Kind, Record, attrs};

/// Profiles that are told together.
const AT_ONCE: usize = 50;

/// Somebody, and how they are shown.
#[derive(Debug)]
pub struct Shown {
    /// What they are called.
    pub name: Box<str>,
    /// Their number under all names.
    pub person: PersonId,
    /// What is known; empty: nothing any more.
    pub profile: Profile,
}

/// People whose profiles are to be looked up, each once.
#[derive(Debug, Default)]
pub(super) struct Changed(Vec<Whose>);

/// Whose profile is to be looked up.
#[derive(Debug)]
struct Whose {
    name: Box<str>,
    person: PersonId,
    account: Box<str>,
}

impl Changed {
    /// Takes note of whom a record is about.
    pub(super) fn see(&mut self, record: &Record<'_>) {
        let is_told = match record.kind {
            Kind::Profile => true,
            Kind::Join => record.attr(attrs::PROFILE).is_some(),
            _ => false,
        };
        if !is_told {
            return;
        }
        let person = record.attr(attrs::PERSON);
        let Some(person) = person.and_then(|person| PersonId::parse(&person)) else {
            return;
        };
        self.0.retain(|known| known.person != person);
        self.0.push(Whose {
            name: record.from.as_ref().into(),
            person,
            account: record.attr(attrs::ACCOUNT).unwrap_or_default().into(),
        });
    }
}

impl Occupant {
    /// Tells how those are shown whose profiles have changed.
    pub(super) fn put_changed(&self, changed: Changed, sink: &mut dyn Sink) {
        self.put_profiles(changed.0.into_iter(), true, sink);
    }

    /// Tells how those are shown who are there.
    pub(super) fn put_profiles_of(&self, members: &Members, sink: &mut dyn Sink) {
        if !profiles::is_any(&self.room.dirs) {
            return;
        }
        let people = members.iter().filter_map(|member| {
            Some(Whose {
                name: member.nick.into(),
                person: PersonId::parse(member.person?)?,
                account: member.account?.into(),
            })
        });
        self.put_profiles(people, false, sink);
    }

    /// `always`: those as well who have none any more.
    fn put_profiles(&self, people: impl Iterator<Item = Whose>, always: bool, sink: &mut dyn Sink) {
        let mut all = Vec::new();
        for Whose {
            name,
            person,
            account,
        } in people
        {
            let profile = match profiles::find(&self.room.dirs, &person) {
                Ok(Some(profile)) => profile,
                Ok(None) if always => Profile::of(&account),
                Ok(None) => continue,
                Err(error) => {
                    journal::note(format_args!("how {name} is shown: {error}"));
                    continue;
                }
            };
            all.push(Shown {
                name,
                person,
                profile,
            });
            if all.len() == AT_ONCE {
                sink.put(&Event::Profiles(&all));
                all.clear();
            }
        }
        if !all.is_empty() {
            sink.put(&Event::Profiles(&all));
        }
    }

    /// They are shown otherwise from now on: what of it is the room's is changed here, and all are told.
    pub fn show(&mut self, name: Option<&Nick>, color: Option<&Color>, sink: &mut dyn Sink) {
        self.me.has_profile = true;
        let mut turn = self.turn(sink, None);
        if let Some(name) = name {
            turn.change_nick(name);
        }
        if let Some(color) = color {
            turn.change_color(color.as_str());
        }
        turn.append_anew(Kind::Profile, "");
    }
}
