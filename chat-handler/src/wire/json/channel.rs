//! What is told in channels.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Id, put};
use chat_store::record::{Record, attrs};

#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    channel: &'a str,
    id: Id,
    ev: &'a str,
    from: &'a str,
    data: &'a RawValue,
}

/// An event, as it was told. What another hand wrote into the log and is no JSON, or no event, is left out.
pub(super) fn put_told(channel: &str, record: &Record<'_>, out: &mut Vec<u8>) {
    let Some(ev) = record.attr(attrs::EV) else {
        return;
    };
    if let Ok(data) = serde_json::from_str(&record.text) {
        let told = Told {
            kind: "event",
            channel,
            id: Id(record.id),
            ev: &ev,
            from: &record.from,
            data,
        };
        put(&told, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_store::record::{Draft, Kind, RecordId};

    fn rendered(attrs: &[(&str, Option<&str>)], data: &str) -> String {
        let draft = Draft {
            extra: attrs,
            ..Draft::new(Kind::Event, "api:shop", data)
        };
        let (mut line, mut out) = (Vec::new(), Vec::new());
        let id = RecordId::parse(b"2026-11-21T10:15:30.123456Z").expect("an id");
        draft.write_to(id, &mut line);
        put_told("news", &Record::parse(&line).expect("a record"), &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn an_event_is_one_line_with_its_data_as_they_were() {
        let ev = [("ev", Some("order.paid"))];
        assert_eq!(
            rendered(&ev, "{\"a\": [1.50, null]}"),
            "{\"type\":\"event\",\"channel\":\"news\",\"id\":\"2026-11-21T10:15:30.123456Z\",\"ev\":\"order.paid\",\
             \"from\":\"api:shop\",\"data\":{\"a\": [1.50, null]}}\n"
        );
    }

    #[test]
    fn what_is_no_event_is_left_out() {
        let ev = [("ev", Some("x"))];
        for data in ["", "{", "1,\"type\":\"bye\"", "1} {"] {
            assert_eq!(rendered(&ev, data), "", "{data}");
        }
        assert_eq!(rendered(&[], "1"), "");
    }
}
