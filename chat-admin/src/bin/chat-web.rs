//! `chat-web`: the administration's part on the server, as a CGI program. See the library's `web` module.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chat_admin::api::{Request, Response};
use chat_admin::web::{self, Asked};
use chat_handler::settings::Settings;

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
    let named = |name| env::var_os(name).filter(|value| !value.is_empty());
    let variable = named("CHAT_CONFIG").map(PathBuf::from);
    let settings = match Settings::load(None, variable.as_deref()) {
        Ok(settings) => settings,
        Err(problems) => {
            explain(&problems.to_string());
            let text = "the server's configuration is broken; its log says where";
            return Response::error(500, "config", text);
        }
    };
    let get = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let Ok(request) = Request::read(get, &mut io::stdin().lock(), None) else {
        return Response::error(400, "bad_request", "the request is too long or broken");
    };
    let forwarded = ["HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_VIA"];
    let log_file = named("CHAT_LOG_FILE");
    let asked = Asked {
        request: &request,
        token: &get("HTTP_X_CHAT_TOKEN").unwrap_or_default(),
        is_forwarded: forwarded.iter().any(|&name| named(name).is_some()),
        log_file: log_file.as_deref().map(Path::new),
    };
    web::answer(&asked, &settings, &mut |line| explain(line))
}

/// For the server's log, which is where a CGI program's stderr goes.
fn explain(line: &str) {
    // A log that cannot be written must not keep the answer back.
    let _ = writeln!(io::stderr(), "chat-web: {}", line.replace('\n', "; "));
}
