//! A connection's place, and the slots of routes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::workers::Seat;
use crate::capacity::{Addresses, Counted, Slot, Slots};
use crate::config::{Config, Route};

/// A connection's place; giving it back is dropping it.
#[derive(Debug)]
pub(super) struct Place {
    /// One of all connections.
    _slot: Slot,
    /// Where it is served.
    _seat: Seat,
    /// One of its address's connections.
    counted: Option<Counted>,
}

impl Place {
    pub(super) fn new(slot: Slot, seat: Seat) -> Self {
        Self {
            _slot: slot,
            _seat: seat,
            counted: None,
        }
    }

    /// Counts the connection to `ip`; `false` when `most` are open from there already.
    pub(super) fn count(&mut self, addresses: &Arc<Addresses>, ip: IpAddr, most: usize) -> bool {
        self.counted = addresses.count(ip, most);
        self.counted.is_some()
    }
}

/// The slots of routes that have their own, by path: a reload keeps those in use.
#[derive(Debug, Default)]
pub(super) struct RouteSlots(HashMap<String, Arc<Slots>>);

impl RouteSlots {
    /// Fits the slots to `config`; those of its routes in their order.
    pub(super) fn fit(&mut self, config: &Config) -> Vec<Option<Arc<Slots>>> {
        let mut old = std::mem::take(&mut self.0);
        let fit = |route: &Route| {
            let most = route.config.limits.max_forks;
            let slots = route.own_forks.then(|| old.remove(&route.path))?;
            let slots = slots.unwrap_or_else(|| Arc::new(Slots::new(most)));
            slots.resize(most);
            self.0.insert(route.path.clone(), Arc::clone(&slots));
            Some(slots)
        };
        config.routes.iter().map(fit).collect()
    }
}
