//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.
//!
//! A connection starts with [`cgi`] and [`settings`]; [`identity`] says who it is. From then on a line
//! of the client flows down this list: [`pipe::input`] takes it, [`wire`] (and [`command`]) says what
//! it means, [`occupant`] does it, [`chat_store::log`] keeps it, [`chat_store::bell`] wakes everybody.
//! Each occupant follows the log and is told events, [`wire`] renders them in the words of
//! [`wording`], [`pipe::output`] writes. [`pipe::event_loop`] is the one place that waits.

pub mod cli;
pub mod settings;

pub mod cgi;
pub mod identity;
pub mod quota;

pub mod hooks;
pub mod occupant;
pub mod person;

pub mod color;
pub mod command;
pub mod dice;
pub mod mention;
pub mod throttle;

pub mod wire;
pub mod wording;

pub mod pipe;

pub mod journal;
