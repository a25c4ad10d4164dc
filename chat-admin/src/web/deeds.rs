//! What the administration can do: commands of `chatctl`, each with the values that a page may fill in.

use serde_json::{Map, Value};

use super::session::Session;
use super::views::is_private;
use super::{Asked, Explain, failed, not_found, refused};
use crate::api::Response;
use crate::ctl::Order;
use chat_handler::settings::Settings;

/// What a page fills in.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// A word at its place, as `ROOM`.
    Word(&'static str),
    /// One that may be left out.
    Optional(&'static str),
    /// `--NAME=VALUE`, if there is a value; of several values, each.
    Option(&'static str),
}

use Field::{Option as Opt, Optional, Word};

struct Deed {
    /// What the page calls it.
    name: &'static str,
    /// The command, with the options that it always has.
    command: &'static [&'static str],
    fields: &'static [Field],
    /// It cannot be undone, or gives somebody rights: the password must have been typed a short while ago.
    is_grave: bool,
}

const fn deed(
    name: &'static str,
    command: &'static [&'static str],
    fields: &'static [Field],
) -> Deed {
    Deed {
        name,
        command,
        fields,
        is_grave: false,
    }
}

const fn grave(
    name: &'static str,
    command: &'static [&'static str],
    fields: &'static [Field],
) -> Deed {
    Deed {
        is_grave: true,
        ..deed(name, command, fields)
    }
}

const ROOM: Field = Word("room");
const WHO: Field = Word("who");
const NAME: Field = Word("name");
const MEASURE: &[Field] = &[ROOM, WHO, Optional("reason"), Opt("minutes")];

const DEEDS: &[Deed] = &[
    deed("kick", &["kick"], &[ROOM, WHO, Optional("reason")]),
    deed("ban", &["ban"], MEASURE),
    deed("mute", &["mute"], MEASURE),
    deed("unban", &["unban"], &[ROOM, WHO]),
    deed("unmute", &["unmute"], &[ROOM, WHO]),
    deed("slow", &["slow"], &[ROOM, Word("seconds")]),
    deed("topic", &["topic"], &[ROOM, Word("topic")]),
    deed("resolve", &["resolve"], &[ROOM, Word("id")]),
    deed("redact", &["redact"], &[ROOM, Word("id")]),
    deed("clear", &["clear"], &[ROOM]),
    grave("delete", &["clear", "--delete"], &[ROOM]),
    grave("expire", &["expire"], &[ROOM, Opt("older-than")]),
    grave("purge", &["purge", "--force"], &[ROOM]),
    grave("role", &["role"], &[ROOM, Word("account"), Word("role")]),
    grave(
        "register",
        &["register", "--without-password"],
        &[NAME, Opt("group")],
    ),
    grave("link", &["passwd", "--link"], &[NAME]),
    grave("groups", &["groups"], &[NAME, Opt("add"), Opt("remove")]),
    grave("incoming-add", &["incoming", "add"], &[ROOM, NAME]),
    deed("incoming-remove", &["incoming", "remove"], &[ROOM, NAME]),
    grave("invite", &["invite"], &[Opt("uses"), Opt("hours")]),
    deed("logout", &["logout"], &[NAME]),
    deed("disable", &["disable"], &[NAME]),
    deed("enable", &["enable"], &[NAME]),
    grave("unregister", &["unregister"], &[NAME]),
];

/// What can be done to private rooms, too: nobody learns by it who is there or what is said.
const OF_PRIVATE_ROOMS: [&str; 3] = ["delete", "expire", "purge"];

/// What they are called: the tests ask for each of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    DEEDS.iter().map(|deed| deed.name)
}

pub(super) fn answer(
    name: &str,
    asked: &Asked<'_>,
    session: &Session,
    settings: &Settings,
    explain: Explain<'_>,
) -> Result<Response, Response> {
    let deed = DEEDS.iter().find(|deed| deed.name == name);
    let deed = deed.ok_or_else(not_found)?;
    let wish: Map<String, Value> = serde_json::from_slice(&asked.request.body)
        .map_err(|_| Response::error(400, "bad_json", "send a JSON object"))?;
    let room = wish.get("room").and_then(Value::as_str);
    if room.is_some_and(is_private) && !OF_PRIVATE_ROOMS.contains(&name) {
        let text =
            "what goes on in private rooms is not shown here, nor changed; at the shell: chatctl";
        return Err(Response::error(409, "refused", text));
    }
    let words = words(deed, &wish)
        .map_err(|field| Response::error(400, "missing_field", &format!("{field} is missing")))?;
    let order = Order::parse(&words)
        .map_err(|failure| Response::error(400, "bad_value", &failure.to_string()))?;
    if deed.is_grave && !session.is_fresh() {
        let text = "this needs your password once more";
        return Err(Response::error(403, "password_needed", text));
    }
    // Nothing is done that is not noted.
    let what = order.deed().unwrap_or_else(|| words.join(" "));
    session
        .note(settings, &what)
        .map_err(|error| failed(&error, explain))?;
    match order.run(settings) {
        Ok(done) => Ok(Response::json(&serde_json::json!({
            "text": done.text, "value": done.value,
        }))),
        Err(failure) => {
            let noted = session.note(settings, &format!("{what}: not done: {failure}"));
            noted.map_err(|error| failed(&error, explain))?;
            Err(refused(failure, explain))
        }
    }
}

/// The command's words; what a client chose is a value in each of them, never an option.
fn words(deed: &Deed, wish: &Map<String, Value>) -> Result<Vec<String>, &'static str> {
    let mut words: Vec<String> = deed.command.iter().map(|&word| word.to_owned()).collect();
    let mut values = Vec::new();
    for &field in deed.fields {
        match field {
            Word(name) => values.push(texts(wish.get(name)).next().ok_or(name)?),
            Optional(name) => values.extend(texts(wish.get(name)).next()),
            Opt(name) => {
                words.extend(texts(wish.get(name)).map(|value| format!("--{name}={value}")));
            }
        }
    }
    if !values.is_empty() {
        words.push("--".to_owned());
        words.extend(values);
    }
    Ok(words)
}

/// A text, a number, or a list of texts; an empty one is a value too where a list says so or a word is needed.
fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    let found = match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Array(all)) => {
            let all = all.iter().filter_map(Value::as_str);
            all.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(name: &str, wish: Value) -> Result<Vec<String>, &'static str> {
        let deed = DEEDS.iter().find(|deed| deed.name == name).expect("a deed");
        let Value::Object(wish) = wish else {
            panic!("an object")
        };
        words(deed, &wish)
    }

    #[test]
    fn what_a_client_chose_is_never_an_option() {
        let wish = json!({ "room": "--config=/x", "who": "-j", "reason": "--json", "minutes": 5, "root": "/" });
        let words = of("ban", wish).expect("words");
        assert_eq!(
            words,
            ["ban", "--minutes=5", "--", "--config=/x", "-j", "--json"]
        );
        assert_eq!(of("ban", json!({ "room": "lobby" })), Err("who"));
        let words = of(
            "groups",
            json!({ "name": "anna", "add": ["a", "--x"], "remove": [] }),
        );
        assert_eq!(
            words.expect("words"),
            ["groups", "--add=a", "--add=--x", "--", "anna"]
        );
    }

    #[test]
    fn each_deed_is_a_command_that_changes_something() {
        for deed in DEEDS {
            let mut wish = Map::new();
            for field in deed.fields {
                let (Word(name) | Optional(name) | Opt(name)) = field;
                let value = match *name {
                    "id" => "2026-11-21T10:15:30.123456Z",
                    "role" => "owner",
                    "older-than" => "3months",
                    "minutes" | "seconds" | "uses" | "hours" => "5",
                    _ => "anna",
                };
                wish.insert((*name).to_owned(), value.into());
            }
            let words = words(deed, &wish).expect("words");
            let order = Order::parse(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            assert!(order.deed().is_some(), "{words:?}");
        }
    }
}
