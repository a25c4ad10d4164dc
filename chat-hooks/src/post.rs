//! One request to one receiver.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_handler::hooks::reply::MAX_REPLY;
use chat_handler::settings::webhooks::Webhook;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::address;
use crate::event::Event;
use crate::sign::Secrets;

/// The certificates that Debian's ca-certificates keeps, with what the administrator added.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// A receiver has so long for all of it: the name, the connection, the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer to what is asked, in bytes: as much as a program may say.
const MAX_ANSWER: u64 = MAX_REPLY as u64;
/// The receiver wants it no more.
const GONE: u16 = 410;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Taken,
    /// 410: for good.
    Gone,
    /// Another status: it may be about this event alone.
    Refused(String),
    /// There was no answer.
    Unreachable(String),
}

/// A receiver.
#[derive(Debug)]
pub struct Receiver {
    agent: ureq::Agent,
    url: String,
    secrets: Secrets,
}

impl Receiver {
    /// Reads its secrets and certificates.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(hook: &Webhook) -> Result<Self, String> {
        let file = &hook.secret_file;
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let secrets =
            Secrets::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let certificates =
            certificates(hook.ca_file.as_deref().unwrap_or(Path::new(SYSTEM_CA_FILE)));
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(certificates?)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Config::builder()
            .tls_config(tls)
            .timeout_global(Some(TIMEOUT))
            .https_only(!hook.allows_http)
            // Whoever answers would choose where it goes.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // The environment's proxy is somebody else's idea.
            .proxy(None)
            .user_agent("chat-hooks")
            .build();
        let resolver = Guarded {
            allows_private: hook.allows_private,
            inner: DefaultResolver::default(),
        };
        Ok(Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver),
            url: hook.url.clone(),
            secrets,
        })
    }

    /// Posts it.
    pub fn post(&self, event: &Event) -> Outcome {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let timestamp = now.map_or(0, |since| since.as_secs());
        let signature = self.secrets.sign(&event.id, timestamp, &event.body);
        let posted = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .send(&event.body[..]);
        match posted {
            Ok(reply) if reply.status().is_success() => Outcome::Taken,
            Ok(reply) if reply.status() == GONE => Outcome::Gone,
            Ok(reply) => Outcome::Refused(format!("status {}", reply.status().as_u16())),
            Err(error) => Outcome::Unreachable(error.to_string()),
        }
    }
}

impl Receiver {
    /// Asks something of it, within `limit`; the type and the body of what it says.
    ///
    /// # Errors
    /// It says nothing, or not 2xx, or too much.
    pub fn ask(
        &self,
        id: &str,
        timestamp: u64,
        body: &[u8],
        limit: Duration,
    ) -> Result<(String, Vec<u8>), String> {
        let posted = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(Some(limit))
            .build()
            .header("Content-Type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", self.secrets.sign(id, timestamp, body))
            .send(body);
        let mut reply = posted.map_err(|error| error.to_string())?;
        if !reply.status().is_success() {
            return Err(format!("status {}", reply.status().as_u16()));
        }
        let kind = reply.headers().get("content-type");
        let kind = kind
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = reply
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_vec();
        Ok((kind, body.map_err(|error| error.to_string())?))
    }
}

/// Looks names up, and gives only addresses that may be posted to. The connection is made to these very ones: a name
/// that means another address a moment later gains nothing.
struct Guarded {
    allows_private: bool,
    inner: DefaultResolver,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found
            .iter()
            .filter(|it| self.allows_private || address::is_public(it.ip()))
        {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            let text =
                "all its addresses are of this machine or of private networks (ALLOW=private)";
            return Err(ureq::Error::Io(std::io::Error::other(text)));
        }
        Ok(allowed)
    }
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let pem =
        std::fs::read(file).map_err(|error| format!("{}: {error}; set CA_FILE", file.display()))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() {
        return Err(format!(
            "{}: holds no certificate; set CA_FILE",
            file.display()
        ));
    }
    Ok(certificates)
}
