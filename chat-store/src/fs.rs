//! Files: where they are, how they are opened, locked and replaced.

pub mod dirs;
pub mod file;
pub mod lock;
pub mod pages;
pub mod scratch;
pub mod slots;
pub mod temporary;
