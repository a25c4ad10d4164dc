//! Who is there, and what is for one of them only.

pub mod accounts;
pub mod connections;
pub mod consent;
pub mod entries;
pub mod inbox;
pub mod kept;
pub mod lookup;
pub mod marks;
pub mod message;
pub mod pace;
pub mod person;
pub mod presence;
pub mod watch;
