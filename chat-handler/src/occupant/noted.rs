//! What moderators did, for the site's administrators ([`chat_store::audit`]); in the words of `chatctl`.

use super::Occupant;
use crate::command::Moderate;
use chat_store::audit::{self, Deed, Via};
use chat_store::moderation::{Order, Role};

impl Occupant {
    /// Notes what was done, if it changed something. What is done in a private room is its members' business.
    pub(super) fn note(&mut self, what: &Moderate<'_>) {
        let room = &self.room;
        let is_noted = matches!(what, Moderate::Announce(_)) || !room.name.is_closed();
        let Some(what) = deed(what, room.name.as_str()).filter(|_| is_noted) else {
            return;
        };
        let who = self.me.account.as_deref();
        let deed = Deed {
            via: Via::Room,
            who: who.unwrap_or(self.me.nick.as_str()),
            from: self.me.address.as_deref().unwrap_or_default(),
            what: &what,
        };
        if let Err(error) = audit::append(&room.dirs, &deed) {
            self.trouble.note(&error.to_string());
        }
    }
}

fn deed(what: &Moderate<'_>, room: &str) -> Option<String> {
    let order = |word: &str, order: &Order<'_>| {
        let place = if order.everywhere { "*" } else { room };
        let minutes = order.minutes.map(|minutes| format!("--minutes={minutes} "));
        let (minutes, who, reason) = (minutes.unwrap_or_default(), order.who, order.reason);
        format!("{word} {minutes}{place} {who} {reason}")
    };
    Some(match what {
        Moderate::Kick(who, reason) => format!("kick {room} {who} {reason}"),
        Moderate::Ban(it) => order("ban", it),
        Moderate::Unban(it) => order("unban", it),
        Moderate::Mute(it) => order("mute", it),
        Moderate::Unmute(it) => order("unmute", it),
        Moderate::Redact(id) => format!("redact {room} {id}"),
        Moderate::Remove(who, _) => format!("remove {room} {who}"),
        Moderate::Slow(Some(seconds)) => format!("slow {room} {seconds}"),
        Moderate::Resolve(id) => format!("resolve {room} {id}"),
        Moderate::Op(who, role) => format!("role {room} {who} {}", role.as_str()),
        Moderate::Deop(who) => format!("role {room} {who} {}", Role::Member.as_str()),
        Moderate::Clear { delete: true } => format!("clear {room} --delete"),
        Moderate::Clear { delete: false } => format!("clear {room}"),
        Moderate::Announce(text) => format!("announce {text}"),
        Moderate::Bans
        | Moderate::Slow(None)
        | Moderate::Reports
        | Moderate::Roles
        | Moderate::Whois(_) => return None,
    })
}
