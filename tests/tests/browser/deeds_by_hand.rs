//! The same by the keyboard alone, and with a finger.

use e2e::browser::Browser;
use e2e::room_page::{enter, sees};
use e2e::site::Site;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::access::{has_focus, key, press, press_with, violations};
use crate::messages::{Bob, LAST};

#[tokio::test(flavor = "multi_thread")]
async fn keys_do_what_can_be_done_with_a_message() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "keys").await;
    let mut bob = Bob::enter(&site, "keys");
    bob.says("first");
    bob.says("second");
    sees(&alice, "second").await;
    alice
        .eval("navigator.clipboard.writeText = async (words) => { globalThis.copied = words; }")
        .await;
    alice.eval("document.querySelector('#text').focus()").await;
    // In the field, letters are letters.
    press(&alice, "reclp+").await;
    assert_eq!(
        alice.eval("document.querySelector('#text').value").await,
        "reclp+"
    );
    assert_eq!(
        alice
            .eval("document.querySelector('dialog, #message-menu:popover-open')")
            .await,
        Value::Null
    );
    press_with(&alice, Key::Alt, char::from(Key::Up)).await;
    has_focus(&alice, ".entry:last-child").await;
    alice
        .wait_until(
            "the bar is there",
            "document.querySelector('.entry:last-child > .message-bar button')",
        )
        .await;
    let labels = "[...document.querySelectorAll('.message-bar button')].map(b => b.getAttribute('aria-label')).join()";
    assert_eq!(alice.eval(labels).await, "React,Reply,Message: actions");
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    // Tab goes on to it; what it opens fits the page at 400 %, and gives the focus back to the message.
    for _ in 0..3 {
        key(&alice, Key::Tab).await;
    }
    has_focus(&alice, ".message-bar button:last-child").await;
    alice.resize(320, 256).await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#message-menu:popover-open button").await;
    let fits = "(b => b.top >= 0 && b.bottom <= innerHeight && b.left >= 0 && b.right <= innerWidth)(document.querySelector('#message-menu').getBoundingClientRect())";
    assert_eq!(alice.eval(fits).await, true);
    key(&alice, Key::Up).await;
    let seen = "(b => b.top >= 0 && b.bottom <= innerHeight)(document.activeElement.getBoundingClientRect())";
    alice.wait_until("the last one is in sight", seen).await;
    key(&alice, Key::Escape).await;
    has_focus(&alice, ".entry:last-child").await;
    alice.resize(1280, 800).await;
    key(&alice, Key::Up).await;
    alice
        .wait_until(
            "the one before",
            "document.activeElement.querySelector('.words').textContent === 'first'",
        )
        .await;
    press(&alice, "c").await;
    alice
        .wait_until("it is copied", "globalThis.copied === 'first'")
        .await;
    press(&alice, "l").await;
    alice
        .wait_until(
            "its link is copied",
            "globalThis.copied.includes('?room=keys&at=')",
        )
        .await;
    // Tab goes on to the bar, and its buttons are buttons.
    key(&alice, Key::Enter).await;
    alice
        .wait_until(
            "the menu is open",
            "document.querySelector('#message-menu:popover-open')",
        )
        .await;
    key(&alice, Key::Escape).await;
    alice
        .eval("document.activeElement.closest('.entry')?.focus()")
        .await;
    press(&alice, "r").await;
    has_focus(&alice, "#text").await;
    press(&alice, &format!("my answer{}", char::from(Key::Enter))).await;
    alice
        .wait_until("it answers", "[...document.querySelectorAll('#log .entry')].at(-1).querySelector('.reply-to')?.textContent === 'bobfirst'")
        .await;
    // And what is one's own is edited.
    alice
        .eval("[...document.querySelectorAll('#log .entry')].at(-1).focus()")
        .await;
    press(&alice, "e").await;
    has_focus(&alice, "#text").await;
    press_with(&alice, Key::Control, 'a').await;
    press(&alice, &format!("better{}", char::from(Key::Enter))).await;
    let edited =
        format!("{LAST}.textContent === 'better' && document.querySelector('#log .edited')");
    alice.wait_until("it is edited", &edited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_that_rests_opens_the_menu() {
    let site = Site::start();
    let alice = Browser::start_with(&[
        "--touch-events=enabled",
        "--blink-settings=availablePointerTypes=2,primaryPointerType=2",
    ])
    .await;
    alice.resize(360, 740).await;
    alice
        .devtools(
            "Emulation.setTouchEmulationEnabled",
            json!({"enabled": true, "maxTouchPoints": 1}),
        )
        .await;
    enter(&alice, &site, "alice", "touch").await;
    Bob::enter(&site, "touch").says("rest your finger here");
    sees(&alice, "rest your finger").await;
    let place = alice
        .eval(&format!(
            "(b => [b.left + 40, b.top + b.height / 2])({LAST}.getBoundingClientRect())"
        ))
        .await;
    let points = json!([{"x": place[0], "y": place[1]}]);
    let touch = |kind: &'static str, points: Value| json!({"type": kind, "touchPoints": points});
    alice
        .devtools(
            "Input.dispatchTouchEvent",
            touch("touchStart", points.clone()),
        )
        .await;
    alice
        .wait_until(
            "it opens",
            "document.querySelector('#message-menu:popover-open')",
        )
        .await;
    alice
        .devtools("Input.dispatchTouchEvent", touch("touchEnd", json!([])))
        .await;
    alice
        .eval("new Promise(done => setTimeout(done, 400))")
        .await;
    alice
        .wait_until(
            "it stays open",
            "document.querySelector('#message-menu:popover-open')",
        )
        .await;
    crate::pages::check_layout(&alice, "the menu", 360).await;
    // A finger that moves on scrolls.
    alice
        .eval("document.querySelector('#message-menu').hidePopover()")
        .await;
    alice
        .devtools("Input.dispatchTouchEvent", touch("touchStart", points))
        .await;
    let moved = json!([{"x": place[0], "y": place[1].as_f64().map(|y| y - 60.0)}]);
    alice
        .devtools("Input.dispatchTouchEvent", touch("touchMove", moved))
        .await;
    alice
        .eval("new Promise(done => setTimeout(done, 700))")
        .await;
    alice
        .devtools("Input.dispatchTouchEvent", touch("touchEnd", json!([])))
        .await;
    assert_eq!(
        alice
            .eval("document.querySelector('#message-menu:popover-open')")
            .await,
        Value::Null
    );
}
