//! What a chat keeps on disk, and the only crate that knows it. No wire, no command line, no JSON.
//!
//! A [`record`] is a line. [`log`] appends it to its room's file and follows that file, [`bell`] wakes
//! who follows, [`people`] are who is there and what is for one of them only, [`state`] is what a room
//! remembers, [`moderation`] who may not be there, [`closed`] which rooms are for some only,
//! [`moves`] makes one of an open one, and back, [`attachments`] what people put into them, [`channels`] what programs
//! tell pages, [`quota`] how much of the disk all of it may take, [`accounts`] who may log in, [`profiles`] how they are
//! shown, [`bots`] which programs, [`incoming`] which addresses take messages of others, [`audit`] who changed what,
//! [`counters`] how often something was done, [`cluster`] is how all of it is one on several machines; [`search`] finds
//! words in all rooms. [`fs`] is what all of these do with files.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests start threads")
)]

pub mod name;
pub mod record;

pub mod emoji;
pub mod fs;
pub mod log;

pub mod accounts;
pub mod bell;
pub mod bots;
pub mod cluster;
pub mod incoming;
pub mod people;
pub mod profiles;
pub mod secret;

pub mod attachments;
pub mod audit;
pub mod channels;
pub mod closed;
pub mod counters;
pub mod moderation;
pub mod moves;
pub mod quota;
pub mod state;

pub mod search;
