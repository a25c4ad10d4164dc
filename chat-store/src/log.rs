//! The log of a room: appended to, rotated, followed, searched.

pub mod bisect;
pub mod chain;
pub mod create;
pub mod delete;
pub mod end;
pub mod erase;
pub mod forget;
pub mod history;
pub mod lines;
pub mod mend;
pub mod origins;
pub mod packed;
pub mod room_log;
pub mod rooms;
mod sync;
pub mod tail;
