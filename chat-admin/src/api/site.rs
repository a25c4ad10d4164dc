//! Whether a request that changes something comes from the chat's own pages, not from another site
//! that a logged-in person happens to visit (CSRF). Pure.
//!
//! Three walls, each enough by itself in today's browsers: the content type, which another site may
//! not send without being asked first (Fetch, section "CORS-preflight"); `Sec-Fetch-Site`; `Origin`.
//! *Refused:* a token in the page: pages here are static files that caches may share.

use super::Request;

/// Says yes, or why not.
pub(crate) fn check(request: &Request) -> Result<(), &'static str> {
    let kind = request.content_type.split(';').next().unwrap_or_default();
    // Neither may be sent by another site's page without asking first.
    let (wanted, otherwise) = if request.is_upload() {
        (
            "application/octet-stream",
            "a file came without Content-Type: application/octet-stream",
        )
    } else {
        (
            "application/json",
            "a change was asked for without Content-Type: application/json",
        )
    };
    if !kind.trim().eq_ignore_ascii_case(wanted) {
        return Err(otherwise);
    }
    same_site(request)
}

/// Whether a browser says that a page of another site asks.
pub(super) fn is_foreign(request: &Request) -> bool {
    same_site(request).is_err()
}

fn same_site(request: &Request) -> Result<(), &'static str> {
    // Told by the browser itself, and no page can change it; it also holds where a proxy renames Host.
    if let Some(site) = &request.fetch_site {
        return match site.as_str() {
            "same-origin" => Ok(()),
            _ => Err("a change was asked for from another site (Sec-Fetch-Site)"),
        };
    }
    match &request.origin {
        // A program, not a browser: browsers send Origin with every POST and DELETE.
        None => Ok(()),
        Some(origin) if request.hosts.iter().any(|host| is_host_of(origin, host)) => Ok(()),
        Some(_) => Err(
            "a change was asked for from another origin; a proxy in front must keep Host or send X-Forwarded-Host",
        ),
    }
}

/// Whether `origin` (`https://host:port`) is a page of `host` (`host:port`), default ports left out or not.
fn is_host_of(origin: &str, host: &str) -> bool {
    let Some((scheme, place)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
    !place.is_empty() && bare(place) == bare(host.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, site: Option<&str>, origin: Option<&str>) -> Request {
        Request {
            content_type: kind.into(),
            fetch_site: site.map(str::to_owned),
            origin: origin.map(str::to_owned),
            hosts: vec!["chat.example.org".into()],
            ..Request::default()
        }
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        for kind in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ] {
            assert!(check(&request(kind, None, None)).is_err(), "{kind}");
        }
        let json = "application/json; charset=utf-8";
        for site in ["cross-site", "same-site", "none", "x"] {
            assert!(
                check(&request(json, Some(site), Some("https://chat.example.org"))).is_err(),
                "{site}"
            );
        }
        for origin in [
            "https://evil.example",
            "null",
            "https://chat.example.org.evil.example",
            "https://chat.example.org:8443",
            "file://",
            "chat.example.org",
            "https://",
        ] {
            assert!(
                check(&request(json, None, Some(origin))).is_err(),
                "{origin}"
            );
        }
    }

    #[test]
    fn the_own_page_is_let_in() {
        let json = "application/json";
        assert!(
            check(&request(
                json,
                Some("same-origin"),
                Some("https://renamed.by.proxy")
            ))
            .is_ok()
        );
        for origin in [
            "https://chat.example.org",
            "http://chat.example.org:80",
            "https://CHAT.example.org:443",
        ] {
            assert!(
                check(&request(json, None, Some(origin))).is_ok(),
                "{origin}"
            );
        }
        assert!(check(&request(json, None, None)).is_ok());
    }
}
