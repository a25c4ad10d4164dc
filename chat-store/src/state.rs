//! What a room remembers beside its log, because a joiner would have to search the whole log for it.

mod cleared;
mod pins;
mod revoked;
mod room_name;
mod slow;
mod topic;

pub use cleared::{cleared, set_cleared};
pub use pins::{MAX_PINS, change_pins, pins};
pub use revoked::{Revocations, Revoked, revoke};
pub use room_name::name_of;
pub(crate) use room_name::remember_name;
pub use slow::{MAX_SLOW, set_slow, slow, slow_of};
pub use topic::{set_topic, topic};

#[cfg(test)]
mod tests;
