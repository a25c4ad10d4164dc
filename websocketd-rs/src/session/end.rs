//! Why a session ended. An end is not an error: the close code, the log line and the counter of each are decided here, in one
//! match. Pure.

use super::client::decoder::Violation;
use super::framing::BadOutput;
use crate::config::Level;
use crate::process::Ended;

/// Close code of an idle session. The RFC has none; 4000 and up is for private use, and HTTP's 408 is its like.
const IDLE_CODE: u16 = 4408;

/// Close code of a connection whose session another one goes on with; HTTP's 409 is its like.
const TAKEN_OVER_CODE: u16 = 4409;

/// The code of a connection that ended without a close frame (RFC 6455 section 7.1.5).
pub const NO_CLOSE_FRAME: u16 = 1006;

/// The code of a close frame that has none (RFC 6455 section 7.1.5).
const NO_CODE: u16 = 1005;

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
    /// The program wrote what its framing can't be made of.
    BadOutput(BadOutput),
    /// The client of a terminal sent text that is nothing about it.
    NoControl,
    /// The client gave no sign of life within two ping intervals.
    PingTimeout,
    /// No message passed either way for the idle timeout.
    Idle,
    /// The client did not read for the write timeout.
    WriteStalled,
    /// The client of a shared program did not read what it was sent.
    TooSlow,
    /// A shared program fails again and again.
    ProgramFails,
    /// The program asked for the end of this session, with a code of its own.
    ProgramClosed,
    /// Another connection asked for this session, `--linger`, whether or not it could go on with it.
    TakenOver,
    /// A reload has the site served in another way.
    SiteChanged,
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
    /// What follows the frame.
    pub farewell: Farewell,
}

/// What follows our close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The client's close frame is waited for.
    Ask,
    /// Nothing: it answers the client's.
    Answer,
    /// Nothing, and soon: a client that gave no sign of life is not believed to answer.
    Silent,
    /// The end of the client's stream: its frames can't be followed any more, so that its close frame would go unseen.
    Deaf,
}

/// What an end means for client, log and counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Report {
    /// Under which it is counted.
    label: &'static str,
    goodbye: Goodbye,
    /// What the log says beside DISCONNECT, and how loud.
    remark: Option<(Level, &'static str)>,
}

/// What the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    /// Nothing: there is nobody who would read it.
    None,
    /// A code and a reason.
    Say(Farewell, Option<u16>, &'static str),
    /// The code and reason of the program's own end.
    Exit,
}

impl End {
    /// The only place that decides on an end's counter, close frame and log line.
    fn report(&self) -> Report {
        use Farewell::{Answer, Ask, Silent};
        use Goodbye::{Exit, Say};
        use Level::{Access, Error, Trace};
        let report = |label, goodbye, level, remark| Report {
            label,
            goodbye,
            remark: Some((level, remark)),
        };
        let quiet = |label, goodbye| Report {
            label,
            goodbye,
            remark: None,
        };
        match self {
            Self::ClientClosed(code) => quiet("client_closed", Say(Answer, *code, "")),
            Self::ClientGone => report(
                "client_gone",
                Goodbye::None,
                Trace,
                "Client went away without a close frame",
            ),
            Self::Violation(violation) => of_violation(*violation),
            Self::HandlerEnded => quiet("handler_ended", Exit),
            Self::BadOutput(BadOutput::LineTooLong) => report(
                "line_too_long",
                Say(Ask, Some(1011), "line too long"),
                Error,
                "Program wrote a line over --maxline",
            ),
            Self::BadOutput(BadOutput::BadRecord(what)) => report(
                "bad_record",
                Say(Ask, Some(1011), "bad record"),
                Error,
                what,
            ),
            Self::NoControl => report(
                "no_control",
                Say(Ask, Some(1008), "keys are binary messages, text is JSON"),
                Access,
                "Client of a terminal sent text that is no JSON object; keys are binary messages",
            ),
            Self::PingTimeout => report(
                "ping_timeout",
                Say(Silent, Some(1001), "no answer to pings"),
                Access,
                "Client does not answer pings",
            ),
            Self::Idle => report(
                "idle",
                Say(Ask, Some(IDLE_CODE), "no message for too long"),
                Access,
                "No message for --sessionidletimeout",
            ),
            Self::WriteStalled => report(
                "write_stalled",
                Goodbye::None,
                Access,
                "Client does not read what the program writes",
            ),
            Self::TooSlow => report(
                "too_slow",
                Say(Silent, Some(1013), "too slow"),
                Access,
                "Client does not read what the shared program writes",
            ),
            Self::ProgramFails => report(
                "program_fails",
                Say(Ask, Some(1011), "the program fails"),
                Trace,
                "Shared program fails",
            ),
            Self::ProgramClosed => quiet("program_closed", Say(Ask, Some(1000), "")),
            Self::TakenOver => report(
                "taken_over",
                Say(
                    Ask,
                    Some(TAKEN_OVER_CODE),
                    "taken over by another connection",
                ),
                Trace,
                "Another connection takes the session over",
            ),
            Self::SiteChanged => report(
                "site_changed",
                Say(Ask, Some(1012), "served in another way now"),
                Trace,
                "Site is served in another way since a reload",
            ),
            Self::ServerStopping => report(
                "server_stopping",
                Say(Ask, Some(1001), "server is stopping"),
                Trace,
                "Server is stopping",
            ),
        }
    }

    /// The close frame that the client gets; `None` when nobody is there to get one. `ended` tells how the
    /// program ended, as far as that is known; `exit_codes` which exit statuses have a close code of their own.
    pub fn close(&self, ended: Option<Ended>, exit_codes: &[(u8, u16)]) -> Option<Close> {
        match self.report().goodbye {
            Goodbye::None => None,
            Goodbye::Say(farewell, code, reason) => Some(Close {
                code,
                reason: reason.to_owned(),
                farewell,
            }),
            Goodbye::Exit => Some(exit_close(ended, exit_codes)),
        }
    }

    /// The code by which a shared program learns of the end: that of the close frame, the client's or `ours`.
    pub fn code(&self, ours: Option<u16>) -> u16 {
        match self {
            Self::ClientClosed(code) => code.unwrap_or(NO_CODE),
            _ => ours.unwrap_or(NO_CLOSE_FRAME),
        }
    }

    /// The close frame with the code and the reason that the program asked for.
    pub fn close_as(code: u16, reason: String) -> Close {
        Close {
            code: Some(code),
            reason,
            farewell: Farewell::Ask,
        }
    }

    /// Whether only the connection is at its end, and a session that lingers is not.
    pub fn is_of_connection(&self) -> bool {
        matches!(
            self,
            Self::ClientGone | Self::PingTimeout | Self::WriteStalled
        )
    }

    /// The name by which ends are counted.
    pub fn label(&self) -> &'static str {
        self.report().label
    }

    /// What the log says beside DISCONNECT, and how loud.
    pub fn remark(&self) -> Option<(Level, &'static str)> {
        self.report().remark
    }
}

/// The close frame after a program's own end: what was asked for its status, else 1000 or 1011.
fn exit_close(ended: Option<Ended>, exit_codes: &[(u8, u16)]) -> Close {
    let failure = ended.and_then(Ended::failure);
    let status = ended.and_then(Ended::code);
    let asked = exit_codes
        .iter()
        .find(|(exit, _)| Some(i32::from(*exit)) == status);
    let code = match (asked, &failure) {
        (Some((_, code)), _) => *code,
        (None, None) => 1000,
        (None, Some(_)) => 1011,
    };
    Close {
        code: Some(code),
        reason: failure.unwrap_or_default(),
        farewell: Farewell::Ask,
    }
}

/// The part of [`End::report`] for clients that broke the protocol or a limit.
fn of_violation(violation: Violation) -> Report {
    let report = |label, code, reason, remark| Report {
        label,
        goodbye: Goodbye::Say(Farewell::Deaf, Some(code), reason),
        remark: Some((Level::Access, remark)),
    };
    match violation {
        Violation::Protocol(what) => report(
            "protocol_error",
            1002,
            what,
            "Client broke the WebSocket protocol",
        ),
        Violation::NotUtf8 => report(
            "not_utf8",
            1007,
            "text that is not UTF-8",
            "Client sent text that is not UTF-8",
        ),
        Violation::TooBig => report(
            "message_too_big",
            1009,
            "message too big",
            "Client sent a message over --maxframesize",
        ),
        Violation::NotCarried => report(
            "not_carried",
            1007,
            "NUL in text",
            "Client sent text with a NUL byte, which --framing=nul can't carry; --framing=length can",
        ),
        Violation::TooManyFragments => report(
            "too_many_fragments",
            1008,
            "too many fragments",
            "Client sent a message in more than --maxfragments pieces",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

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
                reason: String::new(),
                farewell: Farewell::Ask,
            }
        );
        assert_eq!(
            close(3 << 8),
            Close {
                code: Some(1011),
                reason: "exit status 3".into(),
                farewell: Farewell::Ask,
            }
        );
        assert_eq!(
            close(9),
            Close {
                code: Some(1011),
                reason: "killed by signal 9".into(),
                farewell: Farewell::Ask,
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
