//! What a web server in front has to say and to let through.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::daemon::Daemon;
use super::sheet::Sheet;
use super::turn::config;
use chat_handler::settings::Settings;

/// So many bytes at the end of the list of entries are looked at.
const LOOKED_AT: u64 = 64 * 1024;
/// So many different names from one loopback address are too many for one machine's own people.
const MANY: usize = 5;
/// No room's name is so long.
const TOO_LONG: usize = 300;
/// How long a server may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 8 * 1024;

/// By what is configured and who has come.
pub(super) fn look(settings: &Settings, daemon: Option<&Daemon>, sheet: &mut Sheet) {
    let identity = &settings.identity;
    if let Some(variable) = &identity.remote_user
        && identity.trusted_proxies.is_empty()
    {
        let text = format!(
            "REMOTE_USER={variable}, but TRUSTED_PROXIES names nobody: no log-in of the web server counts"
        );
        sheet.error(
            "proxy",
            text,
            "TRUSTED_PROXIES=127.0.0.1, ::1 in chat.ini for a web server on this machine",
        );
    }
    if let Some(whole) = identity
        .trusted_proxies
        .iter()
        .find(|network| network.to_string().ends_with("/0"))
    {
        let text = format!("TRUSTED_PROXIES={whole}: everybody may say who they are");
        sheet.error("proxy", text, "name the web server's own address");
    }
    let is_trusted = daemon.is_some_and(|daemon| daemon.values("trusted-proxy").next().is_some());
    let names = names_of_loopback(settings).unwrap_or_default();
    if names >= MANY {
        let (text, mend) = if is_trusted {
            (
                "the web server in front does not say whose requests it passes on",
                "X-Forwarded-For in its settings, as apache.conf and nginx.conf set it",
            )
        } else {
            (
                "trusted-proxy is missing",
                "trusted-proxy = 127.0.0.1, ::1 in the daemon's file",
            )
        };
        let text = format!(
            "the last {names} people all came from this machine itself: {text}; limits and bans by address hold for all or for nobody"
        );
        sheet.warn("proxy", text, mend);
    }
    sheet.good_unless_found(
        "proxy",
        "people have addresses of their own, or few have come",
    );
}

/// How many names the newest entries have, if all are from this machine.
fn names_of_loopback(settings: &Settings) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::File::open(settings.dirs().log.join("authentization.log"))?;
    let length = file.metadata()?.len();
    let size = usize::try_from(length.min(LOOKED_AT)).unwrap_or_default();
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, length.saturating_sub(LOOKED_AT))?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may have lost its begin.
    let lines = text.lines().skip(usize::from(length > LOOKED_AT));
    let mut names = Vec::new();
    for line in lines {
        let mut words = line.rsplitn(3, ' ');
        let (Some(name), Some(address)) = (words.next(), words.next()) else {
            continue;
        };
        if !address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
        {
            return Ok(0);
        }
        names.push(name.to_owned());
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.len())
}

/// Asks the site as a browser does, by its public address.
pub(super) fn visit(url: &str, ca: Option<&Path>, sheet: &mut Sheet) {
    let mend = "apache.conf, nginx.conf and docs/install.md have the lines that it needs";
    let Some(target) = Target::of(url) else {
        return sheet.error(
            "site",
            format!("{url}: write it as https://chat.example.org/chat/"),
            "--url",
        );
    };
    match target.get("api/health", "", ca) {
        Ok(200) => sheet.good("site", format!("{url}api/health: 200")),
        Ok(503) => sheet.error(
            "site",
            format!("{url}api/health: 503: chat-cgi cannot use its directories"),
            "see owner and mode above",
        ),
        Ok(status) => sheet.error(
            "site",
            format!("{url}api/health: {status}: chat-cgi does not answer there"),
            mend,
        ),
        Err(error) => {
            return sheet.error(
                "site",
                format!("{url}: {error}"),
                "does the web server run, is its certificate good?",
            );
        }
    }
    // Into a room that cannot be: whoever has come through is refused by the handler, and nobody hears of it.
    let upgrade = format!(
        "Origin: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ZG9jdG9yIG9mIGNoYXRjdA==\r\n",
        target.origin()
    );
    let room = "x".repeat(TOO_LONG);
    match target.get(&format!("rooms/{room}"), &upgrade, ca) {
        Ok(101) => sheet.good("site", format!("{url}rooms/: WebSocket comes through")),
        Ok(403) => sheet.error(
            "site",
            format!(
                "{url}rooms/: 403: the daemon does not take pages of {}",
                target.origin()
            ),
            format!(
                "origin = {} in the daemon's file; with sameorigin: trusted-proxy there, and Host and X-Forwarded-Proto from the web server",
                target.origin()
            ),
        ),
        Ok(status) => sheet.error(
            "site",
            format!("{url}rooms/: {status}: WebSocket does not come through"),
            mend,
        ),
        Err(error) => sheet.error("site", format!("{url}rooms/: {error}"), mend),
    }
}

/// Where the site is.
#[derive(Debug)]
struct Target<'a> {
    is_tls: bool,
    host: &'a str,
    port: u16,
    authority: &'a str,
    path: &'a str,
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let at = rest.find('/')?;
        let (authority, path) = rest.split_at(at);
        let is_sound = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let usual = if is_tls { 443 } else { 80 };
        let (host, port) = super::turn::host_and_port(authority, usual)?;
        (is_sound(rest) && path.ends_with('/') && !host.is_empty()).then_some(Self {
            is_tls,
            host,
            port,
            authority,
            path,
        })
    }

    fn origin(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The status of the answer.
    fn get(&self, what: &str, fields: &str, ca: Option<&Path>) -> io::Result<u16> {
        let mut failed = io::Error::other("the name has no address");
        for address in (self.host, self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, LIMIT) {
                Ok(stream) => return self.ask(stream, what, fields, ca),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn ask(
        &self,
        stream: TcpStream,
        what: &str,
        fields: &str,
        ca: Option<&Path>,
    ) -> io::Result<u16> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let connection = if fields.is_empty() {
            "Connection: close\r\n"
        } else {
            ""
        };
        let head = format!(
            "GET {}{what} HTTP/1.1\r\nHost: {}\r\n{connection}{fields}\r\n",
            self.path, self.authority
        );
        if !self.is_tls {
            return status(stream, &head);
        }
        let ca = ca.unwrap_or(Path::new("/etc/ssl/certs/ca-certificates.crt"));
        let name = ServerName::try_from(self.host.to_owned()).map_err(io::Error::other)?;
        let client =
            ClientConnection::new(Arc::new(config(ca)?), name).map_err(io::Error::other)?;
        status(StreamOwned::new(client, stream), &head)
    }
}

fn status(mut stream: impl Read + Write, head: &str) -> io::Result<u16> {
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    while answer.len() < MAX_HEAD && !answer.contains(&b'\n') {
        let mut some = [0; 512];
        match stream.read(&mut some)? {
            0 => break,
            read => answer.extend_from_slice(&some[..read]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("what answers does not speak HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_scheme_a_host_and_a_path() {
        let of = |url| Target::of(url).map(|it| (it.is_tls, it.host, it.port, it.path));
        assert_eq!(
            of("https://a.example/chat/"),
            Some((true, "a.example", 443, "/chat/"))
        );
        assert_eq!(of("http://[::1]:80/"), Some((false, "::1", 80, "/")));
        for bad in [
            "a.example",
            "https://a.example",
            "ftp://a.example/",
            "https://a.example/chat",
            "https://a.ex/\r\nX: /",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
