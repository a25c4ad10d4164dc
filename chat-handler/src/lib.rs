//! chat-handler: one chat user's process. stdin, stdout, CGI variables and files; no WebSocket.
//!
//! A line of the client flows down this list: [`input`] takes it, [`command`] (or [`wire`]) says what
//! it means, [`room`] does it, [`room_log`] keeps it, [`bell`] wakes everybody, [`tail`] follows,
//! [`wire`] renders, [`output`] writes. [`event_loop`] is the one place that waits.

pub mod api;
pub mod bell;
pub mod bisect;
pub mod cgi;
pub mod chain;
pub mod cli;
pub mod color;
pub mod command;
pub mod ctl;
pub mod dice;
pub mod dirs;
pub mod event_loop;
pub mod file;
pub mod history;
pub mod identity;
pub mod inbox;
pub mod input;
pub mod journal;
pub mod lines;
pub mod lock;
pub mod moderation;
pub mod name;
pub mod output;
pub mod pages;
pub mod presence;
pub mod record;
pub mod room;
pub mod room_log;
pub mod seat;
pub mod settings;
pub mod tail;
pub mod throttle;
pub mod wire;
pub mod wording;
