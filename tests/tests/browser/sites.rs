//! People in browsers who log in at the form of a site with PHP, behind Apache and nginx, with TLS on both hops.

use std::time::{Duration, SystemTime};

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::proxied::{Front, Hop, ProxiedSite};
use serde_json::json;

async fn fill_in(browser: &Browser, name: &str, password: &str) {
    browser
        .wait_until(
            "the form is there",
            "document.querySelector('#log-in') !== null",
        )
        .await;
    // What stands in the fields is typed, and the button pressed: the policy of the page must let the form go.
    for (field, text) in [("#username", name), ("#password", password)] {
        let field = browser
            .client()
            .find(fantoccini::Locator::Css(field))
            .await
            .expect("a field");
        field.clear().await.expect("it is empty");
        field.send_keys(text).await.expect("it can be typed into");
    }
    press(browser, "#log-in").await;
}

async fn press(browser: &Browser, selector: &str) {
    let button = browser
        .client()
        .find(fantoccini::Locator::Css(selector))
        .await;
    button
        .unwrap_or_else(|error| panic!("{selector}: {error}"))
        .click()
        .await
        .expect("it can be pressed");
}

async fn welcome(browser: &Browser) {
    browser
        .wait_until(
            "the room lets us in",
            "document.body.dataset.connection === 'welcome'",
        )
        .await;
}

async fn say(browser: &Browser, text: &str) {
    let typed = format!(
        "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); document.querySelector('#send').click(); }})(document.querySelector('#text'))",
        json!(text)
    );
    browser.eval(&typed).await;
}

/// Says something and tells under which name and account it stands in the log.
async fn speaker(site: &ProxiedSite, browser: &Browser, text: &str) -> (String, Option<String>) {
    say(browser, text).await;
    let record = eventually("it is in the log", || {
        site.installation
            .records("lobby")
            .into_iter()
            .find(|record| record.text == text)
    });
    (
        record.from.clone(),
        record.attr("account").map(str::to_owned),
    )
}

/// The site's own address of a session file's cookie.
async fn session_id(browser: &Browser) -> String {
    let cookie = browser
        .client()
        .get_named_cookie("PHPSESSID")
        .await
        .expect("a session");
    assert_eq!(
        (cookie.http_only(), cookie.secure()),
        (Some(true), Some(true)),
        "{cookie:?}"
    );
    assert_eq!(
        cookie.same_site().map(|site| site.to_string()).as_deref(),
        Some("Lax"),
        "{cookie:?}"
    );
    cookie.value().to_owned()
}

async fn a_day_at(front: Front) {
    let site = ProxiedSite::start(front, Hop::Tls);
    site.installation.add_account("Alice", "correct horse");
    let browser = Browser::start().await;

    browser
        .goto(&site.web.url("/chat/php/login.php?room=lobby"))
        .await;
    let planted = session_id(&browser).await;
    fill_in(&browser, "Alice", "battery staple").await;
    browser.wait_for_text("Name or password is wrong").await;
    fill_in(&browser, "Alice", "correct horse").await;
    // The form sends them into the room that they wanted, at once.
    welcome(&browser).await;
    assert_eq!(
        browser.eval("location.pathname + location.search").await,
        "/chat/?room=lobby"
    );
    assert_ne!(
        session_id(&browser).await,
        planted,
        "a fresh session at log-in"
    );
    let account = Some("Alice".to_owned());
    assert_eq!(
        speaker(&site, &browser, "hello from the form").await,
        ("Alice".into(), account.clone())
    );
    browser.wait_for_text("hello from the form").await;
    browser
        .screenshot(&format!("site-{front:?}").to_lowercase())
        .await;

    // A page in a frame of another site stays empty; this one is opened by a page without any policy.
    let framed = format!(
        "new Promise(done => {{ const f = document.createElement('iframe'); f.onload = () => {{ try {{ done(f.contentDocument?.body.childElementCount ?? -1); }} catch {{ done(-1); }} }}; f.src = {}; document.body.append(f); }})",
        json!(site.web.url("/chat/php/login.php"))
    );
    browser.goto(&site.web.url("/")).await;
    assert_eq!(
        browser.eval(&framed).await,
        -1,
        "it is in no frame, not even the site's own"
    );

    // Out by the button; the name goes with the session.
    browser.goto(&site.web.url("/chat/php/login.php")).await;
    browser.wait_for_text("Logged in as Alice").await;
    press(&browser, "#log-out").await;
    browser
        .wait_until(
            "it is the first page again",
            "location.pathname === '/chat/'",
        )
        .await;
    browser.goto(&site.web.url("/chat/?room=lobby")).await;
    welcome(&browser).await;
    assert_eq!(
        speaker(&site, &browser, "nobody in particular").await,
        ("Anonymous".into(), None)
    );

    // In again, and away for six hours: PHP's session ends, the room goes on.
    browser
        .goto(&site.web.url("/chat/php/login.php?room=lobby"))
        .await;
    fill_in(&browser, "Alice", "correct horse").await;
    welcome(&browser).await;
    assert_eq!(
        speaker(&site, &browser, "back again").await,
        ("Alice".into(), account)
    );
    let id = session_id(&browser).await;
    browser.goto(&site.web.url("/")).await;
    let file = site
        .installation
        .base()
        .join("sessions")
        .join(format!("sess_{id}"));
    let past = SystemTime::now() - Duration::from_secs(6 * 3600);
    let opened = std::fs::File::options()
        .write(true)
        .open(&file)
        .expect("PHP's file");
    opened.set_modified(past).expect("ours");
    browser.goto(&site.web.url("/chat/?room=lobby")).await;
    welcome(&browser).await;
    assert_eq!(
        speaker(&site, &browser, "who am I").await,
        ("Anonymous".into(), None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_a_site_with_apache() {
    a_day_at(Front::Apache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_a_site_with_nginx() {
    a_day_at(Front::Nginx).await;
}
