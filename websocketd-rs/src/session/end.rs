//! Why a session ended. An end is not an error: the close code, the log line and the counter of each are
//! decided here, in one match each.

use std::os::unix::process::ExitStatusExt;

use super::decoder::Violation;
use crate::config::Level;
use crate::process::Ended;

/// Close code of an idle session. The RFC has none; 4000 and up is for private use, and HTTP's 408 is its like.
const IDLE_CODE: u16 = 4408;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client sent a close frame, with this code if it gave one.
    ClientClosed(Option<u16>),
    /// The client's connection ended without a close frame.
    ClientGone,
    /// The client broke the protocol or a limit.
    Violation(Violation),
    /// The program closed its output, and all of it was delivered.
    HandlerEnded,
    /// The program wrote a line over the limit.
    LineTooLong,
    /// The client gave no sign of life within two ping intervals.
    PingTimeout,
    /// No message passed either way for the idle timeout.
    Idle,
    /// The client did not read for the write timeout.
    WriteStalled,
    /// The server goes down.
    ServerStopping,
}

/// What a close frame says (RFC 6455 section 5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// A code of RFC 6455 section 7.4; `None`: an empty close frame.
    pub code: Option<u16>,
    /// At most 123 bytes.
    pub reason: String,
}

impl End {
    /// The close frame that the client gets; `None` when nobody is there to get one. `ended` tells how the
    /// program ended, as far as that is known; `exit_codes` which exit statuses have a close code of their own.
    pub fn close(&self, ended: Option<Ended>, exit_codes: &[(u8, u16)]) -> Option<Close> {
        let (code, reason) = match self {
            Self::ClientClosed(code) => (*code, String::new()),
            Self::ClientGone | Self::WriteStalled => return None,
            Self::Violation(Violation::Protocol(what)) => (Some(1002), (*what).to_owned()),
            Self::Violation(Violation::NotUtf8) => {
                (Some(1007), "text that is not UTF-8".to_owned())
            }
            Self::Violation(Violation::TooBig) => (Some(1009), "message too big".to_owned()),
            Self::Violation(Violation::TooManyFragments) => {
                (Some(1008), "too many fragments".to_owned())
            }
            Self::HandlerEnded => exit_close(ended, exit_codes),
            Self::LineTooLong => (Some(1011), "line too long".to_owned()),
            Self::PingTimeout => (Some(1001), "no answer to pings".to_owned()),
            Self::Idle => (Some(IDLE_CODE), "no message for too long".to_owned()),
            Self::ServerStopping => (Some(1001), "server is stopping".to_owned()),
        };
        Some(Close { code, reason })
    }

    /// The name by which ends are counted.
    pub fn label(&self) -> &'static str {
        match self {
            Self::ClientClosed(_) => "client_closed",
            Self::ClientGone => "client_gone",
            Self::Violation(Violation::Protocol(_)) => "protocol_error",
            Self::Violation(Violation::NotUtf8) => "not_utf8",
            Self::Violation(Violation::TooBig) => "message_too_big",
            Self::Violation(Violation::TooManyFragments) => "too_many_fragments",
            Self::HandlerEnded => "handler_ended",
            Self::LineTooLong => "line_too_long",
            Self::PingTimeout => "ping_timeout",
            Self::Idle => "idle",
            Self::WriteStalled => "write_stalled",
            Self::ServerStopping => "server_stopping",
        }
    }

    /// What the log says beside DISCONNECT, and how loud.
    pub fn remark(&self) -> Option<(Level, &'static str)> {
        match self {
            Self::ClientClosed(_) | Self::HandlerEnded => None,
            Self::ClientGone => Some((Level::Trace, "Client went away without a close frame")),
            Self::Violation(Violation::Protocol(_)) => {
                Some((Level::Access, "Client broke the WebSocket protocol"))
            }
            Self::Violation(Violation::NotUtf8) => {
                Some((Level::Access, "Client sent text that is not UTF-8"))
            }
            Self::Violation(Violation::TooBig) => {
                Some((Level::Access, "Client sent a message over --maxframesize"))
            }
            Self::Violation(Violation::TooManyFragments) => Some((
                Level::Access,
                "Client sent a message in more than --maxfragments pieces",
            )),
            Self::LineTooLong => Some((Level::Error, "Program wrote a line over --maxline")),
            Self::PingTimeout => Some((Level::Access, "Client does not answer pings")),
            Self::Idle => Some((Level::Access, "No message for --sessionidletimeout")),
            Self::WriteStalled => Some((
                Level::Access,
                "Client does not read what the program writes",
            )),
            Self::ServerStopping => Some((Level::Trace, "Server is stopping")),
        }
    }
}

/// Code and reason after a program's own end: what was asked for its status, else 1000 or 1011.
fn exit_close(ended: Option<Ended>, exit_codes: &[(u8, u16)]) -> (Option<u16>, String) {
    let failure = ended.and_then(failure);
    let status = match ended {
        Some(Ended::Status(status)) => status.code(),
        _ => None,
    };
    let asked = exit_codes
        .iter()
        .find(|(exit, _)| Some(i32::from(*exit)) == status);
    let code = match (asked, &failure) {
        (Some((_, code)), _) => *code,
        (None, None) => 1000,
        (None, Some(_)) => 1011,
    };
    (Some(code), failure.unwrap_or_default())
}

/// How a program failed; `None` when it did not.
fn failure(ended: Ended) -> Option<String> {
    match ended {
        Ended::Status(status) if status.success() => None,
        Ended::Status(status) => Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => "ended abnormally".to_owned(),
        }),
        Ended::Unknown => Some("ended unobserved".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(raw: i32) -> Ended {
        Ended::Status(std::process::ExitStatus::from_raw(raw))
    }

    #[test]
    fn the_close_code_tells_how_the_program_ended() {
        let close = |raw| End::HandlerEnded.close(Some(ended(raw)), &[]).unwrap();
        assert_eq!(
            close(0),
            Close {
                code: Some(1000),
                reason: String::new()
            }
        );
        assert_eq!(
            close(3 << 8),
            Close {
                code: Some(1011),
                reason: "exit status 3".into()
            }
        );
        assert_eq!(
            close(9),
            Close {
                code: Some(1011),
                reason: "killed by signal 9".into()
            }
        );
        assert_eq!(End::HandlerEnded.close(None, &[]).unwrap().code, Some(1000));
    }

    #[test]
    fn an_exit_status_can_have_its_own_close_code() {
        let codes = [(0, 4000), (7, 4007)];
        let code = |raw| {
            End::HandlerEnded
                .close(Some(ended(raw)), &codes)
                .unwrap()
                .code
        };
        assert_eq!(code(0), Some(4000));
        assert_eq!(code(7 << 8), Some(4007));
        assert_eq!(code(8 << 8), Some(1011));
        // A signal is no exit status, whatever its number.
        assert_eq!(code(7), Some(1011));
        assert_eq!(
            End::HandlerEnded.close(None, &codes).unwrap().code,
            Some(1000)
        );
    }

    #[test]
    fn who_is_gone_gets_no_close_frame() {
        assert_eq!(End::ClientGone.close(None, &[]), None);
        assert_eq!(End::WriteStalled.close(None, &[]), None);
    }

    #[test]
    fn a_close_is_echoed() {
        for code in [None, Some(1000), Some(4999)] {
            assert_eq!(End::ClientClosed(code).close(None, &[]).unwrap().code, code);
        }
    }
}
