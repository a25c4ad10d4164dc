//! `OpenSSO`'s attribute service, asked with the cookie of the person.
//!
//! TLS would make every handler bigger, so a program of its own, `chat-opensso`, asks: it gets
//! the request on stdin (a cookie in its arguments would be seen in the process list), prints the
//! reply, and is waited for no longer than the time limit and a moment.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Person;
use crate::color::Color;
use crate::settings::Identity;

/// The longest reply that is read. A person's attributes take a few kilobytes.
pub const MAX_REPLY_BYTES: u64 = 256 * 1024;

/// What the program may take beyond its own time limit before it is killed: starting, and a
/// machine that is busy.
const GRACE: Duration = Duration::from_secs(2);

/// What the program needs to know, one value a line, cookie last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Address of the service.
    pub url: String,
    /// Time limit in milliseconds.
    pub timeout: Duration,
    /// PEM file of certificates to trust; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// The cookie's name.
    pub cookie_name: String,
    /// The cookie's value.
    pub cookie: String,
}

impl Inquiry {
    /// As the program reads it.
    pub fn to_text(&self) -> String {
        let ca_file = self
            .ca_file
            .as_deref()
            .and_then(Path::to_str)
            .unwrap_or_default();
        let timeout = self.timeout.as_millis();
        let (url, name, cookie) = (&self.url, &self.cookie_name, &self.cookie);
        format!("{url}\n{timeout}\n{ca_file}\n{name}\n{cookie}\n")
    }

    /// Reads what [`Inquiry::to_text`] wrote; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            url: lines.next()?.to_owned(),
            timeout: Duration::from_millis(lines.next()?.parse().ok()?),
            ca_file: lines
                .next()
                .map(|file| (!file.is_empty()).then(|| file.into()))?,
            cookie_name: lines.next()?.to_owned(),
            cookie: lines.next()?.to_owned(),
        })
    }
}

/// Asks who the owner of `cookie` is.
///
/// # Errors
/// Why that is not known, for the log.
pub fn ask(settings: &Identity, cookie: &[u8]) -> Result<Person, String> {
    let url = settings
        .sso_url
        .clone()
        .ok_or("AUTHENTIZATION_WEBSERVICE_URL is not set")?;
    let cookie = cookie_text(cookie).ok_or("the OpenSSO cookie holds what no cookie can hold")?;
    let request = Inquiry {
        url,
        timeout: settings.sso_timeout,
        ca_file: settings.sso_ca_file.clone(),
        cookie_name: settings.sso_cookie.clone(),
        cookie,
    };
    let program = program().map_err(|error| format!("chat-opensso: {error}"))?;
    let deadline = Instant::now() + settings.sso_timeout + GRACE;
    let reply = run(&program, &request.to_text(), deadline)?;
    person(&reply).ok_or_else(|| "OpenSSO's reply names nobody".to_owned())
}

/// Visible ASCII without what ends a cookie, re-encoded as the service expects: nothing that could
/// start another header.
fn cookie_text(cookie: &[u8]) -> Option<String> {
    let good = |byte: &u8| byte.is_ascii_graphic() && !b";,\"\\".contains(byte);
    (!cookie.is_empty() && cookie.len() <= 4096 && cookie.iter().all(good))
        .then(|| String::from_utf8_lossy(cookie).into_owned())
}

/// The program lies beside this one: both are installed together.
fn program() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("chat-opensso"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one program that a handler starts, with a deadline"
)]
fn run(program: &Path, request: &str, deadline: Instant) -> Result<String, String> {
    let fail = |what: &str, error: io::Error| format!("chat-opensso {what}: {error}");
    let mut child = Command::new(program)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| fail("cannot be started", error))?;
    // The request fits into the pipe's buffer, so writing it cannot block.
    let asked = child
        .stdin
        .take()
        .map_or(Ok(()), |mut stdin| stdin.write_all(request.as_bytes()));
    let reply = asked.and_then(|()| read_until(&mut child, deadline));
    // It may have ended by itself already; then there is nothing to kill.
    let _ = child.kill();
    let status = child.wait().map_err(|error| fail("was lost", error))?;
    let reply = reply.map_err(|error| fail("did not answer", error))?;
    if status.success() || status.code().is_none() && !reply.is_empty() {
        Ok(String::from_utf8_lossy(&reply).into_owned())
    } else {
        Err(format!(
            "chat-opensso failed ({status}); its own line on stderr says why"
        ))
    }
}

fn read_until(child: &mut Child, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (mut reply, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: left.as_secs().cast_signed(),
            tv_nsec: left.subsec_nanos().into(),
        };
        let ready = {
            let fd = stdout.as_fd();
            poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout))?
        };
        if ready == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match stdout.read(&mut buffer)? {
            0 => return Ok(reply),
            read if (reply.len() + read) as u64 > MAX_REPLY_BYTES => {
                return Err(io::Error::other("the reply is too long"));
            }
            read => reply.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Who the reply tells of: lines `userdetails.attribute.name=NAME`, each followed by its
/// `userdetails.attribute.value=VALUE` lines. The name is givenname and sn without blanks, the
/// account is uid. Pure.
pub fn person(reply: &str) -> Option<Person> {
    let (mut given, mut family, mut uid) = (None, None, None);
    let mut slot: Option<&mut Option<String>> = None;
    for line in reply.lines() {
        if let Some(name) = line.strip_prefix("userdetails.attribute.name=") {
            slot = match name.trim() {
                "givenname" => Some(&mut given),
                "sn" => Some(&mut family),
                "uid" => Some(&mut uid),
                _ => None,
            };
        } else if let Some(value) = line.strip_prefix("userdetails.attribute.value=")
            && let Some(slot) = slot.take()
            && !value.trim().is_empty()
        {
            *slot = Some(value.trim().to_owned());
        }
    }
    let uid: String = uid?;
    let name: String = given
        .into_iter()
        .chain(family)
        .flat_map(|part: String| {
            part.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<Vec<_>>()
        })
        .collect();
    let name = if name.is_empty() { uid.clone() } else { name };
    // The 2016 script took "#" and the uid for a color; where that is one, people keep theirs.
    let color = Color::parse(&format!("#{uid}"));
    Some(Person {
        name: Some(name),
        account: Some(uid),
        color,
        moderator: false,
        session: None,
        ..Person::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str = "userdetails.token.id=AQIC5w\nuserdetails.attribute.name=uid\nuserdetails.attribute.value=123456\n\
        userdetails.attribute.name=mail\nuserdetails.attribute.value=x@example.org\n\
        userdetails.attribute.name=givenname\nuserdetails.attribute.value=Jan Karel\nuserdetails.attribute.name=sn\nuserdetails.attribute.value=Novák\n";

    #[test]
    fn the_reply_names_a_person() {
        let person = person(REPLY).expect("a person");
        assert_eq!(person.name.as_deref(), Some("JanKarelNovák"));
        assert_eq!(person.account.as_deref(), Some("123456"));
        assert_eq!(person.color.expect("a color").as_str(), "#123456");
    }

    #[test]
    fn the_first_value_counts_and_the_uid_stands_in() {
        let reply = "userdetails.attribute.name=uid\r\nuserdetails.attribute.value=jan\r\nuserdetails.attribute.value=admin\r\n";
        let found = person(reply).expect("a person");
        assert_eq!(
            (found.name.as_deref(), found.account.as_deref()),
            (Some("jan"), Some("jan"))
        );
    }

    #[test]
    fn garbage_names_nobody() {
        for reply in [
            "",
            "<html>login</html>",
            "userdetails.attribute.name=uid\n",
            "userdetails.attribute.value=x\n",
            "userdetails.attribute.name=uid\nuserdetails.attribute.value= \n",
            "userdetails.attribute.name=sn\nuserdetails.attribute.value=x\n",
        ] {
            assert_eq!(person(reply), None, "{reply}");
        }
    }

    #[test]
    fn a_request_survives_its_text() {
        let request = Inquiry {
            url: "https://x/".into(),
            timeout: Duration::from_secs(3),
            ca_file: Some("/ca.pem".into()),
            cookie_name: "c".into(),
            cookie: "v=#1".into(),
        };
        assert_eq!(Inquiry::parse(&request.to_text()), Some(request));
        assert_eq!(Inquiry::parse("https://x/\n"), None);
    }

    #[test]
    fn no_cookie_starts_another_header() {
        for cookie in [&b"a\r\nX: y"[..], b"a; b=c", b"", b"a b", b"\xff"] {
            assert_eq!(cookie_text(cookie), None);
        }
        assert_eq!(
            cookie_text(b"AQIC5wM2LY4Sfcz*AAJ#@*").as_deref(),
            Some("AQIC5wM2LY4Sfcz*AAJ#@*")
        );
    }

    #[test]
    fn a_program_that_hangs_is_not_waited_for() {
        let error = run(Path::new("/bin/sleep"), "", Instant::now()).expect_err("no answer");
        assert!(error.contains("chat-opensso"), "{error}");
        let error =
            run(Path::new("/nowhere/chat-opensso"), "", Instant::now()).expect_err("no program");
        assert!(error.contains("started"), "{error}");
    }
}
