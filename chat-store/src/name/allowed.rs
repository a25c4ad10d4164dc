//! Which characters a name may have: what is allowed is listed, by Unicode, rather than what is not. What
//! fonts draw as nothing, and what looks like something else without being a letter, is not in any list of
//! letters.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::UnicodeEmoji as _;
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::general_security_profile::IdentifierType;

use super::look_alike::is_ignorable;

/// What stands for a character that no name may have.
const SUBSTITUTE: char = '-';
/// Emoji are joined and chosen by these, and some scripts need them in words. They show nothing, so that
/// names that differ by them alone are alike.
const JOINERS: [char; 3] = ['\u{200c}', '\u{200d}', '\u{fe0f}'];

/// `name` in NFC with nothing else in it than names may have: in place of another character stands what it
/// is a form of (`ｂ` is `b`), or `-`. What shows nothing is left out.
pub(super) fn only(name: &str) -> String {
    let mut allowed = String::with_capacity(name.len());
    for c in name.nfc() {
        if is_allowed(c) {
            allowed.push(c);
        } else if !is_ignorable(c) {
            let forms = c.nfkc();
            if forms.clone().all(is_allowed) {
                allowed.extend(forms);
            } else {
                allowed.push(SUBSTITUTE);
            }
        }
    }
    // What was put in may join what stands beside it.
    let joined = allowed.nfc();
    joined
        .map(|c| if is_allowed(c) { c } else { SUBSTITUTE })
        .collect()
}

/// UTS 39, table 1, by the types of characters rather than by their status: scripts that few people
/// read are allowed, which the status of an identifier forbids because few can tell their doubles.
/// Here [`super::Key`] tells them.
fn is_allowed(c: char) -> bool {
    if c.is_ascii() {
        return c != '/' && !c.is_ascii_control();
    }
    if JOINERS.contains(&c) {
        return true;
    }
    if is_ignorable(c) {
        return false;
    }
    let of_words = !matches!(
        c.identifier_type(),
        None | Some(
            IdentifierType::Not_Character
                | IdentifierType::Deprecated
                | IdentifierType::Default_Ignorable
                | IdentifierType::Not_NFKC
                | IdentifierType::Not_XID
        )
    );
    of_words || c.is_emoji_char_or_emoji_component()
}
