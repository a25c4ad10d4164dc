//! The real programs around the chat, beside real handlers.

mod support;

mod chat_cgi;
mod chatctl;
mod documents;
mod faults;
mod ini;
mod opensso;
