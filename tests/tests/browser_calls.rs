//! Calls and live typing between real browsers, with Chromium's camera and microphone made of test pictures.

use e2e::browser::Browser;
use e2e::site::Site;
use serde_json::json;
use tokio::sync::Mutex;

/// Each call needs several browsers that code pictures: together they would starve each other on two cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn enter(site: &Site, name: &str) -> Browser {
    let browser = Browser::start().await;
    browser.goto(&site.url("/room_create.html")).await;
    let saved = format!(
        "fetch('api/session', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{name: {}}})}}).then(r => r.status)",
        json!(name)
    );
    assert_eq!(browser.eval(&saved).await, 200);
    browser.goto(&site.url("/?room=call")).await;
    welcome(&browser).await;
    browser
}

async fn welcome(browser: &Browser) {
    browser
        .wait_until(
            "the room lets us in",
            "document.body.dataset.connection === 'welcome'",
        )
        .await;
}

async fn click(browser: &Browser, selector: &str) {
    let found = format!("document.querySelector({})", json!(selector));
    browser
        .wait_until(
            &format!("{selector} can be pressed"),
            &format!("{found} && !{found}.disabled"),
        )
        .await;
    browser.eval(&format!("{found}.click()")).await;
}

/// Waits until this browser sees moving pictures of so many others.
async fn sees_others(browser: &Browser, count: usize) {
    let moving = format!(
        "[...document.querySelectorAll('.tile:not(.own)')].filter(t => t.dataset.state === 'connected' && t.querySelector('video').videoWidth > 0 && t.querySelector('video').currentTime > 0).length === {count}"
    );
    browser
        .wait_until(&format!("pictures of {count} others move"), &moving)
        .await;
}

/// Waits until more frames were decoded than before.
async fn frames_go_on(browser: &Browser) {
    let decoded = "[...document.querySelectorAll('.tile:not(.own) video')].reduce((sum, v) => sum + v.getVideoPlaybackQuality().totalVideoFrames, 0)";
    let before = browser.eval(decoded).await.as_u64().expect("a count");
    browser
        .wait_until("frames go on", &format!("{decoded} > {before} + 5"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_press_call_at_once_then_cameras_go_off_and_on() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let (alice, bob) = (enter(&site, "alice").await, enter(&site, "bob").await);
    for browser in [&alice, &bob] {
        click(browser, "#call-button").await;
        browser
            .wait_until(
                "the question is asked",
                "document.querySelector('#call-video') !== null",
            )
            .await;
        assert_eq!(
            browser
                .eval("document.querySelectorAll('video').length")
                .await,
            0,
            "nothing before a click"
        );
    }
    tokio::join!(click(&alice, "#call-video"), click(&bob, "#call-video"));
    for browser in [&alice, &bob] {
        sees_others(browser, 1).await;
        frames_go_on(browser).await;
    }
    alice.screenshot("call-two").await;
    click(&alice, "#call-camera").await;
    bob.wait_until(
        "her camera is off",
        "document.querySelector('.tile:not(.own).without-video') !== null",
    )
    .await;
    click(&alice, "#call-camera").await;
    sees_others(&bob, 1).await;
    frames_go_on(&bob).await;
    click(&alice, "#call-leave").await;
    bob.wait_until(
        "she left",
        "document.querySelectorAll('.tile:not(.own)').length === 0",
    )
    .await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('.tile').length")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_in_a_call_and_it_survives_the_server() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let mut site = Site::start_on_fixed_port();
    let browsers = [
        enter(&site, "alice").await,
        enter(&site, "bob").await,
        enter(&site, "carol").await,
    ];
    for browser in &browsers {
        click(browser, "#call-button").await;
        click(browser, "#call-video").await;
        browser
            .wait_until(
                "it is in the call",
                "document.querySelector('.tile.own') !== null",
            )
            .await;
    }
    for browser in &browsers {
        sees_others(browser, 2).await;
    }
    site.kill();
    for browser in &browsers {
        browser
            .wait_until(
                "the socket is gone",
                "document.body.dataset.connection !== 'welcome'",
            )
            .await;
        sees_others(browser, 2).await;
        frames_go_on(browser).await;
    }
    site.restart();
    for browser in &browsers {
        browser
            .eval("document.querySelector('#banner:not([hidden]) button')?.click()")
            .await;
        welcome(browser).await;
    }
    for browser in &browsers {
        frames_go_on(browser).await;
        sees_others(browser, 2).await;
        let error = "document.querySelectorAll('.tile').length";
        assert_eq!(browser.eval(error).await, 3, "nobody is there twice");
    }
    // And it can still be negotiated: signals find their way again.
    click(&browsers[0], "#call-camera").await;
    browsers[2]
        .wait_until(
            "her camera is off",
            "document.querySelectorAll('.tile:not(.own).without-video').length === 1",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_typing_travels_by_data_channel_and_is_nowhere_written() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let (alice, bob) = (enter(&site, "alice").await, enter(&site, "bob").await);
    for browser in [&alice, &bob] {
        click(browser, "#settings-button").await;
        click(browser, "#setting-liveTyping").await;
        click(browser, "dialog .dialog-head button").await;
    }
    for browser in [&alice, &bob] {
        browser
            .wait_until(
                "the channel is open",
                "document.body.dataset.channels === '1'",
            )
            .await;
    }
    let watch = "(() => { const send = WebSocket.prototype.send; window.sent = []; WebSocket.prototype.send = function (data) { window.sent.push(data); return send.call(this, data); }; return true; })()";
    assert_eq!(alice.eval(watch).await, true);
    let typed = |words: &str| {
        format!(
            "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); }})(document.querySelector('#text'))",
            json!(words)
        )
    };
    alice.eval(&typed("a thought being wri")).await;
    bob.wait_until(
        "he sees it grow",
        "document.querySelector('#typing-line').textContent.includes('being wri')",
    )
    .await;
    alice.eval(&typed("")).await;
    bob.wait_until(
        "he sees it go",
        "document.querySelector('#typing-line').textContent === ''",
    )
    .await;
    assert_eq!(
        alice
            .eval("sent.filter(data => data.includes('being wri'))")
            .await,
        json!([]),
        "none of it over the socket"
    );
    let mut files = vec![site.var().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path)
                    .expect("a directory")
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if path.is_file() && path.metadata().is_ok_and(|found| found.len() < 1 << 20) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(
                !bytes.windows(9).any(|part| part == b"being wri"),
                "{}",
                path.display()
            );
        }
    }
}
