//! For everybody: what axe-core finds, what the keyboard reaches, what a screen reader hears.

use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{choose, click, enter, say, sees, set_theme, welcome};
use e2e::site::Site;
use e2e::under_test::workspace;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

/// axe-core itself; see tests/vendor/axe-core/README.md.
fn axe() -> String {
    fs::read_to_string(workspace().join("tests/vendor/axe-core/axe.min.js")).expect("axe-core")
}

/// What axe-core objects to in the page in front when it has come to rest, one line for each element.
pub(crate) async fn violations(browser: &Browser) -> Vec<String> {
    browser.come_to_rest().await;
    if browser.eval("typeof globalThis.axe").await == "undefined" {
        let loaded = browser.client().execute(&axe(), vec![]).await;
        loaded.expect("axe-core loads");
    }
    let run = "axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`)))";
    let found = browser.eval(run).await;
    let found = found.as_array().expect("a list");
    found
        .iter()
        .map(|line| line.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Adds what is wrong in the page's present state to `all`.
pub(crate) async fn check(browser: &Browser, state: &str, all: &mut Vec<String>) {
    all.extend(
        violations(browser)
            .await
            .into_iter()
            .map(|line| format!("{state}: {line}")),
    );
}

/// Opens something in the room, checks it, and closes it with Escape.
async fn check_open(
    browser: &Browser,
    button: &str,
    shows: &str,
    state: &str,
    all: &mut Vec<String>,
) {
    click(browser, button).await;
    browser
        .wait_until(
            shows,
            &format!(
                "document.querySelector({})?.checkVisibility()",
                json!(shows)
            ),
        )
        .await;
    check(browser, state, all).await;
    press(browser, &char::from(Key::Escape).to_string()).await;
    browser
        .wait_until(
            "it closes",
            &format!(
                "!document.querySelector({})?.checkVisibility()",
                json!(shows)
            ),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page_in_any_theme() {
    let mut site = Site::start_on_fixed_port();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    for line in [
        "hello alice :-) https://example.org/",
        "/me waves",
        "/dice 3 6",
        "/topic All about axes",
        "/nosuch",
    ] {
        say(&bob, line).await;
    }
    choose(&bob, "alice", "Whisper").await;
    say(&bob, "between us").await;
    sees(&alice, "between us").await;
    let mut all = Vec::new();
    for theme in ["light", "dark"] {
        set_theme(&alice, theme).await;
        for (page, shows) in [
            ("/", "Come in and talk"),
            ("/room_list.html", "lobby"),
            ("/room_list_historical.html", "lobby"),
            ("/room_history.html?room=lobby", "All about axes"),
            (
                "/room_history.html?room=lobby&q=nothing-of-the-kind",
                "Nothing found",
            ),
            ("/set_username.html", "Preview"),
            ("/room_create.html", "Create and enter"),
        ] {
            alice.goto(&site.url(page)).await;
            alice.wait_for_text(shows).await;
            check(&alice, &format!("{page} {theme}"), &mut all).await;
        }
        for (width, height) in [(360, 740), (1280, 800)] {
            let state = |name: &str| format!("{name} {theme} {width}");
            alice.resize(width, height).await;
            alice.goto(&site.url("/?room=lobby")).await;
            welcome(&alice).await;
            sees(&alice, "hello alice").await;
            say(&alice, "and hello to you").await;
            sees(&alice, "and hello to you").await;
            check(&alice, &state("room"), &mut all).await;
            for (button, shows, name) in [
                ("#settings-button", "dialog[open]", "settings"),
                ("#color-button", "dialog[open]", "name"),
                ("#dice-button", "dialog[open]", "dice"),
                ("#call-button", "dialog[open]", "call"),
                ("#smiley-button", "#emoji-picker:popover-open", "emoji"),
                (
                    "#log .entry.mention .when",
                    "#message-menu:popover-open",
                    "message",
                ),
                (
                    "#people-list [data-name=bob]",
                    "#person-menu:popover-open",
                    "person",
                ),
            ] {
                if width == 360 && name == "person" {
                    click(&alice, "#people-button").await;
                    check(&alice, &state("people"), &mut all).await;
                }
                check_open(&alice, button, shows, &state(name), &mut all).await;
            }
            alice.goto(&site.url("/?room=nobody-was-here")).await;
            alice.wait_for_text("quiet in here").await;
            check(&alice, &state("empty room"), &mut all).await;
        }
        alice.goto(&site.url("/?room=lobby")).await;
        welcome(&alice).await;
        click(&alice, "#call-button").await;
        click(&alice, "#call-video").await;
        alice
            .wait_until(
                "she is in the call",
                "document.querySelector('.tile.own video')?.videoWidth > 0",
            )
            .await;
        check(&alice, &format!("call {theme}"), &mut all).await;
        site.kill();
        alice
            .wait_until(
                "the loss is told",
                "!document.querySelector('#banner').hidden",
            )
            .await;
        say(&alice, "into the dark").await;
        check(&alice, &format!("offline {theme}"), &mut all).await;
        site.restart();
    }
    assert!(
        all.is_empty(),
        "{} violations:\n{}",
        all.len(),
        all.join("\n")
    );
}

/// Presses keys, one after the other, wherever the focus is: as a keyboard does, unlike `send_keys`.
pub(crate) async fn press(browser: &Browser, keys: &str) {
    let strokes = keys
        .chars()
        .flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
    let actions = strokes.fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
    let pressed = browser.client().perform_actions(actions).await;
    pressed.expect("keys arrive");
}

/// A key while another is held.
pub(crate) async fn press_with(browser: &Browser, held: Key, value: char) {
    let held = char::from(held);
    let actions = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value: held })
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value })
        .then(KeyAction::Up { value: held });
    let pressed = browser.client().perform_actions(actions).await;
    pressed.expect("keys arrive");
}

/// One key, by name.
pub(crate) async fn key(browser: &Browser, key: Key) {
    press(browser, &char::from(key).to_string()).await;
}

/// Tab, until `selector` has the focus.
async fn tab_to(browser: &Browser, selector: &str) {
    let there = format!("document.activeElement.matches({})", json!(selector));
    let mut passed = Vec::new();
    for _ in 0..60 {
        key(browser, Key::Tab).await;
        if browser.eval(&there).await == true {
            let ring = "getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement.matches('#text, .swatch input')";
            assert_eq!(
                browser.eval(ring).await,
                true,
                "{selector} shows that it has the focus"
            );
            return;
        }
        let here = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName";
        passed.push(browser.eval(here).await.to_string());
    }
    panic!("Tab never reaches {selector}, only {passed:?}");
}

pub(crate) async fn has_focus(browser: &Browser, selector: &str) {
    let there = format!("document.activeElement.matches({})", json!(selector));
    browser
        .wait_until(&format!("{selector} has the focus"), &there)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough_to_come_in_talk_and_whisper() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&bob, &site, "bob", "keys").await;

    // A name, a color and a room.
    alice.goto(&site.url("/")).await;
    has_focus(&alice, "#entry-name").await;
    press(&alice, "alice").await;
    tab_to(&alice, "#entry-colors input").await;
    key(&alice, Key::Right).await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('#entry-colors input:checked').length")
            .await,
        1
    );
    tab_to(&alice, "#entry-room").await;
    press_with(&alice, Key::Control, 'a').await;
    press(&alice, &format!("keys{}", char::from(Key::Enter))).await;
    welcome(&alice).await;
    sees(&bob, "alice").await;

    // Messages, and the last one back.
    tab_to(&alice, "#text").await;
    press(&alice, &format!("typed by hand{}", char::from(Key::Enter))).await;
    sees(&bob, "typed by hand").await;
    key(&alice, Key::Up).await;
    assert_eq!(
        alice.eval("document.querySelector('#text').value").await,
        "typed by hand"
    );
    key(&alice, Key::Escape).await;
    press(&alice, "@bo").await;
    alice
        .wait_until(
            "it is offered",
            "document.querySelector('#suggestions li') !== null",
        )
        .await;
    key(&alice, Key::Tab).await;
    alice
        .wait_until(
            "the name is whole",
            "document.querySelector('#text').value === '@bob '",
        )
        .await;
    press(&alice, &format!("look{}", char::from(Key::Enter))).await;
    sees(&bob, "@bob look").await;

    // To the messages, to the one before, its menu, and back.
    sees(&alice, "@bob look").await;
    let up = char::from(Key::Up);
    press_with(&alice, Key::Alt, up).await;
    has_focus(&alice, ".entry:last-child").await;
    key(&alice, Key::Up).await;
    assert_eq!(
        alice
            .eval("document.activeElement.querySelector('.words').textContent")
            .await,
        "typed by hand"
    );
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#message-menu button").await;
    key(&alice, Key::Escape).await;
    has_focus(&alice, ".entry, .when").await;
    alice
        .eval("document.activeElement.closest('.entry').focus()")
        .await;
    key(&alice, Key::Escape).await;
    has_focus(&alice, "#text").await;

    // A whisper, by the list of people.
    press_with(&alice, Key::Alt, 'm').await;
    has_focus(&alice, "#people-list .member").await;
    tab_to(&alice, "[data-name=bob]").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#person-menu button").await;
    key(&alice, Key::Down).await;
    key(&alice, Key::Up).await;
    assert_eq!(
        alice.eval("document.activeElement.textContent").await,
        "Whisper"
    );
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#text").await;
    press(&alice, &format!("nobody hears{}", char::from(Key::Enter))).await;
    sees(&bob, "nobody hears").await;
    assert_eq!(
        bob.eval("document.querySelectorAll('.entry.whisper').length")
            .await,
        1
    );
    key(&alice, Key::Escape).await;
    assert_eq!(
        alice
            .eval("document.querySelector('#whisper-chip').hidden")
            .await,
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_dialogs_and_the_way_out_need_no_mouse() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&bob, &site, "bob", "keys").await;
    enter(&alice, &site, "alice", "keys").await;
    tab_to(&alice, "#text").await;

    // A smiley, dice, another color.
    tab_to(&alice, "#smiley-button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#emoji-search").await;
    press(&alice, "party").await;
    alice
        .wait_until(
            "it is found",
            "document.querySelector('#emoji-panel button[aria-label=\"party popper\"]') !== null",
        )
        .await;
    key(&alice, Key::Down).await;
    has_focus(&alice, "#emoji-panel button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#text").await;
    assert_ne!(
        alice
            .eval("document.querySelector('#text').value.trim()")
            .await,
        ""
    );
    press(&alice, &format!("{}", char::from(Key::Enter))).await;
    bob.wait_until(
        "the emoji is there",
        "/\\p{Emoji_Presentation}/u.test(document.querySelector('#log').textContent)",
    )
    .await;
    tab_to(&alice, "#dice-button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#dice-form input").await;
    key(&alice, Key::Enter).await;
    sees(&bob, "Throws 2 6-sided dice").await;
    has_focus(&alice, "#dice-button").await;
    tab_to(&alice, "#color-button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#name-form input").await;
    tab_to(&alice, "#dialog-colors input").await;
    key(&alice, Key::Right).await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#color-button").await;
    let log = || fs::read_to_string(site.var().join("rooms/keys.log")).unwrap_or_default();
    e2e::deadline::eventually("the color is in the log", || {
        log().contains("\tcolor\t").then_some(())
    });

    // A dialog is left by Escape and gives the focus back.
    tab_to(&alice, "#settings-button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "dialog input").await;
    key(&alice, Key::Escape).await;
    has_focus(&alice, "#settings-button").await;

    // What is read aloud: the log as it grows, and nothing twice.
    let live = "(l => [l.getAttribute('role'), l.getAttribute('aria-live'), l.getAttribute('aria-relevant')])(document.querySelector('#log'))";
    assert_eq!(
        alice.eval(live).await,
        json!(["log", "polite", "additions"])
    );
    let nested = "document.querySelectorAll('#log [aria-live]:not([aria-live=off]), #log [role=status], #log [role=alert]').length";
    assert_eq!(alice.eval(nested).await, 0);

    // And out, by the link to the rooms.
    tab_to(&alice, "#rooms-button").await;
    key(&alice, Key::Enter).await;
    has_focus(&alice, "#my-rooms a").await;
    tab_to(&alice, ".sidebar-foot a").await;
    key(&alice, Key::Enter).await;
    alice.wait_for_text("Where people are right now.").await;
    sees(&bob, "left").await;
}
