//! The certificate and its key, looked at, and put where the service can read them.

use std::path::{Path, PathBuf};

use nix::unistd::Group;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use super::SetupArguments;
use super::file::{of, put_as};
use super::lines;
use crate::ctl::Failure;

/// Where certbot-hook puts them, too.
const CERT: &str = "etc/websocketd-rs/chat.pem";
const KEY: &str = "etc/websocketd-rs/chat.key";
/// The same, as the daemon's file says it.
pub(super) const CERT_HERE: &str = "/etc/websocketd-rs/chat.pem";
pub(super) const KEY_HERE: &str = "/etc/websocketd-rs/chat.key";
/// The service's group, which alone reads the key beside root.
const GROUP: &str = "www-data";

/// Where they are put.
pub(super) fn places(root: &Path) -> [PathBuf; 2] {
    [root.join(CERT), root.join(KEY)]
}

/// A certificate and its key that belong together and are for the host.
pub(super) struct Pair {
    cert: Vec<u8>,
    key: Vec<u8>,
    to: (PathBuf, PathBuf),
}

impl Pair {
    /// What is named; `None`: what is there already, or what the daemon's file `alone` names, is good, and stays as it
    /// is: links, for instance, which a renewal follows.
    pub(super) fn of(
        arguments: &SetupArguments,
        alone: &str,
        root: &Path,
    ) -> Result<Option<Self>, Failure> {
        let [to_cert, to_key] = places(root);
        let named = |key: &str, else_here: &Path| match lines::get(alone, key) {
            Some(path) => root.join(path.trim_start_matches('/')),
            None => else_here.to_owned(),
        };
        let (kept_cert, kept_key) = (named("sslcert", &to_cert), named("sslkey", &to_key));
        let cert = arguments.cert.as_deref().unwrap_or(&kept_cert);
        let key = arguments.key.as_deref().unwrap_or(&kept_key);
        if arguments.cert.is_none() && !cert.exists() {
            return Err(Failure::Refused(format!(
                "{} is not there: --cert and --key name a certificate of {}, or let certbot get one \
                 (docs/install.md, \"Alone\")",
                cert.display(),
                arguments.host
            )));
        }
        let read = |path: &Path| std::fs::read(path).map_err(|error| of(path, &error));
        let pair = Self {
            cert: read(cert)?,
            key: read(key)?,
            to: (to_cert, to_key),
        };
        pair.check(cert, key, &arguments.host)?;
        let is_same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        let is_there = is_same(cert, &pair.to.0) && is_same(key, &pair.to.1);
        Ok((arguments.cert.is_some() && !is_there).then_some(pair))
    }

    fn check(&self, cert: &Path, key: &Path, host: &str) -> Result<(), Failure> {
        let refused = |path: &Path, why: &dyn std::fmt::Display| {
            Failure::Refused(format!("{}: {why}", path.display()))
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.cert).collect();
        let chain = chain.map_err(|error| refused(cert, &error))?;
        let Some(own) = chain.first() else {
            return Err(refused(cert, &"holds no certificate (PEM)"));
        };
        // Everybody may read the file that it is put into.
        if PrivateKeyDer::from_pem_slice(&self.cert).is_ok() {
            return Err(refused(
                cert,
                &"holds a private key, too: name a file without it",
            ));
        }
        let parsed = ParsedCertificate::try_from(own).map_err(|error| refused(cert, &error))?;
        let name = ServerName::try_from(host).map_err(|error| refused(cert, &error))?;
        rustls::client::verify_server_name(&parsed, &name)
            .map_err(|_| refused(cert, &format!("is no certificate of {host}")))?;
        let secret =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| refused(key, &error))?;
        let provider = rustls::crypto::ring::default_provider();
        CertifiedKey::from_der(chain.clone(), secret, &provider)
            .map_err(|_| refused(key, &format!("is not the key of {}", cert.display())))?;
        Ok(())
    }

    /// As certbot-hook does.
    pub(super) fn install(&self) -> Result<(), Failure> {
        let group = Group::from_name(GROUP).ok().flatten();
        let group = group.map(|group| (0, group.gid.as_raw()));
        let (cert, key) = &self.to;
        put_as(cert, &self.cert, 0o644, Some((0, 0))).map_err(|error| of(cert, &error))?;
        put_as(key, &self.key, 0o640, group).map_err(|error| of(key, &error))
    }
}
