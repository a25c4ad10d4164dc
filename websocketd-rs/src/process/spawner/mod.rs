//! The process that starts programs for the daemon, and the daemon's side of it.
//!
//! A fork costs more the more files are open, and each child keeps a copy of that file table in the kernel. So the daemon,
//! which owns all client sockets, does not fork: [`server`] is a small process of its own, [`client`] asks it over a socket
//! pair.

mod channel;
mod children;
mod client;
mod launch;
mod message;
mod orphans;
mod server;
mod start;
mod strays;
mod streams;
mod terminal;
mod waiting;

pub use client::Spawner;
pub use launch::ignored_signals;
pub use server::{ARGV0, run};
pub(super) use strays::ID as SESSION_ID;
