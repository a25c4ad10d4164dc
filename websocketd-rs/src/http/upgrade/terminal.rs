//! What a terminal asks of an upgrade beside the rest.

use crate::config::{Streams, TTYD_PROTOCOL};
use crate::http::exchange::Exchange;
use crate::http::handshake::HandshakeError;
use crate::http::origin::{Mismatch, is_own_name};
use crate::permit::ProgramPermit;
use crate::process::{Program, Size, Terminal};
use crate::session::terminal::control::Dialect;
use crate::session::{Partner, TerminalPartner};

/// A program of the client's own, and how it is joined.
pub(super) fn partner(
    exchange: &Exchange<'_>,
    program: Program,
    permit: ProgramPermit,
    protocol: Option<&str>,
) -> Partner {
    if !exchange.site.config.process.streams.is_terminal() {
        return Partner::Program(Box::new(program), permit);
    }
    let dialect = if protocol == Some(TTYD_PROTOCOL) {
        Dialect::Ttyd
    } else {
        Dialect::Own
    };
    Partner::Terminal(Box::new(TerminalPartner {
        program,
        permit,
        dialect,
    }))
}

/// What terminal a program gets, of the size that the query names, if it does.
pub(super) fn of(exchange: &Exchange<'_>, streams: &Streams) -> Terminal {
    match streams {
        Streams::Pipes => Terminal::None,
        Streams::Unbuffered => Terminal::Stdout,
        Streams::Terminal { .. } => {
            let query = exchange.head.target.query().unwrap_or_default();
            Terminal::Controlling(size(query).unwrap_or_default())
        }
    }
}

/// `cols=132&rows=43`.
fn size(query: &str) -> Option<Size> {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name)?.1.parse().ok()
    };
    Size::new(number("cols")?, number("rows")?)
}

/// Refuses pages of a host whose name may have been made to point here (DNS rebinding): to the browser such a page is of the same
/// origin, and it could type into the terminal. Addresses, `localhost` and the machine's own name can't be another's; over TLS the
/// certificate has the name; and where somebody is asked who may come in, the page knows no password.
pub(super) fn check_name(exchange: &Exchange<'_>) -> Result<(), HandshakeError> {
    let config = &exchange.site.config;
    let is_guarded = !config.process.streams.is_terminal()
        || config.http.allowed_origins.is_some()
        || config.access.authorizer.is_some()
        || exchange.client.https
        || exchange.head.headers.get("origin").is_none();
    if is_guarded {
        return Ok(());
    }
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy();
    if is_own_name(&exchange.head.host, &machine) {
        Ok(())
    } else {
        Err(HandshakeError::Origin(Mismatch::NameNotListed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_may_name_the_size() {
        assert_eq!(size("x=1&cols=132&rows=43"), Size::new(132, 43));
        for query in [
            "",
            "cols=132",
            "cols=132&rows=x",
            "cols=0&rows=43",
            "cols=132&rows=99999",
        ] {
            assert_eq!(size(query), None, "{query}");
        }
    }
}
