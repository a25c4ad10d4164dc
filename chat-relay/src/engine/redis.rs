//! An engine that several machines share: a server that speaks Redis' protocol.

pub mod link;
pub mod script;
pub mod trouble;
