//! One HTTP connection: requests are parsed, routed and answered until one of them becomes a session.

pub mod authorize;
mod body;
mod cgi;
mod client;
mod connection;
mod console;
mod exchange;
mod files;
pub mod forwarded;
mod gzip;
mod handshake;
mod headers;
pub mod origin;
mod permits;
mod remote;
pub mod request;
pub mod response;
pub mod route;
pub mod script;
pub mod site;
mod status;
pub mod target;
mod terminal;
mod upgrade;

use std::io;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::logging::Fields;
use crate::metrics::HostSession;
use crate::net::certificates::Certificates;
use crate::net::{Peer, Stream};
use crate::permit::AddressPermits;
use crate::session::Upgraded;
use crate::session::hub::Hub;
use crate::session::linger::Registry;

use authorize::Failures;
use client::Client;
use connection::{Connection, NoHead};
use exchange::Exchange;
use request::{BadRequest, Head};
use route::{Route, RouteRules};
use site::Sites;
use upgrade::Started;

/// What every connection shares.
#[derive(Debug)]
pub struct Service {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// What is served where.
    pub sites: Sites,
    /// Permits of each client address: for connections, or behind a proxy for programs.
    pub addresses: Arc<AddressPermits>,
    /// Notified when a session has ended.
    pub session_ended: Arc<Notify>,
    /// Programs that serve many clients. It outlives a reload.
    pub hub: Arc<Hub>,
    /// Sessions that outlive their connection, and a reload.
    pub lingering: Arc<Registry>,
    /// Wrong passwords of each client address.
    pub failures: Arc<Failures>,
    /// What clients of TLS are shown, where hosts have certificates of their own.
    pub certificates: Option<Arc<Certificates>>,
    /// Cancelled when the server goes down: a connection between requests ends at once, one in a request after it.
    pub stopping: CancellationToken,
}

/// A session for the caller to run, and what counts it at its host meanwhile.
pub type Begun = (Upgraded, Option<HostSession>);

/// What becomes of the connection after a request.
enum After {
    /// The next request is read.
    Next,
    /// It ends.
    Close,
    /// It is a session now.
    Session(Box<Started>),
}

/// Serves requests on `stream` until the connection ends, or until a request was answered with 101:
/// then the session is returned for the caller to run, and this future (with its buffers) can be dropped.
pub async fn serve(stream: Stream, peer: Peer, service: &Service) -> Option<Begun> {
    // On the heap, so that the task which then runs the session doesn't keep the room for all of this.
    Box::pin(serve_requests(stream, peer, service)).await
}

async fn serve_requests(stream: Stream, peer: Peer, service: &Service) -> Option<Begun> {
    let config = &service.config;
    let mut connection = Connection::new(
        stream,
        service.sites.default_site().config.session.write_timeout,
    );
    connection.read_at_once();
    let mut patience = config.limits.header_timeout;
    loop {
        let head = tokio::select! {
            head = connection.read_head(&config.limits, patience) => head,
            () = service.stopping.cancelled() => Err(NoHead::Closed),
        };
        let head = match head {
            Ok(head) => head,
            Err(NoHead::Closed) => return None,
            Err(NoHead::Bad(bad)) => {
                refuse(&mut connection, bad, service).await;
                connection.close().await;
                return None;
            }
        };
        patience = config.limits.idle_timeout;
        match answer(&mut connection, &head, peer, service).await {
            Ok(After::Next) => {}
            Ok(After::Close) => {
                connection.close().await;
                return None;
            }
            Ok(After::Session(started)) => return Some(hand_over(connection, *started)),
            // The client is gone, or does not read.
            Err(_) => return None,
        }
    }
}

impl Service {
    /// Has shared programs go on by the configuration in force.
    pub fn reload_shared(&self) {
        let sites = &self.sites;
        self.hub
            .reload(|key| upgrade::shared::restart_of(sites, key));
    }
}

/// The session that a connection has become.
fn hand_over(connection: Connection, started: Started) -> Begun {
    let Started {
        partner,
        fields,
        config,
        counted,
    } = started;
    let upgraded = Upgraded {
        stream: connection.stream,
        early: connection.buffer,
        partner,
        fields,
        config,
    };
    (upgraded, counted)
}

/// Answers what is not a valid request.
async fn refuse(connection: &mut Connection, refusal: BadRequest, service: &Service) {
    let BadRequest { status, reason } = refusal;
    Fields::default().access(
        "http",
        &format!("{status} {}: {reason}", status::reason(status)),
    );
    let bytes = exchange::encode_refusal(refusal, &service.sites.default_site().config.http);
    let _ = connection.write_all(&bytes).await;
}

async fn answer(
    connection: &mut Connection,
    head: &Head,
    peer: Peer,
    service: &Service,
) -> io::Result<After> {
    let is_tls = connection.stream.is_tls();
    let checked = body::Body::new(head.body).and_then(|body| {
        Ok((
            body,
            Client::of(peer, is_tls, head, &service.config.listen)?,
        ))
    });
    let (body, client) = match checked {
        Ok(checked) => checked,
        Err(bad) => {
            refuse(connection, bad, service).await;
            return Ok(After::Close);
        }
    };
    // Here, so that the exchange can refer to it.
    let grant;
    let mut exchange = Exchange::new(connection, head, body, client, service);
    if exchange.is_misdirected {
        exchange.refuse("http", "MISDIRECTED", 421).await?;
        return exchange.finish().await;
    }
    let site = exchange.site;
    let route = route::route(head, &RouteRules::from(&*site.config));
    if matches!(
        route,
        Route::Console | Route::Terminal | Route::Content { .. }
    ) && let Some(authorizer) = site.config.access.for_plain()
    {
        match Box::pin(authorize::ask_plain(&mut exchange, authorizer)).await? {
            None => return exchange.finish().await,
            Some(granted) => grant = granted,
        }
        exchange.grant = Some(&grant);
    }
    match route {
        Route::Session(program) => {
            if let Some(started) = Box::pin(upgrade::upgrade(&mut exchange, program)).await? {
                return Ok(After::Session(Box::new(started)));
            }
        }
        Route::Redirect(location) => exchange.redirect(location).await?,
        Route::Options => exchange.reply_empty(200).await?,
        Route::Console => console::serve(&mut exchange).await?,
        Route::Terminal => terminal::serve(&mut exchange).await?,
        Route::Content {
            cgi_dir,
            static_dir,
        } => {
            let script = cgi_dir.and_then(|dir| script::find(dir, exchange.path()));
            match (script, cgi_dir, static_dir) {
                (Some(script), Some(dir), _) => {
                    Box::pin(cgi::serve(&mut exchange, &script, dir)).await?;
                }
                (_, _, Some(dir)) => Box::pin(files::serve(&mut exchange, dir, cgi_dir)).await?,
                _ => exchange.refuse("http", "NOT FOUND", 404).await?,
            }
        }
    }
    exchange.finish().await
}
