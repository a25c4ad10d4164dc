//! For joints that look at messages one by one: each with its length before it. No program sees this form.

use super::{Kind, ToProgram};

/// Bytes of the length, which is big-endian.
const HEAD: usize = 4;

#[derive(Debug)]
pub(super) struct ToJoint;

impl ToProgram for ToJoint {
    fn takes(&self, _: Kind) -> bool {
        true
    }

    fn head(&self, _: Kind) -> &'static [u8] {
        &[0; HEAD]
    }

    fn finish(&self, _: Kind, message: &mut [u8]) -> &'static [u8] {
        let (head, payload) = message.split_at_mut(HEAD);
        let len = u32::try_from(payload.len())
            .expect("a frame's payload is bounded by --maxframesize or memory");
        head.copy_from_slice(&len.to_be_bytes());
        b""
    }
}

/// The first message in `ready` and the bytes that it takes with its head; `None` when there is none.
pub fn first(ready: &[u8]) -> Option<(&[u8], usize)> {
    let (head, rest) = ready.split_first_chunk::<HEAD>()?;
    let len = u32::from_be_bytes(*head) as usize;
    Some((rest.get(..len)?, HEAD + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let mut ready = Vec::new();
        for text in [&b"one"[..], b"", b"two\nlines"] {
            let start = ready.len();
            ready.extend_from_slice(ToJoint.head(Kind::Text));
            ready.extend_from_slice(text);
            ToJoint.finish(Kind::Text, &mut ready[start..]);
        }
        let mut texts = Vec::new();
        let mut rest = &ready[..];
        while let Some((text, len)) = first(rest) {
            texts.push(text);
            rest = &rest[len..];
        }
        assert_eq!(texts, [&b"one"[..], b"", b"two\nlines"]);
        assert!(rest.is_empty() && first(&ready[..6]).is_none());
    }
}
