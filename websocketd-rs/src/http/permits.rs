//! What a request takes before a program serves it.

use super::exchange::Exchange;
use super::upgrade::NoPermit;
use crate::permit::{AddressPermit, ProgramPermit};

impl Exchange<'_> {
    /// The permit for a program.
    pub(super) fn take_permit(&self) -> Result<ProgramPermit, NoPermit> {
        let Some(fork) = self.site.forks.try_take() else {
            self.count_exhausted();
            return Err(NoPermit::Forks);
        };
        let address = self.take_address()?;
        Ok(ProgramPermit { fork, address })
    }

    fn count_exhausted(&self) {
        if let Some(counts) = &self.site.counts {
            counts.exhausted.add(1);
        }
    }

    /// The permit for one more program, or session, of this client at this host, and of one that a trusted proxy
    /// names at all.
    pub(super) fn take_address(&self) -> Result<Option<AddressPermit>, NoPermit> {
        let everywhere = self.take_proxied()?;
        let Some((limit, ip)) = self.site.per_address.as_ref().zip(self.client.address) else {
            return Ok(everywhere);
        };
        let Some(here) = limit.taken.try_take(ip, limit.most) else {
            self.count_exhausted();
            return Err(NoPermit::Address(ip));
        };
        Ok(Some(here.with(everywhere)))
    }

    fn take_proxied(&self) -> Result<Option<AddressPermit>, NoPermit> {
        let limit = self.service.config.limits.max_connections_per_address;
        // A proxy's connections serve many clients, so programs are counted; other clients' connections were when
        // accepted.
        let named = self.client.address.filter(|_| self.client.is_named);
        let Some((limit, ip)) = limit.zip(named) else {
            return Ok(None);
        };
        let permit = self.service.addresses.try_take(ip, limit);
        permit.ok_or(NoPermit::Address(ip)).map(Some)
    }
}
