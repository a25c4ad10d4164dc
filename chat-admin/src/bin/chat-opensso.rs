//! `chat-opensso`: asks `OpenSSO`'s attribute service who the owner of a cookie is, for
//! `chat-handler`, which starts it. The request comes on stdin, the reply goes to stdout.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chat_handler::identity::opensso::{Inquiry, MAX_REPLY_BYTES};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

/// The certificates that Debian's ca-certificates keeps, with what the administrator added.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The longest request: an address, a path and a cookie.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;

fn main() -> ExitCode {
    match ask() {
        Ok(reply) => match std::io::stdout().write_all(&reply) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(reason) => {
            // stderr is the log of the daemon that runs the handler.
            let _ = writeln!(std::io::stderr(), "chat-opensso: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn ask() -> Result<Vec<u8>, String> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_REQUEST_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| format!("stdin: {error}"))?;
    let request = Inquiry::parse(&text)
        .ok_or("stdin holds no request; this program is started by chat-handler")?;
    let file = request
        .ca_file
        .as_deref()
        .unwrap_or(Path::new(SYSTEM_CA_FILE));
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(certificates(file)?)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(request.timeout))
        // A redirect would carry the cookie to whoever the reply names.
        .max_redirects(0)
        // The environment's proxy is somebody else's idea.
        .proxy(None)
        .build()
        .into();
    let mut reply = agent
        .get(&request.url)
        .header(
            "Cookie",
            format!("{}={}", request.cookie_name, request.cookie),
        )
        .call()
        .map_err(|error| format!("{}: {error}", request.url))?;
    if reply.status() != 200 {
        return Err(format!("{}: status {}", request.url, reply.status()));
    }
    reply
        .body_mut()
        .with_config()
        .limit(MAX_REPLY_BYTES)
        .read_to_vec()
        .map_err(|error| format!("{}: {error}", request.url))
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let pem = std::fs::read(file)
        .map_err(|error| format!("{}: {error}; set AUTHENTIZATION_CA_FILE", file.display()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(format!(
            "{}: holds no certificate; set AUTHENTIZATION_CA_FILE",
            file.display()
        ));
    }
    Ok(certificates)
}
