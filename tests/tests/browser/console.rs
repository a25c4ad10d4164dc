//! The developer console where people really open it: below a path of somebody else's site, over TLS.

use std::fs;

use e2e::browser::Browser;
use e2e::daemon::Daemon;
use e2e::installation::Installation;
use e2e::web_server::WebServer;

/// Opens the console at `/tools/echo/` of a web server that passes it on without TLS, and has a word echoed.
async fn echo_behind(server: &WebServer) {
    let browser = Browser::start().await;
    browser.goto(&server.url("/tools/echo/")).await;
    assert_eq!(
        browser.eval("document.querySelector('#url').value").await,
        server.url("/tools/echo/").replace("https:", "wss:")
    );
    browser
        .eval("document.querySelector('#toggle').click()")
        .await;
    browser
        .wait_until(
            "it is connected",
            "!document.querySelector('#text').disabled",
        )
        .await;
    browser
        .eval("(document.querySelector('#text').value = 'over there', document.querySelector('#submit').click())")
        .await;
    browser
        .wait_until(
            "the echo",
            "document.querySelector('#log .in')?.textContent === 'over there'",
        )
        .await;
}

/// What is included into the web server's site, made of the daemon's port; and the two of them.
fn serve(
    text: impl FnOnce(u16) -> String,
    start: impl FnOnce(&Installation, &std::path::Path) -> WebServer,
) -> (Installation, Daemon, WebServer) {
    let installation = Installation::new();
    let daemon = Daemon::builder()
        .flag("--devconsole")
        .command::<&str>("cat", [])
        .start();
    let included = installation.path("/srv/console.conf");
    fs::write(&included, text(daemon.address().port())).expect("writable");
    let server = start(&installation, &included);
    (installation, daemon, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_connects_to_where_it_was_opened_behind_nginx() {
    let (_installation, _daemon, server) = serve(
        |port| {
            format!(
                "location /tools/echo/ {{\n\
                 proxy_pass http://127.0.0.1:{port}/;\n\
                 proxy_http_version 1.1;\n\
                 proxy_set_header Upgrade $http_upgrade;\n\
                 proxy_set_header Connection upgrade;\n}}\n"
            )
        },
        WebServer::nginx,
    );
    echo_behind(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_connects_to_where_it_was_opened_behind_apache() {
    let (_installation, _daemon, server) = serve(
        |port| format!("ProxyPass /tools/echo/ http://127.0.0.1:{port}/ upgrade=websocket\n"),
        WebServer::apache,
    );
    echo_behind(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_sends_nothing_where_nothing_is_taken() {
    let daemon = Daemon::builder()
        .flags(["--devconsole", "--readonly"])
        .command("bash", ["-c", "echo shown; cat"])
        .start();
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/", daemon.address())).await;
    browser
        .eval("document.querySelector('#toggle').click()")
        .await;
    browser
        .wait_until(
            "it shows what the program says",
            "document.querySelector('#log .in')?.textContent === 'shown'",
        )
        .await;
    let field =
        "(({ disabled, placeholder }) => [disabled, placeholder])(document.querySelector('#text'))";
    assert_eq!(
        browser.eval(field).await,
        serde_json::json!([true, "View only: messages are not taken"])
    );
    assert_eq!(
        browser
            .eval("document.querySelector('#submit').disabled")
            .await,
        true
    );
}

/// What the console sends by its button, once connected to `daemon`, as the first message that came back shows.
async fn sends(browser: &Browser, daemon: &Daemon, kind: &str, typed: &str) -> String {
    browser.goto(&format!("http://{}/", daemon.address())).await;
    browser
        .eval("document.querySelector('#toggle').click()")
        .await;
    browser
        .wait_until(
            "it is connected",
            "!document.querySelector('#text').disabled",
        )
        .await;
    browser
        .eval(&format!(
            "(document.querySelector('#kind').value = {kind:?}, document.querySelector('#text').value = {typed:?}, \
             document.querySelector('#submit').click())"
        ))
        .await;
    let answer = "document.querySelector('#log .in')";
    browser
        .wait_until("an answer", &format!("{answer} !== null"))
        .await;
    let answer = browser.eval(&format!("{answer}.textContent")).await;
    answer.as_str().expect("a text").to_owned()
}

/// Says of each record what it is.
const TYPES: &str = r#"
import struct, sys
while head := sys.stdin.buffer.read(5):
    size, kind = struct.unpack(">Ic", head)
    answer = repr((kind.decode(), sys.stdin.buffer.read(size))).encode()
    sys.stdout.buffer.write(struct.pack(">Ic", len(answer), b"T") + answer)
    sys.stdout.buffer.flush()
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_console_sends_what_the_program_takes() {
    let browser = Browser::start().await;
    let daemon = Daemon::builder()
        .flags(["--devconsole", "--framing=length"])
        .command("python3", ["-c", TYPES])
        .start();
    for (kind, typed, seen) in [
        ("text", "a\nb", r"('T', b'a\nb')"),
        ("hex", "00 ff 0A", r"('B', b'\x00\xff\n')"),
    ] {
        assert_eq!(sends(&browser, &daemon, kind, typed).await, seen);
    }
    let daemon = Daemon::builder()
        .flags(["--devconsole", "--pty"])
        .command(
            "bash",
            ["-c", "read -r word; printf got:%s \"$word\"; read -r"],
        )
        .start();
    sends(&browser, &daemon, "text", "key").await;
    browser
        .wait_until(
            "what it read",
            "document.querySelector('#log').textContent.includes('67 6f 74 3a 6b 65 79')",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_sees_the_code_and_the_reason_of_a_close_record() {
    let browser = Browser::start().await;
    let script = r"import sys; sys.stdout.buffer.write(b'\0\0\0\x08C\x0f\xa1enough'); sys.stdout.flush(); sys.stdin.read()";
    let daemon = Daemon::builder()
        .flags(["--devconsole", "--framing=length"])
        .command("python3", ["-c", script])
        .start();
    browser.goto(&format!("http://{}/", daemon.address())).await;
    browser
        .eval("document.querySelector('#toggle').click()")
        .await;
    browser
        .wait_until(
            "the close",
            "[...document.querySelectorAll('#log .note')].some((note) => note.textContent === 'closed, code 4001: enough')",
        )
        .await;
}
