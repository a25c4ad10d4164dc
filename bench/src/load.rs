//! The loads. Each takes a server, works it for a while and tells its figures.

pub mod catch_up;
pub mod connect;
pub mod crowd;
pub mod failover;
pub mod fanout;
pub mod hold;
pub mod join;
pub mod many;
pub mod pipeline;
pub mod room;
pub mod roundtrip;
pub mod spread;
pub mod terminal;
