//! What lets people into a room for some only who are not in it: links and a password.

use super::super::closed::MAX_PASSWORD;
use super::super::{Code, Event, Turn};
use super::Failed;
use crate::wording::{Closed, Line};
use chat_store::closed::{self, ClosedError, Invitation, Kind, Power};
use chat_store::record::RecordId;

/// The longest life of a link, in hours: a year.
const MAX_HOURS: u32 = 366 * 24;
/// The most people that a link lets in.
const MAX_USES: u32 = 500;
const MICROS_AN_HOUR: u64 = 3_600_000_000;
/// What each try of a password costs a server and whoever guesses: 2^10 rounds of bcrypt, some 50 ms.
const PASSWORD_COST: u32 = 10;

impl Turn<'_> {
    pub(super) fn make_link(&mut self, hours: u32, uses: u32) -> Result<(), Failed> {
        if !(1..=MAX_HOURS).contains(&hours) || !(1..=MAX_USES).contains(&uses) {
            self.error(
                Code::Usage,
                Line::Closed(Closed::BadLink(MAX_HOURS, MAX_USES)),
            );
            return Err(Failed::Told);
        }
        let token = closed::new_token().map_err(ClosedError::Io)?;
        let now = RecordId::now();
        let until = RecordId::from_micros(now.as_micros() + u64::from(hours) * MICROS_AN_HOUR);
        let invitation = Invitation {
            hash: Invitation::hash_of(&token),
            until,
            uses,
            by: self.it.me.nick.to_string(),
        };
        self.change(Power::Invite, |circle| {
            circle.drop_invitations(now);
            circle.invitations.push(invitation.clone());
            Ok(())
        })?;
        let msgid = self.msgid;
        self.sink.put(&Event::Link {
            token: &token,
            until,
            uses,
            msgid,
        });
        Ok(())
    }

    pub(super) fn set_password(&mut self, word: &str) -> Result<(), Failed> {
        if word.len() > MAX_PASSWORD {
            self.error(Code::TooLong, Line::TooLong(MAX_PASSWORD));
            return Err(Failed::Told);
        }
        let hash =
            match word {
                "" => None,
                word => {
                    let hash = bcrypt::hash(word, PASSWORD_COST);
                    Some(hash.map_err(|error| {
                        ClosedError::Io(std::io::Error::other(error.to_string()))
                    })?)
                }
            };
        self.change(Power::Keep, |circle| {
            if circle.kind == Kind::Pair {
                return Err(ClosedError::Pair);
            }
            circle.password.clone_from(&hash);
            Ok(())
        })?;
        Ok(())
    }
}
