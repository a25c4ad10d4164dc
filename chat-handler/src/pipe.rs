//! The process's ends: stdin, stdout, bells and signals, and the one loop that waits for them.

pub mod client;
pub mod event_loop;
pub mod first;
pub mod input;
pub mod output;
mod sources;
