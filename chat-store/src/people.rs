//! Who is there, and what is for one of them only.

pub mod connections;
pub mod entries;
pub mod inbox;
pub mod message;
pub mod own;
pub mod pace;
pub mod presence;
pub mod watch;
