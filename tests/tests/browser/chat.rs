//! People in browsers: real pages, served by the real daemon, with real handlers behind them.

use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{choose, click, come_back, enter, say, sees};
use e2e::site::Site;
use serde_json::json;

/// What stands in the room's log.
fn log(site: &Site, room: &str) -> String {
    fs::read_to_string(site.var().join("rooms").join(format!("{room}.log"))).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_meet_talk_whisper_throw_dice_and_ignore() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "Alice", "Železná hospoda").await;
    enter(&bob, &site, "bob", "Železná-hospoda").await;

    say(&alice, "hello bob :-) https://example.org/a?b=c").await;
    sees(&bob, "hello bob").await;
    sees(&alice, "hello bob").await;
    assert_eq!(
        bob.eval("document.querySelector('.entry.mention .smiley').alt")
            .await,
        ":-)"
    );
    assert_eq!(
        bob.eval("(a => [a.href, a.rel, a.target])(document.querySelector('.words a'))")
            .await,
        json!([
            "https://example.org/a?b=c",
            "noopener noreferrer nofollow",
            "_blank"
        ])
    );
    alice
        .wait_until(
            "it is marked as sent",
            "document.querySelector('.entry.own[data-state=sent]') !== null",
        )
        .await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('#pending > *').length")
            .await,
        0
    );
    let line = eventually("the line is in the log", || {
        log(&site, "Železná-hospoda")
            .lines()
            .find(|line| line.contains("hello bob"))
            .map(str::to_owned)
    });
    assert_eq!(line.split('\t').nth(2), Some("Alice"));

    choose(&alice, "bob", "Whisper").await;
    say(&alice, "between us").await;
    sees(&bob, "between us").await;
    sees(&alice, "between us").await;
    click(&alice, "#whisper-stop").await;
    assert!(!log(&site, "Železná-hospoda").contains("between us"));

    click(&bob, "#dice-button").await;
    click(&bob, "#dice-form .primary").await;
    sees(&alice, "Throws 2 6-sided dice").await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('.entry.dice .die').length")
            .await,
        2
    );

    click(&bob, "#color-button").await;
    click(&bob, "#dialog-colors input[value='#8e24aa']").await;
    click(&bob, "#name-form .primary").await;
    eventually("the color is in the log", || {
        log(&site, "Železná-hospoda")
            .contains("color=#8e24aa")
            .then_some(())
    });

    choose(&bob, "Alice", "Ignore").await;
    say(&alice, "can you hear me").await;
    sees(&alice, "can you hear me").await;
    say(&bob, "now it is quiet").await;
    sees(&bob, "now it is quiet").await;
    let visible = "[...document.querySelectorAll('.entry:not([hidden])')].some(e => e.textContent.includes('can you hear'))";
    assert_eq!(bob.eval(visible).await, false);
    choose(&bob, "Alice", "Stop ignoring").await;
    sees(&bob, "can you hear me").await;

    bob.goto(&site.url("/")).await;
    bob.wait_for_text("Where people are right now.").await;
    bob.wait_for_text("Železná-hospoda").await;
    bob.goto(&site.url("/room_list.html")).await;
    bob.wait_for_text("1 here").await;
    bob.goto(&site.url("/room_history.html?room=Železná-hospoda&q=HEAR"))
        .await;
    bob.wait_for_text("can you hear me").await;
    assert_eq!(
        bob.eval("document.querySelectorAll('#history .entry').length")
            .await,
        1
    );
    bob.goto(&site.url("/room_history.html?room=Železná-hospoda"))
        .await;
    bob.wait_for_text("now it is quiet").await;
    assert_eq!(
        bob.eval("document.body.innerText.includes('between us')")
            .await,
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_server_dies_in_the_middle_of_100_messages() {
    let mut site = Site::start_on_fixed_port();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "storm").await;
    enter(&bob, &site, "bob", "storm").await;
    for number in 0..100 {
        say(&alice, &format!("message {number:03}.")).await;
        if number == 30 {
            eventually("some are stored", || {
                log(&site, "storm").contains("message 005.").then_some(())
            });
            site.kill();
        }
    }
    alice
        .wait_until(
            "the unsent are marked",
            "document.querySelectorAll('#pending [data-state=waiting]').length >= 69",
        )
        .await;
    alice.screenshot("room-unsent").await;
    site.restart();
    come_back(&alice).await;
    sees(&alice, "message 099.").await;
    alice
        .wait_until(
            "none waits",
            "document.querySelectorAll('#pending > *').length === 0",
        )
        .await;
    let said: Vec<_> = log(&site, "storm")
        .lines()
        .filter(|line| line.contains("\tsay\t"))
        .filter_map(|line| line.rsplit('\t').next().map(str::to_owned))
        .collect();
    let wanted: Vec<_> = (0..100)
        .map(|number| format!("message {number:03}."))
        .collect();
    assert_eq!(said, wanted, "each once and in order");

    bob.eval("document.querySelector('#banner:not([hidden]) button')?.click()")
        .await;
    sees(&bob, "message 099.").await;
    let shown = "[...document.querySelectorAll('#log .entry .words')].map(e => e.textContent)";
    for browser in [&alice, &bob] {
        assert_eq!(browser.eval(shown).await, json!(wanted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_offline_survives_a_reload() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "night").await;
    site.kill();
    browser
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    say(&browser, "written in the dark").await;
    browser.eval("(t => { t.value = 'half a thou'; t.dispatchEvent(new Event('input')); })(document.querySelector('#text'))").await;
    browser
        .wait_until(
            "it waits",
            "document.querySelector('#pending [data-state=waiting]') !== null",
        )
        .await;
    site.restart();
    browser.goto(&site.url("/?room=night")).await;
    sees(&browser, "written in the dark").await;
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        "half a thou"
    );
    assert_eq!(
        log(&site, "night").matches("written in the dark").count(),
        1
    );
}
