//! The small things of the room that people notice when they are missing.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{choose, click, enter, say, sees, welcome};
use e2e::site::Site;
use e2e::under_test::workspace;
use serde_json::json;

/// A person who looks elsewhere, or comes back.
async fn look(browser: &Browser, away: bool) {
    let turn = format!(
        "(document.hasFocus = () => !{away}, dispatchEvent(new Event('{}')))",
        if away { "blur" } else { "focus" }
    );
    browser.eval(&turn).await;
}

/// Counts what would pop up on the desktop; the real ones need a desktop.
const NOTIFICATIONS: &str = "
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
    say(&alice, "he sees this").await;
    sees(&bob, "he sees this").await;
    assert_eq!(bob.eval("document.title").await, "away – Chat");

    look(&bob, true).await;
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
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        "@bob “remark 290.” – "
    );
    browser.eval(open).await;
    let button = pressed("Copy link");
    browser
        .wait_until("the menu is open", &format!("{button}?.checkVisibility()"))
        .await;
    browser.eval(&format!("{button}.click()")).await;
    let address = browser.wait_until("it is copied", "copied[0]").await;
    let address = address.as_str().expect("an address").to_owned();
    assert!(
        address.starts_with(&site.url("/room_history.html?room=links&at=2026-")),
        "{address}"
    );
    browser.goto(&address).await;
    browser
        .wait_until(
            "it is marked",
            "document.querySelector('.entry.target')?.textContent.includes('remark 290.')",
        )
        .await;
    let last = "[...document.querySelectorAll('#history .entry')].at(-1).textContent.includes('remark 290.')";
    assert_eq!(browser.eval(last).await, true, "it is the last of its page");
    click(&browser, "#newest").await;
    browser.wait_for_text("remark 299.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_page_that_does_not_arrive_is_told() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser.devtools("Network.enable", json!({})).await;
    browser
        .devtools(
            "Network.setBlockedURLs",
            json!({ "urls": ["*/js/room.js"] }),
        )
        .await;
    browser.goto(&site.url("/?room=lobby")).await;
    browser.wait_for_text("This could not be loaded.").await;
    browser
        .devtools("Network.setBlockedURLs", json!({ "urls": [] }))
        .await;
    click(&browser, ".empty button").await;
    welcome(&browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_limit_is_told_before_it_is_sent_and_many_lines_are_many_messages() {
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
        json!(["first line", "second line", "third line"])
    );
    eventually("three records are kept", || {
        let log = fs::read_to_string(site.var().join("rooms/limits.log")).ok()?;
        (log.matches("\tsay\t").count() == 3).then_some(())
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
