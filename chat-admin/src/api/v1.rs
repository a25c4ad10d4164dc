//! `v1/...`: what programs of the site, and people by a token of its log-in, may do; see docs/api.md.
//!
//! A request goes down this list: [`routes`] finds its endpoint, [`caller`] says whose token it has, [`pace`] whether
//! they may ask so soon, [`body`] reads what they sent, and the endpoint answers, or [`refusal`] does. The document
//! that describes all of it, docs/openapi.json, is compared with [`routes`] and [`refusal`] by a test.

use std::io::Read;

use chat_handler::settings::Settings;
use chat_store::counters::{self, Counter};

use super::{Request, Response};

mod batch;
mod body;
mod call;
mod caller;
mod channels;
mod closed;
mod incoming;
mod messages;
mod moderation;
mod pace;
mod persons;
mod read;
mod refusal;
mod routes;
mod say;
mod site;

pub use refusal::Refusal;
pub use routes::{Need, ROUTES};

use call::Call;
use caller::Caller;

/// The largest body, in bytes: a hundred messages of half a thousand characters, or some of the longest.
pub const MAX_BODY: usize = 64 * 1024;
/// The largest that is posted to an incoming webhook: GitLab tells each of a pipeline's hundreds of jobs.
pub const MAX_POSTED: usize = 1024 * 1024;

/// Whether a request is for this interface.
pub(super) fn is_asked(path: &str) -> bool {
    path == "v1" || path.starts_with("v1/")
}

/// Answers it. `input` is the body, as long as the request says.
pub(super) fn answer(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Response {
    let dirs = settings.dirs();
    counters::add(&dirs, Counter::ApiRequests);
    match decide(request, settings, input, explain) {
        Ok(response) => response,
        Err(refusal) => {
            counters::add(&dirs, Counter::ApiRefused);
            if let Some(line) = refusal.for_the_log() {
                explain(&line);
            }
            refusal.response()
        }
    }
}

fn decide(
    request: &Request,
    settings: &Settings,
    input: &mut dyn Read,
    explain: &mut dyn FnMut(&str),
) -> Result<Response, Refusal> {
    let path = request.path.strip_prefix("v1").unwrap_or_default();
    let (route, parameters) = routes::find(&request.method, path.trim_start_matches('/'))?;
    // A browser sends a token only if a script of some page does: that page is the site's own.
    if super::site::is_foreign(request) {
        return Err(Refusal::CrossSite);
    }
    let caller = match route.need {
        Need::Nothing => None,
        Need::Secret => {
            let named = parameters.iter().find(|(name, _)| *name == "secret");
            let caller = Caller::of_address(named.map_or("", |(_, secret)| secret), settings)?;
            pace::take(settings, &caller, 1)?;
            Some(caller)
        }
        Need::Scope { scope, people } => {
            let caller = Caller::of(request, settings, explain)?;
            let caller = caller.for_scope(scope, people)?;
            pace::take(settings, &caller, 1)?;
            Some(caller)
        }
    };
    let body = if route.need == Need::Secret {
        body::read_any(request, input, MAX_POSTED)?
    } else {
        body::read(request, input)?
    };
    let mut call = Call {
        request: caller
            .as_ref()
            .map_or_else(|| request.clone(), |caller| caller.asking(request)),
        settings,
        caller,
        parameters,
        body,
        explain,
    };
    (route.run)(&mut call)
}
