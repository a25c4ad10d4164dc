//! What is done with a message, and shown of it: reactions, edits, deletions.

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees, welcome};
use e2e::site::Site;
use fantoccini::key::Key;
use serde_json::json;

use crate::access::{has_focus, key, violations};
use crate::messages::{Bob, LAST};
use crate::moderation::owner;

/// An element of the entry that shows `words`, or whose time is `id`.
pub(crate) fn entry(words: &str) -> String {
    format!(
        "[...document.querySelectorAll('#log .entry')].find(e => e.dataset.id === {0} || e.querySelector('.words').textContent.includes({0}))",
        json!(words)
    )
}

/// Counts what a screen reader is told: what is added to the log outside of what is said to be silent.
const LISTEN: &str = "(globalThis.heard = [], new MutationObserver(all => {
        for (const { target, addedNodes } of all) {
            if (target.nodeType !== 1 || target.closest('[aria-live]')?.getAttribute('aria-live') === 'off') continue;
            for (const node of addedNodes) if (node.getAttribute?.('aria-live') !== 'off' && node.textContent) heard.push(node.textContent);
        }
    }).observe(document.querySelector('#log'), { childList: true, subtree: true }), true)";

async fn listen(browser: &Browser) {
    let live = "document.querySelector('#log').getAttribute('aria-live') === 'polite'";
    browser.wait_until("what comes now is read out", live).await;
    browser.eval(LISTEN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_counted_and_pressed() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "react").await;
    let mut bob = Bob::enter(&site, "react");
    let id = bob.says("shall we?");
    sees(&alice, "shall we?").await;
    listen(&alice).await;
    bob.does(json!({"type": "react", "target": id, "text": "👍"}));
    let chips = "[...document.querySelectorAll('#log .chip[data-emoji]')].map(c => [c.dataset.emoji, c.textContent, c.getAttribute('aria-pressed'), c.getAttribute('aria-label')].join(' '))";
    alice
        .wait_until(
            "it is shown",
            &format!("{chips}.join() === '👍 👍1 false 👍 1: bob'"),
        )
        .await;
    click(&alice, "#log .chip").await;
    alice
        .wait_until(
            "hers counts",
            &format!("{chips}.join() === '👍 👍2 true 👍 2: bob and alice'"),
        )
        .await;
    // By the keyboard: the focus stays on what was pressed.
    alice
        .eval("document.querySelector('#log .chip').focus()")
        .await;
    key(&alice, Key::Enter).await;
    alice
        .wait_until(
            "hers is gone",
            &format!("{chips}.join() === '👍 👍1 false 👍 1: bob'"),
        )
        .await;
    has_focus(&alice, ".chip[data-emoji='👍']").await;
    key(&alice, Key::Enter).await;
    alice
        .wait_until(
            "hers counts again",
            &format!("{chips}.join().includes('👍2 true')"),
        )
        .await;
    assert_eq!(
        alice.eval("heard").await,
        json!([]),
        "nobody's reading is interrupted"
    );

    // From history the same; others find it there.
    alice.goto(&site.url("/?room=react")).await;
    welcome(&alice).await;
    alice
        .wait_until(
            "it is in history",
            &format!("{chips}.join() === '👍 👍2 true 👍 2: bob and alice'"),
        )
        .await;
    // Under another name than he reacted: the page asks what is left.
    bob.says("/nick robert");
    bob.does(json!({"type": "unreact", "target": id, "text": "👍"}));
    alice
        .wait_until(
            "only hers is left",
            &format!("{chips}.join().includes('👍1 true')"),
        )
        .await;
    // From the menu.
    click(&alice, "#log .entry.say .when").await;
    let quick = "[...document.querySelectorAll('#message-menu .quick button')]";
    alice
        .wait_until("the menu is open", &format!("{quick}.length === 7"))
        .await;
    assert_eq!(
        alice
            .eval(&format!("{quick}[0].getAttribute('aria-pressed')"))
            .await,
        "true"
    );
    alice.eval(&format!("{quick}[3].click()")).await;
    alice
        .wait_until("another one", &format!("{chips}.length === 2"))
        .await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_are_shown_and_read_out_once() {
    let site = Site::start();
    let (alice, boss) = (Browser::start().await, owner(&site, "edits").await);
    enter(&alice, &site, "alice", "edits").await;
    let mut bob = Bob::enter(&site, "edits");
    // That he came in is read out as well.
    sees(&alice, "bob").await;
    listen(&alice).await;
    let id = bob.says("first ||secret||");
    sees(&alice, "first").await;
    assert_eq!(alice.eval("heard.length").await, 1);
    // What somebody has opened stays open while others react, and the place of the focus is kept.
    alice
        .eval("document.querySelector('#log .spoiler').click()")
        .await;
    bob.does(json!({"type": "react", "target": id, "text": "🎉"}));
    alice
        .wait_until("it is shown", "document.querySelector('#log .chip')")
        .await;
    assert_eq!(
        alice.eval(&format!("{LAST}.innerText")).await,
        "first secret"
    );
    has_focus(&alice, ".spoiled").await;
    bob.does(json!({"type": "edit", "target": id, "text": "second, **alice**"}));
    alice
        .wait_until(
            "it is edited",
            &format!(
                "{LAST}.innerHTML === 'second, <strong><mark class=\"named\">alice</mark></strong>'"
            ),
        )
        .await;
    assert_eq!(
        alice
            .eval("document.querySelector('#log .edited').localName")
            .await,
        "span"
    );
    assert_eq!(
        alice
            .eval("document.querySelector('#log .entry.mention') !== null")
            .await,
        true
    );
    assert_eq!(alice.eval("heard.length").await, 1, "it is read out once");

    // What it said before is for moderators.
    sees(&boss, "second").await;
    click(&boss, "#log button.edited").await;
    boss.wait_for_text("first ||secret||").await;
    let forms = "[...document.querySelectorAll('dialog .former-words')].map(e => e.textContent)";
    assert_eq!(
        boss.eval(forms).await,
        json!(["first ||secret||", "second, **alice**"])
    );
    boss.eval("document.querySelector('dialog').close()").await;

    // Alice's own, by the keyboard: asked before it is gone for good.
    say(&alice, "typed in haste").await;
    sees(&alice, "typed in haste").await;
    alice
        .wait_until(
            "it is in the log",
            &format!("{}.dataset.state === 'sent'", entry("typed in haste")),
        )
        .await;
    alice
        .eval(&format!("{}.focus()", entry("typed in haste")))
        .await;
    key(&alice, Key::Delete).await;
    alice
        .wait_until(
            "it asks",
            "document.querySelector('dialog[open] button.danger')",
        )
        .await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    alice
        .eval("document.querySelector('dialog[open] button:not(.danger, .round)').click()")
        .await;
    alice
        .wait_until("nothing happens", "!document.querySelector('dialog')")
        .await;
    alice
        .eval(&format!("{}.focus()", entry("typed in haste")))
        .await;
    key(&alice, Key::Delete).await;
    click(&alice, "dialog[open] button.danger").await;
    sees(&alice, "This message was removed.").await;
    sees(&boss, "This message was removed.").await;
    let log = std::fs::read_to_string(site.var().join("rooms/edits.log")).expect("the log");
    assert!(!log.contains("haste"), "{log}");
    // Bob's own is not hers to delete: nothing is offered, and the key says so.
    alice.eval(&format!("{}.focus()", entry("second"))).await;
    key(&alice, Key::Delete).await;
    alice
        .wait_for_text("This cannot be done with this message.")
        .await;
}
