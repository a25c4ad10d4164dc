//! Section 5: messages.

use std::time::Duration;

use e2e::daemon::{Builder, Daemon};
use e2e::raw::{Frame, opcode};
use e2e::under_test::{Subject, handler};
use e2e::ws::Ended;

use crate::case::{Case, Section};

const NEW_FLAG: &str = "the flag is of 0.5";

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

fn runs(subject: &Subject, args: &[&str]) -> Daemon {
    Daemon::of(subject).command(handler(), args).start()
}

fn binary(subject: &Subject, args: &[&str]) -> Daemon {
    Daemon::of(subject)
        .flag("--binary")
        .command(handler(), args)
        .start()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("5 messages");
    text_in(&mut section);
    text_out(&mut section);
    binary_mode(&mut section);
    limits(&mut section);
    control(&mut section);
    liveness(&mut section);
    tagged(&mut section);
    section.into_cases()
}

fn text_in(section: &mut Section) {
    section.same(
        "a text message is its payload and a newline on stdin",
        |subject| {
            let daemon = Daemon::of(subject)
                .command(
                    "sh",
                    ["-c", "read a; read b; printf '[%s][%s]\\n' \"$a\" \"$b\""],
                )
                .start();
            let mut client = daemon.client("/");
            client.send("one");
            client.send("two");
            assert_eq!(client.text(), "[one][two]");
        },
    );
    section.same("embedded newlines pass: several lines", |subject| {
        let daemon = cat(subject).start();
        let mut client = daemon.client("/");
        client.send("a\nb\n\nc");
        let lines: Vec<String> = (0..4).map(|_| client.text()).collect();
        assert_eq!(lines, ["a", "b", "", "c"]);
    });
    section.same("an empty message is an empty line", |subject| {
        let daemon = cat(subject).start();
        let mut client = daemon.client("/");
        client.send("");
        client.send("x");
        assert_eq!(
            (client.text(), client.text()),
            (String::new(), "x".to_owned())
        );
    });
    section.same("blanks and NUL are kept", |subject| {
        let daemon = cat(subject).start();
        let mut client = daemon.client("/");
        for text in [
            "  leading",
            "trailing  ",
            "\ttab\t",
            "a\0b",
            " ",
            "Žluťoučký 🐎",
        ] {
            client.send(text);
            assert_eq!(client.text(), text);
        }
    });
    section.same("long lines round trip: 500 KB, 900 KB", |subject| {
        let daemon = cat(subject).start();
        let mut client = daemon.client("/");
        for size in [500_000, 900_000] {
            let text = "x".repeat(size);
            client.send(text.clone());
            assert!(client.text() == text, "{size}");
        }
    });
    section.same(
        "1000 messages sent without reading come back in order",
        |subject| {
            let daemon = cat(subject).start();
            let mut client = daemon.client("/");
            for n in 0..1000 {
                client.send(format!("message {n}"));
            }
            for n in 0..1000 {
                assert_eq!(client.text(), format!("message {n}"));
            }
        },
    );
    section.same(
        "a binary message is its bytes on stdin, with no newline",
        |subject| {
            let daemon = cat(subject).start();
            let mut client = daemon.client("/");
            client.send_binary("one\n");
            assert_eq!(client.text(), "one");
            client.send_binary("two ");
            client.send("three");
            assert_eq!(client.text(), "two three");
        },
    );
    section.same("a fragmented message is one line", |subject| {
        let daemon = cat(subject).start();
        let mut socket = daemon.raw();
        socket.send(&Frame::text("one ").more());
        socket.send(&Frame::continuation("two ").more());
        socket.send(&Frame::continuation("three"));
        socket.expect(opcode::TEXT, b"one two three");
    });
}

fn text_out(section: &mut Section) {
    section.same(
        "a line is a message; one newline and one \\r before it are stripped",
        |subject| {
            // a\r\n  b\r\r\n  \n  c\rd\n  \r\n
            let daemon = runs(
                subject,
                &["bytes", "610d0a", "620d0d0a", "0a", "630d640a", "0d0a"],
            );
            let (texts, _) = daemon.client("/").to_the_end();
            assert_eq!(texts, ["a", "b\r", "", "c\rd", ""]);
        },
    );
    section.same(
        "many lines of one write are many messages, in order",
        |subject| {
            let (texts, _) = runs(subject, &["burst", "5000"]).client("/").to_the_end();
            let wanted: Vec<String> = (1..=5000).map(|n| n.to_string()).collect();
            assert_eq!(texts, wanted);
        },
    );
    section.same("a line of 900 KB is one message", |subject| {
        let text = runs(subject, &["line", "900000"]).client("/").text();
        assert_eq!(text.len(), 900_000);
    });
    section.same("output comes before any input", |subject| {
        let daemon = runs(subject, &["greet-and-hang", "hello"]);
        assert_eq!(daemon.client("/").text(), "hello");
    });
}

fn binary_mode(section: &mut Section) {
    section.same(
        "--binary: raw bytes to stdin, reads from stdout as binary messages",
        |subject| {
            let daemon = cat(subject).flag("--binary").start();
            let mut client = daemon.client("/");
            let all: Vec<u8> = (0..=255).collect();
            client.send_binary(all.clone());
            assert_eq!(client.binary(), all);
        },
    );
    section.same(
        "--binary: 10,000 bytes of one write are one message",
        |subject| {
            let daemon = binary(subject, &["blob", "10000"]);
            assert_eq!(daemon.client("/").binary(), vec![0xfe; 10_000]);
        },
    );
    section.same(
        "--binary: one write into an enlarged pipe is one message",
        |subject| {
            const WRITES: &str = "import fcntl, os\n\
                 fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)\n\
                 for n in (65_537, 65_536, 1_000_000): os.write(1, b'x' * n); os.read(0, 1)";
            let daemon = Daemon::of(subject)
                .flag("--binary")
                .command("python3", ["-c", WRITES])
                .start();
            let mut client = daemon.client("/");
            for n in [65_537, 65_536, 1_000_000] {
                assert_eq!(client.binary().len(), n);
                client.send_binary(b"+".to_vec());
            }
        },
    );
    section.same(
        "--binary: a text message reaches stdin with its newline",
        |subject| {
            let daemon = cat(subject).flag("--binary").start();
            let mut client = daemon.client("/");
            client.send("text");
            assert_eq!(client.binary(), b"text\n");
        },
    );
    section.same(
        "--binary: no newline is added, a tail without one is sent",
        |subject| {
            let daemon = binary(subject, &["no-newline", "tail"]);
            assert_eq!(daemon.client("/").binary(), b"tail");
        },
    );
    section.ours(
        "--binary: a 2 MiB echo",
        "0.4.1 deadlocks on it now and then",
        |subject| {
            let daemon = cat(subject).flags(["--binary", "--maxframesize=0"]).start();
            let mut client = daemon.client("/");
            let sent: Vec<u8> = (0..2 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
            client.send_binary(sent.clone());
            let mut got = Vec::new();
            while got.len() < sent.len() {
                got.extend(client.binary());
            }
            assert!(got == sent);
        },
    );
}

fn limits(section: &mut Section) {
    section.ours(
        "a message over --maxframesize: 1009; equal is fine",
        NEW_FLAG,
        |subject| {
            let daemon = cat(subject).flag("--maxframesize=1000").start();
            let mut client = daemon.client("/");
            client.send("x".repeat(1000));
            assert_eq!(client.text().len(), 1000);
            client.send("x".repeat(1001));
            assert!(matches!(client.ended(), Ended::Closed(1009, _)));
        },
    );
    section.ours("a reassembled message over it: 1009", NEW_FLAG, |subject| {
        let daemon = cat(subject).flag("--maxframesize=1000").start();
        let mut socket = daemon.raw();
        socket.send(&Frame::text("x".repeat(600)).more());
        socket.send(&Frame::continuation("x".repeat(600)));
        assert_eq!(socket.close_code(), Some(1009));
    });
    section.ours(
        "exactly 1 MiB passes by default, one byte more is 1009",
        NEW_FLAG,
        |subject| {
            let daemon = cat(subject).flag("--binary").start();
            let mut client = daemon.client("/");
            client.send_binary(vec![1; 1 << 20]);
            let mut got = 0;
            while got < 1 << 20 {
                got += client.binary().len();
            }
            client.send_binary(vec![1; (1 << 20) + 1]);
            assert!(matches!(client.ended(), Ended::Closed(1009, _)));
        },
    );
    section.ours(
        "--maxframesize=0 and below is without limit",
        NEW_FLAG,
        |subject| {
            for flag in ["--maxframesize=0", "--maxframesize=-1"] {
                let daemon = Daemon::of(subject)
                    .flags(["--binary", flag])
                    .command(handler(), ["sum"])
                    .start();
                let mut socket = daemon.raw();
                socket.send(&Frame::binary(vec![b'\n'; 3 << 20]));
                socket.send(&Frame::ping("after"));
                socket.expect(opcode::PONG, b"after");
            }
        },
    );
}

fn control(section: &mut Section) {
    section.same(
        "a ping gets a pong with its payload, also between fragments",
        |subject| {
            let daemon = cat(subject).start();
            let mut socket = daemon.raw();
            socket.send(&Frame::ping("one"));
            socket.expect(opcode::PONG, b"one");
            socket.send(&Frame::text("a").more());
            socket.send(&Frame::ping(""));
            socket.expect(opcode::PONG, b"");
            socket.send(&Frame::continuation("b"));
            socket.expect(opcode::TEXT, b"ab");
        },
    );
    section.same("a close is answered with its code", |subject| {
        let daemon = cat(subject).start();
        for code in [1000, 1001, 3000, 4999] {
            let mut socket = daemon.raw();
            socket.send(&Frame::close(code));
            assert_eq!(socket.close_code(), Some(code));
            socket.wait_for_end();
        }
    });
    section.same("what breaks the protocol: 1002", |subject| {
        let daemon = cat(subject).start();
        for bad in [
            Frame::new(3, "x"),
            Frame::text("x").rsv(4),
            Frame::text("x").unmasked(),
        ] {
            let mut socket = daemon.raw();
            socket.send(&bad);
            assert_eq!(socket.close_code(), Some(1002), "{bad:?}");
        }
    });
    section.same("closing the client ends the handler", |subject| {
        let daemon = cat(subject).start();
        let mut client = daemon.client("/");
        client.send("x");
        client.text();
        client.close();
        daemon.assert_no_process_left();
    });
}

fn liveness(section: &mut Section) {
    section.ours("--pingms: an empty ping every N ms", NEW_FLAG, |subject| {
        let daemon = cat(subject).flag("--pingms=1000").start();
        let mut socket = daemon.raw();
        for _ in 0..3 {
            socket.expect(opcode::PING, b"");
            socket.send(&Frame::new(opcode::PONG, ""));
        }
        socket.send(&Frame::text("alive"));
        loop {
            let frame = socket.frame().expect("the session goes on");
            if frame.opcode == opcode::TEXT {
                break;
            }
            socket.send(&Frame::new(opcode::PONG, ""));
        }
    });
    section.ours(
        "--pingms: a client without a sign of life is ended",
        NEW_FLAG,
        |subject| {
            let daemon = cat(subject).flag("--pingms=200").start();
            let socket = daemon.raw();
            daemon.log().wait_for(&["DISCONNECT"]);
            daemon.assert_no_process_left();
            drop(socket);
        },
    );
    section.ours(
        "--pingms: any frame is a sign of life",
        NEW_FLAG,
        |subject| {
            let daemon = cat(subject).flag("--pingms=3000").start();
            let mut socket = daemon.raw();
            // Longer than two intervals, never a pong.
            for n in 0..40_u32 {
                std::thread::sleep(Duration::from_millis(200));
                socket.send(&Frame::text(n.to_string()));
                while socket.frame().expect("the session goes on").opcode != opcode::TEXT {}
            }
        },
    );
}

fn tagged(section: &mut Section) {
    section.ours(
        "--passstderr: each line of both streams as JSON",
        NEW_FLAG,
        |subject| {
            let daemon = Daemon::of(subject)
                .flag("--passstderr")
                .command(handler(), ["both"])
                .start();
            let (mut texts, _) = daemon.client("/").to_the_end();
            texts.sort();
            assert_eq!(
                texts,
                [
                    r#"{"stream":"stderr","data":"err"}"#,
                    r#"{"stream":"stdout","data":"out"}"#
                ]
            );
            daemon.log().wait_for(&["| ERROR  | stderr     |", "| err"]);
        },
    );
    section.ours(
        "--passstderr: quotes are escaped, bad UTF-8 is replaced",
        NEW_FLAG,
        |subject| {
            let daemon = Daemon::of(subject)
                .flag("--passstderr")
                .command(handler(), ["bytes", "22ff5c0a"])
                .start();
            assert_eq!(
                daemon.client("/").text(),
                "{\"stream\":\"stdout\",\"data\":\"\\\"\u{fffd}\\\\\"}"
            );
        },
    );
    section.ours(
        "--passstderr: the session ends after both pipes",
        NEW_FLAG,
        |subject| {
            let script = "exec 1>&-; sleep 0.3; echo late >&2";
            let daemon = Daemon::of(subject)
                .flag("--passstderr")
                .command("sh", ["-c", script])
                .start();
            let (texts, _) = daemon.client("/").to_the_end();
            assert_eq!(texts, [r#"{"stream":"stderr","data":"late"}"#]);
        },
    );
}
