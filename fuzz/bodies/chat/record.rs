//! Any line of a log is read or skipped; any text that is written is one line and is read again.

use chat_store::record::{
    Draft, Kind, MAX_LINE, Record, RecordId, clean, clean_lines, is_bidi_override,
};

pub fn run(bytes: &[u8]) {
    for line in bytes.split(|&byte| byte == b'\n') {
        if let Some(record) = Record::parse(line) {
            let is_line = |c: char| record.kind.has_lines() && matches!(c, '\n' | '\t');
            let is_bad = |c: char| c.is_control() || is_bidi_override(c);
            assert!(!record.from.contains(is_bad), "{record:?}");
            assert!(
                !record.text.contains(|c| is_bad(c) && !is_line(c)),
                "{record:?}"
            );
            let _ = (record.attrs().count(), record.is_redacted(), record.scope());
        }
        let _ = Record::id_of(line);
    }
    let text = String::from_utf8_lossy(bytes);
    for kind in [Kind::Say, Kind::Topic] {
        check(kind, &text);
    }
}

fn check(kind: Kind, text: &str) {
    let draft = Draft {
        msgid: Some(text),
        account: Some(text),
        client: Some(text),
        color: Some(text),
        ..Draft::new(kind, text, text)
    };
    let (id, mut line) = (RecordId::now(), Vec::new());
    draft.write_to(id, &mut line);
    let kept = if kind.has_lines() {
        clean_lines(text)
    } else {
        clean(text)
    };
    // One line of five fields, the last of which may hold tabs.
    assert_eq!(line.split(|&byte| byte == b'\n').count(), 2);
    let fields = line.split(|&byte| byte == b'\t').count();
    assert_eq!(fields, 5 + kept.matches('\t').count());
    if line.len() <= MAX_LINE {
        let record = Record::parse(&line).expect("what is written is read");
        assert_eq!((record.id, record.kind), (id, kind));
        assert_eq!((&*record.from, &*record.text), (&*clean(text), &*kept));
        let account = record.attr("account").unwrap_or_default().into_owned();
        assert_eq!(account, clean(text));
    }
}
