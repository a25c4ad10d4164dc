//! The record of a join. On several machines a name, and who is a member, is decided where records are put in order.

use super::presence::Join;
use super::{Me, Turn};
use chat_store::cluster::{LIMIT, MEMBER, Refused};
use chat_store::log::room_log::{AppendError, Stored};
use chat_store::moderation::Verdict;
use chat_store::name::Nick;
use chat_store::people::presence::Claim;
use chat_store::record::{Kind, RecordId, attrs};

/// How many names are tried that somebody on another machine may have taken just before.
const TAKEN_TRIES: u32 = 32;

impl Turn<'_> {
    /// Tells the room that they have come, or, on several machines, the others that they are on this one, too.
    pub(super) fn append_join(&mut self) {
        let base = self.it.me.nick.clone();
        let mut stored = self.store_join();
        for number in 1..=TAKEN_TRIES {
            let Err(AppendError::Refused(Refused::Taken)) = stored else {
                break;
            };
            // Somebody has come under this name on another machine, a moment before.
            let nick = base.numbered(number);
            if self.it.present(nick.as_str()).is_err() {
                stored = self.join_as(&nick);
            }
        }
        let was_unsaid = self.it.presence.join == Join::Unsaid;
        let is_waiting = matches!(stored, Err(AppendError::Busy)) && self.it.room.log.is_relayed();
        let stored = self.saved(stored, Kind::Join, None);
        self.it.presence.join = match stored {
            Some(_) => Join::Written,
            None if is_waiting || was_unsaid => Join::Unsaid,
            None => Join::Due,
        };
        self.it.presence.joined = stored.map_or(RecordId::ZERO, Stored::id);
        if self.it.room.log.is_relayed() && stored.is_some() {
            self.has_been_told();
            self.learn_name(&base);
        }
    }

    fn has_been_told(&mut self) {
        let told = self.it.presence.claim.as_mut().map(Claim::has_been_told);
        if let Some(Err(error)) = told {
            self.it.trouble.note(&error.to_string());
        }
    }

    fn store_join(&mut self) -> Result<Stored, AppendError> {
        let profile = self.it.me.has_profile.then_some("1");
        self.store(Kind::Join, "", None, &[(attrs::PROFILE, profile)])
    }

    /// Comes in under another name than the one they hold.
    fn join_as(&mut self, nick: &Nick) -> Result<Stored, AppendError> {
        let mut stored = Err(AppendError::Busy);
        let Some(mut claim) = self.it.presence.claim.take() else {
            return stored;
        };
        let renamed = claim.rename(nick, &mut |_, to| {
            self.it.me.nick = to.clone();
            stored = self.store_join();
            stored.is_ok()
        });
        self.it.me.nick = claim.nick().clone();
        self.it.presence.claim = Some(claim);
        match renamed {
            Ok(()) => stored,
            Err(error) => Err(AppendError::Io(std::io::Error::other(error))),
        }
    }

    /// All machines know a person by one name: whoever was on another one already has that.
    fn learn_name(&mut self, before: &Nick) {
        let learned = self.it.presence.claim.as_mut().map(|claim| {
            let learned = claim.learn_name();
            learned.map(|_| claim.nick().clone())
        });
        match learned {
            Some(Ok(nick)) => self.it.me.nick = nick,
            Some(Err(error)) => {
                self.it.trouble.note(&error.to_string());
            }
            None => {}
        }
        if self.it.me.nick != *before {
            self.it.verdict = Verdict::new(&self.it.room.dirs, &self.it.room.name);
            self.show_you();
        }
    }
}

impl Me {
    /// What a record of several machines says of them as a member: the first for those who put it in order, the rest
    /// for the other machines. Nothing of it stands in a log.
    pub(super) fn as_member<'a>(
        &'a self,
        kind: Kind,
        limit: &'a str,
    ) -> [(&'a str, Option<&'a str>); 4] {
        let is_one = matches!(kind, Kind::Join | Kind::Nick | Kind::Color);
        let comes = kind == Kind::Join;
        [
            (MEMBER, Some(self.person.as_str()).filter(|_| is_one)),
            (LIMIT, Some(limit).filter(|_| comes)),
            (attrs::ADDRESS, self.address.as_deref().filter(|_| comes)),
            (
                attrs::SITE,
                Some("1").filter(|_| comes && self.moderates_all),
            ),
        ]
    }
}
