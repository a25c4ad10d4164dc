//! What stands around a chat: [`api`] is what `chat-cgi` answers to the pages over HTTP, [`ctl`] is `chatctl`,
//! [`incoming`] is what other programs post there, [`web`] is the administration's pages' part,
//! [`login`] compares passwords for all. Apart from `chat-handler`, because these need TLS, an HTTP client and
//! gzip, and a handler is started once for each person.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests start threads")
)]

pub mod api;
pub mod ctl;
pub mod ilias;
pub mod incoming;
pub mod login;
pub mod picture;
mod relay_state;
pub mod samples;
pub mod transcript;
pub mod web;
