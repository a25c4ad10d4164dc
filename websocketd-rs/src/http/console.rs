//! `--devconsole`: a page to try a handler by hand.

use std::io;

use super::exchange::Exchange;
use super::response::{Response, escape_html};
use crate::config::{Framing, Session};
use crate::process::unique_id;

const PAGE: &str = include_str!("console.html");

/// Answers with the page, for any path: the path is the one that the page connects to.
pub(super) async fn serve(exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.fields().access("http", "DEVCONSOLE");
    let scheme = if exchange.client.https { "wss" } else { "ws" };
    let head = exchange.head;
    let page_nonce = unique_id()?;
    let page = render(
        &format!("{scheme}://{}{}", head.host, head.target.raw),
        &page_nonce,
        taken(&exchange.site.config.session),
    );
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{page_nonce}'; \
         connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let response = Response::new(200)
        .with("Content-Type", &b"text/html; charset=utf-8"[..])
        .with("X-Content-Type-Options", &b"nosniff"[..])
        .with("Cache-Control", &b"no-store"[..])
        .with_text("Content-Security-Policy", policy);
    exchange.reply(&response, page.as_bytes()).await
}

/// What the page sends: words of its script.
fn taken(session: &Session) -> &'static str {
    match session.framing {
        _ if session.is_read_only => "nothing",
        Framing::Lines | Framing::TaggedLines => "lines",
        Framing::Nul => "texts",
        Framing::Binary | Framing::Records => "both",
        Framing::Terminal => "keys",
    }
}

/// The address last: it is the client's, and could hold the other marks.
fn render(address: &str, nonce: &str, taken: &str) -> String {
    PAGE.replacen("{{NONCE}}", nonce, 1)
        .replacen("{{TAKEN}}", taken, 1)
        .replacen("{{ADDRESS}}", &escape_html(address), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_escaped_and_near_the_top() {
        let page = render("ws://h:1/a?<\"x'>&y={{NONCE}}", "n0nce", "lines");
        let at = page
            .find("ws://h:1/a?&lt;&#34;x&#39;&gt;&amp;y={{NONCE}}")
            .unwrap();
        assert!(at < 2048);
        assert!(page.contains("<script nonce=\"n0nce\">"));
    }

    #[test]
    fn the_page_asks_nobody_else() {
        assert!(
            !PAGE.contains("http://") && !PAGE.contains("https://") && !PAGE.contains("innerHTML")
        );
    }
}
