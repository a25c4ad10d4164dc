//! The small things of the room that people notice when they are missing.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{choose, click, come_back, enter, say, sees, welcome};
use e2e::site::Site;
use e2e::under_test::workspace;
use serde_json::json;

/// A person who looks elsewhere, or comes back.
pub(crate) async fn look(browser: &Browser, away: bool) {
    let turn = format!(
        "(document.hasFocus = () => !{away}, dispatchEvent(new Event('{}')))",
        if away { "blur" } else { "focus" }
    );
    browser.eval(&turn).await;
}

/// Counts what would pop up on the desktop; the real ones need a desktop.
pub(crate) const NOTIFICATIONS: &str = "
    globalThis.asked = 0;
    globalThis.notified = [];
    globalThis.Notification = class extends EventTarget {
        static permission = 'default';
        static async requestPermission() { asked += 1; return (this.permission = 'granted'); }
        constructor(title, { body }) { super(); notified.push([title, body]); }
        close() {}
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_elsewhere_is_told_what_came_and_by_notification_only_if_they_asked() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    bob.run_first(NOTIFICATIONS).await;
    enter(&alice, &site, "alice", "away").await;
    enter(&bob, &site, "bob", "away").await;
    // What counts is asked for with the first message, and comes when he has looked away.
    bob.devtools("Network.enable", json!({})).await;
    let line = |latency: u32| json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
    bob.devtools("Network.emulateNetworkConditions", line(1500))
        .await;
    say(&alice, "he sees this").await;
    sees(&bob, "he sees this").await;
    assert_eq!(bob.eval("document.title").await, "away – Chat");

    look(&bob, true).await;
    bob.devtools("Network.emulateNetworkConditions", line(0))
        .await;
    say(&alice, "but not this").await;
    say(&alice, "bob, nor this").await;
    sees(&bob, "nor this").await;
    bob.wait_until("both are counted", "document.title === '(2) away – Chat'")
        .await;
    let line = "document.querySelector('.new-line').closest('.entry').textContent.includes('but not this')";
    assert_eq!(
        bob.eval(line).await,
        true,
        "the line stands before the first of them"
    );
    assert_eq!(bob.eval("[asked, notified]").await, json!([0, []]));
    look(&bob, false).await;
    assert_eq!(bob.eval("document.title").await, "away – Chat");

    click(&bob, "#settings-button").await;
    click(&bob, "#setting-notify").await;
    bob.wait_until("the browser is asked", "asked === 1").await;
    click(&bob, "dialog .dialog-head button").await;
    look(&bob, true).await;
    say(&alice, "not about him").await;
    say(&alice, "this is for Bob!").await;
    bob.wait_until("one pops up", "notified.length === 1").await;
    assert_eq!(
        bob.eval("notified").await,
        json!([["alice", "this is for Bob!"]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn choices_hold_over_a_reload() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "kept").await;
    enter(&bob, &site, "bob", "kept").await;
    choose(&bob, "alice", "Ignore").await;
    click(&bob, "#settings-button").await;
    click(&bob, "#setting-smileys").await;
    click(&bob, "#setting-events").await;
    click(&bob, "dialog .dialog-head button").await;
    bob.goto(&site.url("/?room=kept")).await;
    welcome(&bob).await;
    say(&alice, "unheard").await;
    sees(&alice, "unheard").await;
    say(&bob, "to myself :-)").await;
    sees(&bob, "to myself").await;
    assert_eq!(
        bob.eval("[...document.querySelectorAll('.entry:not([hidden])')].some(e => e.textContent.includes('unheard'))")
            .await,
        false
    );
    assert_eq!(
        bob.eval("document.querySelector('#log .smiley')").await,
        serde_json::Value::Null
    );
    assert_eq!(
        bob.eval(
            "[...document.querySelectorAll('#log .join .event')].some(e => e.checkVisibility())"
        )
        .await,
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_the_site_are_shown_and_foreign_ones_are_links() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser
        .run_first("globalThis.shown = []; new MutationObserver(all => { for (const { addedNodes } of all) for (const n of addedNodes) for (const i of n.querySelectorAll?.('img.picture') ?? []) shown.push(i.src); }).observe(document, { childList: true, subtree: true });")
        .await;
    enter(&browser, &site, "alice", "pictures").await;
    let own = site.url("/pictures/cat.png");
    say(&browser, &format!("{own} and https://example.org/dog.png")).await;
    sees(&browser, "dog.png").await;
    browser
        .wait_until("it is shown", &format!("shown.includes({})", json!(own)))
        .await;
    assert_eq!(
        browser
            .eval("shown.filter(src => new URL(src).origin !== location.origin)")
            .await,
        json!([])
    );
    assert_eq!(
        browser
            .eval("[...document.querySelectorAll('#log .words a')].map(a => a.href)")
            .await,
        json!([own, "https://example.org/dog.png"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_and_its_address_leads_to_it() {
    let site = Site::start();
    let mut lines = String::new();
    for number in 0..300 {
        let (day, minute) = (number / 60 + 1, number % 60);
        writeln!(
            lines,
            "2026-01-0{day}T10:{minute:02}:00.999999Z\tsay\tbob\t\tremark {number}."
        )
        .expect("memory");
    }
    fs::write(site.var().join("rooms/links.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    browser
        .run_first("globalThis.copied = []; Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (words) => copied.push(words) } });")
        .await;
    enter(&browser, &site, "alice", "links").await;
    sees(&browser, "remark 299.").await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('#log .day').length > 1")
            .await,
        true,
        "days are set apart"
    );
    let pressed = |words: &str| {
        format!(
            "[...document.querySelectorAll('#message-menu button')].find(b => b.textContent === {})",
            json!(words)
        )
    };
    let open = "[...document.querySelectorAll('#log .entry')].find(e => e.textContent.includes('remark 290.')).querySelector('.when').click()";
    browser.eval(open).await;
    let button = pressed("Reply");
    browser
        .wait_until("the menu is open", &format!("{button}?.checkVisibility()"))
        .await;
    browser.eval(&format!("{button}.click()")).await;
    // Where it is written: the composer, or a dialog.
    let written = "document.activeElement.matches('#text, dialog textarea')";
    browser.wait_until("it can be answered", written).await;
    browser
        .eval("document.querySelector('dialog')?.close()")
        .await;
    browser.eval(open).await;
    let button = pressed("Copy link");
    browser
        .wait_until("the menu is open", &format!("{button}?.checkVisibility()"))
        .await;
    browser.eval(&format!("{button}.click()")).await;
    let address = browser.wait_until("it is copied", "copied[0]").await;
    let address = address.as_str().expect("an address").to_owned();
    assert!(
        address.starts_with(&site.url("/?room=links&at=2026-")),
        "{address}"
    );
    browser.goto(&address).await;
    browser
        .wait_until(
            "it is marked",
            "document.querySelector('.entry.target')?.textContent.includes('remark 290.')",
        )
        .await;
    // With what was said before and after it, and in sight.
    for around in ["remark 250.", "remark 299."] {
        browser.wait_for_text(around).await;
    }
    browser
        .wait_until(
            "it is in sight",
            "(({ top, bottom }) => top > 0 && bottom < innerHeight)(document.querySelector('.entry.target').getBoundingClientRect())",
        )
        .await;
    // What was searched for leads there, too.
    browser
        .goto(&site.url("/room_history.html?room=links&q=remark%20290"))
        .await;
    let hit = "document.querySelector('#history .entry a[href*=\"at=\"]')";
    browser.wait_until("a hit is a link", hit).await;
    browser.eval(&format!("{hit}.click()")).await;
    browser
        .wait_until("it leads there", "document.querySelector('.entry.target')")
        .await;
    click(&browser, "#newest").await;
    browser.wait_for_text("remark 299.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_and_color_are_answered_and_hold_over_reload_and_loss() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    browser.goto(&site.url("/?room=me")).await;
    welcome(&browser).await;
    browser.wait_for_text("You are Anonymous.").await;
    say(&browser, "/nick alice").await;
    browser
        .wait_until(
            "the hint is gone",
            "document.querySelector('#name-hint').hidden",
        )
        .await;
    say(&browser, "/color #00aa00").await;
    browser.wait_for_text("You have another color now.").await;
    say(&browser, "/nick alina").await;
    browser.wait_for_text("alice is now alina").await;
    site.kill();
    browser
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    site.restart();
    come_back(&browser).await;
    say(&browser, "after the loss").await;
    sees(&browser, "after the loss").await;
    let said = |site: &Site, text: &str| {
        let log = fs::read_to_string(site.var().join("rooms/me.log")).unwrap_or_default();
        let line = log.lines().find(|line| line.contains(text));
        line.map(str::to_owned).expect("it is in the log")
    };
    for text in ["after the loss", "after the reload"] {
        if text == "after the reload" {
            browser.goto(&site.url("/?room=me")).await;
            welcome(&browser).await;
            say(&browser, text).await;
            sees(&browser, text).await;
        }
        let line = said(&site, text);
        assert!(
            line.contains("\talina\t") && line.contains("color=#00aa00"),
            "{line}"
        );
    }
    // Commands that had no visible answer.
    say(&browser, "/ignore").await;
    browser.wait_for_text("Ignored people: Nobody.").await;
    say(&browser, "/history").await;
    browser
        .wait_for_text("What was said before opens in another tab.")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_with_a_message_is_in_sight_and_the_look_is_chosen_in_the_room() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "look").await;
    say(&browser, "a message").await;
    sees(&browser, "a message").await;
    // A Cyrillic first letter, which no reader sees: the host says it.
    say(
        &browser,
        "https://\u{430}pple.com/ and https://example.org/",
    )
    .await;
    browser.wait_for_text("(xn--pple-43d.com)").await;
    // In the log, where it comes from below it.
    browser
        .wait_until(
            "one address has its host told",
            "document.querySelectorAll('#log .words .host').length === 1",
        )
        .await;
    // Pointed at by the keyboard; a mouse does the same.
    browser
        .eval("document.querySelector('.entry.say').focus()")
        .await;
    browser
        .wait_until(
            "it can be seen",
            "document.querySelector('.entry.say .message-bar')?.checkVisibility()",
        )
        .await;
    click(&browser, ".message-bar button:last-child").await;
    browser
        .wait_until(
            "it opens",
            "document.querySelector('#message-menu').matches(':popover-open')",
        )
        .await;
    click(&browser, "#settings-button").await;
    browser
        .wait_until(
            "there is a choice",
            "document.querySelector('#setting-theme')",
        )
        .await;
    browser
        .eval("(c => { c.value = 'dark'; c.dispatchEvent(new Event('change')); })(document.querySelector('#setting-theme'))")
        .await;
    assert_eq!(
        browser.eval("document.documentElement.dataset.theme").await,
        "dark"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn why_the_room_lets_nobody_in_is_said_in_words() {
    let site = Site::start();
    let ini = site.var().join("conf/chat.ini");
    let text = fs::read_to_string(&ini).expect("the ini file");
    assert!(text.contains("; MAX_MEMBERS=2000\n"), "{text}");
    let text = text.replace("; MAX_MEMBERS=2000\n", "MAX_MEMBERS=1\n");
    fs::write(&ini, text).expect("written");
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "small").await;
    enter(&bob, &site, "bob", "other").await;
    bob.goto(&site.url("/?room=small")).await;
    bob.wait_for_text("The server does not let you in. the room is full")
        .await;
    site.chatctl(&["ban", "other", "bob", "60", "spam"]);
    bob.goto(&site.url("/?room=other")).await;
    bob.wait_for_text("You are banned from this room. spam")
        .await;
    for browser in [&alice, &bob] {
        let words = browser
            .eval("document.querySelector('#banner').textContent")
            .await;
        assert!(!words.to_string().contains("Trying again"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_page_that_does_not_arrive_is_told_and_asked_for_again() {
    let site = Site::start();
    let browser = Browser::start().await;
    let withhold = async |parts: &[&str]| {
        browser.devtools("Network.enable", json!({})).await;
        browser
            .devtools("Network.setBlockedURLs", json!({ "urls": parts }))
            .await;
    };
    withhold(&["*/js/room.js"]).await;
    browser.goto(&site.url("/?room=lobby")).await;
    browser
        .wait_for_text("This could not be loaded. Trying again")
        .await;
    withhold(&[]).await;
    welcome(&browser).await;
    // What never comes is asked for twice, each time that the page is opened.
    withhold(&["*/js/room.js"]).await;
    browser.goto(&site.url("/?room=lobby")).await;
    browser
        .wait_for_text("This could not be loaded. Trying again")
        .await;
    browser
        .wait_until(
            "a person may ask",
            "document.querySelector('.empty button')",
        )
        .await;
    withhold(&[]).await;
    click(&browser, ".empty button").await;
    welcome(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_limit_is_told_before_it_is_sent_and_many_lines_are_one_message() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "limits").await;
    say(&browser, &"x".repeat(4100)).await;
    browser
        .wait_for_text("4 characters over the limit of 4096.")
        .await;
    say(&browser, "first line\nsecond line\n\nthird line").await;
    sees(&browser, "third line").await;
    assert_eq!(
        browser
            .eval("[...document.querySelectorAll('#log .words')].map(e => e.textContent)")
            .await,
        json!(["first line\nsecond line\n\nthird line"])
    );
    eventually("one record is kept", || {
        let log = fs::read_to_string(site.var().join("rooms/limits.log")).ok()?;
        (log.matches("\tsay\t").count() == 1).then_some(())
    });
}

/// Every file below htdocs with this ending, and its text.
fn sources(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut directories = vec![workspace().join("htdocs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("htdocs").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = fs::read_to_string(&path).expect("a text");
                found.push((path.display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 2, "{ending}: {found:?}");
    found
}

#[test]
fn scripts_are_short_and_never_make_markup_of_text() {
    for (path, text) in sources("js") {
        let lines = text.lines().count();
        assert!(lines <= 300, "{path}: {lines} lines");
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
            "srcdoc",
        ] {
            assert!(!text.contains(way), "{path} uses {way}");
        }
        assert!(
            !text.contains("://cdn") && !text.contains("unpkg"),
            "{path} asks somebody else"
        );
    }
    for (path, text) in sources("html") {
        assert!(
            text.contains("script-src 'self'") && !text.contains("unsafe"),
            "{path}: its policy"
        );
        for way in ["<style", " style=", " onclick", " onload", "javascript:"] {
            assert!(!text.contains(way), "{path} has {way}");
        }
        assert!(
            !text
                .replace("<script type=\"module\" src=\"js/", "")
                .contains("<script"),
            "{path}: a script of its own"
        );
    }
}
