//! The opening handshake (RFC 6455 section 4.2): everything that can refuse does, then the program starts, and only
//! once it runs does the client get its 101.

mod command;
mod linger;
mod refusal;
mod refuse;
pub(super) mod shared;
mod terminal;

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::authorize::{self, Grant, Wish};
use super::exchange::Exchange;
use super::handshake::{self, Handshake};
use super::origin;
use super::remote::Remote;
use super::response;
use crate::config::{self, Authorizer, SiteConfig};
use crate::diagnosis::diagnose;
use crate::logging::{Fields, shortened};
use crate::metrics::{HostCounts, HostSession};
use crate::permit::{AddressPermit, Permit, ProgramPermit};
use crate::process::{Command, Program, env, unique_id};
use crate::session::Partner;
use command::{Applicant, Endpoint, environment, find_endpoint};
pub(super) use command::{describe, search_path};
pub(super) use refusal::{NoPermit, Refusal, explain, spawn_status};
pub(super) use refuse::refuse;

/// Longest list of offered subprotocols that is logged, in bytes.
const MAX_LOGGED_OFFER: usize = 200;

/// A program that runs for a client that has its 101.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) partner: Partner,
    pub(super) fields: Fields,
    pub(super) config: Arc<SiteConfig>,
    pub(super) counted: Option<HostSession>,
}

/// One of `--maxforks`, and one of `--maxconnsperip` for a client that a trusted proxy names.
type Permits = (Option<Permit>, Option<AddressPermit>);

/// A program that runs for a client that waits for its 101.
struct Ready {
    partner: Partner,
    handshake: Handshake,
    /// The subprotocol that stands for a session which outlives its connection.
    linger: Option<String>,
    grant: Option<Grant>,
}

/// Answers an upgrade request: with 101 and a running program, or with why not.
pub(super) async fn upgrade(
    exchange: &mut Exchange<'_>,
    program: &config::Runnable,
) -> io::Result<Option<Started>> {
    let mut fields = exchange.fields();
    let ready = match start(exchange, program, &mut fields).await? {
        Ok(ready) => ready,
        // The permit is back before the client can try again.
        Err(refusal) => {
            refuse(exchange, &refusal, &fields).await?;
            return Ok(None);
        }
    };
    let Ready {
        partner,
        handshake: Handshake {
            accept, protocol, ..
        },
        linger,
        grant,
    } = ready;
    let config = &exchange.site.config;
    let protocol = protocol.or(linger);
    warn_of_offer(exchange, protocol.as_deref(), &fields);
    let granted = grant.as_ref().map_or(&[][..], |grant| &grant.fields);
    let head = response::encode_switching(&accept, protocol.as_deref(), &config.http, granted);
    if let Err(error) = exchange.connection.write_all(&head).await {
        // The client is gone before its session began. The permit is held until the program is gone too.
        let delay = config.process.close_delay;
        match partner {
            Partner::Program(mut program, _permit) => drop(program.terminate(delay, &fields).await),
            Partner::Terminal(mut partner) => drop(partner.program.terminate(delay, &fields).await),
            Partner::Member(_) => {}
            // Its client comes again.
            Partner::Lingering(lingering) => {
                return Ok(Some(Started {
                    partner: Partner::Lingering(lingering),
                    fields,
                    config: Arc::clone(config),
                    counted: exchange.site.counts.as_ref().map(HostCounts::enter),
                }));
            }
        }
        return Err(error);
    }
    Ok(Some(Started {
        partner,
        fields,
        config: Arc::clone(config),
        counted: exchange.site.counts.as_ref().map(HostCounts::enter),
    }))
}

/// Browsers close a connection whose answer names none of the subprotocols that the page offered (RFC 6455
/// section 4.1), and show 1006: the log is the only place that can say why.
fn warn_of_offer(exchange: &Exchange<'_>, protocol: Option<&str>, fields: &Fields) {
    let http = &exchange.site.config.http;
    let mut configured = http.headers.iter().chain(&http.ws_headers);
    let is_answered =
        configured.any(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    if protocol.is_some() || is_answered {
        return;
    }
    if let Some(offer) = handshake::offered(exchange.head) {
        let offer = shortened(&offer, MAX_LOGGED_OFFER);
        let message = format!(
            "Client offers the subprotocols '{offer}', none of which --protocol lists: browsers close such a connection (1006)"
        );
        fields.access("session", &message);
    }
}

/// Everything that can refuse, the start of the program last. `fields` is filled in on the way, for the line of a
/// refusal too.
async fn start(
    exchange: &mut Exchange<'_>,
    program: &config::Runnable,
    fields: &mut Fields,
) -> io::Result<Result<Ready, Refusal>> {
    if is_away(exchange.site.config.session.refuse_while.as_deref()) {
        return Ok(Err(Refusal::Away));
    }
    let endpoint = find_endpoint(program, exchange);
    let script_name = endpoint.as_ref().map(|endpoint| &endpoint.script_name[..]);
    let linger = linger::Request::of(exchange, script_name.unwrap_or_default());
    // Whoever comes back to a session finds its permits there.
    let is_known = linger
        .as_ref()
        .is_some_and(|linger| linger.is_known(exchange));
    let permits = match (!is_known).then(|| take_permits(exchange)).transpose() {
        Ok(permits) => permits,
        Err(no_permit) => {
            if let NoPermit::Address(ip) = no_permit {
                fields.remote = Some(ip.to_string());
            }
            return Ok(Err(no_permit.into()));
        }
    };
    let config = &exchange.site.config;
    let remote = Remote::of(exchange.client, config.http.reverse_lookup).await;
    let id = unique_id()?;
    fields.id = Some(id.clone());
    fields.remote = Some(remote.host.clone());
    let (endpoint, mut handshake) = match check(exchange, endpoint, fields) {
        Ok(checked) => checked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let wish = Wish {
        remote: &remote,
        id: &id,
        script_name: &endpoint.script_name,
        path_info: &endpoint.path_info,
        protocol: None,
        is_session: true,
    };
    let has_fork = permits.as_ref().is_some_and(|(fork, _)| fork.is_some());
    let grant = match authorize(exchange, wish, has_fork, &mut handshake, fields).await? {
        Ok(grant) => grant,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let ready = |partner, handshake, grant| Ready {
        partner,
        handshake,
        linger: linger.as_ref().map(|linger| linger.protocol().to_owned()),
        grant,
    };
    let mut is_lost = false;
    if let Some(linger) = &linger {
        match linger.resume(exchange, grant.as_ref(), fields).await {
            Ok(linger::Answer::Resumed(lingering)) => {
                fields.clone_from(lingering.fields());
                let partner = Partner::Lingering(lingering);
                return Ok(Ok(ready(partner, handshake, grant)));
            }
            Ok(linger::Answer::Begins { is_lost: lost }) => is_lost = lost,
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    let permits = match permits.map_or_else(|| take_permits(exchange), Ok) {
        Ok(permits) => permits,
        Err(no_permit) => return Ok(Err(no_permit.into())),
    };
    let applicant = Applicant {
        remote: &remote,
        id: &id,
        grant: grant.as_ref(),
        protocol: handshake.protocol.as_deref(),
    };
    let partner = join(exchange, endpoint, permits, &applicant, fields).await;
    Ok(partner.map(|partner| {
        let partner = match (&linger, partner) {
            (Some(linger), partner) => {
                linger.begin(exchange, grant.as_ref(), partner, fields, is_lost)
            }
            (None, partner) => partner,
        };
        ready(partner, handshake, grant)
    }))
}

/// Whether the site takes nobody just now. A file that cannot be looked at is not there: nobody is kept out by mistake.
fn is_away(file: Option<&Path>) -> bool {
    file.is_some_and(|file| rustix::fs::stat(file).is_ok())
}

/// What a client takes: a shared program has a permit of its own, taken by the first of its clients.
fn take_permits(exchange: &Exchange<'_>) -> Result<Permits, NoPermit> {
    match &exchange.site.config.session.shared {
        None => exchange
            .take_permit()
            .map(|permit| (Some(permit.fork), permit.address)),
        Some(_) => exchange.take_address().map(|address| (None, address)),
    }
}

/// The program that serves the client.
async fn join(
    exchange: &Exchange<'_>,
    endpoint: Endpoint,
    (fork, address): Permits,
    applicant: &Applicant<'_>,
    fields: &Fields,
) -> Result<Partner, Refusal> {
    let env = environment(exchange, &endpoint, applicant)?;
    match (&exchange.site.config.session.shared, fork) {
        (Some(shared), _) => shared::enter(exchange, shared, endpoint, &env, address)
            .await
            .map(|member| Partner::Member(Box::new(member))),
        (None, Some(fork)) => start_own(exchange, endpoint, env, fields)
            .await
            .map(|program| {
                let permit = ProgramPermit { fork, address };
                terminal::partner(exchange, program, permit, applicant.protocol)
            }),
        (None, None) => Err(NoPermit::Forks.into()),
    }
}

/// Starts a program for this client alone.
async fn start_own(
    exchange: &Exchange<'_>,
    endpoint: Endpoint,
    env: env::Environment,
    fields: &Fields,
) -> Result<Program, Refusal> {
    let Endpoint { program, args, .. } = endpoint;
    let (file, search) = (program.clone(), search_path(&env));
    let process = &exchange.site.config.process;
    let command = Command {
        program,
        args,
        env,
        cwd: process.cwd.clone(),
        limits: process.limits,
        terminal: terminal::of(exchange, &process.streams),
    };
    command.log_environment(fields);
    exchange
        .spawn(command)
        .await
        .map_err(|error| Refusal::Spawn {
            program: fields.command.clone().unwrap_or_default(),
            error,
            fault: diagnose(&file, search.as_deref()),
        })
}

/// What can refuse without starting anything.
fn check(
    exchange: &Exchange<'_>,
    endpoint: Option<Endpoint>,
    fields: &mut Fields,
) -> Result<(Endpoint, Handshake), Refusal> {
    let config = &exchange.site.config;
    let endpoint = endpoint.ok_or(Refusal::ScriptNotFound)?;
    fields.command = Some(endpoint.program.to_string_lossy().into_owned());
    let rules = origin::OriginRules {
        same_origin: config.http.same_origin || is_kept_to_own_pages(exchange),
        allowed: config.http.allowed_origins.as_deref(),
        host: &exchange.head.host,
        tls: exchange.client.https,
    };
    let checked = handshake::check(exchange.head, &rules, &config.session.protocols);
    fields.origin = match &checked {
        Ok(handshake) => Some(handshake.origin.clone()),
        Err(error) => handshake::shown_origin(exchange.head, *error),
    };
    let handshake = checked?;
    terminal::check_name(exchange)?;
    Ok((endpoint, handshake))
}

/// Whether a page of another site is refused although no flag says so: the browser would send the password along
/// that its user has typed for this one, or the page would type into a terminal. What sends no origin is no page.
fn is_kept_to_own_pages(exchange: &Exchange<'_>) -> bool {
    let config = &exchange.site.config;
    (config.access.is_ambient() || config.process.streams.is_terminal())
        && config.http.allowed_origins.is_none()
        && exchange.head.headers.get("origin").is_some()
}

/// Asks whoever decides about clients of this site. A subprotocol that they choose is `handshake`'s from here on.
/// `has_fork`: the client has a permit for a program, which the one who is asked can use.
async fn authorize(
    exchange: &mut Exchange<'_>,
    wish: Wish<'_>,
    has_fork: bool,
    handshake: &mut Handshake,
    fields: &Fields,
) -> io::Result<Result<Option<Grant>, Refusal>> {
    let Some(authorizer) = &exchange.site.config.access.authorizer else {
        return Ok(Ok(None));
    };
    let _permit = match authorizer {
        Authorizer::Program { .. } if !has_fork => match exchange.site.forks.try_take() {
            None => return Ok(Err(NoPermit::Forks.into())),
            permit => permit,
        },
        _ => None,
    };
    let wish = Wish {
        protocol: handshake.protocol.as_deref(),
        ..wish
    };
    let grant = match authorize::ask(exchange, authorizer, &wish, fields).await? {
        Ok(grant) => grant,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // What stands for the hidden offer was not offered.
    if let Some(chosen) = &grant.protocol
        && chosen != crate::session::linger::offer::NAME
        && handshake::offers(exchange.head, chosen)
    {
        handshake.protocol = Some(chosen.clone());
    }
    Ok(Ok(Some(grant)))
}
