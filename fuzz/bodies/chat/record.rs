//! Any line of a log is read or skipped; any text that is written is one line and is read again.

use chat_store::record::{Draft, Kind, MAX_LINE, Record, RecordId, clean, is_bidi_override};

pub fn run(bytes: &[u8]) {
    for line in bytes.split(|&byte| byte == b'\n') {
        if let Some(record) = Record::parse(line) {
            for field in [&record.from, &record.text] {
                assert!(
                    !field.chars().any(|c| c.is_control() || is_bidi_override(c)),
                    "{record:?}"
                );
            }
            let _ = (record.attrs().count(), record.is_redacted(), record.scope());
        }
        let _ = Record::id_of(line);
    }
    let text = String::from_utf8_lossy(bytes);
    let draft = Draft {
        msgid: Some(&text),
        account: Some(&text),
        client: Some(&text),
        color: Some(&text),
        ..Draft::new(Kind::Say, &text, &text)
    };
    let (id, mut line) = (RecordId::now(), Vec::new());
    draft.write_to(id, &mut line);
    // One line of five fields.
    assert_eq!(line.split(|&byte| byte == b'\n').count(), 2);
    assert_eq!(line.split(|&byte| byte == b'\t').count(), 5);
    if line.len() <= MAX_LINE {
        let record = Record::parse(&line).expect("what is written is read");
        assert_eq!((record.id, record.kind), (id, Kind::Say));
        assert_eq!(
            (&*record.from, &*record.text),
            (&*clean(&text), &*clean(&text))
        );
        let account = record.attr("account").unwrap_or_default().into_owned();
        assert_eq!(account, clean(&text));
    }
}
