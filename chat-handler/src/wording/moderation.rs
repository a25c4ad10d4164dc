//! What moderators are told, and who is moderated. Pure.

use std::fmt::{self, Formatter};

use super::{Because, Line};

pub(super) fn english(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Whois {
            who,
            account,
            person,
            address,
            role,
        } => {
            let [account, person, address] =
                [account, person, address].map(|field| field.unwrap_or("-"));
            write!(
                f,
                "{who}: account {account}, number {person}, address {address}, {role}"
            )
        }
        Line::Ban {
            measure,
            everywhere,
            who,
            until,
            by,
            reason,
            ..
        } => {
            write!(f, "{measure}: {who} ")?;
            match until {
                None => f.write_str("for ever")?,
                Some(until) => write!(f, "until {until}")?,
            }
            let everywhere = if everywhere { " in all rooms" } else { "" };
            write!(f, "{everywhere} (by {by}){}", Because(reason))
        }
        Line::NoBans => f.write_str("nobody is banned"),
        Line::Wait(1) => f.write_str("the room is slow, say it again in 1 second"),
        Line::Wait(left) => write!(f, "the room is slow, say it again in {left} seconds"),
        Line::Slow(0) | Line::SlowNow("0") => f.write_str("the room is not slow"),
        Line::Slow(seconds) => write!(f, "the room is slow: a message each {seconds} seconds"),
        Line::SlowNow(seconds) => write!(f, "the room is slow: a message each {seconds} seconds"),
        Line::Reported(by, about, reason) => write!(f, "{by} reports {about}{}", Because(reason)),
        Line::Report {
            id,
            by,
            about,
            message,
            reason,
            ..
        } => {
            write!(f, "{id}: {by} reports {about}")?;
            message.map_or(Ok(()), |id| write!(f, " for {id}"))?;
            write!(f, "{}", Because(reason))
        }
        Line::NoReports => f.write_str("nobody reported anything"),
        // The others are worded beside it.
        _ => Ok(()),
    }
}

pub(super) fn czech(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Whois {
            who,
            account,
            person,
            address,
            role,
        } => {
            let [account, person, address] =
                [account, person, address].map(|field| field.unwrap_or("-"));
            write!(
                f,
                "{who}: účet {account}, číslo {person}, adresa {address}, {role}"
            )
        }
        Line::Ban {
            measure,
            everywhere,
            who,
            until,
            by,
            reason,
            ..
        } => {
            write!(f, "{measure}: {who} ")?;
            match until {
                None => f.write_str("navždy")?,
                Some(until) => write!(f, "do {until}")?,
            }
            let everywhere = if everywhere {
                " ve všech místnostech"
            } else {
                ""
            };
            write!(f, "{everywhere} ({by}){}", Because(reason))
        }
        Line::NoBans => f.write_str("všichni smějí dovnitř"),
        Line::Wait(left) => write!(f, "místnost je zpomalená, řekněte to znovu za {left} s"),
        Line::Slow(0) | Line::SlowNow("0") => f.write_str("místnost není zpomalená"),
        Line::Slow(seconds) => write!(f, "místnost je zpomalená: zpráva jednou za {seconds} s"),
        Line::SlowNow(seconds) => write!(f, "místnost je zpomalená: zpráva jednou za {seconds} s"),
        Line::Reported(by, about, reason) => write!(f, "{by} hlásí: {about}{}", Because(reason)),
        Line::Report {
            id,
            by,
            about,
            message,
            reason,
            ..
        } => {
            write!(f, "{id}: {by} hlásí: {about}")?;
            message.map_or(Ok(()), |id| write!(f, ", zpráva {id}"))?;
            write!(f, "{}", Because(reason))
        }
        Line::NoReports => f.write_str("nikdo nic nenahlásil"),
        // The others are worded beside it.
        _ => Ok(()),
    }
}
