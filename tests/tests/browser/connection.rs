//! What a browser or a server takes away: its network, its storage, a log-in. The page says what is so and goes on.

use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{click, come_back, enter, say, sees, welcome};
use e2e::site::Site;

/// A person of the site's own accounts: their session file, and its cookie.
pub(crate) async fn log_in(browser: &Browser, site: &Site, id: &str, account: &str) {
    let session = format!("username|s:{}:\"{account}\";", account.len());
    fs::write(site.var().join(format!("sessions/sess_{id}")), session).expect("the session");
    browser.goto(&site.url("/room_create.html")).await;
    browser
        .eval(&format!("document.cookie = 'PHPSESSID={id}; path=/'"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_believes_to_be_offline_comes_back_by_itself() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    browser
        .run_first("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false });")
        .await;
    enter(&browser, &site, "alice", "island").await;
    site.kill();
    browser.wait_for_text("You are offline.").await;
    site.restart();
    welcome(&browser).await;
    say(&browser, "back").await;
    sees(&browser, "back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_room_is_told_at_once() {
    let site = Site::start();
    let browser = Browser::start().await;
    for room in ["..%2Fetc", ".hidden", "a%5Cb"] {
        browser.goto(&site.url(&format!("/?room={room}"))).await;
        browser.wait_for_text("This is not a room's name.").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_and_takes_no_connection_is_told_from_one_that_is_away() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    browser
        .run_first(
            "globalThis.WebSocket = class extends WebSocket {
                constructor(url) { super(globalThis.shut ? url.href.replace('/full?', '/..%2Ffull?') : url); }
            };",
        )
        .await;
    enter(&browser, &site, "alice", "full").await;
    browser
        .eval("(globalThis.shut = true, dispatchEvent(new Event('offline')))")
        .await;
    browser
        .wait_for_text("The server answers, but takes no connection just now")
        .await;
    site.kill();
    browser.wait_for_text("Connection lost.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_storage_notifications_clipboard_and_calls_still_chats() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser
        .run_first(
            "for (const name of ['localStorage', 'sessionStorage'])
                 Object.defineProperty(globalThis, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
             globalThis.Notification = class { static permission = 'granted'; constructor() { throw new TypeError('Illegal constructor'); }
                 static requestPermission() { throw new TypeError('not here'); } };
             for (const name of ['RTCPeerConnection', 'MediaStream']) delete globalThis[name];
             for (const name of ['clipboard', 'mediaDevices', 'locks']) Object.defineProperty(Navigator.prototype, name, { value: undefined });
             globalThis.failed = [];
             addEventListener('error', ({ message }) => failed.push(message));
             addEventListener('unhandledrejection', ({ reason }) => failed.push(String(reason)));",
        )
        .await;
    enter(&browser, &site, "alice", "bare").await;
    say(&browser, "without anything").await;
    sees(&browser, "without anything").await;
    click(&browser, "#call-button").await;
    sees(&browser, "This browser cannot make calls.").await;
    click(&browser, ".entry.say .when").await;
    let copy = "[...document.querySelectorAll('#message-menu button')].find(b => b.textContent === 'Copy text')";
    browser.wait_until("the menu is open", copy).await;
    browser.eval(&format!("{copy}.click()")).await;
    browser.wait_for_text("Copied").await;
    click(&browser, "#settings-button").await;
    click(&browser, "#setting-notify").await;
    browser
        .wait_for_text("The browser does not allow notifications here.")
        .await;
    assert_eq!(browser.eval("failed.join()").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_as_somebody_is_sent_as_nobody_else() {
    let mut site = Site::start_on_fixed_port();
    let ini = site.var().join("conf/chat.ini");
    let text = fs::read_to_string(&ini).expect("the ini file");
    assert!(text.contains("; LOGIN_URL=\n"), "{text}");
    fs::write(
        &ini,
        text.replace("; LOGIN_URL=\n", "LOGIN_URL=/php/login.php\n"),
    )
    .expect("written");
    let browser = Browser::start().await;
    let id = "0123456789abcdef0123456789";
    log_in(&browser, &site, id, "alice").await;
    browser.goto(&site.url("/?room=owner")).await;
    welcome(&browser).await;
    say(&browser, "as alice").await;
    sees(&browser, "as alice").await;
    site.kill();
    browser
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    say(&browser, "still alice's words").await;
    fs::remove_file(site.var().join(format!("sessions/sess_{id}"))).expect("the session ends");
    site.restart();
    come_back(&browser).await;
    browser
        .wait_for_text("You are no longer logged in as alice.")
        .await;
    browser
        .wait_for_text("written as alice, who is not logged in now")
        .await;
    assert_eq!(
        browser
            .eval("new URL(document.querySelector('#name-hint a').href).pathname + new URL(document.querySelector('#name-hint a').href).search")
            .await,
        "/php/login.php?room=owner"
    );
    let log = || fs::read_to_string(site.var().join("rooms/owner.log")).unwrap_or_default();
    say(&browser, "a guest's").await;
    eventually("what is written now is said", || {
        log().contains("a guest's").then_some(())
    });
    assert!(!log().contains("still alice's words"), "{}", log());
    // Logged in again, it goes, by the person's own hand.
    log_in(&browser, &site, id, "alice").await;
    browser.goto(&site.url("/?room=owner")).await;
    welcome(&browser).await;
    let again = "[...document.querySelectorAll('#pending .failed button')].find(b => b.textContent === 'Send again')";
    browser.wait_until("it waits for a hand", again).await;
    browser.eval(&format!("{again}.click()")).await;
    eventually("it is said as alice", || {
        let said = log();
        let line = said
            .lines()
            .find(|line| line.contains("still alice's words"))?;
        line.contains("account=alice").then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn to_a_server_of_2016_the_page_says_nothing() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser
        .run_first(
            "globalThis.said = [];
             const send = WebSocket.prototype.send;
             WebSocket.prototype.send = function (data) { said.push(data); return send.call(this, data); };
             globalThis.WebSocket = class extends WebSocket {
                 constructor(url) { super(url.href.replace('format=json&', '')); }
             };",
        )
        .await;
    browser.goto(&site.url("/?room=old")).await;
    browser
        .wait_for_text("This server speaks an older protocol")
        .await;
    assert_eq!(browser.eval("said.length").await, 0);
}
