//! What the first page says of the way to the rooms, behind web servers that are set up wrong.

use e2e::browser::Browser;
use e2e::installation::Configuration;
use e2e::proxied::{Front, ProxiedSite};

/// Opens the page behind a web server whose lines are so, and waits for what is said of the rooms.
async fn says(
    front: Front,
    wrong: impl Fn(Configuration) -> Configuration,
    result: &str,
    words: &[&str],
) {
    let site = ProxiedSite::start_shortest_with(front, wrong);
    let browser = Browser::start().await;
    browser.goto(&site.web.url("/chat/first.html")).await;
    let done = format!("document.querySelector('#socket-check')?.dataset.result === '{result}'");
    browser.wait_until(result, &done).await;
    for words in words {
        browser.wait_for_text(words).await;
    }
    browser
        .screenshot(&format!("first-run-{front:?}-{result}"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nginx_lacks_is_said_with_how_to_mend_it() {
    says(
        Front::Nginx,
        |text| text,
        "socketGood",
        &["outlives silence"],
    )
    .await;
    // Buffers are for what is no WebSocket.
    let buffered = |text: Configuration| {
        text.replace(
            "proxy_read_timeout",
            "proxy_buffering on;\nproxy_read_timeout",
        )
    };
    says(Front::Nginx, buffered, "socketGood", &[]).await;
    let no_upgrade = |text: Configuration| {
        text.replace("    proxy_set_header Upgrade $http_upgrade;\n", "")
            .replace("    proxy_set_header Connection \"upgrade\";\n", "")
    };
    says(
        Front::Nginx,
        no_upgrade,
        "socketUpgrade",
        &["proxy_set_header Upgrade $http_upgrade"],
    )
    .await;
    let no_host = |text: Configuration| text.replace("    proxy_set_header Host $http_host;\n", "");
    says(
        Front::Nginx,
        no_host,
        "socketOrigin",
        &["proxy_set_header Host $http_host"],
    )
    .await;
    let no_scheme =
        |text: Configuration| text.replace("    proxy_set_header X-Forwarded-Proto $scheme;\n", "");
    says(
        Front::Nginx,
        no_scheme,
        "socketOrigin",
        &["X-Forwarded-Proto $scheme"],
    )
    .await;
    let hasty =
        |text: Configuration| text.replace("proxy_read_timeout 3600s", "proxy_read_timeout 3s");
    says(
        Front::Nginx,
        hasty,
        "socketIdle",
        &["proxy_read_timeout 3600s"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apache_lacks_is_said_with_how_to_mend_it() {
    // What is said to mend it mends it.
    let remedied = |text: Configuration| text.append("Timeout 3\nProxyTimeout 3");
    says(Front::Apache, remedied, "socketGood", &["outlives silence"]).await;
    let no_upgrade = |text: Configuration| text.replace(" upgrade=websocket", "");
    says(
        Front::Apache,
        no_upgrade,
        "socketUpgrade",
        &["upgrade=websocket in ProxyPass"],
    )
    .await;
    let no_host = |text: Configuration| text.replace("    ProxyPreserveHost On\n", "");
    says(
        Front::Apache,
        no_host,
        "socketOrigin",
        &["ProxyPreserveHost On"],
    )
    .await;
    let hasty = |text: Configuration| {
        text.replace(" timeout=3600", "")
            .append("Timeout 3\nProxyTimeout 3")
    };
    says(
        Front::Apache,
        hasty,
        "socketIdle",
        &["timeout=3600 in ProxyPass"],
    )
    .await;
}
