//! Names of clients, as the DNS has them.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Longest wait for a name: a session waits with it.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Lookups at once. A lookup can't be cancelled, so this bounds the threads that a dead name server holds.
/// While all are busy, clients are known by address.
static LOOKUPS: Semaphore = Semaphore::const_new(16);

/// Longest name in the DNS.
const MAX_NAME: usize = 253;

/// The name of `ip`, if it has one that is told in time.
#[expect(
    clippy::disallowed_methods,
    reason = "the resolver blocks; LOOKUPS bounds the threads, and each look-up ends by itself"
)]
pub async fn look_up(ip: IpAddr) -> Option<String> {
    let permit = LOOKUPS.try_acquire().ok()?;
    let lookup = tokio::task::spawn_blocking(move || {
        let name = dns_lookup::lookup_addr(&ip);
        drop(permit);
        name
    });
    let name = timeout(LOOKUP_TIMEOUT, lookup).await.ok()?.ok()?.ok()?;
    is_name(&name).then_some(name)
}

/// The owner of an address controls its name record: only what can be a host name is accepted.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_names_are_believed() {
        assert!(is_name("a-1.example.com"));
        for name in ["", "a b", "a'b", "a\nb", "<b>", "é"] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(!is_name(&"a".repeat(254)));
    }
}
