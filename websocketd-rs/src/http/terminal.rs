//! `--terminal`: a page that shows the terminal of `--pty`, made by build.rs of xterm.js and a script of ours.

use std::io::{self, Read};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use ring::digest::{SHA256, digest};

use super::exchange::Exchange;
use super::files::is_cached;
use super::gzip;
use super::response::Response;

const PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/terminal.html.gz"));

/// Where its script stands.
const SCRIPT: [&str; 2] = ["<script type=\"module\">", "</script>"];

/// What its reply says of it.
struct Labels {
    etag: String,
    policy: String,
}

/// Answers with the page, for any path: the path is the one that the page connects to.
pub(super) async fn serve(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.fields().access("http", "TERMINAL");
    let headers = &exchange.head.headers;
    let is_gzip = gzip::is_accepted(headers);
    let labels = labels();
    let etag = if is_gzip {
        gzip::variant(&labels.etag)
    } else {
        labels.etag.clone()
    };
    let is_cached = is_cached(headers, &etag);
    let mut response = Response::new(if is_cached { 304 } else { 200 })
        .with("Content-Type", &b"text/html; charset=utf-8"[..])
        .with("X-Content-Type-Options", &b"nosniff"[..])
        .with("Cache-Control", &b"no-cache"[..])
        .with("Vary", &b"Accept-Encoding"[..])
        .with_text("Content-Security-Policy", labels.policy.clone())
        .with_text("ETag", etag);
    if is_gzip && !is_cached {
        response = response.with("Content-Encoding", &b"gzip"[..]);
    }
    if is_gzip || is_cached {
        return exchange.reply(&response, PAGE).await;
    }
    exchange.reply(&response, page().as_bytes()).await
}

/// Asked for by few, and not kept.
fn page() -> String {
    let mut page = String::new();
    GzDecoder::new(PAGE)
        .read_to_string(&mut page)
        .expect("build.rs made it");
    page
}

fn labels() -> &'static Labels {
    static LABELS: OnceLock<Labels> = OnceLock::new();
    LABELS.get_or_init(|| {
        let page = page();
        let [start, end] = SCRIPT;
        let script = page.split(start).nth(1).and_then(|rest| rest.split(end).next());
        let script = digest(&SHA256, script.expect("build.rs put it there").as_bytes());
        let script = STANDARD.encode(script);
        let etag = STANDARD.encode(&digest(&SHA256, page.as_bytes()).as_ref()[..12]);
        Labels {
            etag: format!("\"{etag}\""),
            policy: format!(
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; img-src data:; \
                 connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_nobody_else() {
        let page = page();
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(!page.contains("{{S"), "all is filled in");
        let html = page.split(SCRIPT[0]).next().expect("what is before it");
        assert!(!html.contains("src=") && !html.contains("@import") && !html.contains("url("));
        assert!(PAGE.len() < 110_000, "{} bytes", PAGE.len());
        assert!(labels().policy.contains("script-src 'sha256-"));
    }
}
