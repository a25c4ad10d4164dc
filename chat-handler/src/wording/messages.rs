//! What becomes of messages, in words.

use std::fmt::{self, Formatter};

use super::Line;

pub(super) fn english(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Edited => f.write_str("edited"),
        Line::Pinned => f.write_str("Pinned a message"),
        Line::Unpinned => f.write_str("Took a pinned message off"),
        Line::PinnedMessage(id, from, text) => write!(f, "{id} {from}: {text}"),
        Line::NoPins => f.write_str("nothing is pinned"),
        Line::NotYours => f.write_str("this is not your message"),
        Line::TooLate => f.write_str("too late, this message stays as it is"),
        Line::TooMany(most) => write!(f, "at most {most} of these"),
        Line::BadChannel => f.write_str("no channel is called so"),
        Line::TooManyReactions => f.write_str("too many reactions at once, try again"),
        _ => Ok(()),
    }
}

pub(super) fn czech(line: Line<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match line {
        Line::Edited => f.write_str("upraveno"),
        Line::Pinned => f.write_str("Zpráva je připnuta"),
        Line::Unpinned => f.write_str("Zpráva už není připnuta"),
        Line::PinnedMessage(id, from, text) => write!(f, "{id} {from}: {text}"),
        Line::NoPins => f.write_str("nic není připnuto"),
        Line::NotYours => f.write_str("to není vaše zpráva"),
        Line::TooLate => f.write_str("příliš pozdě, tato zpráva zůstane, jak je"),
        Line::TooMany(most) => write!(f, "nejvýš {most}"),
        Line::BadChannel => f.write_str("tak se žádný kanál nejmenuje"),
        Line::TooManyReactions => f.write_str("příliš mnoho reakcí najednou, zkuste to znovu"),
        _ => Ok(()),
    }
}
