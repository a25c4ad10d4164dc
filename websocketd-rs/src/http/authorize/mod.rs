//! Who may come in: asked when everything else about a request is sound, before a program starts for it or a file is sent.

mod basic;
mod denial;
mod failures;
mod program;
pub mod verdict;

use std::io;
use std::time::Duration;

use super::exchange::Exchange;
use super::remote::Remote;
use super::request::Head;
use super::upgrade::{self, Refusal, describe};
use crate::config::Authorizer;
use crate::logging::Fields;
use crate::process::{Command, Terminal, env, unique_id};
pub(super) use denial::Denial;
pub use failures::Failures;
pub(super) use verdict::Grant;

/// A client that has closed its side may still read what it asked for, as `nc -N` does; nothing tells it from one that has left.
/// One that asks for a session has left: it could send nothing.
const HALF_CLOSED_GRACE: Duration = Duration::from_secs(2);

/// What is asked for, beside the request itself.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) remote: &'a Remote,
    pub(super) id: &'a str,
    pub(super) script_name: &'a [u8],
    pub(super) path_info: &'a [u8],
    /// The subprotocol as far as it is known; `None` also for plain requests.
    pub(super) protocol: Option<&'a str>,
    pub(super) is_session: bool,
}

/// Asks `authorizer` about the client of `exchange`. An error means that the client has left.
pub(super) async fn ask(
    exchange: &mut Exchange<'_>,
    authorizer: &Authorizer,
    wish: &Wish<'_>,
    fields: &Fields,
) -> io::Result<Result<Grant, Refusal>> {
    let answer = match authorizer {
        Authorizer::Passwords { accounts, .. } => basic::check(exchange, accounts).await,
        Authorizer::Program { path, args } => {
            let Ok(env) = environment(exchange, wish) else {
                return Ok(Err(Refusal::EnvironmentTooLarge));
            };
            let process = &exchange.site.config.process;
            let command = Command {
                program: path.clone(),
                args: args.clone(),
                env,
                cwd: process.cwd.clone(),
                limits: process.limits,
                terminal: Terminal::None,
            };
            let half_closed = if wish.is_session {
                Duration::ZERO
            } else {
                HALF_CLOSED_GRACE
            };
            program::ask(exchange, command, half_closed, fields).await?
        }
    };
    Ok(answer.map_err(Refusal::from))
}

/// Asks about a plain request. `None`: the client was refused, and has its reply.
pub(super) async fn ask_plain(
    exchange: &mut Exchange<'_>,
    authorizer: &Authorizer,
) -> io::Result<Option<Grant>> {
    let mut fields = exchange.fields();
    let reverse_lookup = exchange.site.config.http.reverse_lookup;
    let remote = Remote::of(exchange.client, reverse_lookup).await;
    fields.remote = Some(remote.host.clone());
    // The passwords need no program; what starts for the request later takes a permit of its own.
    let permit = match authorizer {
        Authorizer::Passwords { .. } => Ok(None),
        Authorizer::Program { .. } => exchange.take_permit().map(Some),
    };
    let answer = match permit {
        Err(no_permit) => Err(no_permit.into()),
        Ok(_permit) => {
            let wish = Wish {
                remote: &remote,
                id: &unique_id()?,
                script_name: exchange.prefix().as_bytes(),
                path_info: exchange.path(),
                protocol: None,
                is_session: false,
            };
            ask(exchange, authorizer, &wish, &fields).await?
        }
    };
    match answer {
        Ok(grant) => Ok(Some(grant)),
        Err(refusal) => {
            upgrade::refuse(exchange, &refusal, &fields).await?;
            Ok(None)
        }
    }
}

/// What the program gets: what the handler would, the proof that the handler does not get included.
fn environment(
    exchange: &Exchange<'_>,
    wish: &Wish<'_>,
) -> Result<env::Environment, env::TooLarge> {
    let headers: Vec<_> = exchange.head.headers.iter().collect();
    let request = describe(
        exchange,
        wish.remote,
        wish.id,
        &headers,
        wish.script_name,
        wish.path_info,
    );
    env::authorizer(&request, wish.protocol)
}

/// The header fields that programs get. What a client proves itself with is used up by the one who was asked (RFC 3875 section
/// 9.2): a program's environment can be read by others of its user.
pub(super) fn visible_headers<'head>(
    head: &'head Head,
    grant: Option<&Grant>,
) -> Vec<(&'head str, &'head [u8])> {
    let is_visible = |name: &str| grant.is_none() || !name.eq_ignore_ascii_case("authorization");
    let headers = head.headers.iter();
    headers.filter(|(name, _)| is_visible(name)).collect()
}
