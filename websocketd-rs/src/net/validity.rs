//! How long a certificate holds, and what to say about it: pure.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

/// So long before its end a certificate is warned about. certbot renews thirty days before: then something has failed for two weeks.
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);
/// In parts of the whole time that a certificate holds, if that is less: there are some for six days.
const WARNING_PART: i32 = 5;

/// The time between the two ends that a certificate names (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    from: Timestamp,
    until: Timestamp,
}

/// What a person should know of a certificate now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// It ended at this time: clients refuse it.
    Ended(Timestamp),
    /// It holds from this time on: clients refuse it until then.
    Begins(Timestamp),
    /// It ends soon, at this time.
    EndsSoon(Timestamp),
}

impl Validity {
    /// That of `certificate`; `None` when it can't be taken apart, which is the client's to judge.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let validity = certificate.tbs_certificate().validity();
        Some(Self {
            from: timestamp(validity.not_before)?,
            until: timestamp(validity.not_after)?,
        })
    }

    /// Its end, in seconds since 1970.
    pub fn until(&self) -> i64 {
        self.until.as_second()
    }

    /// What is to be said of it at `now`.
    pub fn remark(&self, now: Timestamp) -> Option<Remark> {
        let whole = self.until.duration_since(self.from);
        let warning = WARNING.min(whole / WARNING_PART);
        if now < self.from {
            Some(Remark::Begins(self.from))
        } else if now > self.until {
            Some(Remark::Ended(self.until))
        } else {
            let is_near = self.until.duration_since(now) < warning;
            is_near.then_some(Remark::EndsSoon(self.until))
        }
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

impl Remark {
    /// Whether clients refuse it now.
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::EndsSoon(_))
    }

    /// In words, for the log and `--check`. `file` holds the certificate.
    pub fn about(self, file: &Path) -> String {
        let file = file.display();
        match self {
            Self::Ended(at) => format!(
                "{file}: the certificate ended at {at}, and clients refuse it; renew it, then send HUP"
            ),
            Self::Begins(at) => format!(
                "{file}: the certificate holds from {at} on, and clients refuse it until then; is this machine's clock right?"
            ),
            Self::EndsSoon(at) => {
                format!("{file}: the certificate ends at {at}; renew it, then send HUP")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn validity(days: i64) -> Validity {
        let from = Timestamp::from_second(1_000_000_000).unwrap();
        let until = from + (days * 24).hours();
        Validity { from, until }
    }

    /// So many days before the end.
    fn before_end(validity: Validity, days: i64) -> Option<Remark> {
        validity.remark(validity.until - (days * 24).hours())
    }

    #[test]
    fn the_last_two_weeks_are_warned_about_or_the_last_fifth() {
        let year = validity(365);
        let soon = Some(Remark::EndsSoon(year.until));
        assert_eq!(
            [15, 13, 0].map(|days| before_end(year, days)),
            [None, soon, soon]
        );
        let short = validity(6);
        let soon = Some(Remark::EndsSoon(short.until));
        assert_eq!([2, 1].map(|days| before_end(short, days)), [None, soon]);
    }

    #[test]
    fn beyond_its_ends_it_is_bad() {
        let year = validity(365);
        assert_eq!(before_end(year, -1), Some(Remark::Ended(year.until)));
        assert_eq!(before_end(year, 366), Some(Remark::Begins(year.from)));
    }

    #[test]
    fn what_is_no_certificate_has_no_validity() {
        assert_eq!(Validity::of(&CertificateDer::from_slice(b"nothing")), None);
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for year in [2030, 2060] {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(year, 12, 31);
            let certificate = params.self_signed(&key).unwrap();
            let until = Validity::of(certificate.der()).unwrap().until;
            assert_eq!(until.to_string(), format!("{year}-12-31T00:00:00Z"));
        }
    }
}
