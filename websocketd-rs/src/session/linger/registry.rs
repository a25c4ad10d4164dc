//! Which sessions linger, by their tokens, and how one connection takes a session from another, whose thread may
//! be another one: it deposits a claim, and whoever has the session answers with all of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Handover;
use super::offer::Offer;
use crate::config::SiteKey;
use crate::metrics::METRICS;
use crate::permit::{AddressPermit, AddressPermits};
use crate::session::hub::Tasks;

/// How long a claim may take: whoever has the session answers at once, unless it is about to end its program.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// What tells a session from others: a digest of its place and its token. The token itself is nowhere in memory,
/// and how long a look-up takes says nothing of how much of a guess is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LingerKey([u8; SHA256_OUTPUT_LEN]);

impl LingerKey {
    /// Of the session that `offer` is about at the program `script_name` of a site.
    pub fn new(site: &SiteKey, script_name: &[u8], offer: &Offer) -> Self {
        let mut text = Vec::new();
        let host = site.host.as_ref().map(ToString::to_string);
        for part in [
            host.unwrap_or_default().as_bytes(),
            site.path.as_bytes(),
            script_name,
            offer.token().as_bytes(),
        ] {
            text.extend_from_slice(&part.len().to_be_bytes());
            text.extend_from_slice(part);
        }
        let mut key = [0; SHA256_OUTPUT_LEN];
        key.copy_from_slice(digest(&SHA256, &text).as_ref());
        Self(key)
    }
}

/// All sessions that linger, those with a connection and those without. It outlives a reload.
#[derive(Debug)]
pub struct Registry {
    leases: Mutex<HashMap<LingerKey, Arc<Lease>>>,
    /// Bytes that wait for clients.
    bytes: Arc<AtomicI64>,
    /// Permits of each client address to have sessions wait.
    addresses: Arc<AddressPermits>,
    limits: Mutex<LingerLimits>,
    tasks: Tasks,
    /// Notified when a session has ended.
    pub(super) ended: Arc<Notify>,
    pub(super) stopping: CancellationToken,
}

/// What all sessions together may take, which a reload may change.
#[derive(Debug, Clone, Copy)]
pub struct LingerLimits {
    /// `--lingertotal`.
    pub max_bytes: usize,
    /// `--maxconnsperip`: sessions without a connection of one client address. Those with one are counted as
    /// connections; who drops them again and again is to be bounded as well.
    pub max_per_address: Option<usize>,
}

/// One session's place in the registry, whoever has the session.
#[derive(Debug)]
pub struct Lease {
    key: LingerKey,
    /// `REMOTE_USER` of its client, if somebody was asked.
    user: Option<Vec<u8>>,
    claims: Mutex<Claims>,
}

#[derive(Debug, Default)]
struct Claims {
    /// The newest.
    next: Option<Claim>,
    /// Of whoever has the session.
    waker: Option<Waker>,
    /// The session is at its end.
    is_closed: bool,
}

/// A connection that wants the session.
#[derive(Debug)]
pub(super) struct Claim {
    /// Messages that its client has received.
    pub(super) received: u64,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What a claim leads to.
#[derive(Debug)]
pub(super) enum Reply {
    /// The session.
    Session(Box<Handover>),
    /// What the client has not received is not there any more, and so neither is the session.
    Lost,
    /// A newer claim has taken the place of this one.
    Superseded,
}

/// What becomes of a client that asks for a session.
#[derive(Debug)]
pub enum Claimed {
    /// It goes on.
    Session(Box<Handover>, Arc<Lease>),
    /// There is none by that token.
    Unknown,
    /// There is none any more that the client could go on with.
    Lost,
    /// It is another user's.
    OtherUser,
    /// Another connection was faster, or the session is about to end: not now.
    Busy,
}

impl Registry {
    /// No sessions yet. Those whose client is away are tasks of `tasks`, and end with `stopping`; `ended` is notified
    /// of each end.
    pub fn new(
        limits: LingerLimits,
        tasks: Tasks,
        ended: Arc<Notify>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            leases: Mutex::default(),
            bytes: Arc::default(),
            addresses: Arc::default(),
            limits: Mutex::new(limits),
            tasks,
            ended,
            stopping,
        }
    }

    /// Has other limits hold.
    pub fn reload(&self, limits: LingerLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    fn limits(&self) -> LingerLimits {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit to wait for a client at `ip`; `Err` when too many sessions do.
    pub(super) fn take_address(&self, ip: Option<IpAddr>) -> Result<Option<AddressPermit>, ()> {
        let Some((ip, limit)) = ip.zip(self.limits().max_per_address) else {
            return Ok(None);
        };
        self.addresses.try_take(ip, limit).map(Some).ok_or(())
    }

    /// Whether there is a session by that key.
    pub fn knows(&self, key: &LingerKey) -> bool {
        self.lock().contains_key(key)
    }

    /// Takes the session from whoever has it, for a client that has `received` so many messages.
    pub async fn claim(&self, key: &LingerKey, user: Option<&[u8]>, received: u64) -> Claimed {
        let Some(lease) = self.lock().get(key).cloned() else {
            return Claimed::Unknown;
        };
        if lease.user.as_deref() != user {
            return Claimed::OtherUser;
        }
        let Some(mut answer) = lease.ask(received) else {
            return Claimed::Lost;
        };
        let reply = if let Ok(reply) = timeout(CLAIM_TIMEOUT, &mut answer).await {
            reply.ok()
        } else {
            // One that comes at this moment is not to be dropped.
            answer.close();
            answer.try_recv().ok()
        };
        match reply {
            Some(Reply::Session(handover)) => Claimed::Session(handover, lease),
            Some(Reply::Lost) => Claimed::Lost,
            None if lease.is_closed() => Claimed::Lost,
            Some(Reply::Superseded) | None => Claimed::Busy,
        }
    }

    /// A new session by that key, of a client whom the one that was asked calls `user`. One of before is not found
    /// any more.
    pub fn enter(&self, key: LingerKey, user: Option<Vec<u8>>) -> Arc<Lease> {
        let lease = Arc::new(Lease {
            key,
            user,
            claims: Mutex::default(),
        });
        self.lock().insert(key, Arc::clone(&lease));
        lease
    }

    /// Closes the lease of a session that ends.
    pub(super) fn close(&self, lease: &Arc<Lease>) {
        let mut claims = lease.lock();
        claims.is_closed = true;
        claims.next = None;
        drop(claims);
        let mut leases = self.lock();
        if leases
            .get(&lease.key)
            .is_some_and(|there| Arc::ptr_eq(there, lease))
        {
            leases.remove(&lease.key);
        }
    }

    /// A share of nothing in what waits for all clients.
    pub(super) fn share(&self) -> Share {
        Share {
            total: Arc::clone(&self.bytes),
            bytes: 0,
        }
    }

    /// Whether so much waits that programs whose client is away wait.
    pub(super) fn is_full(&self) -> bool {
        let bytes = usize::try_from(self.bytes.load(Ordering::Relaxed)).unwrap_or(0);
        bytes >= self.limits().max_bytes
    }

    /// Runs what a session without a connection does, on this thread.
    pub(super) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.start(task);
    }

    /// Each line of ours leaves it whole: a panic elsewhere can't have broken it.
    fn lock(&self) -> MutexGuard<'_, HashMap<LingerKey, Arc<Lease>>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Deposits a claim, in the place of one that was not seen yet; `None` when the session is at its end.
    fn ask(&self, received: u64) -> Option<oneshot::Receiver<Reply>> {
        let (reply, answer) = oneshot::channel();
        let mut claims = self.lock();
        if claims.is_closed {
            return None;
        }
        let before = claims.next.replace(Claim { received, reply });
        if let Some(waker) = claims.waker.take() {
            waker.wake();
        }
        drop(claims);
        if let Some(before) = before {
            let _ = before.reply.send(Reply::Superseded);
        }
        Some(answer)
    }

    /// The next claim. For whoever has the session.
    pub(super) fn poll_claim(&self, cx: &Context<'_>) -> Poll<Claim> {
        let mut claims = self.lock();
        if let Some(claim) = claims.next.take() {
            return Poll::Ready(claim);
        }
        match &mut claims.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn lock(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session's bytes among those that wait for all clients; dropping it takes them off.
#[derive(Debug)]
pub(super) struct Share {
    total: Arc<AtomicI64>,
    bytes: i64,
}

impl Share {
    /// There are so many now.
    pub(super) fn set(&mut self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let change = bytes - self.bytes;
        if change != 0 {
            self.total.fetch_add(change, Ordering::Relaxed);
            METRICS.linger_bytes.change(change);
            self.bytes = bytes;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}
