//! Permits: how many connections and programs there may be at once, and how many of them one client has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A number of permits. tokio's semaphore was refused because its permits can't be taken back: a reload may lower
/// the number while more are out, and no new one is given until enough have been returned.
#[derive(Debug)]
pub struct Permits {
    limit: AtomicUsize,
    taken: AtomicUsize,
    returned: Notify,
}

/// One of them; dropping it returns it.
#[derive(Debug)]
pub struct Permit(Arc<Permits>);

impl Permits {
    /// `limit` permits; `None`: unlimited. Unlimited ones are counted too, because a reload may set a limit.
    pub fn new(limit: Option<usize>) -> Self {
        Self {
            limit: AtomicUsize::new(limit.unwrap_or(usize::MAX)),
            taken: AtomicUsize::new(0),
            returned: Notify::new(),
        }
    }

    /// A permit, if one is free.
    pub fn try_take(self: &Arc<Self>) -> Option<Permit> {
        let limit = self.limit.load(Ordering::Relaxed);
        let more = |taken| (taken < limit).then_some(taken + 1);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()
            .map(|_| Permit(Arc::clone(self)))
    }

    /// Waits for a permit. Cancel safe.
    pub async fn take(self: &Arc<Self>) -> Permit {
        loop {
            // A permit that is returned between the try and the wait is remembered.
            if let Some(permit) = self.try_take() {
                // Another task may wait that was not notified of a second free permit.
                if !self.is_full() {
                    self.returned.notify_one();
                }
                return permit;
            }
            self.returned.notified().await;
        }
    }

    /// Whether none is free.
    pub fn is_full(&self) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.limit.load(Ordering::Relaxed)
    }

    /// Changes the limit. Permits that are out stay valid; those over a lower limit are not given again.
    pub fn resize(&self, limit: Option<usize>) {
        let limit = limit.unwrap_or(usize::MAX);
        self.limit.store(limit, Ordering::Relaxed);
        self.returned.notify_one();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
        self.0.returned.notify_one();
    }
}

/// What a program holds until it has exited.
#[derive(Debug)]
pub struct ProgramPermit {
    /// One of `--maxforks`.
    pub fork: Permit,
    /// One of `--maxconnsperip`, for a client behind a trusted proxy: its programs are counted, not its connections.
    /// And one of its host's.
    pub address: Option<AddressPermit>,
}

/// What counts as one client, in few bytes: each session holds some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    V4(Ipv4Addr),
    /// The network's half of the address.
    V6([u8; 8]),
}

/// Permits by client address.
#[derive(Debug, Default)]
pub struct AddressPermits {
    taken: Mutex<HashMap<Key, usize>>,
}

/// One of an address's permits; dropping it returns it.
#[derive(Debug)]
pub struct AddressPermit {
    permits: Arc<AddressPermits>,
    key: Key,
    /// One that is returned along with it.
    other: Option<Box<AddressPermit>>,
}

impl AddressPermit {
    /// Both of them.
    #[must_use]
    pub fn with(mut self, other: Option<Self>) -> Self {
        self.other = other.map(Box::new);
        self
    }
}

impl AddressPermits {
    /// A permit for `ip`; `None` when `limit` are out for it already.
    pub fn try_take(self: &Arc<Self>, ip: IpAddr, limit: usize) -> Option<AddressPermit> {
        let key = key_of(ip);
        let mut taken = self.lock();
        let count = taken.entry(key).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(AddressPermit {
            permits: Arc::clone(self),
            key,
            other: None,
        })
    }

    /// Every line of ours leaves a whole count: a panic elsewhere can't have broken it.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        drop(self.other.take());
        let mut taken = self.permits.lock();
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

fn key_of(ip: IpAddr) -> Key {
    match network(ip) {
        IpAddr::V4(ip) => Key::V4(ip),
        IpAddr::V6(ip) => {
            let mut half = [0; 8];
            half.copy_from_slice(&ip.octets()[..8]);
            Key::V6(half)
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that an IPv6 client can choose addresses from.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let prefix = u128::from(ip) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(permits: &Arc<AddressPermits>, ip: &str, limit: usize) -> Option<AddressPermit> {
        permits.try_take(ip.parse().unwrap(), limit)
    }

    #[test]
    fn an_address_has_its_limit() {
        let permits = Arc::new(AddressPermits::default());
        let first = take(&permits, "10.0.0.1", 2);
        let second = take(&permits, "::ffff:10.0.0.1", 2);
        assert!(first.is_some() && second.is_some());
        assert!(take(&permits, "10.0.0.1", 2).is_none());
        assert!(
            take(&permits, "10.0.0.2", 2).is_some(),
            "others have their own"
        );
        drop(first);
        assert!(take(&permits, "10.0.0.1", 2).is_some());
        drop(second);
        assert!(
            permits.lock().is_empty(),
            "an address without permits is forgotten"
        );
    }

    #[test]
    fn an_ipv6_client_is_its_64() {
        let permits = Arc::new(AddressPermits::default());
        let one = take(&permits, "2001:db8:0:1::1", 1);
        assert!(one.is_some());
        assert!(take(&permits, "2001:db8:0:1:ffff::2", 1).is_none());
        assert!(take(&permits, "2001:db8:0:2::1", 1).is_some());
    }

    #[test]
    fn a_lower_limit_holds_once_enough_permits_are_returned() {
        let permits = Arc::new(Permits::new(Some(3)));
        let mut held: Vec<Permit> = (0..3).map(|_| permits.try_take().unwrap()).collect();
        permits.resize(Some(1));
        for left in [2, 1] {
            held.truncate(left);
            assert!(permits.is_full() && permits.try_take().is_none());
        }
        held.clear();
        held.extend(permits.try_take());
        assert!(held.len() == 1 && permits.try_take().is_none());
        permits.resize(None);
        assert!(!permits.is_full() && permits.try_take().is_some());
    }

    #[tokio::test]
    async fn a_waiter_gets_a_returned_permit_or_one_of_a_raised_limit() {
        let permits = Arc::new(Permits::new(Some(1)));
        let held = permits.take().await;
        let mut waiting = Box::pin(permits.take());
        let pending = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())
        });
        assert!(pending.await);
        drop(held);
        let held = waiting.await;
        let waiting = permits.take();
        permits.resize(Some(2));
        let _second = waiting.await;
        drop(held);
    }
}
