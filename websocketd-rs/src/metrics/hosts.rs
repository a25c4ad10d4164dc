//! Counts of each host that a route names. Hosts are the configuration's, never a client's word, so that their
//! number stays small.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Counter, Gauge};

/// What is counted at one host.
#[derive(Debug)]
pub struct HostCounts {
    /// As in the configuration.
    name: String,
    /// Requests, those for sessions included.
    pub requests: Counter,
    /// Those that were refused for want of a permit: the host is at its limits.
    pub exhausted: Counter,
    /// WebSocket sessions that began.
    pub sessions: Counter,
    sessions_open: Gauge,
}

/// A session at a host, counted as open for as long as this lives.
#[derive(Debug)]
#[must_use = "dropping this counts one less"]
pub struct HostSession(Arc<HostCounts>);

/// The hosts of the configuration in force.
#[derive(Debug)]
pub struct Hosts(Mutex<Vec<Arc<HostCounts>>>);

impl HostCounts {
    fn new(name: String) -> Self {
        Self {
            name,
            requests: Counter::new(),
            exhausted: Counter::new(),
            sessions: Counter::new(),
            sessions_open: Gauge::new(),
        }
    }

    /// As in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sessions that are open.
    pub fn sessions_open(&self) -> i64 {
        self.sessions_open.get()
    }

    /// Counts a session.
    pub fn enter(self: &Arc<Self>) -> HostSession {
        self.sessions.add(1);
        self.sessions_open.change(1);
        HostSession(Arc::clone(self))
    }
}

impl Drop for HostSession {
    fn drop(&mut self) {
        self.0.sessions_open.change(-1);
    }
}

impl Hosts {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Counts at the hosts of these names from now on. One that stays keeps its counts, one that goes is shown no more.
    pub fn replace(&self, names: Vec<String>) {
        let mut hosts = self.lock();
        let counts = |name: String| {
            let mut old = hosts.iter();
            old.find(|old| old.name == name)
                .map_or_else(|| Arc::new(HostCounts::new(name.clone())), Arc::clone)
        };
        let new = names.into_iter().map(counts).collect();
        *hosts = new;
    }

    /// The host of this name.
    pub fn get(&self, name: &str) -> Option<Arc<HostCounts>> {
        let hosts = self.lock();
        let found = hosts.iter().find(|host| host.name == name);
        found.map(Arc::clone)
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<HostCounts>> {
        self.lock().clone()
    }

    /// Nothing of ours panics while it is held.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<HostCounts>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
