//! The TLS configuration from PEM files, and the handshake with its time limit.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
pub use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore, version};
use tokio_rustls::server::TlsStream;

use super::certificates::Certificates;
use super::listener::describe;
use super::validity::Validity;
use crate::config::{KeyPair, Tls};

/// What a client gets that speaks plain HTTP to a TLS port: the only answer it can read.
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Why TLS can't be served. Displays as the text that follows "Can't start server: ".
#[derive(Debug)]
pub enum TlsError {
    /// A file can't be read.
    Read(PathBuf, io::Error),
    /// A file holds no certificate in PEM form.
    NoCertificate(PathBuf),
    /// A file holds no private key in PEM form.
    NoKey(PathBuf, pem::Error),
    /// The key does not belong to the certificate.
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        cert: PathBuf,
    },
    /// What a file holds can't be used.
    Unusable(PathBuf, String),
    /// The library refuses the configuration as a whole.
    Refused(Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(file, error) => write!(out, "open {}: {}", file.display(), describe(error)),
            Self::NoCertificate(file) => {
                write!(out, "tls: {}: no certificate in PEM form", file.display())
            }
            Self::NoKey(file, error) => {
                write!(
                    out,
                    "tls: {}: no private key in PEM form: {error}",
                    file.display()
                )
            }
            Self::Mismatch { key, cert } => write!(
                out,
                "tls: private key {} does not match public key of certificate {}",
                key.display(),
                cert.display()
            ),
            Self::Unusable(file, reason) => write!(out, "tls: {}: {reason}", file.display()),
            Self::Refused(error) => write!(out, "tls: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// What the files of a listener say.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// For handshakes.
    pub server: Arc<ServerConfig>,
    /// What it shows to whom.
    pub certificates: Arc<Certificates>,
}

/// Reads the files. They are read anew each time: a reload calls this again and swaps the result.
///
/// # Errors
/// Which file is wrong, and how.
pub fn load(tls: &Tls) -> Result<Loaded, TlsError> {
    // Upgrades need HTTP/1.1; h2 is not offered.
    read_config(tls, &[b"http/1.1"])
}

/// The same for clients that do not speak HTTP. What they name in ALPN is not looked at: it is for the program to know.
///
/// # Errors
/// As [`load`].
pub fn load_bare(tls: &Tls) -> Result<Arc<ServerConfig>, TlsError> {
    read_config(tls, &[]).map(|loaded| loaded.server)
}

fn read_config(tls: &Tls, protocols: &[&[u8]]) -> Result<Loaded, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Refused)?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(read_authorities(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unusable(file, &error))?)
        }
    };
    let hosts = tls.hosts.iter();
    let hosts = hosts.map(|(host, pair)| Ok((host.clone(), read_pair(pair)?.into())));
    let own = tls.pair.as_ref().map(read_pair).transpose()?;
    let certificates = Arc::new(Certificates {
        hosts: hosts.collect::<Result<_, TlsError>>()?,
        otherwise: own.map(Arc::new),
    });
    let shown = Arc::clone(&certificates);
    let mut config = builder.with_cert_resolver(shown);
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    // Tickets would keep secrets alive longer than connections, and stored sessions cost memory; neither is worth it
    // for connections that live for hours.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    let server = Arc::new(config);
    Ok(Loaded {
        server,
        certificates,
    })
}

/// How long the certificate in the file holds; `None` when it can't be told.
pub fn validity(pair: &KeyPair) -> Option<Validity> {
    Validity::of(read_certificates(&pair.cert).ok()?.first()?)
}

fn read_pair(files: &KeyPair) -> Result<CertifiedKey, TlsError> {
    let chain = read_certificates(&files.cert)?;
    let pem = read(&files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|error| TlsError::NoKey(files.key.clone(), error))?;
    let key = ring::sign::any_supported_type(&key).map_err(|error| unusable(&files.key, &error))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(TlsError::Mismatch {
            key: files.key.clone(),
            cert: files.cert.clone(),
        }),
        // A certificate that this library can't take apart (an old version, odd extensions) is the client's to judge:
        // we only present it.
        _ => Ok(pair),
    }
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(TlsError::NoCertificate(file.to_owned())),
        Err(error) => Err(unusable(file, &error)),
    }
}

fn read_authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(file, &error))?;
    }
    Ok(roots)
}

fn unusable(file: &Path, error: &dyn fmt::Display) -> TlsError {
    TlsError::Unusable(file.to_owned(), error.to_string())
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|error| TlsError::Read(file.to_owned(), error))
}

/// Makes the handshake on `stream`, in `limit` at most. A client that speaks plain HTTP gets a 400 that says so.
///
/// # Errors
/// When there is no TLS connection to go on with.
pub async fn accept(
    config: Arc<ServerConfig>,
    mut stream: TcpStream,
    limit: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    let start = Instant::now();
    let greeting = async {
        let mut first = [0];
        stream.peek(&mut first).await?;
        // A TLS record never begins with a letter; an HTTP method always does.
        if first[0].is_ascii_alphabetic() {
            stream.write_all(PLAIN_HTTP).await?;
            // What was sent is read, or the kernel would throw our answer away with a reset.
            let mut scrap = [0; 4096];
            let _ = stream.try_read(&mut scrap);
            stream.shutdown().await?;
            let plain = "client sent an HTTP request to an HTTPS server";
            return Err(io::Error::new(io::ErrorKind::InvalidData, plain));
        }
        Ok(stream)
    };
    let stream = timeout(limit, greeting).await.map_err(|_| too_long())??;
    shake_hands(config, stream, limit.saturating_sub(start.elapsed())).await
}

/// The same for clients that do not speak HTTP.
///
/// # Errors
/// As [`accept`].
pub async fn shake_hands(
    config: Arc<ServerConfig>,
    stream: TcpStream,
    limit: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    let handshake = TlsAcceptor::from(config).accept(stream);
    timeout(limit, handshake).await.map_err(|_| too_long())?
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "TLS handshake took too long")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer};
    use std::path::PathBuf;
    use tokio::io::AsyncReadExt;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::ClientConfig;
    use tokio_rustls::rustls::pki_types::ServerName;

    /// An authority, and files that it signed.
    struct Authority {
        dir: tempfile::TempDir,
        issuer: Issuer<'static, rcgen::KeyPair>,
        roots: RootCertStore,
    }

    impl Authority {
        fn new() -> Self {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            // As found in the wild: an empty subject.
            params.distinguished_name = rcgen::DistinguishedName::new();
            let certificate = params.self_signed(&key).unwrap();
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("ca.crt"), certificate.pem()).unwrap();
            let mut roots = RootCertStore::empty();
            roots.add(certificate.der().clone()).unwrap();
            Self {
                dir,
                issuer: Issuer::new(params, key),
                roots,
            }
        }

        fn file(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        /// Writes a pair for `localhost`; no key usage, and serials may be equal.
        fn sign(&self, name: &str) {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.serial_number = Some(1u64.into());
            let certificate = params.signed_by(&key, &self.issuer).unwrap();
            std::fs::write(self.file(&format!("{name}.crt")), certificate.pem()).unwrap();
            std::fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }

        fn tls(&self, name: &str, client_ca: bool) -> Tls {
            Tls {
                pair: Some(self.pair(name)),
                hosts: Vec::new(),
                client_ca: client_ca.then(|| self.file("ca.crt")),
            }
        }

        fn pair(&self, name: &str) -> KeyPair {
            KeyPair {
                cert: self.file(&format!("{name}.crt")),
                key: self.file(&format!("{name}.key")),
            }
        }

        /// A client that trusts us, with the pair `name` if any.
        fn client(&self, name: Option<&str>) -> TlsConnector {
            let provider = Arc::new(ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(self.roots.clone());
            let mut config = match name {
                None => builder.with_no_client_auth(),
                Some(name) => {
                    let files = self.pair(name);
                    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
                    let chain = read_certificates(&files.cert).unwrap();
                    builder.with_client_auth_cert(chain, key).unwrap()
                }
            };
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            TlsConnector::from(Arc::new(config))
        }
    }

    /// Shakes hands and passes one byte; the protocol agreed on, or `None` when one side refused.
    async fn meet(config: Arc<ServerConfig>, client: TlsConnector) -> Option<Vec<u8>> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let (server, client) = tokio::join!(
            async {
                let mut stream = accept(config, accepted, Duration::from_secs(60))
                    .await
                    .ok()?;
                stream.write_all(b"x").await.ok()?;
                stream.flush().await.ok()?;
                stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
            },
            async {
                let mut stream = client.connect(name, stream).await.ok()?;
                stream.read_u8().await.ok()
            }
        );
        client.and(server)
    }

    #[tokio::test]
    async fn http_1_is_agreed_on() {
        let authority = Authority::new();
        authority.sign("server");
        let config = load(&authority.tls("server", false)).unwrap().server;
        let agreed = meet(config, authority.client(None)).await;
        assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
    }

    #[tokio::test]
    async fn a_client_certificate_is_required_and_verified() {
        let (authority, other) = (Authority::new(), Authority::new());
        authority.sign("server");
        authority.sign("client");
        other.sign("stranger");
        let config = load(&authority.tls("server", true)).unwrap().server;
        assert!(
            meet(Arc::clone(&config), authority.client(Some("client")))
                .await
                .is_some()
        );
        assert!(
            meet(Arc::clone(&config), authority.client(None))
                .await
                .is_none()
        );
        let stranger = Authority {
            roots: authority.roots.clone(),
            ..other
        };
        assert!(
            meet(config, stranger.client(Some("stranger")))
                .await
                .is_none()
        );
    }

    #[test]
    fn a_key_of_another_certificate_is_told() {
        let authority = Authority::new();
        authority.sign("a");
        authority.sign("b");
        let mut mixed = authority.tls("a", false);
        mixed.pair = Some(KeyPair {
            key: authority.file("b.key"),
            ..authority.pair("a")
        });
        let error = load(&mixed).unwrap_err().to_string();
        assert!(
            error.contains("does not match") && error.contains("b.key"),
            "{error}"
        );
    }
}
