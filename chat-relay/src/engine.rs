//! What puts the records of all machines in order.

pub mod local;
pub mod redis;
