//! Wrong passwords by address: who tries many has to wait, others do not. Pure but for the lock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::permit::network;

/// Wrong passwords in a row that are answered without a pause: for people who have several, and for the other people at their
/// address.
const FREE: u32 = 10;

/// How long it takes until one more may be tried: 10 a minute, so that a list of the 10,000 commonest takes most of a day.
const PARDON: Duration = Duration::from_secs(6);

/// Addresses that are remembered. A full table forgets who has waited longest: whoever commands so many addresses has a fresh one
/// for each password anyway, and is bounded by the checks at once.
const MAX_ADDRESSES: usize = 4096;

/// Who has typed wrong passwords: for each address (an IPv6 client is its /64) when its debt will be forgotten.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<IpAddr, Instant>>);

impl Failures {
    /// How long `ip` has to wait before it may try a password; `None`: it may now.
    pub(super) fn wait(&self, ip: IpAddr, now: Instant) -> Option<Duration> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let debt = table.get(&network(ip))?.saturating_duration_since(now);
        let wait = debt.saturating_sub(PARDON * (FREE - 1));
        (!wait.is_zero()).then_some(wait)
    }

    /// Notes a wrong password.
    pub(super) fn add(&self, ip: IpAddr, now: Instant) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = network(ip);
        if table.len() >= MAX_ADDRESSES && !table.contains_key(&key) {
            table.retain(|_, forgotten| *forgotten > now);
            let first = table.iter().min_by_key(|(_, forgotten)| **forgotten);
            let first = first.map(|(ip, _)| *ip);
            if let Some(first) = first.filter(|_| table.len() >= MAX_ADDRESSES) {
                table.remove(&first);
            }
        }
        let forgotten = table.entry(key).or_insert(now);
        *forgotten = (*forgotten).max(now) + PARDON;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_eleventh_wrong_password_waits_and_other_addresses_do_not() {
        let failures = Failures::default();
        let start = Instant::now();
        for _ in 0..FREE {
            assert_eq!(failures.wait(ip("192.0.2.1"), start), None);
            failures.add(ip("192.0.2.1"), start);
        }
        assert_eq!(failures.wait(ip("192.0.2.1"), start), Some(PARDON));
        assert_eq!(failures.wait(ip("::ffff:192.0.2.1"), start), Some(PARDON));
        assert_eq!(failures.wait(ip("192.0.2.2"), start), None);
        let later = start + PARDON;
        assert_eq!(failures.wait(ip("192.0.2.1"), later), None);
        failures.add(ip("192.0.2.1"), later);
        assert_eq!(failures.wait(ip("192.0.2.1"), later), Some(PARDON));
        assert_eq!(failures.wait(ip("192.0.2.1"), later + PARDON * FREE), None);
    }

    #[test]
    fn an_ipv6_client_is_its_64() {
        let failures = Failures::default();
        let now = Instant::now();
        for last in 0..FREE {
            failures.add(ip(&format!("2001:db8::{last:x}")), now);
        }
        assert!(failures.wait(ip("2001:db8::ffff"), now).is_some());
        assert!(failures.wait(ip("2001:db8:0:1::1"), now).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_worst() {
        let failures = Failures::default();
        let now = Instant::now();
        for _ in 0..FREE {
            failures.add(ip("192.0.2.1"), now);
        }
        for other in 0..2 * u32::try_from(MAX_ADDRESSES).unwrap() {
            failures.add(IpAddr::V4((0x0a00_0000 + other).into()), now);
        }
        assert_eq!(failures.0.lock().unwrap().len(), MAX_ADDRESSES);
        assert!(failures.wait(ip("192.0.2.1"), now).is_some());
        failures.add(ip("192.0.2.9"), now + PARDON * 2 * FREE);
        assert_eq!(
            failures.0.lock().unwrap().len(),
            1,
            "what is past is forgotten"
        );
    }
}
