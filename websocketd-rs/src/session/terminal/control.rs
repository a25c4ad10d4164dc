//! What the clients of a terminal say: keys, a size, a pause. Pure.

use serde::Deserialize;

use crate::process::Size;
use crate::session::framing::Kind;

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Binary messages are keys, text messages JSON objects: `{"resize":[80,24]}`, `{"pause":true}`.
    Own,
    /// That of ttyd: the first byte says what follows.
    Ttyd,
}

/// What one message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Keys, so many bytes at the end of the message.
    Keys(usize),
    /// The terminal has another size, is not to send or to go on. Each is optional.
    Settings {
        /// The size.
        size: Option<Size>,
        /// Whether output is to wait.
        is_paused: Option<bool>,
    },
    /// Nothing that is known here; others may say more in times to come.
    Unknown,
}

/// A text message that is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// A text message of our own pages.
#[derive(Deserialize)]
struct Own {
    resize: Option<(u64, u64)>,
    pause: Option<bool>,
}

/// What ttyd's client says of its size, first of all and again after `1`.
#[derive(Deserialize)]
struct Ttyd {
    columns: u64,
    rows: u64,
}

impl Dialect {
    /// What a client is told first: whether its keys are dropped. ttyd's sets its terminal's options by it.
    pub fn greeting(self, is_read_only: bool) -> Option<(Kind, &'static [u8])> {
        match (self, is_read_only) {
            (Self::Own, false) => None,
            (Self::Own, true) => Some((Kind::Text, br#"{"readonly":true}"#)),
            (Self::Ttyd, false) => Some((Kind::Binary, b"2{}")),
            (Self::Ttyd, true) => Some((Kind::Binary, br#"2{"disableStdin":true}"#)),
        }
    }

    /// What a message says.
    ///
    /// # Errors
    /// In our own dialect, when a text message is no JSON object: most likely keys that were sent as text.
    pub fn read(self, kind: Kind, payload: &[u8]) -> Result<Control, NotJson> {
        match (self, kind) {
            (Self::Own, Kind::Binary) => Ok(Control::Keys(payload.len())),
            (Self::Own, Kind::Text) => {
                // An object whose values are not what they should be says nothing that is known.
                let value: serde_json::Value =
                    serde_json::from_slice(payload).map_err(|_| NotJson)?;
                if !value.is_object() {
                    return Err(NotJson);
                }
                Ok(
                    serde_json::from_value(value).map_or(Control::Unknown, |own: Own| {
                        Control::Settings {
                            size: own
                                .resize
                                .and_then(|(columns, rows)| Size::new(columns, rows)),
                            is_paused: own.pause,
                        }
                    }),
                )
            }
            (Self::Ttyd, _) => Ok(ttyd(payload)),
        }
    }
}

fn ttyd(payload: &[u8]) -> Control {
    let size = |json: &[u8]| {
        let said: Option<Ttyd> = serde_json::from_slice(json).ok();
        Control::Settings {
            size: said.and_then(|said| Size::new(said.columns, said.rows)),
            is_paused: None,
        }
    };
    let pause = |is_paused| Control::Settings {
        size: None,
        is_paused: Some(is_paused),
    };
    match payload.split_first() {
        Some((b'0', keys)) => Control::Keys(keys.len()),
        Some((b'1', json)) => size(json),
        Some((b'2', _)) => pause(true),
        Some((b'3', _)) => pause(false),
        // The first message, with a token for log-ins of ttyd's own.
        Some((b'{', _)) => size(payload),
        _ => Control::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(size: Option<(u64, u64)>, is_paused: Option<bool>) -> Control {
        Control::Settings {
            size: size.map(|(columns, rows)| Size::new(columns, rows).unwrap()),
            is_paused,
        }
    }

    #[test]
    fn our_own_pages_type_in_bytes_and_speak_in_json() {
        let read = |kind, payload: &str| Dialect::Own.read(kind, payload.as_bytes());
        assert_eq!(read(Kind::Binary, "ls\r"), Ok(Control::Keys(3)));
        for (text, wanted) in [
            (r#"{"resize":[132,43]}"#, settings(Some((132, 43)), None)),
            (r#"{"pause":true,"new":1}"#, settings(None, Some(true))),
            (r#"{"resize":[0,43]}"#, settings(None, None)),
            (r#"{"resize":[132]}"#, Control::Unknown),
            (r#"{"resize":[1e9,-1]}"#, Control::Unknown),
            (r#"{"unknown":[]}"#, settings(None, None)),
        ] {
            assert_eq!(read(Kind::Text, text), Ok(wanted), "{text}");
        }
        for text in ["", "ls\n", "[80,24]", "7", "{\"resize\":[1,1]} x"] {
            assert_eq!(read(Kind::Text, text), Err(NotJson), "{text}");
        }
    }

    #[test]
    fn clients_of_ttyd_are_understood() {
        for kind in [Kind::Text, Kind::Binary] {
            for (text, wanted) in [
                (
                    r#"{"AuthToken":"","columns":132,"rows":43}"#,
                    settings(Some((132, 43)), None),
                ),
                (
                    r#"1{"columns":132,"rows":43}"#,
                    settings(Some((132, 43)), None),
                ),
                ("0{", Control::Keys(1)),
                ("0", Control::Keys(0)),
                ("2", settings(None, Some(true))),
                ("3", settings(None, Some(false))),
                ("1{\"columns\":0,\"rows\":1}", settings(None, None)),
                ("1nonsense", settings(None, None)),
                ("", Control::Unknown),
                ("9", Control::Unknown),
            ] {
                let read = Dialect::Ttyd.read(kind, text.as_bytes());
                assert_eq!(read, Ok(wanted), "{text}");
            }
        }
    }
}
