//! Fetching a JWK set: over https alone, from no private address, and only what holds a key that can be used.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat_store::fs::file;
use serde_json::json;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::of;
use crate::ctl::Failure;
use crate::ctl::report::Report;

/// The certificates that Debian's ca-certificates keeps.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The largest set, in bytes: as large as is read later.
const MAX_SET: u64 = 256 * 1024;

pub(super) fn fetch(
    dir: &Path,
    name: &str,
    url: &str,
    ca_file: Option<&Path>,
    allow_private: bool,
) -> Result<Report, Failure> {
    if !url.starts_with("https://") {
        return Err(Failure::Refused(format!("{url}: keys come by https alone")));
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Refused(format!("{url}: {error}"));
    let config = ureq::Agent::config_builder()
        .tls_config(
            TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .root_certs(RootCerts::Specific(Arc::new(certificates(ca_file)?)))
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .build(),
        )
        .timeout_global(Some(TIMEOUT))
        .https_only(true)
        // A redirect is another address than the administrator wrote.
        .max_redirects(0)
        .proxy(None)
        .build();
    let resolver = Outside {
        allow_private,
        system: DefaultResolver::default(),
    };
    let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), resolver);
    let mut reply = agent.get(url).call().map_err(|error| failed(&error))?;
    if reply.status() != 200 {
        return Err(failed(&format!("status {}", reply.status())));
    }
    let body = reply.body_mut().with_config().limit(MAX_SET).read_to_vec();
    let set = body.map_err(|error| failed(&error))?;
    let usable = chat_token::keys::usable(&set).map_err(|error| failed(&error))?;
    // What would lock everybody out does not replace what is there.
    if usable == 0 {
        return Err(failed(&"no key in it can be used"));
    }
    let path = dir.join(format!("{name}.jwks"));
    file::replace(&path, &set).map_err(|error| of(&path, &error))?;
    let text = format!("{}: {usable} keys", path.display());
    Ok(Report::new(
        text,
        json!({ "done": true, "file": path, "keys": usable }),
    ))
}

/// Names lead outside, unless it is allowed: looked at where the connection is made, so that no second look-up differs.
#[derive(Debug)]
struct Outside {
    allow_private: bool,
    system: DefaultResolver,
}

impl Resolver for Outside {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.system.resolve(uri, config, timeout)?;
        if !self.allow_private
            && found
                .iter()
                .any(|address: &SocketAddr| is_private(address.ip()))
        {
            let text = "its address is private; --allow-private takes it";
            return Err(ureq::Error::Io(std::io::Error::other(text)));
        }
        Ok(found)
    }
}

/// Of this machine, of a network that is not the Internet, or of none.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_multicast()
                || first == 0
                || first >= 240
                || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

fn certificates(file: Option<&Path>) -> Result<Vec<Certificate<'static>>, Failure> {
    let file = file.unwrap_or(Path::new(SYSTEM_CA_FILE));
    let pem = std::fs::read(file).map_err(|error| of(file, &error))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(of(file, &"holds no certificate"));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_is_no_place_for_keys_of_others() {
        for inside in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.7.7",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fd00::1",
            "255.255.255.255",
            "224.0.0.1",
        ] {
            assert!(is_private(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.2.7", "100.128.0.1", "2001:db8::1", "8.8.8.8"] {
            assert!(!is_private(outside.parse().unwrap()), "{outside}");
        }
    }
}
