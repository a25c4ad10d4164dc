//! What HTTP requests get.

use std::path::PathBuf;

use super::Problem;
use super::bounds::is_token;
use super::streams::check_page;
use crate::cli::Args;
use crate::config::{Coding, Http, Network};

pub(super) fn check_http(args: &Args) -> Result<Http, Problem> {
    let content = &args.content;
    let canonical = |flag, dir: &Option<PathBuf>| -> Result<Option<PathBuf>, Problem> {
        match dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
            None => Ok(None),
            Some(dir) => match dir.canonicalize() {
                Ok(path) => Ok(Some(path)),
                Err(error) => {
                    let message = format!("cannot open directory '{}': {error}", dir.display());
                    Err(Problem::alone(flag, message))
                }
            },
        }
    };
    // An empty --origin counts as not given, as in websocketd; a list of nothing but commas admits no page.
    let origins = args.access.origin.as_ref().filter(|list| !list.is_empty());
    Ok(Http {
        static_dir: canonical("staticdir", &content.staticdir)?,
        cgi_dir: canonical("cgidir", &content.cgidir)?,
        page: check_page(args)?,
        coding: if content.gzip {
            Coding::Gzip
        } else {
            Coding::Identity
        },
        headers: check_headers("header", &content.header)?,
        ws_headers: check_headers("header-ws", &content.header_ws)?,
        http_headers: check_headers("header-http", &content.header_http)?,
        hidden_paths: check_paths(&content.hidepath)?,
        same_origin: args.access.sameorigin,
        allowed_origins: origins.map(|list| {
            list.split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(Into::into)
                .collect()
        }),
        reverse_lookup: args.access.reverselookup,
    })
}

pub(super) fn check_proxies(list: &str) -> Result<Vec<Network>, Problem> {
    let entries = list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    let parse = |entry: &str| {
        entry.parse().map_err(|error| {
            let message = format!("--trusted-proxy: '{}': {error}", entry.escape_debug());
            Problem::alone("trusted-proxy", message)
        })
    };
    entries.map(parse).collect()
}

/// Starts of paths that the log does not show whole.
fn check_paths(typed: &[String]) -> Result<Vec<String>, Problem> {
    if let Some(wrong) = typed.iter().find(|path| !path.starts_with('/')) {
        let message = format!(
            "--hidepath: '{}' does not begin with /",
            wrong.escape_debug()
        );
        return Err(Problem::alone("hidepath", message));
    }
    Ok(typed.to_vec())
}

/// websocketd silently skips a header without a colon and sends any bytes; both are errors here, because such a header
/// would be missing from, or would break, every response.
fn check_headers(flag: &'static str, typed: &[String]) -> Result<Vec<(String, String)>, Problem> {
    let parse = |header: &String| {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            format!(
                "--{flag}: '{}' is no header; write it as \"Name: value\"",
                header.escape_debug()
            )
        })?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!(
                "--{flag}: '{}' is no header name",
                name.escape_debug()
            ));
        }
        let value = value.trim_matches([' ', '\t']);
        if value
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(format!(
                "--{flag}: the value of {name} holds a control character"
            ));
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    let parsed: Result<_, String> = typed.iter().map(parse).collect();
    parsed.map_err(|message| Problem::alone(flag, message))
}
