//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.
//!
//! A line of the client flows down this list: [`input`] takes it, [`command`] (or [`wire`]) says what
//! it means, [`room`] does it, [`room_log`](chat_store::log::room_log) keeps it, [`bell`](chat_store::bell) wakes everybody, [`tail`](chat_store::log::tail) follows,
//! [`wire`] renders, [`output`] writes. [`event_loop`] is the one place that waits.

pub mod cgi;
pub mod cli;
pub mod color;
pub mod command;
pub mod dice;
pub mod event_loop;
pub mod identity;
pub mod input;
pub mod journal;
pub mod output;
pub mod room;
pub mod settings;
pub mod throttle;
pub mod wire;
pub mod wording;
