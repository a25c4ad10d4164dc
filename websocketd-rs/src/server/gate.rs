//! Who may come in: the number of connections in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::{Config, Route};

/// Counts the connections from each address.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place; giving it back is dropping it.
#[derive(Debug)]
pub(super) struct Place {
    /// One of all connections.
    _permit: OwnedSemaphorePermit,
    /// One of its address's connections.
    counted: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    addresses: Arc<Addresses>,
    key: IpAddr,
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: permit,
            counted: None,
        }
    }

    /// Counts the connection to `ip`; `false` when `most` are open from there already.
    pub(super) fn count(&mut self, addresses: &Arc<Addresses>, ip: IpAddr, most: usize) -> bool {
        let key = network(ip);
        let mut open = addresses.lock();
        let count = open.entry(key).or_default();
        if *count >= most {
            return false;
        }
        *count += 1;
        drop(open);
        self.counted = Some(Counted {
            addresses: Arc::clone(addresses),
            key,
        });
        true
    }
}

impl Addresses {
    /// A count is whole after each line of ours: a panic elsewhere can't have broken it.
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.addresses.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that an IPv6 client can choose addresses from.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let prefix = u128::from(ip) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A semaphore whose size a reload can change while its permits are out.
#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    size: usize,
}

impl Slots {
    pub(super) fn new(size: usize) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(size)),
            size,
        }
    }

    pub(super) fn semaphore(&self) -> Arc<Semaphore> {
        Arc::clone(&self.semaphore)
    }

    /// More slots are there at once. Fewer only as far as they are free: those in use stay until the next reload, for nobody is
    /// thrown out.
    pub(super) fn resize(&mut self, size: usize) {
        if size > self.size {
            self.semaphore.add_permits(size - self.size);
            self.size = size;
        } else {
            self.size -= self.semaphore.forget_permits(self.size - size);
        }
    }
}

/// The slots of routes that have their own, by path: a reload keeps those in use.
#[derive(Debug, Default)]
pub(super) struct RouteSlots(HashMap<String, Slots>);

impl RouteSlots {
    /// Fits the slots to `config`; those of its routes in their order.
    pub(super) fn fit(&mut self, config: &Config) -> Vec<Option<Arc<Semaphore>>> {
        let most = |route: &Route| route.config.limits.max_forks.filter(|_| route.own_forks);
        let mut old = std::mem::take(&mut self.0);
        let fit = |route: &Route| {
            let most = most(route)?;
            let mut slots = old.remove(&route.path).unwrap_or_else(|| Slots::new(most));
            slots.resize(most);
            let semaphore = slots.semaphore();
            self.0.insert(route.path.clone(), slots);
            Some(semaphore)
        };
        config.routes.iter().map(fit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
    }

    /// A place for a client, if there is one of `most`.
    fn enter(addresses: &Arc<Addresses>, ip: &str, most: usize) -> Option<Place> {
        let mut place = Place::new(permit());
        place
            .count(addresses, ip.parse().unwrap(), most)
            .then_some(place)
    }

    #[test]
    fn an_address_has_so_many_places() {
        let addresses = Arc::new(Addresses::default());
        let first = enter(&addresses, "10.0.0.1", 2);
        let second = enter(&addresses, "::ffff:10.0.0.1", 2);
        assert!(first.is_some() && second.is_some());
        assert!(enter(&addresses, "10.0.0.1", 2).is_none());
        assert!(enter(&addresses, "10.0.0.2", 2).is_some(), "others come in");
        drop(first);
        assert!(enter(&addresses, "10.0.0.1", 2).is_some());
        drop(second);
        assert!(
            addresses.lock().is_empty(),
            "nothing is kept of those who left"
        );
    }

    #[test]
    fn an_ipv6_client_is_its_64() {
        let addresses = Arc::new(Addresses::default());
        let one = enter(&addresses, "2001:db8:0:1::1", 1);
        assert!(one.is_some());
        assert!(enter(&addresses, "2001:db8:0:1:ffff::2", 1).is_none());
        assert!(enter(&addresses, "2001:db8:0:2::1", 1).is_some());
    }

    #[test]
    fn slots_grow_and_shrink() {
        let mut slots = Slots::new(2);
        let held = slots.semaphore().try_acquire_owned().unwrap();
        slots.resize(4);
        assert_eq!(slots.semaphore().available_permits(), 3);
        slots.resize(0);
        assert_eq!(slots.semaphore().available_permits(), 0);
        drop(held);
        slots.resize(0);
        assert_eq!(slots.semaphore().available_permits(), 0);
        slots.resize(2);
        assert_eq!(slots.semaphore().available_permits(), 2);
    }
}
