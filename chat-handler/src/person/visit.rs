//! Who comes, and how.

use std::time::Duration;

use crate::identity;

/// Who comes, and how.
pub struct Visit<'a> {
    /// Who they turned out to be.
    pub person: identity::Person,
    /// What they want to be called, if nobody else said who they are.
    pub nick: Option<String>,
    /// The browser's token: whose messages it sends again.
    pub client: Option<&'a str>,
    /// The open page's token: which presence it left behind.
    pub page: Option<&'a str>,
    /// The peer, for bans; empty: unknown.
    pub address: &'a str,
    /// The client as the proxies saw it, for the list of entries.
    pub from: &'a str,
    /// Now, in the administrator's time, for the list of entries.
    pub when: &'a dyn Fn() -> String,
    /// Whether comings and goings are part of their history.
    pub whole_history: bool,
    /// Whether they can be in many rooms at once.
    pub many: bool,
    /// For how long the daemon does not hear a client before it gives it up.
    pub ping_timeout: Duration,
    /// Whether a client that is lost comes back by itself.
    pub comes_back: bool,
    /// How long they may be gone, when their connection is lost, before the others are told.
    pub grace: Duration,
}
