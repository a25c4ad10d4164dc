//! chat-hooks: one process per site that tells other programs what happens in its rooms.
//!
//! [`watch`] says which rooms' logs have grown. Each webhook has a thread ([`endpoint`]), which reads on from its place
//! in each log, makes an [`event`] of each record, signs it ([`sign`]) and posts it ([`post`]) to an address that may be
//! posted to ([`address`]). Where it is stands in a file ([`places`]), so that after a crash nothing is missing and what
//! was posted just before comes once more. docs/hooks.md is the same for those who receive it.

pub mod address;
pub mod command;
pub mod dead;
pub mod endpoint;
pub mod event;
pub mod places;
pub mod post;
pub mod sign;
pub mod watch;
