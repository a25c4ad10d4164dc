//! `--htpasswd`: a name and a password by HTTP Basic (RFC 7617).

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::denial::Denial;
use super::verdict::Grant;
use crate::config::Accounts;
use crate::http::exchange::Exchange;
use crate::http::request::Headers;
use crate::http::response::Response;

/// Passwords that are checked at once. Each check takes a processor for milliseconds, so that it runs in a thread beside those that
/// serve, and a flood of guesses takes no more than two. Later ones wait their turn for as long as `--authorizetimeout` says.
static CHECKS: Semaphore = Semaphore::const_new(2);

/// Longest `NAME:PASSWORD`. bcrypt takes 72 bytes of a password and leaves the rest out.
const MAX_CREDENTIALS: usize = 1024;

/// What a client claims.
#[derive(PartialEq, Eq)]
struct Credentials {
    name: String,
    password: String,
}

/// Admits the client of `exchange` if it has a password of `accounts`.
pub(super) async fn check(
    exchange: &Exchange<'_>,
    accounts: &Arc<Accounts>,
) -> Result<Grant, Denial> {
    let credentials = Credentials::of(&exchange.head.headers)
        .ok_or_else(|| challenge("--htpasswd: no name and password"))?;
    let limit = exchange.site.config.access.timeout;
    let checked = timeout(limit, check_in_turn(exchange, accounts, credentials)).await;
    checked.unwrap_or_else(|_| {
        let reason = "--htpasswd: too many passwords are to be checked";
        Err(Denial::failure(reason.to_owned()))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a check holds a thread for long, and a task can't be held up: two at once, each ends by itself"
)]
async fn check_in_turn(
    exchange: &Exchange<'_>,
    accounts: &Arc<Accounts>,
    credentials: Credentials,
) -> Result<Grant, Denial> {
    let failures = &exchange.service.failures;
    // A proxy stands for many clients; those of the Unix socket have no address.
    let listen = &exchange.service.config.listen;
    let address = exchange.client.address.filter(|ip| !listen.trusts(*ip));
    let is_slowed = || {
        let wait = address.and_then(|ip| failures.wait(ip, Instant::now()));
        wait.map_or(Ok(()), |wait| Err(slow_down(wait)))
    };
    is_slowed()?;
    let failed = || Denial::failure("--htpasswd: a check was not made".to_owned());
    let permit = CHECKS.acquire().await.map_err(|_| failed())?;
    // Others of this address may have failed meanwhile.
    is_slowed()?;
    let accounts = Arc::clone(accounts);
    let check = tokio::task::spawn_blocking(move || {
        let Credentials { name, password } = credentials;
        let (hash, is_known) = accounts.hash_of(&name);
        let is_right = bcrypt::verify(password, hash).unwrap_or(false);
        // Here: a check that its client no longer waits for goes on to its end.
        drop(permit);
        (is_known && is_right).then_some(name)
    });
    if let Some(name) = check.await.map_err(|_| failed())? {
        return Ok(Grant {
            variables: vec![
                ("REMOTE_USER".to_owned(), name.into_bytes()),
                ("AUTH_TYPE".to_owned(), b"Basic".to_vec()),
            ],
            ..Grant::default()
        });
    }
    if let Some(ip) = address {
        failures.add(ip, Instant::now());
    }
    Err(challenge("--htpasswd: a wrong name or password"))
}

impl Credentials {
    /// Those of the one `Authorization` field; `None` if there is none that could be right.
    fn of(headers: &Headers) -> Option<Self> {
        let mut fields = headers.all("authorization");
        let field = fields.next()?;
        if fields.next().is_some() {
            return None;
        }
        let (scheme, coded) = field.split_at_checked("basic ".len())?;
        let coded = coded.trim_ascii();
        if !scheme.eq_ignore_ascii_case(b"basic ") || coded.len() > MAX_CREDENTIALS.div_ceil(3) * 4
        {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(coded).ok()?).ok()?;
        // RFC 7617 section 2: neither holds a control character.
        let (name, password) = text.split_once(':')?;
        let is_sound = !name.is_empty() && !text.contains(char::is_control);
        is_sound.then(|| Self {
            name: name.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// Asks for a name and a password. The log tells apart who has not been asked yet, as each browser at its first visit, and who
/// guesses: conf/fail2ban counts the latter.
fn challenge(reason: &'static str) -> Denial {
    let response = Response::new(401).with(
        "WWW-Authenticate",
        &b"Basic realm=\"websocketd\", charset=\"UTF-8\""[..],
    );
    Denial::refusal(response, reason)
}

fn slow_down(wait: Duration) -> Denial {
    let seconds = wait.as_secs() + 1;
    let response = Response::new(429).with_text("Retry-After", seconds.to_string());
    Denial::refusal(
        response,
        "--htpasswd: too many wrong passwords from this address",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(fields: &[&str]) -> Option<(String, String)> {
        let fields = fields.iter();
        let fields = fields.map(|value| ("Authorization".to_owned(), value.as_bytes().to_vec()));
        let Credentials { name, password } = Credentials::of(&Headers::new(fields.collect()))?;
        Some((name, password))
    }

    fn coded(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn names_and_passwords() {
        for (field, name, password) in [
            (
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                "Aladdin",
                "open sesame",
            ),
            ("bAsIc   dGVzdDoxMjPCow==", "test", "123£"),
            (&coded("a:b:c"), "a", "b:c"),
            (&coded("a:"), "a", ""),
        ] {
            let expected = Some((name.to_owned(), password.to_owned()));
            assert_eq!(credentials(&[field]), expected, "{field}");
        }
    }

    #[test]
    fn what_can_not_be_right_is_nothing() {
        let sound = coded("a:b");
        assert_eq!(credentials(&[]), None);
        assert_eq!(credentials(&[&sound, &sound]), None);
        let long = coded(&format!("a:{}", "x".repeat(MAX_CREDENTIALS + 2)));
        for field in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YTpi=",
            "Bearer YTpi",
            "BasicYTpi",
            &coded(":b"),
            &coded("ab"),
            &coded("a\n:b"),
            &coded("a:b\0"),
            &long,
        ] {
            assert_eq!(credentials(&[field]), None, "{field:?}");
        }
        assert_eq!(credentials(&["Basic //8="]), None, "not UTF-8");
    }
}
