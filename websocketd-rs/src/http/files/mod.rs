//! Static files: what a URL path names below a directory is sent, and nothing else.

mod conditional;
pub(super) mod content_type;
mod find;
mod listing;
mod send;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::http::exchange::Exchange;
use crate::http::response::Response;
use crate::http::target;
use conditional::Validators;
pub(super) use conditional::is_cached;
use find::{Found, Name, find, status_of};
use send::send;

/// Answers with the file or the listing that the path names below `dir`.
/// Nothing below `cgi_dir` is sent: that would be the source of a script.
pub(super) async fn serve(
    exchange: &mut Exchange<'_>,
    dir: &Path,
    cgi_dir: Option<&Path>,
) -> io::Result<()> {
    exchange.fields().access("http", "STATIC");
    let path = exchange.path();
    if path.ends_with(b"/index.html") {
        return move_to(exchange, "./").await;
    }
    let (found, name) = match find(dir, cgi_dir, path) {
        Ok(found) => found,
        Err(error) => return exchange.reply_status(status_of(&error)).await,
    };
    let is_dir = name == Name::Index || matches!(found, Found::Dir { .. });
    match found {
        // Links in a listing or an index page are relative to the directory.
        _ if is_dir && !path.ends_with(b"/") => {
            let location = format!("{}/", last_segment(&exchange.head.target.path));
            move_to(exchange, &location).await
        }
        Found::Dir { dir, .. } => list(exchange, &dir).await,
        Found::File { .. } if path.ends_with(b"/") && name == Name::Itself => {
            let location = format!("../{}", last_segment(path));
            move_to(exchange, &location).await
        }
        Found::File {
            file,
            length,
            modified,
            etag,
        } => {
            let name = if name == Name::Index {
                Path::new("index.html")
            } else {
                Path::new(OsStr::from_bytes(path))
            };
            send(exchange, &file, name, length, Validators { etag, modified }).await
        }
    }
}

async fn list(exchange: &mut Exchange<'_>, dir: &File) -> io::Result<()> {
    let page = match listing::render(dir) {
        Ok(page) => page,
        Err(error) => return exchange.reply_status(status_of(&error)).await,
    };
    let response = Response::new(200)
        .with("Content-Type", &b"text/html; charset=utf-8"[..])
        .with("X-Content-Type-Options", &b"nosniff"[..]);
    exchange.reply(&response, page.as_bytes()).await
}

/// How long a copy may be used without asking. Without a word browsers guess by the age of the file, and run old scripts beside
/// new ones for days after an upgrade; asking costs a 304.
fn caching(name: &Path) -> &'static str {
    if has_hash(name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// Whether the name changes with the content: a part of it is a hash, at least eight hexadecimal digits with letters among them.
fn has_hash(name: &Path) -> bool {
    let name = name.file_name().unwrap_or_default().as_bytes();
    let mut parts = name.split(|byte| matches!(byte, b'.' | b'-' | b'_'));
    parts.any(|part| {
        part.len() >= 8
            && part.iter().all(u8::is_ascii_hexdigit)
            && part.iter().any(u8::is_ascii_digit)
            && part.iter().any(u8::is_ascii_alphabetic)
    })
}

fn last_segment(path: &[u8]) -> String {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    target::encode(path.rsplit(|&byte| byte == b'/').next().unwrap_or_default())
}

/// 301 to a relative location, which holds behind a proxy that serves us below a path of its own.
async fn move_to(exchange: &mut Exchange<'_>, location: &str) -> io::Result<()> {
    let mut location = location.to_owned();
    if let Some(query) = exchange.head.target.query() {
        location.push('?');
        location.push_str(query);
    }
    exchange
        .reply(&Response::new(301).with_text("Location", location), b"")
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_in_the_name_is_seen() {
        for name in [
            "app.3f2a9c1b.js",
            "/x/style-0123456789abcdef.css",
            "a_deadbee1.png",
        ] {
            assert!(has_hash(Path::new(name)), "{name}");
        }
        for name in [
            "app.js",
            "notes-20261129.html",
            "deadbeef.js",
            "a.3f2a9.js",
            "3f2a9c1b/a.js",
        ] {
            assert!(!has_hash(Path::new(name)), "{name}");
        }
    }
}
