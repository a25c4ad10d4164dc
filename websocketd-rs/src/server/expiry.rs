//! Says in time that a certificate ends: at start, at each reload, and once a day.

use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::{Config, Tls};
use crate::metrics::METRICS;
use crate::net::tls;
use crate::net::validity::Validity;

/// Between two looks at the clock.
const LOOKS: Duration = Duration::from_secs(24 * 60 * 60);

/// The ends of the certificates that are served, by the daemon's own listeners, for hosts and by sections.
#[derive(Debug)]
pub(super) struct Expiry {
    certificates: Vec<Certificate>,
    looks: Interval,
}

#[derive(Debug)]
struct Certificate {
    file: PathBuf,
    validity: Validity,
}

impl Expiry {
    /// Of the certificates that were just read. Must be called inside the runtime.
    pub(super) fn new(config: &Config) -> Self {
        let sections = config.tcp.iter().map(|section| &section.listen);
        let mut certificates: Vec<Certificate> = Vec::new();
        let listens = std::iter::once(&config.listen).chain(sections);
        let all = listens.filter_map(|listen| listen.tls.as_ref());
        for pair in all.flat_map(Tls::pairs) {
            let is_known = certificates.iter().any(|known| known.file == pair.cert);
            if let Some(validity) = tls::validity(pair).filter(|_| !is_known) {
                certificates.push(Certificate {
                    file: pair.cert.clone(),
                    validity,
                });
            }
        }
        let ends = certificates.iter().map(|found| found.validity.until());
        METRICS
            .certificate_not_after
            .set(ends.min().unwrap_or_default());
        let mut looks = interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            certificates,
            looks,
        }
    }

    /// Waits until something is to be said of the certificates. Cancel safe.
    pub(super) async fn due(&mut self) -> String {
        if self.certificates.is_empty() {
            return pending().await;
        }
        loop {
            self.looks.tick().await;
            let now = Timestamp::now();
            let remark = |found: &Certificate| Some(found.validity.remark(now)?.about(&found.file));
            let remarks: Vec<String> = self.certificates.iter().filter_map(remark).collect();
            if !remarks.is_empty() {
                return remarks.join("; ");
            }
        }
    }
}
