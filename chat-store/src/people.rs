//! Who is there, and what is for one of them only.

pub mod inbox;
pub mod presence;
pub mod seat;
