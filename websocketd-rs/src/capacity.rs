//! How many there may be at once: programs, connections, and what one client has of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// So many places. In place of tokio's semaphore, whose permits can't be taken back: a reload may lower the number while
/// more are taken, and nobody comes in until enough have left.
#[derive(Debug)]
pub struct Slots {
    most: AtomicUsize,
    taken: AtomicUsize,
    freed: Notify,
}

/// One of them; giving it back is dropping it.
#[derive(Debug)]
pub struct Slot(Arc<Slots>);

impl Slots {
    /// `most` places; `None`: as many as are asked for. Those are counted too, since a reload may set a limit.
    pub fn new(most: Option<usize>) -> Self {
        Self {
            most: AtomicUsize::new(most.unwrap_or(usize::MAX)),
            taken: AtomicUsize::new(0),
            freed: Notify::new(),
        }
    }

    /// A place, if one is free.
    pub fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let most = self.most.load(Ordering::Relaxed);
        let more = |taken| (taken < most).then_some(taken + 1);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()
            .map(|_| Slot(Arc::clone(self)))
    }

    /// Waits for a place. Cancel safe.
    pub async fn take(self: &Arc<Self>) -> Slot {
        loop {
            // What is freed between the look and the wait is remembered.
            if let Some(slot) = self.try_take() {
                // Who else waits may not have heard of another one.
                if !self.is_full() {
                    self.freed.notify_one();
                }
                return slot;
            }
            self.freed.notified().await;
        }
    }

    /// Whether none is free.
    pub fn is_full(&self) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.most.load(Ordering::Relaxed)
    }

    /// Changes their number. Nobody is thrown out: of fewer places those over the number go as they become free.
    pub fn resize(&self, most: Option<usize>) {
        let most = most.unwrap_or(usize::MAX);
        self.most.store(most, Ordering::Relaxed);
        self.freed.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

/// What a program holds until it is gone: a slot, and a place of its client where those are counted by program.
#[derive(Debug)]
pub struct Permit {
    /// One of `--maxforks`.
    pub slot: Slot,
    /// One of `--maxconnsperip`, of a client behind a proxy.
    pub counted: Option<Counted>,
}

/// Counts what each client address has.
#[derive(Debug, Default)]
pub struct Addresses {
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One of an address's; giving it back is dropping it.
#[derive(Debug)]
pub struct Counted {
    addresses: Arc<Addresses>,
    key: IpAddr,
}

impl Addresses {
    /// Counts one more for `ip`; `None` when it has `most` already.
    pub fn count(self: &Arc<Self>, ip: IpAddr, most: usize) -> Option<Counted> {
        let key = network(ip);
        let mut open = self.lock();
        let count = open.entry(key).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Counted {
            addresses: Arc::clone(self),
            key,
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(addresses: &Arc<Addresses>, ip: &str, most: usize) -> Option<Counted> {
        addresses.count(ip.parse().unwrap(), most)
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
    fn fewer_places_hold_as_soon_as_enough_have_left() {
        let slots = Arc::new(Slots::new(Some(3)));
        let mut held: Vec<Slot> = (0..3).map(|_| slots.try_take().unwrap()).collect();
        slots.resize(Some(1));
        for left in [2, 1] {
            held.truncate(left);
            assert!(slots.is_full() && slots.try_take().is_none());
        }
        held.clear();
        held.extend(slots.try_take());
        assert!(held.len() == 1 && slots.try_take().is_none());
        slots.resize(None);
        assert!(!slots.is_full() && slots.try_take().is_some());
    }

    #[tokio::test]
    async fn who_waits_comes_in_when_one_leaves_or_there_is_more_room() {
        let slots = Arc::new(Slots::new(Some(1)));
        let held = slots.take().await;
        let mut waiting = Box::pin(slots.take());
        let pending = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())
        });
        assert!(pending.await);
        drop(held);
        let held = waiting.await;
        let waiting = slots.take();
        slots.resize(Some(2));
        let _second = waiting.await;
        drop(held);
    }
}
