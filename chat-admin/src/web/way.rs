//! The way a question came: over TLS, or without leaving this machine. Pure.

use std::net::IpAddr;

use super::Asked;
use crate::api::Response;

/// Refuses what others could have read or made.
pub(super) fn check(asked: &Asked<'_>) -> Result<(), Response> {
    let request = asked.request;
    if request.https {
        return Ok(());
    }
    if asked.is_forwarded {
        let text = "a proxy passed this on without saying that it came over TLS: name it by trusted-proxy in \
                    administration.ini, and have it set X-Forwarded-Proto";
        return Err(Response::error(403, "proxy_not_trusted", text));
    }
    let from = request.visitor.address.parse();
    if !from.is_ok_and(|from: IpAddr| from.to_canonical().is_loopback()) {
        let text = "passwords are not typed where others read along: give the administration TLS (ssl, sslcert, sslkey \
                    in administration.ini), or come through a tunnel: ssh -L 8081:127.0.0.1:8081 SERVER";
        return Err(Response::error(403, "tls_needed", text));
    }
    // A name that its owner points at this machine (DNS rebinding) is another origin for browsers, and for us.
    if request.hosts.iter().any(|host| is_of_this_machine(host)) {
        return Ok(());
    }
    let text = "without TLS the administration answers to localhost, 127.0.0.1 and [::1] alone";
    Err(Response::error(403, "bad_host", text))
}

fn is_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or_default();
    let address = name.parse();
    name.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Request;

    #[test]
    fn only_tls_and_this_machine_are_good_enough() {
        let code = |https: bool, address: &str, host: &str, is_forwarded: bool| {
            let mut request = Request {
                https,
                hosts: vec![host.to_owned()],
                ..Request::default()
            };
            request.visitor.address = address.to_owned();
            let asked = Asked {
                request: &request,
                token: "",
                is_forwarded,
                log_file: None,
            };
            check(&asked).map_or_else(
                |refused| String::from_utf8_lossy(&refused.body)[18..].to_owned(),
                |()| "good".to_owned(),
            )
        };
        assert_eq!(code(true, "192.0.2.7", "chat.example.org", true), "good");
        for (address, host) in [
            ("127.0.0.1", "127.0.0.1:8081"),
            ("::1", "[::1]:8081"),
            ("::ffff:127.0.0.1", "LocalHost:8081"),
        ] {
            assert_eq!(code(false, address, host, false), "good", "{address}");
        }
        let is = |found: String, code: &str| assert!(found.starts_with(code), "{found}");
        is(code(false, "192.0.2.7", "localhost", false), "tls_needed");
        is(code(false, "", "localhost", false), "tls_needed");
        is(
            code(false, "127.0.0.1", "evil.example:8081", false),
            "bad_host",
        );
        is(
            code(false, "127.0.0.1", "127.0.0.1.evil.example", false),
            "bad_host",
        );
        is(
            code(false, "127.0.0.1", "localhost", true),
            "proxy_not_trusted",
        );
    }
}
