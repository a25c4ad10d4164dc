//! What a connection holds while it is open.

use std::net::IpAddr;
use std::sync::Arc;

use super::workers::Assignment;
use crate::permit::{AddressPermit, AddressPermits, Permit};

/// A connection's permits; dropping it returns them.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    /// One of `--maxconns`.
    _connection: Permit,
    /// The worker that serves it.
    _assignment: Assignment,
    /// One of a section's own `maxconns`.
    section: Option<Permit>,
    /// One of `--maxconnsperip`.
    address: Option<AddressPermit>,
}

impl ConnectionPermit {
    pub(super) fn new(connection: Permit, assignment: Assignment) -> Self {
        Self {
            _connection: connection,
            _assignment: assignment,
            section: None,
            address: None,
        }
    }

    /// Holds one of a section's permits as well.
    pub(super) fn hold(&mut self, section: Permit) {
        self.section = Some(section);
    }

    /// Counts the connection to `ip`; `false` when `limit` are open from there already.
    pub(super) fn count(
        &mut self,
        addresses: &Arc<AddressPermits>,
        ip: IpAddr,
        limit: usize,
    ) -> bool {
        self.address = addresses.try_take(ip, limit);
        self.address.is_some()
    }
}
