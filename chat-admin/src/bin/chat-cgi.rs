//! `chat-cgi`: what the pages ask over HTTP, as a CGI program. See the library's `api` module.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use chat_admin::api::{self, MAX_BODY, Request, Response, Trouble};
use chat_handler::settings::{Settings, SettingsError};

/// musl's own maps and unmaps pages twenty times more often in the life of such a program: docs/decisions.md no. 117.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    let response = respond();
    let head_only = env::var_os("REQUEST_METHOD").is_some_and(|method| method == "HEAD");
    match response.write_to(&mut io::stdout().lock(), head_only) {
        Ok(()) => ExitCode::SUCCESS,
        // The client is gone; there is nobody left to tell.
        Err(_) => ExitCode::FAILURE,
    }
}

fn respond() -> Response {
    let settings = match load() {
        Ok(settings) => settings,
        Err(problems) => {
            explain(&problems.to_string());
            return Response::error(
                500,
                "config",
                "the server's configuration is broken; its log says where",
            );
        }
    };
    let get = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let remote_user = settings.identity.remote_user.as_deref();
    let mut input = io::stdin().lock();
    match Request::read(get, &mut input, remote_user) {
        Ok(request) => api::answer(&request, &settings, &mut input, &mut |line| explain(line)),
        Err(Trouble::TooLarge) => {
            Response::error(413, "too_long", &format!("send at most {MAX_BODY} bytes"))
        }
        Err(Trouble::BadBody) => {
            Response::error(400, "bad_body", "the body and its length do not agree")
        }
        Err(Trouble::BadQuery) => Response::error(
            400,
            "bad_query",
            "the query string is too long or not percent-encoded",
        ),
    }
}

/// No arguments are read: a web server may pass parts of the query string as such (RFC 3875 section 4.4).
fn load() -> Result<Settings, SettingsError> {
    let variable = env::var_os("CHAT_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    Settings::load(None, variable.as_deref())
}

/// For the server's log, which is where a CGI program's stderr goes.
fn explain(line: &str) {
    // A log that cannot be written must not keep the answer back.
    let _ = writeln!(io::stderr(), "chat-cgi: {}", line.replace('\n', "; "));
}
