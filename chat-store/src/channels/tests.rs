use super::*;
use crate::log::tail::Tail;
use crate::record::{Record, RecordId};
use std::os::unix::fs::PermissionsExt as _;

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap_or_else(|| panic!("{name:?} is a name"))
}

fn event<'a>(ev: &'a str, data: &'a str) -> Event<'a> {
    Event {
        from: "api:shop",
        account: Some("api:shop"),
        msgid: None,
        ev,
        data,
    }
}

#[test]
fn names_are_topics_or_accounts() {
    for name in ["news", "orders.42", "a_b-C", &"x".repeat(64)] {
        assert_eq!(channel(name).account(), None, "{name}");
    }
    assert_eq!(channel("user:../Žofie %").account(), Some("../Žofie %"));
    for name in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a b",
        "user:",
        "user",
        "x:y",
        "é",
        "a\0",
        "user:a\nb",
        "*",
    ] {
        let is_topic = name == "user";
        assert_eq!(ChannelName::parse(name).is_some(), is_topic, "{name:?}");
    }
    assert!(ChannelName::parse(&"x".repeat(65)).is_none());
}

#[test]
fn no_name_leads_out_of_the_directory() {
    for name in ["user:../../etc/passwd", "user:a/b", "..x", "user:.."] {
        let Some(channel) = ChannelName::parse(name) else {
            continue;
        };
        let stem = channel.file_stem();
        assert!(!stem.contains('/') && !stem.starts_with('.'), "{stem}");
    }
    // No topic has an account's file, whatever it is called.
    let stem = channel("user:anna").file_stem();
    assert!(ChannelName::parse(&stem).is_none_or(|other| other.file_stem() != stem));
    assert_ne!(
        channel("user:anna").file_stem(),
        channel("user:Anna").file_stem()
    );
}

#[test]
fn patterns_mean_topics_and_no_person() {
    let fits = |pattern: &str, name: &str| Pattern::parse(pattern).unwrap().fits(&channel(name));
    assert!(fits("news", "news") && !fits("news", "news2") && !fits("news", "new"));
    assert!(fits("orders.*", "orders.7") && !fits("orders.*", "orders"));
    assert!(fits("*", "news") && !fits("*", "user:anna"));
    for wrong in ["", "user:*", "a*b", "**", "a b", "user:anna"] {
        assert_eq!(Pattern::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn what_is_told_is_heard_once_in_order_and_to_the_letter() {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let news = channel("news");
    let mut tail = Tail::at_end_of(log(&dirs, &news)).unwrap();
    let data = "{\"a\":\"tab\\t \u{202e} ;%\",\"n\":[1,2]}";
    tell(&dirs, &news, &event("order.paid", data)).unwrap();
    let twice = Event {
        msgid: Some("m1"),
        ..event("x", "1")
    };
    let first = tell(&dirs, &news, &twice).unwrap();
    assert_eq!(
        tell(&dirs, &news, &twice).unwrap(),
        Stored::Already(first.id())
    );
    // In another channel, or of another program, it is another.
    assert!(matches!(
        tell(&dirs, &channel("other"), &twice).unwrap(),
        Stored::New(_)
    ));
    let others = Event {
        account: Some("api:other"),
        ..twice
    };
    assert!(matches!(
        tell(&dirs, &news, &others).unwrap(),
        Stored::New(_)
    ));
    let mut heard = Vec::new();
    let mut take = |record: &Record<'_>| {
        let ev = record.attr(attrs::EV).unwrap().into_owned();
        heard.push((record.id, record.kind, ev, record.text.to_string()));
    };
    tail.read(usize::MAX, &mut take).unwrap();
    assert_eq!(heard.len(), 3);
    assert!(heard.is_sorted_by_key(|(id, ..)| *id));
    let (_, kind, ev, text) = &heard[0];
    assert_eq!((*kind, ev.as_str()), (Kind::Event, "order.paid"));
    assert_eq!(*text, data.replace('\u{202e}', "\\u202e"));
    // Behind the first there are the other two, whoever asks.
    let mut rest = 0;
    let mut after = Tail::after_in(log(&dirs, &news), heard[0].0).unwrap();
    after.read(usize::MAX, &mut |_| rest += 1).unwrap();
    assert_eq!(rest, 2);
}

#[test]
fn what_cannot_be_told_is_refused_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let news = channel("news");
    for ev in ["", "a b", "a;b", "a=b", "a\n", &"x".repeat(65)] {
        let told = tell(&dirs, &news, &event(ev, "1"));
        assert!(matches!(told, Err(ChannelError::BadEv)), "{ev:?}");
    }
    let long = format!("\"{}\"", "x".repeat(MAX_DATA));
    let told = tell(&dirs, &news, &event("x", &long));
    assert!(matches!(told, Err(ChannelError::TooLong)));
    assert!(logs(&dirs).unwrap().is_empty());
}

#[test]
fn channels_are_for_the_service_alone() {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    dirs.create().unwrap();
    let anna = channel("user:anna");
    let bell = ChannelBell::open(&dirs, &anna).unwrap();
    tell(&dirs, &anna, &event("x", "1")).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let log = log(&dirs, &anna);
    let hung = bell_of(&dirs, &anna);
    assert_eq!((mode(&dirs.channels), mode(&log)), (0o700, 0o600));
    assert_eq!(mode(&hung), 0o600);
    assert!(!log.to_string_lossy().contains("anna"));
    assert_eq!(logs(&dirs).unwrap(), [log]);
    drop(bell);
    assert!(!hung.exists());
}

#[test]
fn a_bell_stays_while_another_waits_at_it() {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let news = channel("news");
    let (one, two) = (
        ChannelBell::open(&dirs, &news),
        ChannelBell::open(&dirs, &news),
    );
    drop(one.unwrap());
    assert!(bell_of(&dirs, &news).exists());
    let mut two = two.unwrap();
    std::fs::remove_dir_all(&dirs.run).unwrap();
    assert!(two.reopen_if_replaced().unwrap());
    assert!(bell_of(&dirs, &news).exists());
}

#[test]
fn what_was_told_to_one_person_is_forgotten_with_them() {
    let home = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(home.path());
    let anna = channel("user:anna");
    for channel in [&anna, &channel("user:bob"), &channel("news")] {
        tell(&dirs, channel, &event("x", "1")).unwrap();
    }
    let live = log(&dirs, &anna);
    std::fs::copy(&live, format!("{}-20261121", live.display())).unwrap();
    let number = PersonId::of(Some("anna"), None).unwrap();
    assert_eq!(forget(&dirs, &number).unwrap(), 2);
    assert_eq!(forget(&dirs, &number).unwrap(), 0);
    assert_eq!(logs(&dirs).unwrap().len(), 2);
    assert_eq!(
        RecordId::parse(b"1970-01-01T00:00:00.000001Z"),
        Some(RecordId::from_micros(1))
    );
}
