//! One request and its reply: what every way of answering needs.

use std::borrow::Cow;
use std::io;

use tokio::time::timeout;

use super::authorize::Grant;
use super::body::{Body, MAX_DRAIN};
use super::client::Client;
use super::connection::Connection;
use super::request::{BadRequest, Head, Version};
use super::response::{self, Context, Length, Response};
use super::site::Site;
use super::status;
use super::target;
use super::{After, Service};
use crate::config::{self, canonical};
use crate::logging::{Fields, shortened};
use crate::metrics::METRICS;
use crate::process::{Command, Program};

/// Longest part of a URL that is logged, in bytes. Each line of a session repeats it, those of the program's
/// stderr included.
const MAX_LOGGED: usize = 2048;

const TEXT: &[u8] = b"text/plain; charset=utf-8";

/// One request and its reply.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    /// The connection.
    pub(super) connection: &'a mut Connection,
    /// The request.
    pub(super) head: &'a Head,
    /// What is left of its body.
    pub(super) body: Body,
    /// The client.
    pub(super) client: Client,
    /// What is served here.
    pub(super) site: &'a Site,
    /// Whether the request is for a host that nothing is served for, or that this connection is not for (RFC 9110
    /// section 15.5.20).
    pub(super) is_misdirected: bool,
    /// What all connections share.
    pub(super) service: &'a Service,
    /// What the client was granted, if anybody was asked about a plain request.
    pub(super) grant: Option<&'a Grant>,
    /// Whether the connection stays open.
    pub(super) keep_alive: bool,
    /// Whether the client waits for `100 Continue`.
    pub(super) awaits_continue: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        connection: &'a mut Connection,
        head: &'a Head,
        body: Body,
        client: Client,
        service: &'a Service,
    ) -> Self {
        let keep_alive = head.keep_alive && !service.stopping.is_cancelled();
        let awaits_continue = head.expects_continue;
        let (host, _) = target::split_host(&head.host).unwrap_or_default();
        let host = canonical(host);
        let site = service.sites.at(&host, &head.target.path);
        if let Some(counts) = site.and_then(|site| site.counts.as_ref()) {
            counts.requests.add(1);
        }
        let is_allowed = is_allowed(connection, client, service, &host);
        Self {
            connection,
            head,
            body,
            client,
            is_misdirected: site.is_none() || !is_allowed,
            site: site.unwrap_or(service.sites.default_site()),
            service,
            grant: None,
            keep_alive,
            awaits_continue,
        }
    }

    /// Whether the reply goes without its body.
    pub(super) fn is_head(&self) -> bool {
        self.head.method == "HEAD"
    }

    /// The decoded path below the site.
    pub(super) fn path(&self) -> &'a [u8] {
        &self.head.target.path[self.prefix().len()..]
    }

    /// The start of the decoded path that led to the site: empty, or a route without a slash at its end. Programs see
    /// it in `SCRIPT_NAME`, and what follows in `PATH_INFO`.
    pub(super) fn prefix(&self) -> &'a str {
        &self.site.config.key.path
    }

    /// The `url` of the log. Also for upgrades it begins with `http`: log parsers rely on it.
    pub(super) fn fields(&self) -> Fields {
        let scheme = if self.client.https { "https" } else { "http" };
        let target = &self.head.target;
        let hidden = &self.site.config.http.hidden_paths;
        let hidden = (!hidden.is_empty()).then(|| {
            // Also an address that somebody has put together with one slash too many holds the secret.
            let clean = target::clean(&target.path);
            let path = clean.as_ref().unwrap_or(&target.path);
            hidden
                .iter()
                .find(|start| path.starts_with(start.as_bytes()))
        });
        let target = match hidden.flatten() {
            Some(start) => Cow::Owned(format!("{start}...")),
            None => shortened(&target.raw, MAX_LOGGED),
        };
        let url = format!(
            "{scheme}://{}{target}",
            shortened(&self.head.host, MAX_LOGGED)
        );
        Fields {
            url: Some(url),
            ..Fields::default()
        }
    }

    /// Starts `command` as the user that programs run as here.
    pub(super) async fn spawn(&self, command: Command) -> io::Result<Program> {
        match &self.site.spawner {
            Some(spawner) => spawner.spawn(command).await,
            None => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// What the head of a reply depends on.
    pub(super) fn context(&self) -> Context<'a> {
        let http = &self.site.config.http;
        Context {
            http,
            granted: self.grant.map_or(&[], |grant| &grant.fields),
            version: self.head.version,
            keep_alive: self.keep_alive,
        }
    }

    /// Decides, before the head of a reply is written, whether the connection can be kept: for that the rest of the
    /// request's body must be skipped, and a client that waits for `100 Continue` may send it or not.
    pub(super) fn settle(&mut self) {
        if self.body.must_close() || self.awaits_continue && !self.body.is_done() {
            self.keep_alive = false;
        }
    }

    /// Writes a whole reply at once.
    pub(super) async fn reply(&mut self, response: &Response, body: &[u8]) -> io::Result<()> {
        self.settle();
        let length = match response.status {
            204 | 304 => Length::Absent,
            _ => Length::Known(body.len() as u64),
        };
        let mut bytes = response.encode(length, &self.context());
        if !self.is_head() && length != Length::Absent {
            bytes.extend_from_slice(body);
        }
        self.connection.write_all(&bytes).await
    }

    /// A reply of `status` and nothing else, logged as what it is.
    pub(super) async fn reply_empty(&mut self, status: u16) -> io::Result<()> {
        self.fields().access("http", &self.head.method);
        self.reply(&Response::new(status), b"").await
    }

    /// Logs the access line `message`, then replies with `status` and a line of text.
    pub(super) async fn refuse(
        &mut self,
        category: &'static str,
        message: &str,
        status: u16,
    ) -> io::Result<()> {
        self.fields().access(category, message);
        self.reply_status(status).await
    }

    /// Replies with `status` and a line of text.
    pub(super) async fn reply_status(&mut self, status: u16) -> io::Result<()> {
        METRICS.refusals.add(refusal_label(status));
        self.reply_text(Response::new(status), &status_text(status))
            .await
    }

    /// Adds a body of plain text to `response` and replies with it.
    pub(super) async fn reply_text(&mut self, response: Response, text: &str) -> io::Result<()> {
        self.reply(&as_text(response), text.as_bytes()).await
    }

    /// Replies to what is wrong with the request's body; the connection ends after it.
    pub(super) async fn reply_refusal(&mut self, refusal: BadRequest) -> io::Result<()> {
        self.keep_alive = false;
        let bytes = encode_refusal(refusal, &self.site.config.http);
        self.connection.write_all(&bytes).await
    }

    /// 301 to `location`, which begins with one `/`.
    pub(super) async fn redirect(&mut self, location: String) -> io::Result<()> {
        self.fields().access("http", "REDIRECT");
        let link = response::escape_html(&location);
        let body = format!("<a href=\"{link}\">Moved Permanently</a>.\n\n");
        let response = Response::new(301)
            .with("Content-Type", &b"text/html; charset=utf-8"[..])
            .with_text("Location", location);
        self.reply(&response, body.as_bytes()).await
    }

    /// Skips what is left of the request, or closes the connection.
    pub(super) async fn finish(mut self) -> io::Result<After> {
        let patience = self.service.config.limits.header_timeout;
        match timeout(patience, self.drain()).await {
            Ok(Ok(())) if self.keep_alive => Ok(After::Next),
            Ok(Err(error)) => Err(error),
            _ => Ok(After::Close),
        }
    }

    async fn drain(&mut self) -> io::Result<()> {
        let mut left = MAX_DRAIN;
        while self.keep_alive {
            let mut data = Vec::new();
            if self
                .body
                .take(&mut self.connection.buffer, &mut data)
                .is_err()
            {
                self.keep_alive = false;
            }
            left = left.saturating_sub(data.len() as u64);
            if self.body.is_done() {
                return Ok(());
            }
            if left == 0 || self.connection.read_more().await? == 0 {
                self.keep_alive = false;
            }
        }
        Ok(())
    }
}

/// Whether the host may be spoken to on this connection. A client that named another host when it asked for TLS
/// was shown another certificate than the host's. Who named none takes what is there, and a trusted proxy names
/// its own.
fn is_allowed(connection: &Connection, client: Client, service: &Service, host: &str) -> bool {
    let Some((certificates, named)) = service
        .certificates
        .as_ref()
        .zip(connection.stream.server_name())
    else {
        return true;
    };
    client.proxy.is_some() || certificates.allow(named, host)
}

/// The reply to what could not be parsed; the connection ends after it.
pub(super) fn encode_refusal(refusal: BadRequest, http: &config::Http) -> Vec<u8> {
    let BadRequest { status, reason } = refusal;
    METRICS.refusals.add(refusal_label(status));
    let context = Context {
        http,
        granted: &[],
        version: Version::Http11,
        keep_alive: false,
    };
    let text = format!("{status} {}: {reason}\n", status::reason(status));
    let length = Length::Known(text.len() as u64);
    let mut bytes = as_text(Response::new(status)).encode(length, &context);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// The metric's label for a refusal.
fn refusal_label(status: u16) -> &'static str {
    match status {
        403 => "forbidden",
        404 => "not_found",
        408 => "timeout",
        413 | 431 => "too_large",
        421 => "misdirected",
        429 => "forks",
        500..=504 if status != 501 => "program_failed",
        _ => "bad_request",
    }
}

fn as_text(response: Response) -> Response {
    response
        .with("Content-Type", TEXT)
        .with("X-Content-Type-Options", &b"nosniff"[..])
}

/// 404 reads as in every Go server, which websocketd's users match on.
fn status_text(status: u16) -> String {
    match status {
        404 => "404 page not found\n".to_owned(),
        other => format!("{other} {}\n", status::reason(other)),
    }
}
