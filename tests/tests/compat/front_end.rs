//! Section 3: the HTTP front end.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use e2e::daemon::{Builder, Daemon};
use e2e::http::{self, Response, request};
use e2e::raw::RawSocket;
use e2e::tls::Authority;
use e2e::transport::Endpoint;
use e2e::under_test::Subject;
use tempfile::TempDir;

use crate::case::{Case, Section};

/// Writes an executable shell script.
pub(crate) fn script(path: &Path, body: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("writable");
    fs::write(path, format!("#!/bin/sh\n{body}\n")).expect("writable");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
}

fn cat(subject: &Subject) -> Builder {
    Daemon::of(subject).command::<&str>("cat", [])
}

fn dir() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// A tree to serve beside a file that must never be served.
struct Tree {
    base: TempDir,
}

impl Tree {
    fn new() -> Self {
        let base = dir();
        let served = base.path().join("served");
        fs::create_dir_all(served.join("sub/empty")).expect("writable");
        fs::create_dir_all(base.path().join("outside")).expect("writable");
        fs::write(base.path().join("outside/secret"), "secret").expect("writable");
        fs::write(served.join("page.html"), "<p>page").expect("writable");
        fs::write(served.join("a file.txt"), "blank").expect("writable");
        fs::write(served.join("digits"), "0123456789").expect("writable");
        fs::write(served.join("sub/index.html"), "<p>index").expect("writable");
        fs::write(served.join("sub/empty/one.css"), "a{}").expect("writable");
        symlink("page.html", served.join("inside-link")).expect("writable");
        symlink("../outside/secret", served.join("outside-link")).expect("writable");
        symlink("../outside", served.join("outside-dir")).expect("writable");
        Self { base }
    }

    fn served(&self) -> String {
        self.base.path().join("served").display().to_string()
    }
}

fn static_daemon(subject: &Subject, tree: &Tree) -> Daemon {
    cat(subject)
        .flag(format!("--staticdir={}", tree.served()))
        .start()
}

fn cgi_daemon(subject: &Subject, dir: &Path) -> Daemon {
    cat(subject)
        .flag(format!("--cgidir={}", dir.display()))
        .start()
}

#[track_caller]
fn raw_request(endpoint: &Endpoint, text: &str) -> Response {
    http::exchange(endpoint, text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("3 front end");
    routing(&mut section);
    time_and_writes(&mut section);
    not_found(&mut section);
    bad_requests(&mut section);
    headers(&mut section);
    files(&mut section);
    console(&mut section);
    cgi(&mut section);
    redirect(&mut section);
    section.into_cases()
}

fn routing(section: &mut Section) {
    section.same(
        "Upgrade and Connection in any case, Connection also as a list",
        |subject| {
            let daemon = cat(subject).start();
            for (connection, upgrade) in [
                ("Upgrade", "websocket"),
                ("upgrade", "WebSocket"),
                ("keep-alive, Upgrade", "websocket"),
                ("UPGRADE,keep-alive", "WEBSOCKET"),
            ] {
                let headers = [("Connection", connection), ("Upgrade", upgrade)];
                RawSocket::open_with(&daemon.endpoint, "/", &headers);
            }
        },
    );
    section.same("anything else is ordinary HTTP", |subject| {
        let daemon = cat(subject).start();
        for (connection, upgrade) in [
            ("close", "websocket"),
            ("upgrade", "h2c"),
            ("upgraded", "websocket"),
        ] {
            let headers = [("Connection", connection), ("Upgrade", upgrade)];
            let answer = RawSocket::try_open(&daemon.endpoint, "/", &headers)
                .expect("an answer")
                .1;
            assert_eq!(answer.status, 404, "{connection} {upgrade}");
        }
    });
    section.same(
        "without COMMAND and --dir an upgrade request is served as a file",
        |subject| {
            let tree = Tree::new();
            let daemon = Daemon::of(subject)
                .flag(format!("--staticdir={}", tree.served()))
                .start();
            let answer = RawSocket::try_open(&daemon.endpoint, "/page.html", &[])
                .expect("an answer")
                .1;
            assert_eq!((answer.status, answer.text().as_str()), (200, "<p>page"));
        },
    );
    section.same(
        "files beside WebSocket on the same paths; CGI before files",
        |subject| {
            let tree = Tree::new();
            let cgi = dir();
            script(
                &cgi.path().join("digits"),
                "printf 'Content-Type: text/plain\\n\\nscript'",
            );
            let daemon = cat(subject)
                .flags([
                    format!("--staticdir={}", tree.served()),
                    format!("--cgidir={}", cgi.path().display()),
                ])
                .start();
            assert_eq!(daemon.get("/page.html").text(), "<p>page");
            assert_eq!(daemon.get("/digits").text(), "script");
            let mut client = daemon.client("/page.html");
            client.send("x");
            assert_eq!(client.text(), "x");
        },
    );
    section.same(
        "a path that is not clean is 301 to the clean one, query kept",
        |subject| {
            let daemon = cat(subject).start();
            for (target, clean) in [
                ("//a", "/a"),
                ("/a//b?x=1", "/a/b?x=1"),
                ("/a/./b", "/a/b"),
                ("/a/../b?y", "/b?y"),
                ("/../../etc/passwd", "/etc/passwd"),
                ("/a/%2e%2e/b", "/b"),
                ("/a/b/..", "/a"),
            ] {
                let answer = daemon.get(target);
                assert_eq!(
                    (answer.status, answer.header("Location")),
                    (301, Some(clean)),
                    "{target}"
                );
            }
        },
    );
    section.same("upgrades to such a path too", |subject| {
        let daemon = cat(subject).start();
        let answer = RawSocket::try_open(&daemon.endpoint, "//a/../b", &[])
            .expect("an answer")
            .1;
        assert_eq!(
            (answer.status, answer.header("Location")),
            (301, Some("/b"))
        );
    });
    section.same("requests follow one another on a connection", |subject| {
        let daemon = cat(subject).start();
        let mut socket = RawSocket::connect(&daemon.endpoint);
        for _ in 0..3 {
            socket.send_bytes(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(socket.read_response().expect("an answer").status, 404);
        }
        let upgrade = e2e::raw::upgrade_head(&daemon.endpoint, "/", &[]);
        socket.send_bytes(upgrade.as_bytes());
        assert_eq!(socket.read_response().expect("an answer").status, 101);
    });
}

fn time_and_writes(section: &mut Section) {
    section.ours(
        "a head that does not end is given up after ten seconds",
        "0.4.1 waits for ever, 0.5 has the limit",
        |subject| {
            let daemon = cat(subject).start();
            let mut socket = RawSocket::connect(&daemon.endpoint);
            socket.send_bytes(b"GET / HTTP/1.1\r\nHost: h\r\n");
            assert_eq!(socket.read_response().expect("an answer").status, 408);
        },
    );
    let segments = |subject: &Subject, flag: &str, target: &str, text: &str| {
        let daemon = cat(subject).flag(flag).start();
        let mut socket = RawSocket::connect(&daemon.endpoint);
        socket.send_bytes(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
        let answer = socket.read_response().expect("an answer");
        assert!(answer.text().contains(text), "{}", answer.text());
        socket.data_segments()
    };
    section.same("a small script's reply is one write", move |subject| {
        let cgi = dir();
        let body = "printf 'Content-Type: text/plain\\n\\n'; echo one; echo two";
        script(&cgi.path().join("s"), body);
        let flag = format!("--cgidir={}", cgi.path().display());
        assert_eq!(segments(subject, &flag, "/s", "one\ntwo\n"), 1);
    });
    section.ours(
        "the console is one write",
        "0.4.1 writes 4096 bytes at once, which the page is longer than",
        move |subject| assert_eq!(segments(subject, "--devconsole", "/x", "ws://"), 1),
    );
}

fn not_found(section: &mut Section) {
    section.same("404: body, type, nosniff", |subject| {
        let answer = cat(subject).start().get("/nothing");
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (404, "404 page not found\n")
        );
        assert_eq!(
            answer.header("Content-Type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert!(answer.header("Date").is_some());
    });
    section.same("404 for any method", |subject| {
        let daemon = cat(subject).start();
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "FOO"] {
            let answer = request(&daemon.endpoint, method, "/x", &[]);
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (404, "404 page not found\n"),
                "{method}"
            );
        }
        let answer = request(&daemon.endpoint, "HEAD", "/x", &[]);
        assert_eq!((answer.status, answer.body.len()), (404, 0));
    });
}

fn bad_requests(section: &mut Section) {
    section.same("HTTP/1.1 without Host: 400", |subject| {
        let daemon = cat(subject).start();
        assert_eq!(
            raw_request(&daemon.endpoint, "GET / HTTP/1.1\r\n\r\n").status,
            400
        );
    });
    section.same("a bad escape: 400", |subject| {
        let daemon = cat(subject).start();
        for target in ["/%", "/%zz", "/a%2"] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            assert_eq!(raw_request(&daemon.endpoint, &head).status, 400, "{target}");
        }
    });
    section.same("what is no HTTP: 400", |subject| {
        let daemon = cat(subject).start();
        for text in [
            "GARBAGE\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        ] {
            assert_eq!(raw_request(&daemon.endpoint, text).status, 400, "{text:?}");
        }
    });
    section.same("headers over a mebibyte: 431", |subject| {
        let daemon = cat(subject).start();
        let mut socket = RawSocket::connect(&daemon.endpoint);
        socket.send_bytes(b"GET / HTTP/1.1\r\nHost: h\r\n");
        let long = format!("X-Long: {}\r\n", "x".repeat(60_000));
        for _ in 0..25 {
            // The daemon may have answered and closed before it has read all of it.
            if socket.try_send_bytes(long.as_bytes()).is_err() {
                break;
            }
        }
        match socket.read_response() {
            Ok(answer) => assert_eq!(answer.status, 431),
            // The rest of the request reset the connection: that the answer is lost then is TCP's doing.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
        assert_eq!(daemon.get("/").status, 404, "the daemon goes on");
    });
    section.same("plain HTTP on a TLS port: 400 that says so", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        let answer = http::get(&Endpoint::Tcp(daemon.address()), "/");
        assert_eq!(answer.status, 400);
        assert!(answer.text().to_lowercase().contains("https"), "{answer:?}");
    });
    section.same("HTTP/1.0 is answered and closed", |subject| {
        let daemon = cat(subject).start();
        let mut socket = RawSocket::connect(&daemon.endpoint);
        socket.send_bytes(b"GET /x HTTP/1.0\r\n\r\n");
        assert_eq!(socket.read_response().expect("an answer").status, 404);
        socket.wait_for_end();
    });
    section.ours(
        "a raw \", < or > in the request line is answered, escaped",
        "0.4.1 puts it into the page as it is",
        |subject| {
            let daemon = cat(subject).flag("--devconsole").start();
            for target in ["/a\"b", "/<script>", "/a>b?c=\"<d>"] {
                let answer = daemon.get(target);
                assert_eq!(answer.status, 200, "{target}");
                let text = answer.text();
                assert!(!text.contains(target), "unescaped: {target}");
            }
        },
    );
}

fn headers(section: &mut Section) {
    section.ours(
        "--header on all, --header-ws on 101 alone, --header-http on all but 101",
        "0.4.1 sends --header with a 101 alone",
        |subject| {
            let daemon = cat(subject)
                .flags([
                    "--header=X-All: one",
                    "--header=X-All:  two",
                    "--header-ws=X-Ws: a:b",
                    "--header-http",
                    "X-Http: c",
                ])
                .start();
            let answer = daemon.get("/");
            assert_eq!(answer.all("X-All"), ["one", "two"]);
            assert_eq!(
                (answer.header("X-Http"), answer.header("X-Ws")),
                (Some("c"), None)
            );
            let answer = RawSocket::try_open(&daemon.endpoint, "/", &[])
                .expect("an answer")
                .1;
            assert_eq!(answer.all("X-All"), ["one", "two"]);
            assert_eq!(
                (answer.header("X-Http"), answer.header("X-Ws")),
                (None, Some("a:b"))
            );
        },
    );
    section.ours(
        "--header also on files, the console and scripts",
        "0.4.1 sends --header with a 101 alone",
        |subject| {
            let tree = Tree::new();
            let cgi = dir();
            script(
                &cgi.path().join("s"),
                "printf 'Content-Type: text/plain\\n\\nscript'",
            );
            let daemon = cat(subject)
                .flags([
                    format!("--staticdir={}", tree.served()),
                    format!("--cgidir={}", cgi.path().display()),
                ])
                .flag("--header=X-All: one")
                .start();
            assert_eq!(daemon.get("/page.html").header("X-All"), Some("one"));
            assert_eq!(daemon.get("/s").header("X-All"), Some("one"));
            let daemon = cat(subject)
                .flags(["--devconsole", "--header=X-All: one"])
                .start();
            assert_eq!(daemon.get("/").header("X-All"), Some("one"));
        },
    );
    section.same("--header-ws can select a subprotocol", |subject| {
        let daemon = cat(subject)
            .flag("--header-ws=Sec-WebSocket-Protocol: chat")
            .start();
        let offer = [("Sec-WebSocket-Protocol", "other, chat")];
        let answer = RawSocket::try_open(&daemon.endpoint, "/", &offer)
            .expect("an answer")
            .1;
        assert_eq!(
            (answer.status, answer.all("Sec-WebSocket-Protocol")),
            (101, vec!["chat"])
        );
    });
}

fn files(section: &mut Section) {
    section.same(
        "contents, sub directories, 404 for what is missing",
        |subject| {
            let tree = Tree::new();
            let daemon = static_daemon(subject, &tree);
            assert_eq!(daemon.get("/page.html").text(), "<p>page");
            assert_eq!(daemon.get("/sub/empty/one.css").text(), "a{}");
            assert_eq!(daemon.get("/a%20file.txt").text(), "blank");
            assert_eq!(daemon.get("/none").status, 404);
        },
    );
    section.same("HEAD: the length without the body", |subject| {
        let tree = Tree::new();
        let daemon = static_daemon(subject, &tree);
        let answer = request(&daemon.endpoint, "HEAD", "/digits", &[]);
        assert_eq!(
            (answer.status, answer.header("Content-Length")),
            (200, Some("10"))
        );
        assert_eq!(answer.body.len(), 0);
    });
    section.same("the type by extension, else by content", |subject| {
        let tree = Tree::new();
        let served = tree.base.path().join("served");
        for name in ["a.js", "a.svg", "a.png", "a.json", "a.wasm"] {
            fs::write(served.join(name), "x").expect("writable");
        }
        fs::write(served.join("sniffed"), "<!DOCTYPE html><p>x").expect("writable");
        fs::write(served.join("image"), b"\x89PNG\r\n\x1a\n....").expect("writable");
        let daemon = static_daemon(subject, &tree);
        for (path, kind) in [
            ("/page.html", "text/html; charset=utf-8"),
            ("/sub/empty/one.css", "text/css; charset=utf-8"),
            ("/a.js", "text/javascript; charset=utf-8"),
            ("/a.svg", "image/svg+xml"),
            ("/a.png", "image/png"),
            ("/a.json", "application/json"),
            ("/a.wasm", "application/wasm"),
            ("/digits", "text/plain; charset=utf-8"),
            ("/sniffed", "text/html; charset=utf-8"),
            ("/image", "image/png"),
        ] {
            assert_eq!(
                daemon.get(path).header("Content-Type"),
                Some(kind),
                "{path}"
            );
        }
    });
    section.same(
        "/index.html 301 to ./, dir 301 to dir/, dir/ is its index.html or a listing",
        |subject| {
            let tree = Tree::new();
            let daemon = static_daemon(subject, &tree);
            let answer = daemon.get("/sub/index.html");
            assert_eq!(
                (answer.status, answer.header("Location")),
                (301, Some("./"))
            );
            let answer = daemon.get("/sub");
            assert_eq!(
                (answer.status, answer.header("Location")),
                (301, Some("sub/"))
            );
            assert_eq!(daemon.get("/sub/").text(), "<p>index");
            let listing = daemon.get("/sub/empty/");
            assert_eq!(listing.status, 200);
            assert!(
                listing
                    .header("Content-Type")
                    .is_some_and(|kind| kind.starts_with("text/html"))
            );
            assert!(
                listing.text().contains("<a href=\"one.css\">one.css</a>"),
                "{}",
                listing.text()
            );
        },
    );
    section.same("ranges: 206, 416", |subject| {
        let tree = Tree::new();
        let daemon = static_daemon(subject, &tree);
        let range = |value| request(&daemon.endpoint, "GET", "/digits", &[("Range", value)]);
        for (value, part, told) in [
            ("bytes=2-4", "234", "bytes 2-4/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-2", "89", "bytes 8-9/10"),
            ("bytes=5-100", "56789", "bytes 5-9/10"),
        ] {
            let answer = range(value);
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (206, part),
                "{value}"
            );
            assert_eq!(answer.header("Content-Range"), Some(told));
        }
        let answer = range("bytes=10-");
        assert_eq!(
            (answer.status, answer.header("Content-Range")),
            (416, Some("bytes */10"))
        );
        assert_eq!(daemon.get("/digits").header("Accept-Ranges"), Some("bytes"));
    });
    section.same(
        "Last-Modified, and 304 for what has not changed",
        |subject| {
            let tree = Tree::new();
            let daemon = static_daemon(subject, &tree);
            let modified = daemon
                .get("/digits")
                .header("Last-Modified")
                .expect("a date")
                .to_owned();
            let since = |date| {
                request(
                    &daemon.endpoint,
                    "GET",
                    "/digits",
                    &[("If-Modified-Since", date)],
                )
            };
            let answer = since(&modified);
            assert_eq!((answer.status, answer.body.len()), (304, 0));
            assert_eq!(since("Thu, 01 Jan 1970 00:00:00 GMT").status, 200);
        },
    );
    section.ours(
        "a link that leads out is 404, also by a linked directory; inside is served",
        "0.5 checks, 0.4.1 follows",
        |subject| {
            let tree = Tree::new();
            let daemon = static_daemon(subject, &tree);
            assert_eq!(daemon.get("/inside-link").text(), "<p>page");
            for path in ["/outside-link", "/outside-dir/secret", "/outside-dir/"] {
                let answer = daemon.get(path);
                assert_eq!(answer.status, 404, "{path}");
                assert!(!answer.text().contains("secret"));
            }
        },
    );
    section.same("the directory may itself be a link", |subject| {
        let tree = Tree::new();
        let link = tree.base.path().join("link");
        symlink("served", &link).expect("writable");
        let daemon = cat(subject)
            .flag(format!("--staticdir={}", link.display()))
            .start();
        assert_eq!(daemon.get("/page.html").text(), "<p>page");
    });
    section.same("nothing outside under any spelling of ..", |subject| {
        let tree = Tree::new();
        let daemon = static_daemon(subject, &tree);
        for target in [
            "/../outside/secret",
            "/%2e%2e/outside/secret",
            "/..%2foutside/secret",
            "/%2e%2e%2foutside%2fsecret",
            "/sub/../../outside/secret",
            "/..\\outside\\secret",
            "/%2e./outside/secret",
            "/..%5coutside",
        ] {
            let answer = daemon.get(target);
            assert!(
                !answer.text().contains("secret\n") && answer.text() != "secret",
                "{target}: {answer:?}"
            );
            assert_ne!(answer.status, 200, "{target}");
        }
    });
}

fn console(section: &mut Section) {
    section.same(
        "every plain path gives the page; upgrades still work",
        |subject| {
            let daemon = cat(subject).flag("--devconsole").start();
            for path in ["/", "/a/b", "/x.html"] {
                let answer = daemon.get(path);
                assert_eq!(answer.status, 200);
                assert!(
                    answer
                        .header("Content-Type")
                        .is_some_and(|kind| kind.starts_with("text/html"))
                );
            }
            let mut client = daemon.client("/a/b");
            client.send("x");
            assert_eq!(client.text(), "x");
        },
    );
    section.same(
        "the address is within the first 4096 bytes, with its query",
        |subject| {
            let daemon = cat(subject).flag("--devconsole").start();
            let text = daemon.get("/some/path?q=1").text();
            let address = format!("ws://{}/some/path?q=1", daemon.address());
            let at = text
                .find(&address)
                .unwrap_or_else(|| panic!("{address} is not in the page"));
            assert!(at + address.len() < 4096, "at {at}");
        },
    );
    section.ours(
        "the address is escaped",
        "0.4.1 puts it into the page as it is",
        |subject| {
            let daemon = cat(subject).flag("--devconsole").start();
            let text = daemon.get("/a?x=<script>&y=\"'").text();
            let head = &text[..text.len().min(4096)];
            assert!(head.contains("/a?x=&lt;script&gt;&amp;y="), "{head}");
            assert!(!head.contains("x=<script>"));
        },
    );
    section.same("with TLS the address is wss", |subject| {
        let authority = Authority::new();
        let one = authority.issue("one");
        let daemon = cat(subject)
            .flag("--devconsole")
            .tls(&one.cert, &one.key, authority.client(None))
            .start();
        let text = daemon.get("/p").text();
        assert!(text.contains(&format!("wss://{}/p", daemon.address())));
    });
}

fn cgi(section: &mut Section) {
    section.same(
        "a script's output: headers, Status, Location, repeated headers",
        |subject| {
            let cgi = dir();
            script(
                &cgi.path().join("plain"),
                "printf 'Content-Type: text/x\\nX-A: 1\\nX-A: 2\\n\\nbody'",
            );
            script(
                &cgi.path().join("status"),
                "printf 'Status: 418 Tea\\nContent-Type: text/plain\\n\\nshort'",
            );
            script(
                &cgi.path().join("location"),
                "printf 'Location: http://elsewhere.example/\\n\\n'",
            );
            let daemon = cgi_daemon(subject, cgi.path());
            let answer = daemon.get("/plain");
            assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
            assert_eq!(
                (answer.header("Content-Type"), answer.all("X-A")),
                (Some("text/x"), vec!["1", "2"])
            );
            assert_eq!(daemon.get("/status").status, 418);
            let answer = daemon.get("/location");
            assert_eq!(
                (answer.status, answer.header("Location")),
                (302, Some("http://elsewhere.example/"))
            );
        },
    );
    section.same(
        "the working directory is the script's; no arguments",
        |subject| {
            let cgi = dir();
            script(
                &cgi.path().join("sub/where"),
                "printf 'Content-Type: text/plain\\n\\n'; pwd; echo $#",
            );
            let daemon = cgi_daemon(subject, cgi.path());
            let real = fs::canonicalize(cgi.path().join("sub")).expect("it is there");
            assert_eq!(
                daemon.get("/sub/where?a+b").text(),
                format!("{}\n0\n", real.display())
            );
        },
    );
    section.same("the request body is its stdin", |subject| {
        let cgi = dir();
        script(
            &cgi.path().join("body"),
            "printf 'Content-Type: text/plain\\n\\n'; head -c $CONTENT_LENGTH",
        );
        let daemon = cgi_daemon(subject, cgi.path());
        let text =
            "POST /body HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(raw_request(&daemon.endpoint, text).text(), "hello");
    });
    section.same("environment: RFC 3875, HTTP_*, no Proxy", |subject| {
        let cgi = dir();
        script(
            &cgi.path().join("env"),
            "printf 'Content-Type: text/plain\\n\\n'; env",
        );
        let daemon = cgi_daemon(subject, cgi.path());
        let headers = [("X-Thing", "a"), ("Proxy", "evil"), ("User-Agent", "test")];
        let text = request(&daemon.endpoint, "GET", "/env?x=1&y", &headers).text();
        let has = |line: &str| text.lines().any(|have| have == line);
        for line in [
            "GATEWAY_INTERFACE=CGI/1.1",
            "SERVER_PROTOCOL=HTTP/1.1",
            "REQUEST_METHOD=GET",
            "QUERY_STRING=x=1&y",
            "HTTP_X_THING=a",
            "HTTP_USER_AGENT=test",
            "REMOTE_ADDR=127.0.0.1",
            "REQUEST_URI=/env?x=1&y",
        ] {
            assert!(has(line), "{line} is not in\n{text}");
        }
        assert!(has(&format!("HTTP_HOST={}", daemon.address())), "{text}");
        assert!(text.contains("SCRIPT_FILENAME="));
        assert!(!text.contains("HTTP_PROXY"), "{text}");
    });
    section.same(
        "500: no headers, neither type nor status, not executable",
        |subject| {
            let cgi = dir();
            script(&cgi.path().join("nothing"), "exit 0");
            script(&cgi.path().join("bare"), "printf 'X-A: 1\\n\\nbody'");
            fs::write(cgi.path().join("data"), "no program").expect("writable");
            let daemon = cgi_daemon(subject, cgi.path());
            for path in ["/nothing", "/bare", "/data"] {
                assert_eq!(daemon.get(path).status, 500, "{path}");
            }
        },
    );
    section.same("a directory and what is missing fall through", |subject| {
        let cgi = dir();
        script(&cgi.path().join("sub/s"), "exit 0");
        let tree = Tree::new();
        let daemon = cat(subject)
            .flags([
                format!("--cgidir={}", cgi.path().display()),
                format!("--staticdir={}", tree.served()),
            ])
            .start();
        assert_eq!(daemon.get("/sub/").text(), "<p>index");
        assert_eq!(daemon.get("/page.html").text(), "<p>page");
        assert_eq!(cgi_daemon(subject, cgi.path()).get("/").status, 404);
    });
    section.same("nothing outside runs under any spelling of ..", |subject| {
        let base = dir();
        let mark = base.path().join("ran");
        script(
            &base.path().join("outside"),
            &format!(
                "touch {}; printf 'Content-Type: a/b\\n\\nran'",
                mark.display()
            ),
        );
        script(&base.path().join("cgi/inside"), "exit 0");
        let daemon = cgi_daemon(subject, &base.path().join("cgi"));
        for target in [
            "/../outside",
            "/%2e%2e/outside",
            "/..%2foutside",
            "/%2e%2e%2foutside",
            "/x/../../outside",
            "/x/..%2f..%2foutside",
            "/..%252foutside",
            "/..\\outside",
        ] {
            daemon.get(target);
            assert!(!mark.exists(), "{target} ran it");
        }
    });
    section.ours(
        "a link that leads out is never executed",
        "0.5 checks, 0.4.1 follows",
        |subject| {
            let base = dir();
            let mark = base.path().join("ran");
            script(
                &base.path().join("outside"),
                &format!(
                    "touch {}; printf 'Content-Type: a/b\\n\\nran'",
                    mark.display()
                ),
            );
            script(&base.path().join("cgi/inside"), "exit 0");
            symlink("../outside", base.path().join("cgi/link")).expect("writable");
            let daemon = cgi_daemon(subject, &base.path().join("cgi"));
            daemon.get("/link");
            assert!(!mark.exists());
        },
    );
    section.same("it counts against --maxforks: 429 when full", |subject| {
        let cgi = dir();
        script(
            &cgi.path().join("s"),
            "printf 'Content-Type: text/plain\\n\\nran'",
        );
        let daemon = cat(subject)
            .flags([
                "--maxforks=1".to_owned(),
                format!("--cgidir={}", cgi.path().display()),
            ])
            .start();
        let mut client = daemon.client("/");
        client.send("x");
        client.text();
        let answer = daemon.get("/s");
        assert_eq!(answer.status, 429);
        client.close();
        e2e::deadline::eventually("the slot is free again", || {
            (daemon.get("/s").status == 200).then_some(())
        });
    });
}

fn redirect(section: &mut Section) {
    section.same("--redirport: 301 to the main port", |subject| {
        let port = e2e::daemon::free_port();
        let daemon = cat(subject).flag(format!("--redirport={port}")).start();
        let endpoint = Endpoint::Tcp(([127, 0, 0, 1], port).into());
        let answer = e2e::deadline::eventually("the redirect server listens", || {
            let text =
                format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
            http::exchange(&endpoint, text.as_bytes()).ok()
        });
        assert_eq!(answer.status, 301);
        let location = answer.header("Location").expect("a place");
        assert_eq!(location, daemon.url("/"));
    });
}
