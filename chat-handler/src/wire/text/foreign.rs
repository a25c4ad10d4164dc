//! What the pages of 2016 cannot take as it is: names, which they write into their own source, and
//! descriptions of calls, which they recognize by how they begin. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// From a character of ASCII to its full-width form.
const FULL_WIDTH: u32 = 0xfee0;

/// A name as these pages get it. They put names into attributes and scripts: a quote in a name would
/// end the string that it stands in, and the rest would run. The full-width form is read by people as
/// the same name, and by us too: a name that is typed so is the one with the plain character.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    let runs = |c: char| matches!(c, '\'' | '"' | '<' | '>' | '&' | '`');
    if !name.contains(runs) {
        return Cow::Borrowed(name);
    }
    let full_width = |c: char| char::from_u32(u32::from(c) + FULL_WIDTH).unwrap_or('-');
    let shown = name
        .chars()
        .map(|c| if runs(c) { full_width(c) } else { c });
    Cow::Owned(shown.collect())
}

/// Whether a private text is WebRTC signaling of the old pages rather than words.
pub fn is_signal(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Description {
        #[serde(default, rename = "type")]
        kind: String,
        candidate: Option<serde::de::IgnoredAny>,
    }
    text.starts_with('{')
        && serde_json::from_str(text).is_ok_and(|signal: Description| {
            signal.candidate.is_some()
                || matches!(
                    signal.kind.as_str(),
                    "offer" | "answer" | "pranswer" | "rollback" | "candidate"
                )
        })
}

/// A session description beginning with `{"type":"offer","sdp":`, which these pages look for: browsers
/// of today write `sdp` first. Anything else as it is.
pub(super) fn in_known_order(signal: &str) -> Cow<'_, str> {
    let Ok(mut fields) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(signal) else {
        return Cow::Borrowed(signal);
    };
    let (Some(kind), Some(sdp)) = (fields.remove("type"), fields.remove("sdp")) else {
        return Cow::Borrowed(signal);
    };
    let mut ordered = format!("{{\"type\":{kind},\"sdp\":{sdp}");
    for (name, value) in fields {
        let name = serde_json::Value::from(name);
        ordered.extend([",", &name.to_string(), ":", value.get()]);
    }
    ordered.push('}');
    Cow::Owned(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::name::Nick;
    use proptest::prelude::*;

    #[test]
    fn signaling_is_told_from_words() {
        assert!(
            is_signal(r#"{"type":"offer","sdp":"v=0"}"#)
                && is_signal(r#"{"candidate":"candidate:1","sdpMid":"0"}"#)
        );
        for text in [
            "hello",
            "{",
            "{}",
            r#"{"type":"love"}"#,
            r#"[{"type":"offer"}]"#,
        ] {
            assert!(!is_signal(text), "{text}");
        }
    }

    #[test]
    fn a_description_goes_out_as_the_old_pages_look_for_it() {
        for (signal, ordered) in [
            (
                r#"{"sdp":"v=0\r\n\"x\"","type":"offer"}"#,
                r#"{"type":"offer","sdp":"v=0\r\n\"x\""}"#,
            ),
            (
                r#"{ "more" : [1, 2], "sdp" : "v=0", "type" : "answer" }"#,
                r#"{"type":"answer","sdp":"v=0","more":[1, 2]}"#,
            ),
            (
                r#"{"type":"offer","sdp":"x"}"#,
                r#"{"type":"offer","sdp":"x"}"#,
            ),
            (
                r#"{"candidate":"c","sdpMid":"0"}"#,
                r#"{"candidate":"c","sdpMid":"0"}"#,
            ),
            ("hello", "hello"),
        ] {
            assert_eq!(in_known_order(signal), ordered);
        }
    }

    proptest! {
        #[test]
        fn no_name_runs_and_each_leads_back(name in "\\PC{1,32}|[a-c'\"<>&`]{1,12}") {
            let Ok(nick) = Nick::parse(&name) else { return Ok(()) };
            let shown = shown(nick.as_str()).into_owned();
            prop_assert!(!shown.contains(['\'', '"', '<', '>', '&', '`']));
            let typed = Nick::parse(&shown).expect("a name");
            prop_assert_eq!(typed.key(), nick.key());
        }
    }
}
