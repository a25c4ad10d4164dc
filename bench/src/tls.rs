//! A certificate of the moment, and the client that trusts it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// What a TLS server and its clients need.
#[derive(Debug, Clone)]
pub struct Tls {
    /// PEM.
    pub cert: PathBuf,
    /// PEM, PKCS#8.
    pub key: PathBuf,
    /// Trusts `cert` and nothing else.
    pub client: Arc<ClientConfig>,
}

impl Tls {
    /// Writes a self-signed certificate for 127.0.0.1 into `dir`.
    pub fn create(dir: &Path) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])
            .map_err(io::Error::other)?;
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        fs::write(&cert, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        let mut roots = RootCertStore::empty();
        roots
            .add(made.cert.der().clone())
            .map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            cert,
            key,
            client: Arc::new(client),
        })
    }
}
