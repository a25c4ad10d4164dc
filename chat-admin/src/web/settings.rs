//! `chat.ini` as it is read: each setting with its value and its line, those that are not there with what they are then.
//! Pure. What may be secret is hidden: of sections and keys that are not known here nothing is shown but that they are
//! there.

use serde_json::{Value, json};

use chat_handler::settings::KEYS;

/// Parts of names whose values are nobody's to read.
const SECRETS: [&str; 6] = ["SECRET", "PASSWORD", "TOKEN", "KEY", "CREDENTIAL", "HOOK"];
/// Sections whose values are shown; of `[global]` the keys that are known.
const SHOWN: [&str; 3] = ["access", "keep", "room descriptions"];

/// All settings: those of the file in its order, then those that it does not have.
pub(super) fn shown(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut there = Vec::new();
    let mut section = "";
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.trim();
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let known = KEYS.iter().find(|known| known.name == key);
        let known = known.filter(|_| section == "global");
        let of_rooms = SHOWN.contains(&section) || section.starts_with("access ");
        let is_hidden = is_secret(key, value) || !(of_rooms || known.is_some());
        there.extend(known.map(|known| known.name));
        found.push(json!({
            "section": section, "key": key, "line": number, "hidden": is_hidden,
            "value": if is_hidden { None } else { Some(value) }, "about": known.map(|known| known.about),
        }));
    }
    let missing = KEYS.iter().filter(|key| !there.contains(&key.name));
    found.extend(missing.map(|key| {
        json!({
            "section": "global", "key": key.name, "line": null, "hidden": false, "value": null, "about": key.about,
        })
    }));
    found
}

fn is_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_uppercase();
    // An address may hold a password: redis://user:password@host.
    SECRETS.iter().any(|part| key.contains(part)) || (value.contains("://") && value.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_lines_are_told() {
        let text = "; a comment\n[global]\nBASE_DIR=/srv\nTURN_SECRET=sssssssssssssssss\nLOGIN_URL=https://u:p@h/\n\
                    [access]\nadmin=group:admin\n[hooks]\nx=secret\n[access hall]\nenter = all\n";
        let found = shown(text);
        let of = |key: &str| {
            found
                .iter()
                .find(|it| it["key"] == key)
                .expect("it is there")
        };
        assert_eq!(
            (&of("BASE_DIR")["value"], &of("BASE_DIR")["line"]),
            (&json!("/srv"), &json!(3))
        );
        for key in ["TURN_SECRET", "LOGIN_URL", "x"] {
            assert_eq!(
                (&of(key)["value"], &of(key)["hidden"]),
                (&Value::Null, &json!(true)),
                "{key}"
            );
        }
        assert_eq!(of("admin")["value"], "group:admin");
        assert_eq!(
            (&of("enter")["section"], &of("enter")["line"]),
            (&json!("access hall"), &json!(11))
        );
        assert_eq!(of("ANONYMOUS")["line"], Value::Null);
        assert!(!json!(found).to_string().contains("sssss"));
    }
}
