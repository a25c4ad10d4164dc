//! Any name: refused, or fit for a path, for the wire and for a second look.

use chat_store::name::{MAX_NICK_CHARS, MAX_ROOM_CHARS, Nick, RoomName};
use chat_store::record::is_bidi_control;

fn is_safe(name: &str, most: usize) -> bool {
    let strange =
        |c: char| c == '/' || c == '_' || c.is_control() || c.is_whitespace() || is_bidi_control(c);
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().count() <= most
        && !name.contains(strange)
}

pub fn run(bytes: &[u8]) {
    if let Ok(room) = RoomName::from_path_info(bytes) {
        assert!(is_safe(room.as_str(), MAX_ROOM_CHARS), "{room}");
        assert_eq!(RoomName::parse(room.as_str()).as_ref(), Ok(&room));
        assert!(room.file_stem().len() <= 200 && room.users_stem().len() <= 118);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(nick) = Nick::parse(text) else {
        return;
    };
    assert!(is_safe(nick.as_str(), MAX_NICK_CHARS), "{nick}");
    assert!(!nick.as_str().contains([':', ',', '>']), "{nick}");
    assert_eq!(Nick::parse(nick.as_str()).as_ref(), Ok(&nick));
    let numbered = nick.numbered(u32::MAX);
    assert!(is_safe(numbered.as_str(), MAX_NICK_CHARS), "{numbered}");
    // A second look at a key sees the same.
    assert_eq!(chat_store::name::Key::of(nick.key().as_str()), nick.key());
}
