//! Who may come into a closed room, and what they may do there. Pure.

use super::{Circle, Invitation, Kind, Member};
use crate::people::person::PersonId;
use crate::record::RecordId;

/// What somebody brings who is not in it yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys<'a> {
    /// The token of a link of invitation.
    pub invitation: Option<&'a str>,
    /// The word for everybody.
    pub password: Option<&'a str>,
}

/// Whether somebody may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<'a> {
    /// They are in it.
    Member(&'a Member),
    /// Their link is good: they are in it once it was counted.
    Invited,
    /// If what they say is what this is a hash of.
    IfPassword(&'a str),
    /// They may say a password.
    NeedsPassword,
    /// For them there is no such room.
    Refused,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// To let others in, and to say what it is called.
    Invite,
    /// To send somebody away, and to set a password.
    Keep,
}

impl Circle {
    /// Whether `person` may come in, at `now`. Who has no number cannot be told from others, and is not known again.
    pub fn admits(
        &self,
        person: Option<&PersonId>,
        keys: Keys<'_>,
        now: RecordId,
    ) -> Admission<'_> {
        let Some(person) = person else {
            return Admission::Refused;
        };
        if let Some(member) = self.member(person) {
            return Admission::Member(member);
        }
        if keys
            .invitation
            .is_some_and(|token| self.invitation(token, now).is_some())
        {
            return Admission::Invited;
        }
        match (&self.password, keys.password) {
            (Some(hash), Some(_)) => Admission::IfPassword(hash),
            (Some(_), None) => Admission::NeedsPassword,
            (None, _) => Admission::Refused,
        }
    }

    /// Where the invitation with this token is, if it lets somebody in.
    fn invitation(&self, token: &str, now: RecordId) -> Option<usize> {
        let hash = Invitation::hash_of(token);
        let is_good = |invitation: &Invitation| {
            invitation.hash == hash && invitation.until > now && invitation.uses > 0
        };
        self.invitations.iter().position(is_good)
    }

    /// Counts a use of an invitation; false: it lets nobody in any more. What is over or used up goes.
    pub fn use_invitation(&mut self, token: &str, now: RecordId) -> bool {
        let found = self.invitation(token, now);
        if let Some(at) = found {
            self.invitations[at].uses -= 1;
        }
        self.drop_invitations(now);
        found.is_some()
    }

    /// Takes away the invitations that are over or used up.
    pub fn drop_invitations(&mut self, now: RecordId) {
        self.invitations
            .retain(|invitation| invitation.until > now && invitation.uses > 0);
    }

    /// Whether a member may do this.
    pub fn may(&self, person: &PersonId, power: Power) -> bool {
        let member = self.member(person).filter(|_| self.kind != Kind::Pair);
        member.is_some_and(|member| match power {
            Power::Invite => self.kind == Kind::Group || member.keeps,
            Power::Keep => member.keeps,
        })
    }
}
