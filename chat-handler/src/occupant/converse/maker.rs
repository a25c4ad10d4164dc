//! Makes a closed room, if it may be made.

use std::time::Duration;

use super::super::remind::remind;
use super::super::{Code, Refusal};
use crate::identity::counted::Counted;
use crate::quota::{Pace, Quota};
use chat_store::closed::{self, Circle, ClosedError, Kind, Member};
use chat_store::fs::dirs::Dirs;
use chat_store::name::RoomName;
use chat_store::people::consent;
use chat_store::people::lookup;
use chat_store::record::RecordId;

/// Closed rooms that somebody makes: each stays, and calls somebody.
const ROOMS: Quota = Quota {
    what: "conversations",
    each: Pace {
        every: Duration::from_secs(60),
        burst: 30,
    },
    unknown: Pace {
        every: Duration::from_secs(5),
        burst: 300,
    },
};

/// A closed room that is to be.
pub(super) struct Plan<'a> {
    pub(super) kind: Kind,
    pub(super) title: &'a str,
    pub(super) whole_history: bool,
    pub(super) others: &'a [lookup::Known],
}

/// Who makes one.
pub(super) struct Maker<'a> {
    pub(super) site: &'a Dirs,
    pub(super) member: Member,
    pub(super) counted: Counted,
    pub(super) most: usize,
}

impl Maker<'_> {
    /// Makes it, or finds the conversation that two people have.
    pub(super) fn make(&self, plan: &Plan<'_>) -> Result<RoomName, Refusal> {
        let out_of_order = |error: ClosedError| Refusal::new(Code::Storage, &error);
        let room = match plan.others {
            [other] if plan.kind == Kind::Pair => {
                if other.person == self.member.person {
                    return Err(Refusal::new(Code::Usage, ""));
                }
                let pair = closed::name_of_pair(self.site, &self.member.person, &other.person)?;
                if closed::find(self.site, &pair)?.is_some() {
                    return Ok(pair);
                }
                pair
            }
            _ => closed::new_name()?,
        };
        for other in plan.others {
            if !consent::allows(self.site, &self.member.person, &other.person)? {
                return Err(Refusal::new(Code::NotAccepted, &other.name));
            }
        }
        if closed::count(self.site, self.most)? >= self.most {
            return Err(Refusal::new(Code::TooManyRooms, ""));
        }
        if !ROOMS.take(self.site, &self.counted) {
            return Err(Refusal::new(Code::TooManyRooms, "you made many just now"));
        }
        let mut circle = Circle::new(plan.kind, plan.title);
        circle.whole_history = plan.whole_history;
        circle.add(Member {
            keeps: true,
            since: RecordId::ZERO,
            ..self.member.clone()
        });
        for other in plan.others {
            circle.add(Member {
                person: other.person.clone(),
                name: other.name.clone(),
                account: other.account.clone(),
                since: RecordId::ZERO,
                keeps: plan.kind == Kind::Pair,
            });
        }
        closed::create(self.site, &room, &circle).map_err(out_of_order)?;
        // That of two comes to the other with the first message.
        if plan.kind != Kind::Pair {
            for other in plan.others {
                remind(self.site, &other.person, &room);
            }
        }
        Ok(room)
    }
}
