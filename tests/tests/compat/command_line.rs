//! Section 1: the command line.

use e2e::daemon::Daemon;
use e2e::program::Finished;
use e2e::tls::Authority;
use e2e::under_test::{Subject, handler};

use crate::case::{Case, Section};

const NEW_FLAG: &str = "the flag is of 0.5";

/// Runs the daemon with exactly these arguments to its end.
fn run(subject: &Subject, args: &[&str]) -> Finished {
    Daemon::of(subject).flags(args).run()
}

/// Asserts code and message; 0.5 begins its messages in lower case, 0.4.1 with a capital.
#[track_caller]
fn assert_refused(finished: &Finished, code: i32, message: &str) {
    assert_eq!(finished.code(), code, "{finished:?}");
    let first = finished
        .stderr
        .lines()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    assert!(
        first.starts_with(&message.to_lowercase()),
        "wanted {message:?}, got {finished:?}"
    );
    assert_eq!(finished.stdout, "");
}

/// Asserts that the short usage follows.
#[track_caller]
fn assert_usage(finished: &Finished) {
    assert!(
        finished.stderr.contains("Usage"),
        "no usage in {finished:?}"
    );
    assert!(finished.stderr.lines().count() > 1);
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("1 command line");
    streams_and_codes(&mut section);
    bad_values(&mut section);
    go_flag_syntax(&mut section);
    default_ports(&mut section);
    contradictions(&mut section);
    failures_to_listen(&mut section);
    section.into_cases()
}

fn streams_and_codes(section: &mut Section) {
    section.same(
        "no arguments: 1, told on stdout, usage on stderr",
        |subject| {
            let finished = run(subject, &[]);
            assert_eq!(finished.code(), 1);
            assert_eq!(finished.stdout, "Command line arguments are missing.\n");
            assert!(finished.stderr.starts_with("\nUsage:"), "{finished:?}");
        },
    );
    section.same(
        "--version: 0, one line on stdout: name, version, (toolchain os-arch)",
        |subject| {
            let finished = run(subject, &["--version"]);
            assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
            assert_eq!(finished.stdout.lines().count(), 1);
            let words: Vec<&str> = finished.stdout.split_whitespace().collect();
            let name = subject
                .path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            assert_eq!(words[0], name);
            assert!(finished.stdout.contains("websocketd"));
            assert!(
                words[2].starts_with('(')
                    && words[3].starts_with("linux-")
                    && words[3].ends_with(')')
            );
        },
    );
    section.same("--license: 0, version line and text on stdout", |subject| {
        let finished = run(subject, &["--license"]);
        assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
        assert!(
            finished
                .stdout
                .lines()
                .next()
                .is_some_and(|line| line.contains("websocketd"))
        );
        assert!(finished.stdout.lines().count() > 5);
    });
    for flag in ["--help", "-h"] {
        section.same(
            if flag == "-h" {
                "-h is --help"
            } else {
                "--help: 0, on stderr"
            },
            move |subject| {
                let finished = run(subject, &[flag]);
                assert_eq!(
                    (finished.code(), finished.stdout.as_str()),
                    (0, ""),
                    "{flag}"
                );
                for named in [
                    "--port",
                    "--ssl",
                    "--dir",
                    "--staticdir",
                    "--maxforks",
                    "--closems",
                ] {
                    assert!(
                        finished.stderr.contains(named),
                        "{flag} does not name {named}"
                    );
                }
            },
        );
    }
    section.same("an unknown flag: 2, named", |subject| {
        let finished = run(subject, &["-x"]);
        assert_refused(&finished, 2, "flag provided but not defined: -x");
        assert_usage(&finished);
        assert_refused(
            &run(subject, &["--nope=3", "cat"]),
            2,
            "flag provided but not defined: -nope",
        );
    });
    section.same(
        "--version comes before complaints about COMMAND",
        |subject| {
            assert_eq!(run(subject, &["--version", "no-such-program"]).code(), 0);
        },
    );
    section.ours(
        "--version comes before complaints about the loglevel",
        "0.5's order",
        |subject| {
            assert_eq!(run(subject, &["--version", "--loglevel=x"]).code(), 0);
        },
    );
    section.same("parse errors come before --version", |subject| {
        assert_eq!(run(subject, &["--version", "--port=abc"]).code(), 2);
    });
    section.same("a bad loglevel: 1, told on stdout", |subject| {
        for level in ["x", "", "Debug", "INFO"] {
            let finished = run(subject, &[&format!("--loglevel={level}"), "cat"]);
            assert_eq!(finished.code(), 1, "{level}");
            let told =
                format!("Incorrect loglevel flag '{level}'. Use --help to see allowed values.\n");
            assert_eq!(finished.stdout, told);
            assert_usage(&finished);
        }
    });
}

fn bad_values(section: &mut Section) {
    section.same(
        "a value that is no number: 2, flag and value named",
        |subject| {
            for (flag, value) in [
                ("port", "abc"),
                ("maxforks", "1x"),
                ("closems", "-1"),
                ("port", ""),
                ("redirport", "1.5"),
            ] {
                let finished = run(subject, &[&format!("--{flag}={value}"), "cat"]);
                let told = format!("invalid value \"{value}\" for flag -{flag}: parse error");
                assert_refused(&finished, 2, &told);
                assert_usage(&finished);
            }
        },
    );
    section.same("a number too big: 2, value out of range", |subject| {
        let finished = run(subject, &["--port=99999999999999999999", "cat"]);
        let told = "invalid value \"99999999999999999999\" for flag -port: value out of range";
        assert_refused(&finished, 2, told);
    });
    section.same("a value that is no boolean: 2", |subject| {
        let finished = run(subject, &["--binary=yes", "cat"]);
        assert_refused(
            &finished,
            2,
            "invalid boolean value \"yes\" for -binary: parse error",
        );
    });
    section.same("a missing value: 2, flag named", |subject| {
        for flag in ["port", "loglevel", "address", "passenv"] {
            let finished = run(subject, &[&format!("--{flag}")]);
            assert_refused(&finished, 2, &format!("flag needs an argument: -{flag}"));
        }
    });
    section.ours("bad values of 0.5's flags: 2", NEW_FLAG, |subject| {
        for flag in ["pingms", "maxframesize"] {
            let finished = run(subject, &[&format!("--{flag}=abc"), "cat"]);
            let told = format!("invalid value \"abc\" for flag -{flag}: parse error");
            assert_refused(&finished, 2, &told);
        }
        assert_eq!(run(subject, &["--pingms=-1", "cat"]).code(), 2);
    });
}

fn go_flag_syntax(section: &mut Section) {
    section.same("---x and --=x are bad syntax", |subject| {
        for flag in ["---x", "--=x", "-=x"] {
            assert_refused(
                &run(subject, &[flag]),
                2,
                &format!("bad flag syntax: {flag}"),
            );
        }
    });
    section.same("-x is --x; the value may be the next word", |subject| {
        for args in [
            &["-port=80", "-version"][..],
            &["--port", "80", "--version"],
            &["-loglevel", "debug", "-version"],
            &["-passenv", "", "-version"],
        ] {
            assert_eq!(run(subject, args).code(), 0, "{args:?}");
        }
    });
    section.same("integers take 0x, 0o, 0b and _", |subject| {
        for value in ["0x50", "0o120", "0b1010000", "8_0", "0120", "+80"] {
            let args = [&format!("--port={value}"), "--version"];
            assert_eq!(run(subject, &args).code(), 0, "{value}");
        }
        assert_eq!(run(subject, &["--port=0x", "--version"]).code(), 2);
    });
    section.same(
        "booleans take 1 t T TRUE true True 0 f F FALSE false False",
        |subject| {
            for value in [
                "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False",
            ] {
                let args = [&format!("--binary={value}"), "--version"];
                assert_eq!(run(subject, &args).code(), 0, "{value}");
            }
            for value in ["tRUE", "2", "on", ""] {
                assert_eq!(
                    run(subject, &[&format!("--binary={value}"), "--version"]).code(),
                    2,
                    "{value}"
                );
            }
        },
    );
    section.same("--binary false cmd runs the command `false`", |subject| {
        let daemon = Daemon::of(subject).command("true", ["--binary"]).start();
        daemon
            .log()
            .wait_for(&["Serving using application", "/true --binary"]);
        let ambiguous = run(subject, &["--dir=/", "--binary", "false"]);
        assert_refused(&ambiguous, 1, "ambiguous");
    });
    section.same(
        "parsing stops at the first word that is no flag",
        |subject| {
            let daemon = Daemon::of(subject)
                .command("echo", ["--version", "-x", "--", "--port=1"])
                .start();
            assert_eq!(daemon.client("/").text(), "--version -x -- --port=1");
        },
    );
    section.same("parsing stops after --", |subject| {
        let daemon = Daemon::of(subject)
            .command(
                "--",
                [handler().as_os_str(), "say".as_ref(), "--version".as_ref()],
            )
            .start();
        assert_eq!(daemon.client("/").text(), "--version");
    });
    section.same("parsing stops at -, which is the COMMAND", |subject| {
        assert_refused(
            &run(subject, &["-", "--version"]),
            1,
            "unable to locate specified COMMAND '-' in OS path",
        );
    });
    section.same("the last duplicate wins", |subject| {
        let daemon = Daemon::of(subject)
            .flags(["--loglevel=none", "--loglevel=access"])
            .command::<&str>("cat", [])
            .start();
        daemon.log().wait_for(&["Serving using application"]);
    });
}

fn default_ports(section: &mut Section) {
    section.same("without --port: 80, and 443 with --ssl", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let (cert, key) = (one.cert.display(), one.key.display());
        let tls = format!("--ssl --sslcert={cert} --sslkey={key}");
        for (flags, told) in [("", "ws://127.0.0.1:80/"), (&tls, "wss://127.0.0.1:443/")] {
            let mut command = std::process::Command::new(&subject.path);
            command.arg("--address=127.0.0.1");
            command.args(flags.split_whitespace()).arg("cat");
            // Whether it can have the port or another program does: it is told before.
            let program = e2e::program::Program::start(&command);
            program
                .output
                .wait_for(&["Starting WebSocket server   : ", told]);
        }
    });
}

fn contradictions(section: &mut Section) {
    section.same("no COMMAND and no directory: 1", |subject| {
        for args in [&["--port=80"][..], &["--devconsole"]] {
            let finished = run(subject, args);
            assert_refused(
                &finished,
                1,
                "please specify COMMAND or provide --dir, --staticdir or --cgidir argument.",
            );
            assert_usage(&finished);
        }
    });
    section.same("COMMAND and --dir: 1", |subject| {
        let finished = run(subject, &["--dir=/", "cat"]);
        assert_refused(&finished, 1, "ambiguous");
        assert!(
            finished
                .stderr
                .lines()
                .next()
                .is_some_and(|line| line.contains("COMMAND and --dir argument"))
        );
        assert_usage(&finished);
    });
    section.same(
        "a COMMAND that is not there or cannot run: 1, named",
        |subject| {
            for command in ["no-such-program", "/etc/passwd", "/nowhere/at/all"] {
                let finished = run(subject, &[command]);
                let told = format!("unable to locate specified COMMAND '{command}' in OS path");
                assert_refused(&finished, 1, &told);
                assert_usage(&finished);
            }
        },
    );
    section.same("directories that are none: 1, named", |subject| {
        for (flag, told) in [
            (
                "--dir=/nowhere",
                "could not find your script dir '/nowhere'",
            ),
            (
                "--dir=/etc/passwd",
                "did you mean to specify COMMAND instead of --dir '/etc/passwd'?",
            ),
            (
                "--staticdir=/nowhere",
                "your static dir '/nowhere' is not pointing to an accessible directory",
            ),
            (
                "--staticdir=/etc/passwd",
                "your static dir '/etc/passwd' is not pointing to an accessible directory",
            ),
            (
                "--cgidir=/nowhere",
                "your CGI dir '/nowhere' is not pointing to an accessible directory",
            ),
        ] {
            let finished = run(subject, &[flag]);
            assert_refused(&finished, 1, told);
            assert_usage(&finished);
        }
    });
    section.same("--ssl without both files: 1, no usage", |subject| {
        for args in [
            &["--ssl", "cat"][..],
            &["--ssl", "--sslcert=x", "cat"],
            &["--ssl", "--sslkey=x", "cat"],
        ] {
            let finished = run(subject, args);
            assert_refused(
                &finished,
                1,
                "please specify both --sslcert and --sslkey when requesting --ssl",
            );
            assert_eq!(finished.stderr.lines().count(), 1);
        }
    });
    section.same("TLS files without --ssl: 1, no usage", |subject| {
        for flag in ["--sslcert=x", "--sslkey=x"] {
            let finished = run(subject, &[flag, "cat"]);
            assert_refused(
                &finished,
                1,
                "you should not be using --ssl* flags when there is no --ssl option",
            );
            assert_eq!(finished.stderr.lines().count(), 1);
        }
    });
    section.ours(
        "--binary with --passstderr: 1, both named, no usage",
        NEW_FLAG,
        |subject| {
            let finished = run(subject, &["--binary", "--passstderr", "cat"]);
            assert_refused(
                &finished,
                1,
                "please only specify one of --binary and --passstderr",
            );
            assert_eq!(finished.stderr.lines().count(), 1);
        },
    );
    section.same(
        "--devconsole with --staticdir or --cgidir: 4, FATAL names the flag",
        |subject| {
            for flag in ["staticdir", "cgidir"] {
                let finished = run(subject, &["--devconsole", &format!("--{flag}=/"), "cat"]);
                assert_eq!(finished.code(), 4);
                let line = finished
                    .stdout
                    .lines()
                    .find(|line| line.contains("| FATAL  | server     |"));
                assert!(
                    line.is_some_and(|line| line.contains(&format!("--{flag}"))),
                    "{finished:?}"
                );
            }
        },
    );
}

fn failures_to_listen(section: &mut Section) {
    section.same(
        "a port in use: 3, `address already in use` after the start-up lines",
        |subject| {
            let holder = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            let port = holder.local_addr().expect("bound").port();
            let finished = run(
                subject,
                &["--address=127.0.0.1", &format!("--port={port}"), "cat"],
            );
            assert_eq!(finished.code(), 3);
            let fatal = finished.stdout.lines().last().unwrap_or_default();
            assert!(
                fatal.contains("| FATAL  | server     |  | Can't start server: "),
                "{finished:?}"
            );
            assert!(fatal.contains("address already in use"), "{finished:?}");
            assert!(
                finished
                    .stdout
                    .contains("Serving using application   : /usr/bin/cat")
            );
        },
    );
    section.same("a port out of range: 3", |subject| {
        let finished = run(subject, &["--address=127.0.0.1", "--port=70000", "cat"]);
        assert_eq!(finished.code(), 3);
        assert!(finished.stdout.contains("Can't start server: "));
    });
    section.same("one of several addresses cannot be had: 3", |subject| {
        // TEST-NET-1 (RFC 5737): nobody's address.
        let port = e2e::daemon::free_port();
        let args = [
            "--address=127.0.0.1",
            "--address=192.0.2.1",
            &format!("--port={port}"),
            "cat",
        ];
        assert_eq!(run(subject, &args).code(), 3);
    });
    section.same("TLS files that are none: 3", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let two = authority.issue("two");
        for (cert, key) in [
            ("/nowhere".as_ref(), "/nowhere".as_ref()),
            (one.cert.as_path(), two.key.as_path()),
        ] {
            let port = e2e::daemon::free_port();
            let finished = run(
                subject,
                &[
                    "--ssl",
                    "--address=127.0.0.1",
                    &format!("--port={port}"),
                    &format!("--sslcert={}", cert.display()),
                    &format!("--sslkey={}", key.display()),
                    "cat",
                ],
            );
            assert_eq!(finished.code(), 3, "{finished:?}");
            assert!(finished.stdout.contains("FATAL"), "{finished:?}");
        }
    });
    section.same(
        "COMMAND is found through PATH once, and is the child's argv[0]",
        |subject| {
            let daemon = Daemon::of(subject)
                .command("sh", ["-c", "tr '\\0' ' ' < /proc/$$/cmdline; echo"])
                .start();
            let line = daemon.client("/").text();
            assert!(
                line.starts_with("/usr/bin/sh -c ") || line.starts_with("/bin/sh -c "),
                "{line}"
            );
        },
    );
}
