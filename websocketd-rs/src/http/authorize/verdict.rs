//! What a `--authorize` program prints, as a verdict. Pure.
//!
//! Whatever could be meant otherwise is refused as a whole: a program that names a user and then fails to refuse one must not
//! admit them. In particular a line end that a program was tricked into printing can add nothing to what decides: `Status`,
//! `Protocol` and each variable may be there once, and nothing may follow the block of a client that is admitted.

use crate::http::cgi::reply::{find_end, parse_status, split_field};
use crate::http::request::is_token_byte;
use crate::http::response::{Response, is_allowed};

/// Most bytes of an output: as much as a CGI script's header block may have.
pub const MAX_OUTPUT: usize = 64 * 1024;

/// What a client gets with its admission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Variables of the handler: `REMOTE_USER`, `AUTH_TYPE`, `AUTH_*`.
    pub variables: Vec<(String, Vec<u8>)>,
    /// The subprotocol to choose, if the client offered it.
    pub protocol: Option<String>,
    /// Header fields of the reply.
    pub fields: Vec<(String, Vec<u8>)>,
}

/// What a program decided.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The client is admitted.
    Admitted(Grant),
    /// It is refused with this reply and this body.
    Refused(Response, Vec<u8>),
}

impl Verdict {
    /// Reads an output. `succeeded`: the program exited with status 0.
    ///
    /// # Errors
    /// What can't be a verdict; the client is not admitted.
    pub fn read(output: &[u8], succeeded: bool) -> Result<Self, &'static str> {
        if output.len() > MAX_OUTPUT {
            return Err("its output is over 64 KiB");
        }
        let end = find_end(output, 0).unwrap_or(output.len());
        let (block, body) = output.split_at(end);
        let block = Block::read(block)?;
        let Some(status) = block.status(succeeded) else {
            if !body.is_empty() {
                return Err("it printed a body and no Status");
            }
            return Ok(Self::Admitted(block.grant));
        };
        let mut response = Response::new(status);
        for (name, value) in block.grant.fields {
            response.add(name, value);
        }
        Ok(Self::Refused(response, body.to_vec()))
    }
}

/// The header block.
#[derive(Debug, Default)]
struct Block {
    status: Option<u16>,
    grant: Grant,
}

impl Block {
    fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut block = Self::default();
        for line in bytes.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                // The end of the block.
                continue;
            }
            if line
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
            {
                return Err("a line holds a control character");
            }
            let (name, value) =
                split_field(line).ok_or("a line is no field; write it as Name: value")?;
            block.add(name, value)?;
        }
        Ok(block)
    }

    fn add(&mut self, name: &str, value: &[u8]) -> Result<(), &'static str> {
        let Self { status, grant } = self;
        if name.eq_ignore_ascii_case("status") {
            let number = parse_status(value).filter(|status| *status >= 300);
            let number = number.ok_or(
                "the Status is not a number from 300 to 599; to admit, exit with 0 and print none",
            )?;
            once(status.replace(number).is_some())
        } else if name.eq_ignore_ascii_case("variable") {
            let (name, value) = variable(value)?;
            once(grant.variables.iter().any(|(other, _)| *other == name))?;
            grant.variables.push((name, value));
            Ok(())
        } else if name.eq_ignore_ascii_case("protocol") {
            let is_token = !value.is_empty() && value.iter().copied().all(is_token_byte);
            let value = str::from_utf8(value).ok().filter(|_| is_token);
            let value = value.ok_or("the Protocol is no name of a protocol")?;
            once(grant.protocol.replace(value.to_owned()).is_some())
        } else {
            if is_passed_on(name) {
                grant.fields.push((name.to_owned(), value.to_vec()));
            }
            Ok(())
        }
    }

    /// The status of a refusal. A place to go, or a way to prove oneself, makes one too, as a Location does for CGI scripts: a
    /// program that prints it does not mean to admit.
    fn status(&self, succeeded: bool) -> Option<u16> {
        let has = |name: &str| {
            let mut fields = self.grant.fields.iter();
            fields.any(|(field, _)| field.eq_ignore_ascii_case(name))
        };
        match self.status {
            Some(status) => Some(status),
            None if has("location") => Some(302),
            None if has("www-authenticate") => Some(401),
            None if !succeeded => Some(403),
            None => None,
        }
    }
}

fn once(is_repeated: bool) -> Result<(), &'static str> {
    if is_repeated {
        return Err("Status, Protocol or a variable is there twice");
    }
    Ok(())
}

/// `NAME=value` of a variable that a program may set: one that is about who the client is, and nothing that programs are run by.
fn variable(text: &[u8]) -> Result<(String, Vec<u8>), &'static str> {
    let wrong = "a Variable is not REMOTE_USER=, AUTH_TYPE= or AUTH_...=";
    let equals = memchr::memchr(b'=', text).ok_or(wrong)?;
    let name = str::from_utf8(&text[..equals]).map_err(|_| wrong)?;
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_auth = name
        .strip_prefix("AUTH_")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_letter));
    if name != "REMOTE_USER" && !is_auth {
        return Err(wrong);
    }
    Ok((name.to_owned(), text[equals + 1..].to_vec()))
}

/// Whether a field may go to the client: not what frames a message, belongs to one hop or to the handshake.
fn is_passed_on(name: &str) -> bool {
    let is_handshake = name
        .get(..14)
        .is_some_and(|start| start.eq_ignore_ascii_case("sec-websocket-"));
    is_allowed(name) && !is_handshake && !name.eq_ignore_ascii_case("te")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn admitted(output: &str) -> Grant {
        match Verdict::read(output.as_bytes(), true) {
            Ok(Verdict::Admitted(grant)) => grant,
            other => panic!("{output:?}: {other:?}"),
        }
    }

    fn refused(output: &str, succeeded: bool) -> (Response, Vec<u8>) {
        match Verdict::read(output.as_bytes(), succeeded) {
            Ok(Verdict::Refused(response, body)) => (response, body),
            other => panic!("{output:?}: {other:?}"),
        }
    }

    #[test]
    fn the_exit_status_decides_where_no_status_is_printed() {
        for output in ["", "\n", "\r\n", "X-A: 1\n\n", "X-A: 1"] {
            admitted(output);
            assert_eq!(refused(output, false).0.status, 403, "{output:?}");
        }
    }

    #[test]
    fn a_printed_status_refuses_whatever_the_exit_status() {
        for (output, status) in [
            (
                "Status: 401\nWWW-Authenticate: Basic realm=\"x\"\n\nno\n",
                401,
            ),
            ("status:302 Found\r\nLocation: /in\r\n\r\n", 302),
            ("Status: 503", 503),
            ("Location: /in\n", 302),
            ("WWW-Authenticate: Bearer\n", 401),
        ] {
            for succeeded in [true, false] {
                assert_eq!(refused(output, succeeded).0.status, status, "{output:?}");
            }
        }
        let (response, body) = refused("Status: 401\nWWW-Authenticate: Bearer\n\nno\nmore", true);
        assert_eq!(response.get("www-authenticate"), Some(&b"Bearer"[..]));
        assert_eq!(body, b"no\nmore");
    }

    #[test]
    fn variables_and_fields_come_with_the_admission() {
        let grant = admitted(
            "Variable: REMOTE_USER=al=ice b\nvariable:AUTH_TYPE=x\nVariable: AUTH_GROUP_2=\n\
             Protocol: chat\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n",
        );
        let variables = [
            ("REMOTE_USER", "al=ice b"),
            ("AUTH_TYPE", "x"),
            ("AUTH_GROUP_2", ""),
        ];
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, Vec<u8>)> {
            list.iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect()
        };
        assert_eq!(grant.variables, pairs(&variables));
        assert_eq!(grant.protocol.as_deref(), Some("chat"));
        assert_eq!(
            grant.fields,
            pairs(&[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        );
    }

    #[test]
    fn what_frames_the_message_or_the_handshake_is_left_out() {
        for name in [
            "Connection",
            "content-length",
            "Transfer-Encoding",
            "Upgrade",
            "Keep-Alive",
            "Trailer",
            "TE",
            "Sec-WebSocket-Accept",
            "sec-websocket-extensions",
            "Sec-WebSocket-Protocol",
        ] {
            assert_eq!(
                admitted(&format!("{name}: 1\n")),
                Grant::default(),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_verdict_admits_nobody() {
        let long = format!("X-A: {}\n", "x".repeat(MAX_OUTPUT));
        for output in [
            "welcome\n",
            "X-A: 1\n folded\n",
            "X-A: a\rSet-Cookie: b\n",
            "X-A: a\0b\n",
            "Status: 200\n",
            "Status: 101\n",
            "Status: 600\n",
            "Status: yes\n",
            "Status: 403\nStatus: 404\n",
            "Protocol: a\nProtocol: a\n",
            "Protocol: a b\n",
            "Protocol:\n",
            "Variable: REMOTE_USER\n",
            "Variable: REMOTE_USER=a\nVariable: REMOTE_USER=root\n",
            "Variable: REMOTE_USER=a\r\n\r\nStatus: 403\n",
            "Variable: remote_user=a\n",
            "Variable: REMOTE_ADDR=1.2.3.4\n",
            "Variable: LD_PRELOAD=/tmp/x\n",
            "Variable: PATH=/tmp\n",
            "Variable: HTTP_COOKIE=x\n",
            "Variable: SERVER_NAME=x\n",
            "Variable: AUTH_=x\n",
            "Variable: AUTH_a=x\n",
            "Variable: =x\n",
            "\nbody",
            ": x\n",
            &long,
        ] {
            let verdict = Verdict::read(output.as_bytes(), true);
            assert!(verdict.is_err(), "{output:?}: {verdict:?}");
        }
        let largest = format!("X-A: {}\n", "x".repeat(MAX_OUTPUT - 6));
        assert_eq!(largest.len(), MAX_OUTPUT);
        admitted(&largest);
    }

    proptest! {
        #[test]
        fn no_failure_admits(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let verdict = Verdict::read(&bytes, false);
            prop_assert!(!matches!(verdict, Ok(Verdict::Admitted(_))));
        }
    }
}
