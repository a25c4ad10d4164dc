//! `--staticdir`: what is sent, and what never is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::http::{Client, get, request};

/// A site with a secret beside it and scripts below it.
fn site() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let path = |name: &str| root.path().join(name);
    for dir in ["www/sub/deep", "www/cgi-bin", "www/listed"] {
        fs::create_dir_all(path(dir)).expect("a directory");
    }
    for (file, content) in [
        ("secret", "secret"),
        ("www/index.html", "<h1>index</h1>"),
        ("www/hello.txt", "hello\n"),
        ("www/noext", "plain"),
        ("www/sub/page.html", "<p>page</p>"),
        ("www/listed/<b>\"x\"", ""),
        ("www/cgi-bin/script", "#!/bin/sh\nexit 1\n"),
    ] {
        fs::write(path(file), content).expect("a file");
    }
    fs::write(path("www/big"), vec![b'b'; 1_000_000]).expect("a file");
    for (target, link) in [
        ("hello.txt", "www/inside"),
        ("sub", "www/inside-dir"),
        ("../secret", "www/leak"),
        ("..", "www/leak-dir"),
        ("gone", "www/dangling"),
        ("cgi-bin/script", "www/source"),
        ("cgi-bin", "www/sources"),
        ("loop", "www/loop"),
    ] {
        symlink(target, path(link)).expect("a link");
    }
    symlink(path("www/hello.txt"), path("www/absolute")).expect("a link");
    symlink("www", path("link-to-www")).expect("a link");
    nix::unistd::mkfifo(&path("www/fifo"), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    root
}

fn serve(root: &Path, dir: &str, more: &[&str]) -> Daemon {
    let dir = format!("--staticdir={}", root.join(dir).display());
    Daemon::start(&[&["--port=0", "--address=127.0.0.1", &dir], more].concat())
}

#[test]
fn files_are_sent_as_they_are() {
    let root = site();
    let mut daemon = serve(root.path(), "www", &[]);
    for (target, kind, body) in [
        ("/", "text/html; charset=utf-8", "<h1>index</h1>"),
        ("/hello.txt", "text/plain; charset=utf-8", "hello\n"),
        ("/hello.txt?x=<\">", "text/plain; charset=utf-8", "hello\n"),
        ("/noext", "text/plain; charset=utf-8", "plain"),
        ("/sub/page.html", "text/html; charset=utf-8", "<p>page</p>"),
        (
            "/sub%2Fpage.html",
            "text/html; charset=utf-8",
            "<p>page</p>",
        ),
        ("/inside", "text/plain; charset=utf-8", "hello\n"),
        ("/absolute", "text/plain; charset=utf-8", "hello\n"),
        (
            "/inside-dir/page.html",
            "text/html; charset=utf-8",
            "<p>page</p>",
        ),
    ] {
        let reply = get(&daemon, target);
        assert_eq!((reply.status, reply.utf8()), (200, body), "{target}");
        assert_eq!(reply.header("content-type"), Some(kind), "{target}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert!(reply.header("last-modified").is_some() && reply.header("etag").is_some());
        daemon.read_until(&format!("url:'http://h.example{target}' | STATIC"));
    }
    let big = get(&daemon, "/big");
    assert!(big.body.len() == 1_000_000 && big.body.iter().all(|&byte| byte == b'b'));
    let linked = serve(root.path(), "link-to-www", &[]);
    assert_eq!(get(&linked, "/hello.txt").status, 200);
}

#[test]
fn nothing_outside_is_sent_and_nothing_odd_hangs() {
    let root = site();
    let daemon = serve(root.path(), "www", &[]);
    for target in [
        "/leak",
        "/leak-dir/secret",
        "/dangling",
        "/fifo",
        "/loop",
        "/none",
        "/hello.txt/x",
        "/%00",
        "/hello.txt%00",
        "/..%2fsecret",
        "/sub/%2e%2e%2f%2e%2e/secret",
        "/%2e%2e/secret",
        "/.%2e/secret",
        "/index.html/../../secret",
    ] {
        let reply = get(&daemon, target);
        assert!(
            matches!(reply.status, 301 | 404),
            "{target}: {}",
            reply.status
        );
        assert!(
            !reply.utf8().contains("secret") || reply.status == 301,
            "{target}"
        );
    }
}

#[test]
fn scripts_are_never_sent_as_source() {
    let root = site();
    let cgi = format!("--cgidir={}", root.path().join("www/cgi-bin").display());
    let daemon = serve(root.path(), "www", &[&cgi]);
    for target in [
        "/cgi-bin/script",
        "/source",
        "/sources/script",
        "/cgi-bin/",
        "/cgi-bin",
    ] {
        let reply = get(&daemon, target);
        assert_eq!(
            (reply.status, reply.utf8()),
            (404, "404 page not found\n"),
            "{target}"
        );
    }
    assert_eq!(get(&daemon, "/hello.txt").status, 200);
    // Without --cgidir they are files like any other.
    assert_eq!(
        get(&serve(root.path(), "www", &[]), "/cgi-bin/script").status,
        200
    );
}

#[test]
fn directories_and_index_pages_have_one_address() {
    let root = site();
    let daemon = serve(root.path(), "www", &[]);
    for (target, location) in [
        ("/index.html", "./"),
        ("/index.html?a=b", "./?a=b"),
        ("/sub", "sub/"),
        ("/hello.txt/", "../hello.txt"),
    ] {
        let reply = get(&daemon, target);
        assert_eq!(
            (reply.status, reply.header("location")),
            (301, Some(location)),
            "{target}"
        );
    }
    let page = get(&daemon, "/listed/");
    assert!(
        page.utf8()
            .contains("<a href=\"%3Cb%3E%22x%22\">&lt;b&gt;&#34;x&#34;</a>")
    );
    fs::write(root.path().join("www/sub/index.html"), "index").expect("a file");
    let reply = get(&daemon, "/sub");
    assert_eq!(
        (reply.status, reply.header("location")),
        (301, Some("sub/")),
        "with an index page too"
    );
    assert_eq!(get(&daemon, "/sub/").utf8(), "index");
    fs::remove_file(root.path().join("www/sub/index.html")).expect("our file");
    let page = get(&daemon, "/sub/");
    assert!(page.utf8().contains("<a href=\"deep/\">deep/</a>"));
}

#[test]
fn parts_and_known_copies() {
    let root = site();
    let daemon = serve(root.path(), "www", &[]);
    let ask = |fields: &str| request(&daemon, "GET /hello.txt", fields);
    let whole = ask("");
    let (etag, modified) = (whole.header("etag"), whole.header("last-modified"));
    let part = ask("Range: bytes=1-2\r\n");
    assert_eq!((part.status, part.utf8()), (206, "el"));
    assert_eq!(part.header("content-range"), Some("bytes 1-2/6"));
    let none = ask("Range: bytes=100-\r\n");
    assert_eq!(
        (none.status, none.header("content-range")),
        (416, Some("bytes */6"))
    );
    for fields in [
        format!("If-None-Match: {}\r\n", etag.expect("a tag")),
        format!("If-Modified-Since: {}\r\n", modified.expect("a date")),
    ] {
        let known = ask(&fields);
        assert_eq!(
            (known.status, known.header("content-length")),
            (304, None),
            "{fields}"
        );
        assert_eq!(known.header("etag"), etag);
    }
    assert_eq!(ask("If-None-Match: \"other\"\r\n").status, 200);
    let head = request(&daemon, "HEAD /hello.txt", "");
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("6"))
    );
    assert_eq!(request(&daemon, "POST /hello.txt", "").utf8(), "hello\n");
}

#[test]
fn a_client_that_takes_nothing_holds_no_file_in_memory() {
    let root = site();
    fs::write(root.path().join("www/huge"), vec![b'h'; 64 << 20]).expect("a file");
    let daemon = serve(root.path(), "www", &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.head().status, 200);
    // Others are served meanwhile, from a daemon that is far from having read all of it.
    assert_eq!(get(&daemon, "/hello.txt").status, 200);
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("it runs");
    let anonymous = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .expect("a line");
    let kib: u64 = anonymous
        .split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number");
    assert!(kib < 32 * 1024, "{anonymous}");
}

#[test]
fn copies_are_asked_about_unless_the_name_has_a_hash() {
    let root = site();
    fs::write(root.path().join("www/app.3f2a9c1b.js"), "1").expect("a file");
    let daemon = serve(root.path(), "www", &[]);
    let caching = |target: &str| {
        let reply = get(&daemon, target);
        reply.header("cache-control").map(str::to_owned)
    };
    let revalidated = Some("no-cache".to_owned());
    assert_eq!(caching("/"), revalidated);
    assert_eq!(caching("/hello.txt"), revalidated);
    let kept = caching("/app.3f2a9c1b.js").expect("a rule");
    assert!(kept.contains("max-age=31536000"), "{kept}");
    let etag = get(&daemon, "/hello.txt");
    let etag = etag.header("etag").expect("an ETag");
    let again = format!("If-None-Match: {etag}\r\n");
    let reply = request(&daemon, "GET /hello.txt", &again);
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (304, Some("no-cache"))
    );
    let own = serve(
        root.path(),
        "www",
        &["--header-http=Cache-Control: max-age=5"],
    );
    let reply = get(&own, "/hello.txt");
    assert_eq!(reply.header("cache-control"), Some("max-age=5"));
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes);
    reader.read_to_end(&mut plain).expect("a whole gzip stream");
    plain
}

#[test]
fn text_is_compressed_for_whoever_takes_it() {
    let root = site();
    let text = |name: &str, length: usize| {
        let text: Vec<u8> = (0..length).map(|at| b"ab\ncd e"[at * at % 7]).collect();
        fs::write(root.path().join("www").join(name), &text).expect("a file");
        text
    };
    let (page, long) = (text("page.js", 20_000), text("long.css", 300_000));
    fs::write(root.path().join("www/picture.png"), vec![b'x'; 5000]).expect("a file");
    let daemon = serve(root.path(), "www", &["--gzip"]);
    let gzip = "Accept-Encoding: gzip, br\r\n";
    let mut tags = Vec::new();
    for (target, plain, length) in [("/page.js", &page, true), ("/long.css", &long, false)] {
        let reply = request(&daemon, &format!("GET {target}"), gzip);
        assert_eq!(
            (reply.status, reply.header("content-encoding")),
            (200, Some("gzip"))
        );
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
        assert_eq!(reply.header("content-length").is_some(), length);
        assert!(reply.body.len() < plain.len() / 2 && unzipped(&reply.body) == *plain);
        let head = request(&daemon, &format!("HEAD {target}"), gzip);
        assert_eq!(
            head.header("content-length"),
            reply.header("content-length")
        );
        assert_eq!(head.header("etag"), reply.header("etag"));
        let identity = get(&daemon, target);
        assert!(identity.body == *plain && identity.header("content-encoding").is_none());
        assert_eq!(identity.header("vary"), Some("Accept-Encoding"));
        assert_ne!(identity.header("etag"), reply.header("etag"));
        tags.push(reply.header("etag").expect("an ETag").to_owned());
    }
    let known = format!("{gzip}If-None-Match: {}\r\n", tags[0]);
    let reply = request(&daemon, "GET /page.js", &known);
    assert_eq!(
        (reply.status, reply.header("etag")),
        (304, Some(tags[0].as_str()))
    );
    let part = request(
        &daemon,
        "GET /page.js",
        &format!("{gzip}Range: bytes=0-2\r\n"),
    );
    assert_eq!((part.status, &part.body[..]), (206, &page[..3]));
    for target in ["/picture.png", "/hello.txt"] {
        let reply = request(&daemon, &format!("GET {target}"), gzip);
        assert_eq!(reply.header("content-encoding"), None, "{target}");
    }
    let unasked = serve(root.path(), "www", &[]);
    let reply = request(&unasked, "GET /page.js", gzip);
    assert_eq!(
        (reply.header("content-encoding"), reply.header("vary")),
        (None, None)
    );
}
