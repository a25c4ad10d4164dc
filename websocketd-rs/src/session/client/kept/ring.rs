//! Frames that the client may have to get again, as bytes, numbered by their messages. Pure.

use std::collections::VecDeque;

/// Frames of messages that were sent and are not acknowledged.
#[derive(Debug, Default)]
pub struct Ring {
    /// Whole frames, one after another.
    bytes: VecDeque<u8>,
    /// Messages before the first of them.
    acknowledged: u64,
    /// Messages up to the last of them.
    sent: u64,
}

impl Ring {
    /// Appends a message's only frame, given as its header and its payload.
    pub fn push(&mut self, header: &[u8], payload: &[u8]) {
        self.bytes.extend(header);
        self.bytes.extend(payload);
        self.sent += 1;
    }

    /// Bytes of all frames.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether all is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Messages so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether a client that has `received` so many messages can go on from here.
    pub fn can_follow(&self, received: u64) -> bool {
        (self.acknowledged..=self.sent).contains(&received)
    }

    /// Forgets the frames of the first `received` messages; whether there were any. A number that can't be right changes nothing.
    pub fn acknowledge(&mut self, received: u64) -> bool {
        if received == self.acknowledged || !self.can_follow(received) {
            return false;
        }
        let mut len = 0;
        if received == self.sent {
            len = self.bytes.len();
        } else {
            for _ in self.acknowledged..received {
                len += self.frame_len(len);
            }
        }
        self.bytes.drain(..len);
        self.acknowledged = received;
        true
    }

    /// All frames, in one or two pieces.
    pub fn frames(&self) -> [&[u8]; 2] {
        let (first, second) = self.bytes.as_slices();
        [first, second]
    }

    /// Gives back what memory is not needed.
    pub fn park(&mut self) {
        if self.bytes.is_empty() && self.bytes.capacity() > 0 {
            self.bytes = VecDeque::new();
        }
    }

    /// Bytes of the frame at `start`, one of a server: without a mask (RFC 6455 section 5.2).
    fn frame_len(&self, start: usize) -> usize {
        let byte = |at: usize| usize::from(self.bytes[start + at]);
        let number = |bytes: usize| (2..2 + bytes).fold(0, |len, at| len << 8 | byte(at));
        match byte(1) {
            126 => 4 + number(2),
            127 => 10 + number(8),
            len => 2 + len,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame's header, made by hand.
    fn header(len: usize) -> Vec<u8> {
        let bytes = len.to_be_bytes();
        match len {
            0..126 => vec![0x81, bytes[7]],
            126..65_536 => vec![0x81, 126, bytes[6], bytes[7]],
            _ => [&[0x81, 127][..], &bytes].concat(),
        }
    }

    fn frame(payload: &[u8]) -> Vec<u8> {
        [header(payload.len()), payload.to_vec()].concat()
    }

    #[test]
    fn only_what_was_sent_and_not_yet_acknowledged_can_be() {
        let mut ring = Ring::default();
        for payload in [&b"one"[..], b"", b"three"] {
            ring.push(&header(payload.len()), payload);
        }
        assert!(!ring.acknowledge(4) && !ring.acknowledge(0));
        assert!(ring.acknowledge(2));
        assert!(!ring.acknowledge(1) && !ring.can_follow(1), "it is gone");
        assert!(ring.can_follow(2) && ring.can_follow(3) && !ring.can_follow(4));
        assert_eq!(ring.frames().concat(), frame(b"three"));
        assert!(ring.acknowledge(3) && ring.is_empty());
        ring.park();
        assert_eq!((ring.sent(), ring.len()), (3, 0));
    }

    proptest! {
        #[test]
        fn frames_stay_whole_and_in_order(
            steps in prop::collection::vec((0_usize..70_000, 0_u64..4), 1..40)
        ) {
            let (mut ring, mut all, mut acknowledged) = (Ring::default(), Vec::new(), 0);
            for (number, (len, back)) in steps.into_iter().enumerate() {
                let payload = vec![number.to_le_bytes()[0]; len % if len % 3 == 0 { 70_000 } else { 200 }];
                ring.push(&header(payload.len()), &payload);
                all.push(frame(&payload));
                let sent = number as u64 + 1;
                if let Some(received) = sent.checked_sub(back) && received > acknowledged {
                    prop_assert!(ring.acknowledge(received));
                    acknowledged = received;
                }
                let expected = all[usize::try_from(acknowledged).unwrap()..].concat();
                prop_assert!(ring.frames().concat() == expected);
                prop_assert_eq!((ring.len(), ring.sent()), (expected.len(), sent));
            }
        }
    }
}
