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
