//! Says in time that the certificate ends: at start, at each reload, and once a day.

use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::Tls;
use crate::metrics::METRICS;
use crate::net::tls;
use crate::net::validity::Validity;

/// Between two looks at the clock.
const LOOKS: Duration = Duration::from_secs(24 * 60 * 60);

/// The end of the certificate that is served.
#[derive(Debug)]
pub(super) struct Expiry(Option<Certificate>);

#[derive(Debug)]
struct Certificate {
    file: PathBuf,
    validity: Validity,
    looks: Interval,
}

impl Expiry {
    /// Of the certificate that was just read, if there is one. Must be called inside the runtime.
    pub(super) fn new(tls: Option<&Tls>) -> Self {
        let certificate = tls.and_then(|tls| {
            let mut looks = interval(LOOKS);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Some(Certificate {
                file: tls.cert.clone(),
                validity: tls::validity(tls)?,
                looks,
            })
        });
        let until = certificate.as_ref().map(|found| found.validity.until());
        METRICS.certificate_not_after.set(until.unwrap_or_default());
        Self(certificate)
    }

    /// Waits until something is to be said of the certificate. Cancel safe.
    pub(super) async fn due(&mut self) -> String {
        let Some(certificate) = &mut self.0 else {
            return pending().await;
        };
        loop {
            certificate.looks.tick().await;
            if let Some(remark) = certificate.validity.remark(Timestamp::now()) {
                return remark.about(&certificate.file);
            }
        }
    }
}
