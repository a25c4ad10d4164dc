use super::*;
use proptest::prelude::*;

fn line(draft: &Draft<'_>, id: RecordId) -> Vec<u8> {
    let mut line = Vec::new();
    draft.write_to(id, &mut line);
    line
}

#[test]
fn a_record_is_written_as_documented() {
    let id = RecordId::parse(b"2026-11-21T10:15:30.123456Z").unwrap();
    let draft = Draft {
        msgid: Some("m-1"),
        account: Some("a;b%c"),
        color: Some("#aa0000"),
        ..Draft::new(Kind::Say, "alice", "hello world")
    };
    assert_eq!(
        String::from_utf8(line(&draft, id)).unwrap(),
        "2026-11-21T10:15:30.123456Z\tsay\talice\tmsgid=m-1;account=a%3Bb%25c;color=#aa0000\thello world\n"
    );
    let draft = Draft::new(Kind::Quit, "alice", "");
    assert_eq!(
        line(&draft, id),
        b"2026-11-21T10:15:30.123456Z\tquit\talice\t\t\n"
    );
}

#[test]
fn no_field_can_break_out() {
    let evil = "x\ty\n2026-11-21T10:15:30.123456Z\tsay\tbob\t\tforged\u{1b}[2J";
    let draft = Draft {
        msgid: Some(evil),
        account: Some(evil),
        client: Some(evil),
        color: Some(evil),
        origin: Some(evil),
        ..Draft::new(Kind::Say, evil, evil)
    };
    let line = line(&draft, RecordId::now());
    assert_eq!(memchr::memchr_iter(b'\n', &line).count(), 1);
    // The last field may hold tabs.
    let in_text = evil.matches('\t').count();
    assert_eq!(memchr::memchr_iter(b'\t', &line).count(), 4 + in_text);
    let record = Record::parse(&line).unwrap();
    assert_eq!(record.text, evil.replace('\u{1b}', ""));
    assert_eq!(
        record.from,
        "x y 2026-11-21T10:15:30.123456Z say bob  forged[2J"
    );
    assert_eq!(record.attrs().count(), 5);
}

#[test]
fn unknown_attributes_and_kinds_are_skipped() {
    let record =
        Record::parse(b"2026-11-21T10:15:30.123456Z\tsay\tbob\tx;future=1;color=red;;\ta\tb\n")
            .unwrap();
    assert_eq!(record.attr("color").as_deref(), Some("red"));
    assert_eq!(record.attr("msgid"), None);
    assert_eq!(record.attrs().count(), 2);
    assert_eq!(record.text, "a\tb");
    assert_eq!(
        Record::parse(b"2026-11-21T10:15:30.123456Z\tpoke\tbob\t\t\n"),
        None
    );
}

#[test]
fn lines_of_the_old_script_are_history() {
    let record = Record::parse(b"[10:15:30] alice> hello > there\n").unwrap();
    assert_eq!(
        (
            record.clock,
            record.kind,
            record.from.as_ref(),
            record.text.as_ref()
        ),
        (Some("10:15:30"), Kind::Say, "alice", "hello > there")
    );
    let dice = Record::parse(b"[10:15:30] alice>  Throws 2 6-sided dice: 1, 2").unwrap();
    assert_eq!(dice.text, " Throws 2 6-sided dice: 1, 2");
    let join = Record::parse(b"[10:15:30] alice joined the lobby").unwrap();
    assert_eq!((join.kind, join.from.as_ref()), (Kind::Join, "alice"));
    let quit = Record::parse(b"[10:15:30] alice quit the lobby\r\n").unwrap();
    assert_eq!((quit.kind, quit.from.as_ref()), (Kind::Quit, "alice"));
}

#[test]
fn what_the_old_script_should_not_have_logged_is_no_history() {
    for line in [
        "[10:15:30] Userlist: alice:Gray,bob:#aa0000,",
        "[10:15:30] alice> bob: {\"type\":\"offer\",\"sdp\":\"v=0\"}",
        "[10:15:30] alice> bob: {\"candidate\":\"candidate:1 1 UDP\"}",
        "[10:15:30] > nobody",
        "[1:15:30] alice> hello",
        "[10:15:30]",
        "[",
        "",
    ] {
        assert_eq!(Record::parse(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn broken_lines_are_shown_or_skipped() {
    let record =
        Record::parse(b"\0\0\x002026-11-21T10:15:30.123456Z\tsay\tb\xffb\t\ta\0b\xc3").unwrap();
    assert_eq!(
        (record.from.as_ref(), record.text.as_ref()),
        ("b\u{fffd}b", "a\u{fffd}b\u{fffd}")
    );
    assert_eq!(
        Record::parse(b"2026-11-21T10:15:30.123456Z\tsay\tbob\t"),
        None
    );
    assert_eq!(Record::parse(b"\0\0\0\0"), None);
    assert_eq!(
        Record::id_of(b"\x002026-11-21T10:15:30.123456Z\tfuture").map(RecordId::is_place),
        Some(false)
    );
    assert_eq!(Record::id_of(b"2026-11-21T10:15:30.123456Z"), None);
}

#[test]
fn a_redacted_record_is_known_by_its_blanks() {
    let id = RecordId::now();
    let parse = |text: &str| {
        let line = line(&Draft::new(Kind::Say, "bob", text), id);
        Record::parse(&line).unwrap().is_redacted()
    };
    assert!(parse("   "));
    assert!(!parse(""));
    assert!(!parse(" a "));
}

#[test]
fn the_scope_of_a_msgid_is_the_sender() {
    let mut draft = Draft::new(Kind::Say, "bob", "x");
    assert_eq!(draft.scope(), Scope::Nick("bob".into()));
    draft.client = Some("token");
    assert_eq!(draft.scope(), Scope::Client("token".into()));
    draft.account = Some("robert");
    assert_eq!(draft.scope(), Scope::Account("robert".into()));
    let line = line(&draft, RecordId::now());
    assert_eq!(Record::parse(&line).unwrap().scope(), draft.scope());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        micros in 31_536_000_000_000..=RecordId::MAX.as_micros(),
        kind in proptest::sample::select(Kind::ALL),
        from in ".{0,40}", text in ".{0,200}",
        msgid in proptest::option::of(".{1,20}"), account in proptest::option::of(".{1,20}"),
    ) {
        let id = RecordId::from_micros(micros);
        let draft = Draft {
            msgid: msgid.as_deref(),
            account: account.as_deref(),
            ..Draft::new(kind, &from, &text)
        };
        let line = line(&draft, id);
        let record = Record::parse(&line).unwrap();
        prop_assert_eq!((record.id, record.kind), (id, kind));
        let value = |attr: &Option<String>| attr.as_deref().map(|v| clean(v).into_owned()).filter(|v| !v.is_empty());
        prop_assert_eq!(record.attr("msgid").map(Cow::into_owned), value(&msgid));
        prop_assert_eq!(record.attr("account").map(Cow::into_owned), value(&account));
        prop_assert_eq!(Record::id_of(&line), Some(id));
        prop_assert_eq!(record.from.into_owned(), clean(&from).into_owned());
        let kept = if kind.has_lines() { clean_lines(&text) } else { clean(&text) };
        prop_assert_eq!(record.text.into_owned(), kept.into_owned());
    }

    #[test]
    fn any_bytes_parse_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Some(record) = Record::parse(&bytes) {
            prop_assert!(!record.text.contains(['\r', '\0']));
            prop_assert!(record.kind.has_lines() || !record.text.contains(['\n', '\t']));
        }
        let _ = Record::id_of(&bytes);
    }

    #[test]
    fn a_broken_record_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        for head in [&b"2026-11-21T10:15:30.123456Z\tsay\t"[..], b"[10:15:30] "] {
            let _ = Record::parse(&[head, &tail].concat());
        }
    }
}
