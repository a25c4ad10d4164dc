//! Any output of a shared program, in each of its forms, cut anywhere: no panic, the same orders however it is cut. And the same
//! bytes as what clients send: each is one event, of the client that sent it. The first byte says how.

use websocketd::buffer::Lines;
use websocketd::config::{Framing, Restart, Shared, SharedBy, SharedMode, SlowClient};
use websocketd::session::framing::{BadOutput, Kind};
use websocketd::session::hub::wire::Wire;

const MAX: usize = 4096;

pub fn run(bytes: &[u8]) {
    let Some((step, rest)) = bytes.split_first() else {
        return;
    };
    let step = usize::from(*step).max(1);
    for mode in [SharedMode::Broadcast, SharedMode::Ids] {
        for framing in [Framing::Lines, Framing::Nul, Framing::Records] {
            let wire = Wire::of(&shared(mode, framing));
            assert_eq!(orders(wire, rest, step), orders(wire, rest, usize::MAX));
            if mode == SharedMode::Ids {
                events(wire, rest, step);
            }
        }
    }
}

fn shared(mode: SharedMode, framing: Framing) -> Shared {
    Shared {
        mode,
        framing,
        by: SharedBy::Route,
        max_programs: 1,
        max_queue: 1,
        slow: SlowClient::Close,
        slow_time: std::time::Duration::ZERO,
        replay: 0,
        idle: None,
        restart: Restart::Never,
        join_variables: Vec::new(),
    }
}

fn orders(wire: Wire, output: &[u8], step: usize) -> (Vec<String>, Result<(), BadOutput>) {
    let mut seen = Vec::new();
    let mut lines = Lines::default();
    let mut rest = output;
    let mut result = Ok(());
    while !rest.is_empty() && result.is_ok() {
        let space = lines.space(MAX);
        let n = step.min(space.len()).min(rest.len());
        space[..n].copy_from_slice(&rest[..n]);
        lines.filled(n);
        rest = &rest[n..];
        result = wire.take_orders(&mut lines, MAX, |found| seen.push(format!("{found:?}")));
        lines.park();
    }
    let result =
        result.and_then(|()| wire.take_rest(&mut lines, |found| seen.push(format!("{found:?}"))));
    (seen, result)
}

/// Three clients send these bytes in pieces; whatever they are, no event is one's that another sent.
fn events(wire: Wire, bytes: &[u8], step: usize) {
    let mut stdin = Vec::new();
    let mut expected = Vec::new();
    for (n, piece) in bytes.chunks(step).take(64).enumerate() {
        let id = n as u64 % 3 + 1;
        let kind = if n % 2 == 0 { Kind::Text } else { Kind::Binary };
        let mut message = Vec::new();
        wire.put_message(&mut message, id, kind, piece);
        let mut leave = Vec::new();
        wire.put_leave(&mut leave, id, 1000);
        let join = wire.join(id, [(&b"QUERY_STRING"[..], piece)]);
        for (event, is_presence) in [(join, true), (message, false), (leave, true)] {
            stdin.extend_from_slice(&event);
            expected.push((event, is_presence));
        }
    }
    let seen: Vec<_> = wire
        .events(&stdin)
        .map(|event| (event.to_vec(), wire.is_presence(event)))
        .collect();
    assert_eq!(seen, expected);
    for written in 0..stdin.len().min(100) {
        let rest = wire.not_begun(&stdin, written);
        assert!(rest.len() <= stdin.len() - written && stdin.ends_with(rest));
    }
}
