use super::*;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

fn room(name: &str) -> String {
    RoomName::parse(name).unwrap().as_str().to_owned()
}

#[test]
fn a_room_comes_from_the_path() {
    for (path, name) in [
        ("", "lobby"),
        ("/", "lobby"),
        ("//", "lobby"),
        ("/hall", "hall"),
        ("/hall/more", "hall"),
        ("/my%20big_room", "my-big-room"),
        ("/%C5%BDelezn%C3%A1-hospoda", "Železná-hospoda"),
        ("/Železná hospoda", "Železná-hospoda"),
        ("/100%", "100%"),
        ("/a%zz", "a%zz"),
        ("/a%2", "a%2"),
    ] {
        assert_eq!(
            RoomName::from_path_info(path.as_bytes()).unwrap().as_str(),
            name,
            "{path}"
        );
    }
}

#[test]
fn a_path_cannot_leave_its_directory() {
    for path in [
        "/..",
        "/.hidden",
        "/%2e%2e",
        "/a%2fb",
        "/a%00b",
        "/a%0ab",
        "/%e2%80%aea",
        "/%ff",
        "/%20",
    ] {
        assert!(RoomName::from_path_info(path.as_bytes()).is_err(), "{path}");
    }
    assert_eq!(RoomName::from_path_info(b"/a\xff"), Err(NameError::NotUtf8));
}

#[test]
fn names_have_their_length() {
    assert_eq!(room(&"x".repeat(64)).len(), 64);
    assert_eq!(
        RoomName::parse(&"x".repeat(65)),
        Err(NameError::TooLong { max: 64 })
    );
    assert_eq!(
        RoomName::parse(&"x".repeat(1_000_000)),
        Err(NameError::TooLong { max: 64 })
    );
    assert_eq!(
        Nick::parse(&"😀".repeat(32))
            .unwrap()
            .as_str()
            .chars()
            .count(),
        32
    );
    assert_eq!(
        Nick::parse(&"😀".repeat(33)),
        Err(NameError::TooLong { max: 32 })
    );
}

#[test]
fn a_nick_holds_no_delimiter() {
    assert_eq!(
        Nick::parse(" a_b:c,d>e f ").unwrap().as_str(),
        "a-b-c-d-e-f"
    );
    assert_eq!(
        Nick::parse("O'Neil \"x\" <b>").unwrap().as_str(),
        "O'Neil-\"x\"-<b-"
    );
    for bad in [
        "../x",
        "a/b",
        "a\nb",
        "a\0b",
        "a\u{202e}b",
        "a\u{200f}",
        ".x",
        "",
        " ",
        "\u{200b}\u{3164}",
    ] {
        assert!(Nick::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn names_are_composed() {
    assert_eq!(room("Z\u{30c}elezna\u{301}"), "Železná");
}

#[test]
fn look_alikes_have_one_key() {
    let key = |name| Nick::parse(name).unwrap().key();
    for (a, b) in [
        ("Bob", "bOB"),
        ("alice", "аlice"),         // Cyrillic а
        ("ВОВ", "bob"),             // all Cyrillic
        ("bob", "ｂｏｂ"),          // full width
        ("admin", "ad\u{200b}min"), // zero width space
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("ﬁne", "FINE"),
        ("álice", "а\u{301}lice"), // Cyrillic а with an accent
        ("ëva", "ёva"),            // Cyrillic ё
        ("a–b", "a-b"),
        ("Ꭺlice", "alice"),            // Cherokee A
        ("ꭺlice", "alice"),            // its small form
        ("𝗯𝗼𝗯", "bob"),                // mathematical
        ("server", "ѕеrvеr"),          // Cyrillic ѕ and е
        ("server", "serv\u{2060}er"),  // word joiner
        ("server", "ser\u{e0041}ver"), // a tag
        ("👩‍🚀", "👩🚀"),                // with and without a joiner
        ("Žofie", "Z\u{30c}OFIE"),
    ] {
        assert_eq!(key(a), key(b), "{a} {b}");
    }
    for (a, b) in [
        ("user1", "userl"),
        ("user0", "usero"),
        ("anna", "änna"),
        ("Ян", "Он"),
    ] {
        assert_ne!(key(a), key(b), "{a} {b}");
    }
}

/// Characters that are no letters, digits, marks or emoji cannot be seen in every font, or look like
/// nothing at all: interlinear annotations, an object without its object, a blank of Braille.
#[test]
fn what_is_in_no_word_is_in_no_name() {
    let nick = |name: &str| Nick::parse(name).unwrap().as_str().to_owned();
    for c in [
        '\u{fff9}', '\u{fffa}', '\u{fffb}', '\u{fffc}', '\u{fffd}', '\u{e000}', '\u{2028}', '∕',
        '／', '＿',
    ] {
        let Ok(name) = Nick::parse(&format!("ser{c}ver")) else {
            continue;
        };
        assert_eq!(name.as_str(), "ser-ver", "{c:?}");
    }
    assert_eq!(nick("serv\u{200b}er"), "server");
    assert_eq!(nick("\u{1d173}server\u{2800}"), "server");
    assert_eq!(nick("ｂｏｂ…"), "bob...");
    assert_eq!(nick("„bob“"), "-bob-");
    for name in [
        "O'Neil",
        "C++",
        "100%",
        "Žofie",
        "水野",
        "أحمد",
        "नीता",
        "ᏣᎳᎩ",
        "👩🏽‍🚀",
        "❤️",
        "🇨🇿",
        "col·lecció",
        "می‌خواهم",
    ] {
        assert_eq!(nick(name), name);
    }
}

#[test]
fn nobody_looks_like_the_server() {
    for name in [
        "server",
        "SERVER",
        "ѕеrvеr",
        "serv\u{2060}er",
        "ｓｅｒｖｅｒ",
        "\u{feff}server\u{1d173}",
        "sеrvеr\u{e0020}",
    ] {
        assert_eq!(
            Nick::parse(name)
                .unwrap()
                .of_person()
                .as_str()
                .chars()
                .last(),
            Some('1'),
            "{name:?}"
        );
    }
}

#[test]
fn a_number_fits_into_the_length() {
    let nick = Nick::parse("Anonymous").unwrap();
    assert_eq!(nick.numbered(1).as_str(), "Anonymous1");
    let long = Nick::parse(&"é".repeat(32)).unwrap().numbered(1234);
    assert_eq!(long.as_str(), format!("{}1234", "é".repeat(28)));
}

#[test]
fn every_file_name_fits() {
    let nick = "😀".repeat(MAX_NICK_CHARS);
    for unit in ["x", "é", "水", "😀"] {
        let room = RoomName::parse(&unit.repeat(MAX_ROOM_CHARS)).unwrap();
        assert!(room.file_stem().len() + ".log-20261121-1795256130.gz".len() <= 255);
        assert!(format!("{}_{nick}.inbox", room.users_stem()).len() <= 255);
    }
    let (one, two) = ("😀".repeat(63) + "a", "😀".repeat(63) + "b");
    assert_ne!(
        RoomName::parse(&one).unwrap().file_stem(),
        RoomName::parse(&two).unwrap().file_stem()
    );
}

#[test]
fn a_stem_leads_back_to_its_room() {
    for name in ["lobby", "Železná-hospoda", "a.log", "100%"] {
        let room = RoomName::parse(name).unwrap();
        assert_eq!(RoomName::from_file_stem(&room.file_stem()), Some(room));
    }
    for stem in [".x", "a_b", "a b", "Z\u{30c}", ""] {
        assert_eq!(RoomName::from_file_stem(stem), None, "{stem}");
    }
    let long = RoomName::parse(&"😀".repeat(64)).unwrap();
    assert_eq!(RoomName::from_file_stem(&long.file_stem()), None);
}

proptest! {
    #[test]
    fn any_bytes_give_a_safe_room_or_an_error(path in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(room) = RoomName::from_path_info(&path) {
            prop_assert!(is_safe(room.as_str()));
            prop_assert!(!room.as_str().contains('_'));
            prop_assert!(room.file_stem().len() <= 200 && room.users_stem().len() <= 118);
            prop_assert_eq!(RoomName::parse(room.as_str()), Ok(room));
        }
    }

    #[test]
    fn any_text_gives_a_safe_nick_or_an_error(name in "\\PC{0,40}|.{0,40}") {
        if let Ok(nick) = Nick::parse(&name) {
            prop_assert!(is_safe(nick.as_str()));
            prop_assert!(!nick.as_str().contains(['_', ':', ',', '>']));
            prop_assert!(nick.numbered(4_000_000_000).as_str().chars().count() <= MAX_NICK_CHARS);
            let upper = nick.as_str().to_uppercase();
            if let Ok(upper) = Nick::parse(&upper) {
                prop_assert_eq!(upper.key(), nick.key());
            }
            prop_assert_eq!(Nick::parse(nick.as_str()), Ok(nick));
        }
    }
}

proptest! {
    #[test]
    fn how_a_name_is_composed_and_what_cannot_be_seen_do_not_matter(
        name in "[a-zA-Zà-žΑ-ωА-я\u{1f600}-\u{1f64f}]{1,12}", at in 0usize..12,
        hidden in proptest::sample::select(vec!['\u{200b}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{feff}', '\u{fe0f}']),
    ) {
        let nick = Nick::parse(&name).expect("letters");
        let decomposed: String = name.nfd().collect();
        prop_assert_eq!(&Nick::parse(&decomposed).expect("letters"), &nick);
        let mut with_hidden: Vec<char> = nick.as_str().chars().collect();
        with_hidden.insert(at.min(with_hidden.len()), hidden);
        let with_hidden: String = with_hidden.into_iter().collect();
        prop_assert_eq!(Nick::parse(&with_hidden).expect("letters").key(), nick.key());
    }

    #[test]
    fn a_number_makes_another_name(name in ".{1,32}", number in 1u32..=u32::MAX, other in 1u32..=u32::MAX) {
        if let Ok(nick) = Nick::parse(&name) {
            let numbered = nick.numbered(number);
            prop_assert_eq!(&Nick::parse(numbered.as_str()).expect("a nick with a number"), &numbered);
            prop_assert_eq!(numbered.key() == nick.numbered(other).key(), number == other);
        }
    }

    #[test]
    fn the_files_of_two_rooms_are_two(a in ".{1,64}", b in ".{1,64}") {
        if let (Ok(a), Ok(b)) = (RoomName::parse(&a), RoomName::parse(&b)) {
            prop_assert_eq!(a == b, a.file_stem() == b.file_stem());
            prop_assert_eq!(a == b, a.users_stem() == b.users_stem());
        }
    }
}

fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains('/')
        && !name
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || is_bidi_control(c))
}
