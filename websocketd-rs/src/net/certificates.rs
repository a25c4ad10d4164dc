//! Which certificate a client is shown: that of the host which it names (SNI, RFC 6066 section 3), or the daemon's own.

use std::sync::Arc;

use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::config::{HostPattern, canonical};

/// All certificates of a listener, with their keys.
#[derive(Debug)]
pub struct Certificates {
    /// The most specific host first.
    pub(super) hosts: Vec<(HostPattern, Arc<CertifiedKey>)>,
    /// For those who name none of them; `None`: their handshake fails.
    pub(super) otherwise: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    fn of(&self, name: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        let host = name.map(canonical);
        let mut hosts = self.hosts.iter();
        let own = host.and_then(|host| hosts.find(|(pattern, _)| pattern.matches(&host)));
        own.map(|(_, pair)| pair).or(self.otherwise.as_ref())
    }

    /// Whether a client that asked for `named` and was shown that host's certificate may speak to `host`, which is
    /// canonical (RFC 9110 section 15.5.20): it has the same certificate, or the one shown is for it, too.
    pub fn allow(&self, named: &str, host: &str) -> bool {
        let (Some(shown), Some(own)) = (self.of(Some(named)), self.of(Some(host))) else {
            return false;
        };
        Arc::ptr_eq(shown, own) || shown.cert.first() == own.cert.first() || is_for(shown, host)
    }

    /// Whether hosts have certificates of their own.
    pub fn are_several(&self) -> bool {
        !self.hosts.is_empty()
    }
}

/// Whether the certificate names `host`.
fn is_for(pair: &CertifiedKey, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(name) = ServerName::try_from(host) else {
        return false;
    };
    let certificate = pair.end_entity_cert().and_then(ParsedCertificate::try_from);
    certificate.is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.of(hello.server_name()).cloned()
    }
}
