//! The loads. Each takes a server, works it for a while and tells its figures.

pub mod connect;
pub mod fanout;
pub mod hold;
pub mod join;
pub mod many;
pub mod pipeline;
pub mod room;
pub mod roundtrip;
pub mod terminal;
