//! The settings of ILIAS' chat server: `server.cfg` and a `client.cfg` for each client, JSON as ILIAS 5.2 to 10 write
//! it. Each key becomes something here, is the administrator's to do, is not applicable, or is refused. Pure.

use std::fmt;

use serde_json::{Map, Value};

use chat_store::record::Age;

/// The longest key that is shown.
const MAX_KEY: usize = 64;

/// What becomes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It holds here from now on.
    Mapped(String),
    /// It is a setting of the machine, not of a site.
    ByHand(String),
    /// There is nothing here that it could change.
    NotApplicable(&'static str),
}

impl Fate {
    /// The word for people and programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Mapped(_) => "mapped",
            Self::ByHand(_) => "by hand",
            Self::NotApplicable(_) => "not applicable",
        }
    }

    /// What about it.
    pub fn text(&self) -> &str {
        match self {
            Self::Mapped(text) | Self::ByHand(text) => text,
            Self::NotApplicable(text) => text,
        }
    }
}

/// A key of a file and what becomes of it. Values are not kept: some are passwords.
pub type Fates = Vec<(String, Fate)>;

/// Why a file is refused: each line names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IliasError(pub Vec<String>);

impl fmt::Display for IliasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for IliasError {}

/// When old messages are deleted, each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    hour: u8,
    minute: u8,
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// `server.cfg`.
#[derive(Debug, Default)]
pub struct Server {
    /// Where the chat server listens, or where browsers find it: a host, without port.
    pub host: Option<String>,
    /// Certificate and key.
    pub tls: Option<(String, String)>,
    /// `KEEP`.
    pub keep: Option<String>,
    /// When what is older is deleted.
    pub time: Option<Time>,
    /// What became of each key.
    pub fates: Fates,
}

/// `client.cfg`.
#[derive(Debug, Default)]
pub struct Client {
    /// As ILIAS calls it.
    pub name: String,
    /// Whether people may have conversations (`enable_osc`).
    pub has_conversations: bool,
    /// What became of each key.
    pub fates: Fates,
}

impl Server {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it: all of it, a line each.
    pub fn parse(text: &str) -> Result<Self, IliasError> {
        let mut keys = Keys::parse(text)?;
        let mut server = Self::default();
        let protocol = keys.text("protocol").unwrap_or_else(|| "http".to_owned());
        let protocol = protocol.trim_end_matches("://").to_owned();
        let (cert, key) = (keys.text("cert"), keys.text("key"));
        match (protocol.as_str(), cert, key) {
            ("http", _, _) => {
                keys.note(
                    "protocol",
                    Fate::Mapped("plain HTTP: TLS ends at the web server, or nowhere".to_owned()),
                );
                let none = "protocol is http";
                keys.note("cert", Fate::NotApplicable(none));
                keys.note("key", Fate::NotApplicable(none));
            }
            ("https", Some(cert), Some(key)) if is_path(&cert) && is_path(&key) => {
                keys.note(
                    "protocol",
                    Fate::ByHand("ssl = true in sites.ini".to_owned()),
                );
                keys.note(
                    "cert",
                    Fate::Mapped("sslcert of the site's hosts".to_owned()),
                );
                keys.note("key", Fate::Mapped("sslkey of the site's hosts".to_owned()));
                server.tls = Some((cert, key));
            }
            ("https", _, _) => keys.refuse("cert", "https needs cert and key, as absolute paths"),
            _ => keys.refuse("protocol", "is http or https"),
        }
        keys.pass_over(&["protocol", "cert", "key"]);
        server.read_place(&mut keys);
        server.read_deletion(&mut keys);
        keys.note(
            "dhparam",
            Fate::NotApplicable("keys are agreed on by elliptic curves alone"),
        );
        for (key, text) in [
            (
                "log",
                "log-file in sites.ini, or nothing: the journal has it",
            ),
            (
                "error_log",
                "the daemon's log has errors too: journalctl -u websocketd-rs -p err",
            ),
            (
                "log_level",
                "loglevel in sites.ini: fatal, error, info, access, debug or trace",
            ),
        ] {
            keys.note(key, Fate::ByHand(text.to_owned()));
        }
        server.fates = keys.finish()?;
        Ok(server)
    }

    fn read_place(&mut self, keys: &mut Keys) {
        if let Some(port) = keys.number("port") {
            match u16::try_from(port) {
                Ok(port) if port > 0 => {
                    keys.note("port", Fate::ByHand(format!("port = {port} in sites.ini")));
                }
                _ => keys.refuse("port", "is a number from 1 to 65535"),
            }
        }
        let address = keys.text("address");
        let proxied = keys.flag("client_proxy").unwrap_or(false);
        let url = keys.text("client_url").filter(|_| proxied);
        let (key, place) = match (&url, &address) {
            (Some(url), _) => ("client_url", Some(url)),
            (None, address) => ("address", address.as_ref()),
        };
        if let Some(place) = place {
            match host_of(place) {
                Some(host) => {
                    keys.note(key, Fate::Mapped(format!("the host of the site: {host}")));
                    self.host = Some(host.to_owned());
                }
                None => keys.refuse(key, "is no host name and no address"),
            }
        }
        keys.note(
            "address",
            Fate::ByHand(
                "address in sites.ini, if the daemon is not to listen on 127.0.0.1 alone"
                    .to_owned(),
            ),
        );
        keys.note(
            "client_proxy",
            Fate::NotApplicable("pages find the rooms on the host that they came from"),
        );
        keys.note("client_url", Fate::NotApplicable("client_proxy is off"));
        let heartbeat = "ILIAS asks the site's own host for backend/Heartbeat";
        keys.note("ilias_proxy", Fate::NotApplicable(heartbeat));
        keys.note("ilias_url", Fate::NotApplicable(heartbeat));
        let sub = keys.text("sub_directory").unwrap_or_default();
        keys.note(
            "sub_directory",
            if sub.trim_matches('/').is_empty() {
                Fate::Mapped("the site is at the root of its host".to_owned())
            } else {
                Fate::ByHand(
                    "the site is at the root of its host: the web server in front takes the directory away".to_owned(),
                )
            },
        );
    }

    fn read_deletion(&mut self, keys: &mut Keys) {
        let is_on = keys.flag("deletion_mode").unwrap_or(false);
        let all = [
            "deletion_mode",
            "deletion_unit",
            "deletion_value",
            "deletion_time",
        ];
        if !is_on {
            keys.note("deletion_mode", Fate::Mapped("KEEP=forever".to_owned()));
            for key in all {
                keys.note(key, Fate::NotApplicable("deletion_mode is off"));
            }
            return;
        }
        let unit = keys.text("deletion_unit").unwrap_or_default();
        let value = keys.number("deletion_value").unwrap_or(0);
        let is_unit = ["days", "weeks", "months", "years"].contains(&unit.as_str());
        match format!("{value}{unit}").parse::<Age>() {
            Ok(_) if is_unit => {
                self.keep = Some(format!("{value}{unit}"));
                for key in &all[..3] {
                    keys.note(key, Fate::Mapped(format!("KEEP={value}{unit}")));
                }
            }
            Ok(_) => keys.refuse("deletion_unit", "is days, weeks, months or years"),
            Err(error) => keys.refuse("deletion_value", &format!("with deletion_unit: {error}")),
        }
        keys.pass_over(&all[..3]);
        let time = keys.text("deletion_time").unwrap_or_default();
        match time_of(&time) {
            Some(time) => {
                self.time = Some(time);
                keys.note(
                    "deletion_time",
                    Fate::Mapped(format!("chat-expire runs at {time}")),
                );
            }
            None => keys.refuse("deletion_time", "is HH:MM"),
        }
    }
}

impl Client {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it: all of it, a line each.
    pub fn parse(text: &str) -> Result<Self, IliasError> {
        let mut keys = Keys::parse(text)?;
        let mut client = Self::default();
        match keys.text("name").filter(|name| !name.is_empty()) {
            Some(name) => {
                keys.note(
                    "name",
                    Fate::Mapped("the site's name, and backend/Heartbeat/NAME".to_owned()),
                );
                client.name = name;
            }
            None => keys.refuse("name", "is missing: the site is called so"),
        }
        if keys.flag("chat_enabled") == Some(false) {
            keys.refuse(
                "chat_enabled",
                "the chat of this client is switched off; leave its file out",
            );
        }
        keys.note(
            "chat_enabled",
            Fate::Mapped("there is a site for it".to_owned()),
        );
        client.has_conversations = keys.flag("enable_osc").unwrap_or(true);
        keys.note(
            "enable_osc",
            Fate::Mapped(if client.has_conversations {
                "people may have conversations".to_owned()
            } else {
                "MAX_CONVERSATIONS=0: neither conversations nor private rooms".to_owned()
            }),
        );
        let own = "each person decides it in the pages";
        for (key, text) in [
            (
                "auth",
                "nothing but the heartbeat is asked this way; programs use api/v1 with a key of their own (docs/api.md)",
            ),
            (
                "database",
                "rooms are files; what was said before stays in ILIAS' database",
            ),
            (
                "enable_smilies",
                "people write emoji, and the pages show them",
            ),
            ("enable_browser_notifications", own),
            ("play_invitation_sound", own),
            (
                "conversation_idle_state_in_minutes",
                "who is away is told by their own page",
            ),
            ("enable_osd", "notifications of ILIAS itself"),
            ("osd_interval", "notifications of ILIAS itself"),
            ("osd_intervall", "notifications of ILIAS itself"),
            ("hash", "of ILIAS' own"),
            ("url", "the site has a host: --host"),
            ("public_room_ref", "every room that is not private is open"),
        ] {
            keys.note(key, Fate::NotApplicable(text));
        }
        client.fates = keys.finish()?;
        Ok(client)
    }
}

/// The keys of a file that are still to be decided about.
struct Keys {
    left: Map<String, Value>,
    fates: Fates,
    wrong: Vec<String>,
}

impl Keys {
    fn parse(text: &str) -> Result<Self, IliasError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str(text) {
            Ok(Value::Object(left)) => Ok(Self {
                left,
                fates: Vec::new(),
                wrong: Vec::new(),
            }),
            Ok(_) => Err(IliasError(vec!["is no JSON object".to_owned()])),
            // Its text holds a place, and nothing of the file.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let text = format!("is no JSON: line {line}, column {column}");
                Err(IliasError(vec![text]))
            }
        }
    }

    /// A text, or a number that PHP wrote as one.
    fn text(&self, key: &str) -> Option<String> {
        match self.left.get(key)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn number(&mut self, key: &str) -> Option<u64> {
        let text = self.text(key)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.refuse(key, "is no number");
        }
        number
    }

    /// PHP's idea of true: 1, "1", true.
    fn flag(&self, key: &str) -> Option<bool> {
        Some(match self.left.get(key)? {
            Value::Bool(flag) => *flag,
            Value::Number(number) => number.as_u64() != Some(0),
            Value::String(text) => !matches!(text.as_str(), "" | "0"),
            Value::Null => false,
            _ => true,
        })
    }

    /// What becomes of a key, if it is there and nothing was said of it.
    fn note(&mut self, key: &str, fate: Fate) {
        if self.left.remove(key).is_some() {
            self.fates.push((key.to_owned(), fate));
        }
    }

    /// What else a refusal was about.
    fn pass_over(&mut self, keys: &[&str]) {
        for key in keys {
            self.left.remove(*key);
        }
    }

    fn refuse(&mut self, key: &str, text: &str) {
        self.left.remove(key);
        self.wrong.push(format!("{key}: {text}"));
    }

    fn finish(mut self) -> Result<Fates, IliasError> {
        // A key of a later release may be one that matters.
        for key in self.left.keys() {
            // What is no word may be anything, a password that was pasted a line too high too.
            let is_word = key.len() <= MAX_KEY
                && key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let shown = if is_word {
                key
            } else {
                "a key that is no word"
            };
            self.wrong.push(format!(
                "{shown}: is not known; take it out if it does not matter"
            ));
        }
        if self.wrong.is_empty() {
            Ok(self.fates)
        } else {
            Err(IliasError(self.wrong))
        }
    }
}

/// As it can stand in a line of the daemon's file.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains(|c: char| c.is_control())
}

/// The host of an address or a URL; `None`: it is none.
fn host_of(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let place = rest.split('/').next()?;
    let host = match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => place,
    };
    let is_sound = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    (!host.is_empty() && host.chars().all(is_sound)).then_some(host)
}

fn time_of(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let is_sound = (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
        is_sound.then(|| text.parse::<u8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(Time { hour, minute })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate<'a>(fates: &'a Fates, key: &str) -> &'a Fate {
        &fates
            .iter()
            .find(|(name, _)| name == key)
            .expect("it is there")
            .1
    }

    /// As `json_encode` writes the form of the administration.
    const SERVER: &str = r#"{"protocol":"https","port":"8585","address":"chat.example.org","cert":"\/etc\/ssl\/chat.pem",
        "key":"\/etc\/ssl\/chat.key","dhparam":"\/etc\/ssl\/dh.pem","log":"","log_level":"info","error_log":"",
        "sub_directory":"","deletion_mode":"1","deletion_unit":"months","deletion_value":"6","deletion_time":"3:05"}"#;

    #[test]
    fn a_server_is_read_and_every_key_has_a_fate() {
        let server = Server::parse(SERVER).unwrap();
        assert_eq!(server.host.as_deref(), Some("chat.example.org"));
        assert_eq!(server.tls.as_ref().unwrap().1, "/etc/ssl/chat.key");
        assert_eq!(server.keep.as_deref(), Some("6months"));
        assert_eq!(server.time.unwrap().to_string(), "03:05");
        assert_eq!(server.fates.len(), 14);
        assert_eq!(
            *fate(&server.fates, "port"),
            Fate::ByHand("port = 8585 in sites.ini".to_owned())
        );
        let off = Server::parse(r#"{"address":"10.0.0.1","deletion_mode":0,"deletion_unit":"","deletion_value":"","deletion_time":""}"#).unwrap();
        assert_eq!((off.keep, off.host.as_deref()), (None, Some("10.0.0.1")));
        assert_eq!(off.fates.len(), 5);
    }

    #[test]
    fn a_proxy_for_browsers_is_the_host() {
        let text = r#"{"address":"10.0.0.1","client_proxy":1,"client_url":"https://chat.example.org:8443/x","ilias_proxy":0,"ilias_url":""}"#;
        let server = Server::parse(text).unwrap();
        assert_eq!(server.host.as_deref(), Some("chat.example.org"));
    }

    #[test]
    fn a_client_is_read_and_no_secret_is_told() {
        let text = r#"{"name":"myilias","enable_osc":false,"enable_browser_notifications":true,
            "conversation_idle_state_in_minutes":1,"chat_enabled":true,"enable_smilies":false,
            "auth":{"key":"801c4a44","secret":"hush"},
            "database":{"type":"mysql","host":"db","port":3306,"name":"ilias","user":"ilias","pass":"hush"}}"#;
        let client = Client::parse(text).unwrap();
        assert_eq!(
            (client.name.as_str(), client.has_conversations),
            ("myilias", false)
        );
        assert_eq!(client.fates.len(), 8);
        assert!(!format!("{client:?}").contains("hush"));
        let off = Client::parse(r#"{"name":"a","chat_enabled":false}"#).unwrap_err();
        assert!(off.to_string().contains("chat_enabled"), "{off}");
    }

    #[test]
    fn what_is_wrong_is_named_all_of_it() {
        let text = r#"{"protocol":"gopher","port":"0","address":"a b","deletion_mode":1,"deletion_unit":"hours",
            "deletion_value":0,"deletion_time":"24:00","surprise":1}"#;
        let error = Server::parse(text).unwrap_err();
        let keys: Vec<&str> = error
            .0
            .iter()
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert_eq!(
            keys,
            [
                "protocol",
                "port",
                "address",
                "deletion_value",
                "deletion_time",
                "surprise"
            ]
        );
        let text = r#"{"protocol":"https","cert":"relative.pem","key":"","address":"a"}"#;
        assert_eq!(Server::parse(text).unwrap_err().0.len(), 1);
        for text in ["", "[]", "{", "{\"cert\":\"hush"] {
            assert!(
                !Server::parse(text)
                    .unwrap_err()
                    .to_string()
                    .contains("hush")
            );
        }
        assert!(Client::parse("{}").is_err());
    }

    #[test]
    fn a_host_and_a_time_are_what_they_are() {
        for (text, host) in [
            ("chat.example.org", Some("chat.example.org")),
            ("https://a.example:8443/x/y", Some("a.example")),
            ("192.168.1.1", Some("192.168.1.1")),
            ("a b", None),
            ("a]\nuser = root", None),
            ("", None),
        ] {
            assert_eq!(host_of(text), host, "{text}");
        }
        for bad in ["", "3", "24:00", "3:60", "+3:00", "003:00", "3:0:0"] {
            assert!(time_of(bad).is_none(), "{bad}");
        }
    }
}
