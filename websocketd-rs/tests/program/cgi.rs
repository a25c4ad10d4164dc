//! `--cgidir`: scripts run as RFC 3875 says, and end when they should.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use e2e::deadline::eventually;
use nix::sys::signal::Signal;

use crate::daemon::Daemon;
use crate::http::{Client, get, request};

/// Scripts by name; those not executable begin with `no`.
const SCRIPTS: [(&str, &str); 20] = [
    (
        "env",
        "printf 'Content-Type: text/plain\\n\\n'; env; echo CWD=$(pwd); echo ARGS=$#",
    ),
    ("echo", "printf 'Content-Type: text/plain\\n\\n'; cat"),
    (
        "status",
        "printf 'Status: 418 odd words\\nX-A: 1\\nX-A: 2\\nSet-Cookie: a\\nSet-Cookie: b\\n\\nbody'",
    ),
    ("location", "printf 'Location: /elsewhere\\n\\n'"),
    ("empty", "printf 'Status: 204\\n\\nignored'"),
    (
        "exact",
        "printf 'Content-Type: a/b\\nContent-Length: 4\\n\\nbodytoo much'",
    ),
    (
        "short",
        "printf 'Content-Type: a/b\\nContent-Length: 9\\n\\nbody'",
    ),
    ("bare", "echo hi"),
    ("untyped", "printf 'X-A: 1\\n\\nbody'"),
    ("silent", ":"),
    ("noexec", ":"),
    (
        "split",
        "printf 'Content-Type: a/b\\nX: a\\rSet-Cookie: b\\nTransfer-Encoding: chunked\\n\\nx'",
    ),
    (
        "big",
        "printf 'Content-Type: a/b\\n\\n'; head -c 3000000 /dev/zero",
    ),
    (
        "stderr",
        "echo oops >&2; printf 'Content-Type: a/b\\n\\nok'",
    ),
    (
        "events",
        "printf 'Content-Type: text/event-stream\\n\\ndata: 1\\n\\n'; read line <gate; printf 'data: 2\\n\\n'",
    ),
    ("sleeper", "echo $$ >pid; sleep 1000 & echo $! >child; wait"),
    (
        "headers",
        "printf 'Content-Type: a/b\\n'; yes 'X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'",
    ),
    ("deaf", "exec <&-; printf 'Content-Type: a/b\\n\\ndone'"),
    (
        "slow-end",
        "printf 'Content-Type: a/b\\nContent-Length: 2\\n\\nok'; exec >&-; read line <gate",
    ),
    ("sub/inner", "printf 'Content-Type: a/b\\n\\n'; pwd"),
];

fn scripts() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let dir = root.path().join("cgi");
    fs::create_dir_all(dir.join("sub")).expect("a directory");
    for (name, text) in SCRIPTS {
        write(&dir.join(name), text, !name.starts_with("noexec"));
    }
    write(
        &root.path().join("outside"),
        "printf 'Content-Type: a/b\\n\\noutside'",
        true,
    );
    symlink("../outside", dir.join("leak")).expect("a link");
    symlink("..", dir.join("leak-dir")).expect("a link");
    symlink("env", dir.join("inside")).expect("a link");
    nix::unistd::mkfifo(&dir.join("gate"), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    root
}

pub(crate) fn write(path: &std::path::Path, text: &str, executable: bool) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our file");
}

fn serve(root: &TempDir, more: &[&str]) -> Daemon {
    let dir = format!("--cgidir={}", root.path().join("cgi").display());
    Daemon::start(&[&["--port=0", "--address=127.0.0.1", &dir], more].concat())
}

/// Waits until a script has written `name`, and gives what it wrote.
fn written(root: &TempDir, name: &str) -> String {
    let path = root.path().join("cgi").join(name);
    eventually("the script has written its line", || {
        fs::read_to_string(&path)
            .ok()
            .filter(|text| text.ends_with('\n'))
    })
    .trim()
    .to_owned()
}

fn has_ended(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.contains(") Z "))
        || !fs::exists(format!("/proc/{pid}")).unwrap_or(false)
}

#[test]
fn a_script_knows_the_request() {
    let root = scripts();
    let mut daemon = serve(&root, &[]);
    let fields = "X-Forwarded: 1\r\nProxy: evil\r\nX_Under: evil\r\nCookie: a=1\r\nCookie: b=2\r\n";
    let reply = request(&daemon, "GET /env/more%20path/?q=%41", fields);
    let text = reply.utf8();
    let cgi = fs::canonicalize(root.path().join("cgi")).expect("it is there");
    let own = [
        format!("SCRIPT_FILENAME={}/env", cgi.display()),
        format!("CWD={}", cgi.display()),
    ];
    for line in own.iter().map(String::as_str).chain([
        "GATEWAY_INTERFACE=CGI/1.1",
        "REQUEST_METHOD=GET",
        "SCRIPT_NAME=/env",
        "PATH_INFO=/more path/",
        "QUERY_STRING=q=%41",
        "REQUEST_URI=/env/more%20path/?q=%41",
        "SERVER_NAME=h.example",
        "SERVER_PORT=80",
        "SERVER_PROTOCOL=HTTP/1.1",
        "REMOTE_ADDR=127.0.0.1",
        "HTTP_HOST=h.example",
        "HTTP_X_FORWARDED=1",
        "HTTP_COOKIE=a=1; b=2",
        "ARGS=0",
    ]) {
        assert!(text.lines().any(|have| have == line), "{line} in {text}");
    }
    for absent in [
        "HTTP_PROXY",
        "HTTP_X_UNDER",
        "HOME=",
        "CONTENT_LENGTH",
        "HTTPS=",
    ] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    daemon.read_until(" cgiscript:'");
    assert!(daemon.log.contains("| CGI\n"));
    assert_eq!(get(&daemon, "/inside").status, 200);
    assert_eq!(
        get(&daemon, "/sub/inner").utf8().trim(),
        format!("{}/sub", cgi.display())
    );
}

#[test]
fn replies_are_passed_on() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    let reply = get(&daemon, "/status");
    assert_eq!((reply.status, reply.utf8()), (418, "body"));
    assert_eq!(reply.all("x-a"), ["1", "2"]);
    assert_eq!(reply.all("set-cookie"), ["a", "b"]);
    let reply = get(&daemon, "/location");
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, Some("/elsewhere"))
    );
    let reply = get(&daemon, "/empty");
    assert_eq!((reply.status, reply.header("content-length")), (204, None));
    assert_eq!(get(&daemon, "/exact").utf8(), "body");
    let reply = get(&daemon, "/split");
    assert_eq!(
        (
            reply.header("set-cookie"),
            reply.header("transfer-encoding")
        ),
        (None, None)
    );
    let reply = get(&daemon, "/big");
    assert_eq!(
        (reply.header("transfer-encoding"), reply.body.len()),
        (Some("chunked"), 3_000_000)
    );
    assert_eq!(request(&daemon, "HEAD /status", "").status, 418);
}

#[test]
fn a_scripts_own_header_is_not_replaced() {
    let root = scripts();
    let path = root.path().join("cgi/private");
    write(
        &path,
        "printf 'Content-Type: a/b\\nCache-Control: no-store\\n\\nx'",
        true,
    );
    let rule = "--header-http=Cache-Control: max-age=60";
    let daemon = serve(&root, &[rule]);
    let caching = |target: &str| {
        let reply = get(&daemon, target);
        reply.all("cache-control").join("|")
    };
    assert_eq!(caching("/private"), "no-store");
    assert_eq!(caching("/exact"), "max-age=60");
}

#[test]
fn broken_scripts_are_500() {
    let root = scripts();
    let mut daemon = serve(&root, &[]);
    for name in ["bare", "untyped", "silent", "noexec", "headers"] {
        let reply = get(&daemon, &format!("/{name}"));
        assert_eq!(
            (reply.status, reply.utf8()),
            (500, "500 Internal Server Error\n"),
            "{name}"
        );
        daemon.read_until("| ERROR  | http ");
    }
    assert_eq!(get(&daemon, "/stderr").utf8(), "ok");
    assert!(
        daemon
            .read_until("| ERROR  | stderr ")
            .ends_with("| oops\n")
    );
}

#[test]
fn a_reply_that_breaks_off_does_not_look_whole() {
    let root = scripts();
    let mut daemon = serve(&root, &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /short HTTP/1.1\r\nHost: h\r\n\r\nGET /env HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.head().header("content-length"), Some("9"));
    assert_eq!(client.read_to_end(), b"body");
    daemon.read_until("ended before its Content-Length");
}

#[test]
fn nothing_outside_is_run() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    for target in [
        "/",
        "/none",
        "/sub",
        "/sub/",
        "/leak",
        "/leak-dir/outside",
        "/gate",
        "/../outside",
        "/%2e%2e/outside",
        "/..%2foutside",
        "/env%00",
        "/sub/%2e%2e/%2e%2e/outside",
    ] {
        let reply = get(&daemon, target);
        assert!(
            matches!(reply.status, 301 | 404),
            "{target}: {}",
            reply.status
        );
    }
}

#[test]
fn request_bodies_reach_the_script() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    let mut client = Client::connect(&daemon);
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.reply().utf8(), "hello");
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n1;x\r\n!\r\n0\r\n\r\n");
    assert_eq!(client.reply().utf8(), "hello!");
    client.send(
        "POST /env HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    assert!(client.reply().utf8().contains("CONTENT_LENGTH=3\n"));
    client.send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    assert_eq!(client.head().status, 100);
    client.send("hi");
    assert_eq!(client.reply().utf8(), "hi");
    client.send("POST /deaf HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.reply().utf8(), "done");
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
    assert_eq!(client.reply().status, 400);
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_large_body_goes_both_ways_at_once() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    let body: Vec<u8> = (0..2_000_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    let mut client = Client::connect(&daemon);
    client.send(format!(
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    std::thread::scope(|scope| {
        let mut sender = client.clone_sender();
        let body = &body;
        scope.spawn(move || sender(body));
        let reply = client.reply();
        assert!(reply.body == *body, "{} bytes came back", reply.body.len());
    });
}

#[test]
fn output_is_shown_while_the_script_runs() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    client.read_until("data: 1");
    fs::write(root.path().join("cgi/gate"), "go\n").expect("the script reads");
    let reply = client.reply();
    assert_eq!(reply.utf8(), "data: 1\n\ndata: 2\n\n");
}

#[test]
fn a_reply_is_complete_before_the_script_has_ended() {
    let root = scripts();
    let daemon = serve(&root, &["--maxforks=1"]);
    assert_eq!(get(&daemon, "/slow-end").utf8(), "ok");
    // The slot is the script's until it is gone.
    assert_eq!(get(&daemon, "/env").status, 429);
    fs::write(root.path().join("cgi/gate"), "go\n").expect("the script reads");
    eventually("a place is free", || {
        (get(&daemon, "/env").status == 200).then_some(())
    });
}

#[test]
fn a_script_and_its_children_end_when_the_client_leaves() {
    let root = scripts();
    let mut daemon = serve(&root, &["--maxforks=1"]);
    let mut client = Client::connect(&daemon);
    client.send("GET /sleeper HTTP/1.1\r\nHost: h\r\n\r\n");
    let (pid, child) = (written(&root, "pid"), written(&root, "child"));
    assert_eq!(get(&daemon, "/env").status, 429);
    assert!(daemon.read_until("maxforks").contains("ERROR"));
    drop(client);
    eventually("both have ended", || {
        (has_ended(&pid) && has_ended(&child)).then_some(())
    });
    eventually("a place is free", || {
        (get(&daemon, "/env").status == 200).then_some(())
    });
}

#[test]
fn a_client_that_closed_only_its_side_is_answered() {
    let root = scripts();
    let daemon = serve(&root, &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /env HTTP/1.0\r\n\r\n");
    client.half_close();
    let reply = String::from_utf8(client.read_to_end()).expect("text");
    assert!(reply.starts_with("HTTP/1.0 200 OK\r\n"), "{reply}");
}

#[test]
fn scripts_end_with_the_server() {
    let root = scripts();
    let mut daemon = serve(&root, &[]);
    let mut client = Client::connect(&daemon);
    client.send("GET /sleeper HTTP/1.1\r\nHost: h\r\n\r\n");
    let pids = [written(&root, "pid"), written(&root, "child")];
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.end().0, Some(0));
    assert!(pids.iter().all(|pid| has_ended(pid)));
}

#[test]
fn replies_of_text_are_compressed() {
    let root = scripts();
    let script = |name: &str, text: &str| write(&root.path().join("cgi").join(name), text, true);
    script("whole", "printf 'Content-Type: text/plain\\n\\n'; seq 2000");
    script(
        "long",
        "printf 'Content-Type: text/plain\\n\\n'; seq 100000",
    );
    script(
        "slow",
        "printf 'Content-Type: text/plain\\n\\n'; seq 3000; read line <gate; seq 3000",
    );
    script(
        "coded",
        "printf 'Content-Type: text/plain\\nETag: \"1\"\\n\\n'; seq 2000",
    );
    let daemon = serve(&root, &["--gzip"]);
    let plain = |last: usize| {
        let lines: Vec<_> = (1..=last).map(|n| n.to_string()).collect();
        lines.join("\n") + "\n"
    };
    let gzip = "Accept-Encoding: gzip\r\n";
    for (target, last) in [("/whole", 2000), ("/long", 100_000)] {
        let reply = request(&daemon, &format!("GET {target}"), gzip);
        assert_eq!(reply.header("content-encoding"), Some("gzip"), "{target}");
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
        let mut text = String::new();
        let mut reader = flate2::read::GzDecoder::new(&reply.body[..]);
        std::io::Read::read_to_string(&mut reader, &mut text).expect("a whole stream");
        assert!(text == plain(last), "{target}");
    }
    for target in ["/coded", "/exact", "/big"] {
        let reply = request(&daemon, &format!("GET {target}"), gzip);
        assert_eq!(reply.header("content-encoding"), None, "{target}");
    }
    assert_eq!(get(&daemon, "/whole").utf8(), plain(2000));

    // What a script has printed is on its way while it goes on.
    let mut client = Client::connect(&daemon);
    client.send(format!(
        "GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{gzip}\r\n"
    ));
    let head = client.head();
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    if client.0.unread().is_empty() {
        assert!(client.0.read_some() > 0, "a part comes first");
    }
    fs::write(root.path().join("cgi/gate"), "on\n").expect("the script waits");
    assert!(client.read_to_end().ends_with(b"0\r\n\r\n"));
}
