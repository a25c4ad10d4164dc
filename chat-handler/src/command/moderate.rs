//! Commands that only moderators may give. Pure.

use chat_store::moderation::{Order, Role, minutes_and_rest, word_and_rest};
use chat_store::record::RecordId;
use chat_store::state::MAX_SLOW;

/// What only moderators may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderate<'a> {
    /// `/kick WHO [REASON]`
    Kick(&'a str, &'a str),
    /// `/ban [*] WHO [TIME] [REASON]`; no time: until `/unban`
    Ban(Order<'a>),
    /// `/unban [*] WHO`
    Unban(Order<'a>),
    /// `/bans`
    Bans,
    /// `/mute [*] WHO [TIME] [REASON]`
    Mute(Order<'a>),
    /// `/unmute [*] WHO`
    Unmute(Order<'a>),
    /// `/redact ID`
    Redact(&'a str),
    /// `/remove WHO [TIME|ID]`: what they said within that time or since that message; all of it without
    Remove(&'a str, Since),
    /// `/slow [SECONDS]`: shown without
    Slow(Option<u32>),
    /// `/reports`
    Reports,
    /// `/resolve ID`
    Resolve(&'a str),
    /// `/op NAME [owner]`
    Op(&'a str, Role),
    /// `/deop NAME`
    Deop(&'a str),
    /// `/roles`
    Roles,
    /// `/whois NAME`
    Whois(&'a str),
    /// `/announce TEXT`: to every open room with people, by who may `announce`
    Announce(&'a str),
    /// `/clear [delete]`; whether what was said is deleted from the logs
    Clear {
        /// `delete`
        delete: bool,
    },
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the start.
    Ever,
    /// For so many minutes.
    Minutes(u32),
    /// This message, and what came after it.
    Id(RecordId),
}

/// The command `name` with what stands behind it.
pub(super) fn parse<'a>(name: &str, rest: &'a str) -> Option<Moderate<'a>> {
    let word = || (!rest.is_empty() && !rest.contains(char::is_whitespace)).then_some(rest);
    Some(match name {
        "kick" => {
            let (who, reason) = word_and_rest(rest)?;
            Moderate::Kick(who, reason)
        }
        "ban" => Moderate::Ban(Order::parse(rest)?),
        "unban" => Moderate::Unban(whom(rest)?),
        "bans" => rest.is_empty().then_some(Moderate::Bans)?,
        "mute" => Moderate::Mute(Order::parse(rest)?),
        "unmute" => Moderate::Unmute(whom(rest)?),
        "redact" => Moderate::Redact(word()?),
        "remove" => {
            let (who, rest) = word_and_rest(rest)?;
            Moderate::Remove(who, since(rest)?)
        }
        "slow" => match rest {
            "" => Moderate::Slow(None),
            seconds => Moderate::Slow(Some(seconds.parse().ok().filter(|&n| n <= MAX_SLOW)?)),
        },
        "reports" => rest.is_empty().then_some(Moderate::Reports)?,
        "resolve" => Moderate::Resolve(word()?),
        "op" => match word_and_rest(rest)? {
            (who, "") => Moderate::Op(who, Role::Moderator),
            (who, "owner") => Moderate::Op(who, Role::Owner),
            _ => return None,
        },
        "deop" => Moderate::Deop(word()?),
        "roles" => rest.is_empty().then_some(Moderate::Roles)?,
        "whois" => Moderate::Whois(word()?),
        "announce" => Moderate::Announce((!rest.is_empty()).then_some(rest)?),
        "clear" => match rest {
            "" => Moderate::Clear { delete: false },
            "delete" => Moderate::Clear { delete: true },
            _ => return None,
        },
        _ => return None,
    })
}

fn since(text: &str) -> Option<Since> {
    if let Some(id) = RecordId::parse(text.as_bytes()) {
        return Some(Since::Id(id));
    }
    match minutes_and_rest(text)? {
        (None, "") => Some(Since::Ever),
        (Some(minutes), "") => Some(Since::Minutes(minutes)),
        _ => None,
    }
}

/// `[*] WHO` and nothing more.
fn whom(text: &str) -> Option<Order<'_>> {
    Order::parse(text).filter(|order| order.minutes.is_none() && order.reason.is_empty())
}
