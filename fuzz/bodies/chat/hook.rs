//! What a program of the site replies: it is the administrator's, and may be wrong all the same.

use chat_handler::hooks::reply::{Action, MAX_DELAY, MAX_REASON, of_status, parse};

/// Characters of a message.
const MOST: usize = 40;

/// Whatever comes is a reply within its bounds, or a fault.
pub fn run(bytes: &[u8]) {
    let status = bytes.first().map(|&byte| i32::from(byte) % 4);
    for reply in [
        parse(bytes, "0123456789abcdef", MOST),
        of_status(bytes, status, MOST, false),
        of_status(bytes, status, MOST, true),
    ] {
        let Ok(reply) = reply else { continue };
        assert!(reply.message.chars().count() <= MAX_REASON);
        assert!(!reply.message.contains(char::is_control));
        assert!(reply.delay <= MAX_DELAY);
        if let Action::Replace(text) = reply.action {
            assert!(!text.trim().is_empty() && text.chars().count() <= MOST);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        } else if let Action::Answer { text, .. } = reply.action {
            assert!(text.chars().count() <= MOST);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
