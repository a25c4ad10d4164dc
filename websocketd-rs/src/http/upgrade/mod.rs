//! The opening handshake (RFC 6455 section 4.2): everything that can refuse does, then the program starts, and only
//! once it runs does the client get its 101.

mod refusal;
mod refuse;
pub(super) mod shared;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::exchange::Exchange;
use super::handshake::{self, Handshake};
use super::origin;
use super::remote::Remote;
use super::response;
use super::script;
use super::target;
use crate::config::{self, SiteConfig};
use crate::diagnosis::diagnose;
use crate::logging::{Fields, shortened};
use crate::permit::ProgramPermit;
use crate::process::{Command, Program, env};
use crate::session::Partner;
pub(super) use refusal::{NoPermit, Refusal, explain, spawn_status};
use refuse::refuse;

/// Longest list of offered subprotocols that is logged, in bytes.
const MAX_LOGGED_OFFER: usize = 200;

/// A program that runs for a client that has its 101.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) partner: Partner,
    pub(super) fields: Fields,
    pub(super) config: Arc<SiteConfig>,
}

/// A program that runs for a client that waits for its 101.
struct Ready {
    partner: Partner,
    handshake: Handshake,
}

/// What a session needs that can be said without starting anything.
struct Prepared {
    handshake: Handshake,
    endpoint: Endpoint,
    /// The variables of the client's own program.
    env: env::Environment,
}

/// The program to start, and its part of the URL path.
#[derive(Debug)]
struct Endpoint {
    program: PathBuf,
    args: Vec<OsString>,
    script_name: Vec<u8>,
    path_info: Vec<u8>,
}

/// Answers an upgrade request: with 101 and a running program, or with why not.
pub(super) async fn upgrade(
    exchange: &mut Exchange<'_>,
    program: &config::Program,
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
    } = ready;
    let config = &exchange.site.config;
    warn_of_offer(exchange, protocol.as_deref(), &fields);
    let head = response::encode_switching(&accept, protocol.as_deref(), &config.http);
    if let Err(error) = exchange.connection.write_all(&head).await {
        // The client is gone before its session began. The permit is held until the program is gone too.
        if let Partner::Program(mut program, _permit) = partner {
            program.terminate(config.process.close_delay, &fields).await;
        }
        return Err(error);
    }
    Ok(Some(Started {
        partner,
        fields,
        config: Arc::clone(config),
    }))
}

/// Browsers close a connection whose answer names none of the subprotocols that the page offered (RFC 6455 section 4.1), and
/// show 1006: the log is the only place that can say why.
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

/// Everything that can refuse, the start of the program last. `fields` is filled in on the way, for the line of a refusal too.
async fn start(
    exchange: &Exchange<'_>,
    program: &config::Program,
    fields: &mut Fields,
) -> io::Result<Result<Ready, Refusal>> {
    let config = &exchange.site.config;
    // A shared program has a permit of its own, taken by the first of its clients.
    let permits = match &config.session.shared {
        None => exchange
            .take_permit()
            .map(|permit| (Some(permit.fork), permit.address)),
        Some(_) => exchange.take_address().map(|address| (None, address)),
    };
    let (fork, address) = match permits {
        Ok(permits) => permits,
        Err(no_permit) => {
            if let NoPermit::Address(ip) = no_permit {
                fields.remote = Some(ip.to_string());
            }
            return Ok(Err(no_permit.into()));
        }
    };
    let remote = Remote::of(exchange.client, config.http.reverse_lookup).await;
    let id = unique_id()?;
    fields.id = Some(id.clone());
    fields.remote = Some(remote.host.clone());
    let prepared = match prepare(exchange, program, &remote, &id, fields) {
        Ok(prepared) => prepared,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Prepared {
        handshake,
        endpoint,
        env,
    } = prepared;
    let partner = match (&config.session.shared, fork) {
        (Some(shared), _) => shared::enter(exchange, shared, endpoint, &env, address)
            .await
            .map(|member| Partner::Member(Box::new(member))),
        (None, Some(fork)) => start_own(exchange, endpoint, env, fields)
            .await
            .map(|program| Partner::Program(Box::new(program), ProgramPermit { fork, address })),
        (None, None) => Err(NoPermit::Forks.into()),
    };
    Ok(partner.map(|partner| Ready { partner, handshake }))
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
    let command = Command {
        program,
        args,
        env,
        cwd: exchange.site.config.process.cwd.clone(),
        limits: exchange.site.config.process.limits,
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

fn prepare(
    exchange: &Exchange<'_>,
    program: &config::Program,
    remote: &Remote,
    id: &str,
    fields: &mut Fields,
) -> Result<Prepared, Refusal> {
    let config = &exchange.site.config;
    let endpoint = find_endpoint(program, exchange).ok_or(Refusal::ScriptNotFound)?;
    fields.command = Some(endpoint.program.to_string_lossy().into_owned());
    let rules = origin::OriginRules {
        same_origin: config.http.same_origin,
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
    let protocol = handshake.protocol.as_deref();
    let env = environment(exchange, remote, id, &endpoint, protocol)?;
    Ok(Prepared {
        handshake,
        endpoint,
        env,
    })
}

/// The `PATH` of a program.
pub(super) fn search_path(environment: &env::Environment) -> Option<OsString> {
    let path = environment.iter().find(|(name, _)| name == "PATH");
    path.map(|(_, value)| value.clone())
}

fn find_endpoint(program: &config::Program, exchange: &Exchange<'_>) -> Option<Endpoint> {
    let (prefix, path) = (exchange.prefix(), exchange.path());
    match program {
        config::Program::Command {
            path: program,
            args,
        } => Some(Endpoint {
            program: program.clone(),
            args: args.clone(),
            // websocketd's name for the root, which RFC 3875 would have empty.
            script_name: if prefix.is_empty() { "/" } else { prefix }.into(),
            path_info: path.to_vec(),
        }),
        config::Program::ScriptDir(dir) => script::find(dir, path).map(|script| Endpoint {
            program: script.file,
            args: Vec::new(),
            script_name: [prefix.as_bytes(), &script.name].concat(),
            path_info: script.path_info,
        }),
    }
}

fn environment(
    exchange: &Exchange<'_>,
    remote: &Remote,
    id: &str,
    endpoint: &Endpoint,
    protocol: Option<&str>,
) -> Result<env::Environment, env::TooLarge> {
    let headers: Vec<_> = exchange.head.headers.iter().collect();
    let request = describe(
        exchange,
        remote,
        id,
        &headers,
        &endpoint.script_name,
        &endpoint.path_info,
    );
    env::session(&request, protocol)
}

/// The request as a program sees it.
pub(super) fn describe<'a>(
    exchange: &'a Exchange<'_>,
    remote: &'a Remote,
    unique_id: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    script_name: &'a [u8],
    path_info: &'a [u8],
) -> env::Request<'a> {
    let head = exchange.head;
    let https = exchange.client.https;
    let (server_name, port) = target::split_host(&head.host).unwrap_or_default();
    env::Request {
        method: &head.method,
        protocol: head.version.as_str(),
        server_name,
        server_port: port.unwrap_or(if https { 443 } else { 80 }),
        https,
        uri: &head.target.raw,
        query: head.target.query().unwrap_or_default(),
        path: &head.target.path,
        script_name,
        path_info,
        remote_addr: &remote.addr,
        remote_host: &remote.host,
        remote_port: &remote.port,
        proxy: exchange.client.proxy,
        unique_id,
        headers,
        inherited: &exchange.site.config.process.inherited_env,
        max_bytes: exchange.site.config.process.max_environment,
    }
}

/// 128 random bits, in hexadecimal.
pub(super) fn unique_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (one, two) = (unique_id().unwrap(), unique_id().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
    }
}
