//! The TLS configuration from PEM files, and the handshake with its time limit.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
pub use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore, version};
use tokio_rustls::server::TlsStream;

use crate::config::Tls;

/// What a client gets that speaks plain HTTP to a TLS port: the only answer it can read.
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Reads the files. They are read anew each time: a reload calls this again and swaps the result.
///
/// # Errors
/// The text that follows "Can't start server: ", naming the file and what is wrong with it.
pub fn load(tls: &Tls) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(|error| format!("tls: {error}"))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(read_authorities(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            let unusable = |error| format!("tls: {}: {error}", file.display());
            builder.with_client_cert_verifier(verifier.map_err(unusable)?)
        }
    };
    let pair = SingleCertAndKey::from(read_pair(tls)?);
    let mut config = builder.with_cert_resolver(Arc::new(pair));
    // Upgrades need HTTP/1.1; h2 is not offered.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets would keep secrets alive longer than connections, and stored sessions cost memory; neither is worth it for
    // connections that live for hours.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn read_pair(tls: &Tls) -> Result<CertifiedKey, String> {
    let chain = read_certificates(&tls.cert)?;
    let pem = read(&tls.key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        format!(
            "tls: {}: no private key in PEM form: {error}",
            tls.key.display()
        )
    })?;
    let key = ring::sign::any_supported_type(&key)
        .map_err(|error| format!("tls: {}: {error}", tls.key.display()))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let (cert, key) = (tls.cert.display(), tls.key.display());
            Err(format!(
                "tls: private key {key} does not match public key of certificate {cert}"
            ))
        }
        // A certificate that this library can't take apart (an old version, odd extensions) is for the client to judge: we only
        // present it.
        _ => Ok(pair),
    }
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!(
            "tls: {}: no certificate in PEM form",
            file.display()
        )),
        Err(error) => Err(format!("tls: {}: {error}", file.display())),
    }
}

fn read_authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| format!("tls: {}: {error}", file.display()))?;
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| {
        format!(
            "open {}: {}",
            file.display(),
            super::listener::describe(&error)
        )
    })
}

/// Makes the handshake on `stream`, in `limit` at most. A client that speaks plain HTTP is told so.
///
/// # Errors
/// When there is no TLS connection to go on with.
pub async fn accept(
    config: Arc<ServerConfig>,
    mut stream: TcpStream,
    limit: Duration,
) -> io::Result<TlsStream<TcpStream>> {
    let handshake = async {
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
        TlsAcceptor::from(config).accept(stream).await
    };
    timeout(limit, handshake)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "TLS handshake took too long"))?
}
