//! `--terminal`: a page that shows the terminal of `--pty`, made by build.rs of xterm.js and a script of ours.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};

use super::exchange::Exchange;
use super::files::is_cached;
use super::gzip;
use super::response::Response;

const PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/terminal.html.gz"));

/// Where its script stands.
const SCRIPT: [&str; 2] = ["<script type=\"module\">", "</script>"];

/// By which the page knows that the program outlives its connection, `--linger`.
const MARK: (&str, &str) = ("<html lang", "<html data-linger lang");

/// The page, and what its reply says of it.
struct Edition {
    gzip: Cow<'static, [u8]>,
    etag: String,
    policy: String,
}

/// Answers with the page, for any path: the path is the one that the page connects to.
pub(super) async fn serve(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.fields().access("http", "TERMINAL");
    let headers = &exchange.head.headers;
    let is_gzip = gzip::is_accepted(headers);
    let edition = edition(exchange.site.config.session.linger.is_some());
    let etag = if is_gzip {
        gzip::variant(&edition.etag)
    } else {
        edition.etag.clone()
    };
    let is_cached = is_cached(headers, &etag);
    let mut response = Response::new(if is_cached { 304 } else { 200 })
        .with("Content-Type", &b"text/html; charset=utf-8"[..])
        .with("X-Content-Type-Options", &b"nosniff"[..])
        .with("Cache-Control", &b"no-cache"[..])
        .with("Vary", &b"Accept-Encoding"[..])
        .with_text("Content-Security-Policy", edition.policy.clone())
        .with_text("ETag", etag);
    if is_gzip && !is_cached {
        response = response.with("Content-Encoding", &b"gzip"[..]);
    }
    if is_gzip || is_cached {
        return exchange.reply(&response, &edition.gzip).await;
    }
    exchange
        .reply(&response, unpack(&edition.gzip).as_bytes())
        .await
}

/// Asked for by few, and not kept.
fn unpack(gzip: &[u8]) -> String {
    let mut page = String::new();
    GzDecoder::new(gzip)
        .read_to_string(&mut page)
        .expect("build.rs made it, or we did");
    page
}

/// The page as build.rs made it, or the marked one, made once.
fn edition(is_lingering: bool) -> &'static Edition {
    static PLAIN: OnceLock<Edition> = OnceLock::new();
    static LINGERING: OnceLock<Edition> = OnceLock::new();
    if !is_lingering {
        return PLAIN.get_or_init(|| Edition::new(PAGE.into(), &unpack(PAGE)));
    }
    LINGERING.get_or_init(|| {
        let (from, to) = MARK;
        let page = unpack(PAGE).replacen(from, to, 1);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let packed = encoder
            .write_all(page.as_bytes())
            .and_then(|()| encoder.finish());
        Edition::new(packed.expect("memory").into(), &page)
    })
}

impl Edition {
    fn new(gzip: Cow<'static, [u8]>, page: &str) -> Self {
        let [start, end] = SCRIPT;
        let script = page
            .split(start)
            .nth(1)
            .and_then(|rest| rest.split(end).next());
        let script = digest(&SHA256, script.expect("build.rs put it there").as_bytes());
        let script = STANDARD.encode(script);
        let etag = STANDARD.encode(&digest(&SHA256, page.as_bytes()).as_ref()[..12]);
        Self {
            gzip,
            etag: format!("\"{etag}\""),
            policy: format!(
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; img-src data:; \
                 connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_nobody_else() {
        let page = unpack(PAGE);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(!page.contains("{{S"), "all is filled in");
        let html = page.split(SCRIPT[0]).next().expect("what is before it");
        assert!(!html.contains("src=") && !html.contains("@import") && !html.contains("url("));
        assert!(PAGE.len() < 110_000, "{} bytes", PAGE.len());
        assert!(edition(false).policy.contains("script-src 'sha256-"));
    }

    #[test]
    fn a_page_whose_program_lingers_says_so_and_has_the_same_script() {
        let [plain, lingering] = [false, true].map(edition);
        assert_eq!(plain.policy, lingering.policy);
        assert_ne!(plain.etag, lingering.etag);
        let marked = unpack(&plain.gzip).replacen(MARK.0, MARK.1, 1);
        assert_eq!(unpack(&lingering.gzip), marked);
        assert!(marked.contains(MARK.1));
    }
}
