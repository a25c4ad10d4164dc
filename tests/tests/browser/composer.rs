//! What helps writing, with real keys: lines, completions, emoji, pasting, drafts, editing one's last message.

use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{click, enter, say, sees, set_theme, welcome};
use e2e::site::Site;
use fantoccini::key::Key;
use serde_json::json;

use crate::access::{check, has_focus, key, press, press_with};
use crate::pages::check_layout;

const FIELD: &str = "document.querySelector('#text').value";
const LIST: &str = "[...document.querySelectorAll('#suggestions:not([hidden]) [role=option]')]";

/// What was said in a room, in order; a line break is U+2028.
fn said(site: &Site, room: &str) -> Vec<String> {
    let log = fs::read_to_string(site.var().join(format!("rooms/{room}.log"))).unwrap_or_default();
    let says = log.lines().filter(|line| line.contains("\tsay\t"));
    says.filter_map(|line| line.rsplit('\t').next().map(str::to_owned))
        .collect()
}

async fn field_is(browser: &Browser, text: &str) {
    let is = format!("{FIELD} === {}", json!(text));
    browser
        .wait_until(&format!("the field has {text:?}"), &is)
        .await;
}

/// Waits until the list offers `title`, and gives its first row.
async fn offers(browser: &Browser, title: &str) {
    let offered = format!(
        "{LIST}.some(row => row.querySelector('.title').textContent.includes({}))",
        json!(title)
    );
    browser
        .wait_until(&format!("{title:?} is offered"), &offered)
        .await;
}

async fn focus_field(browser: &Browser) {
    browser
        .eval("document.querySelector('#text').focus()")
        .await;
    has_focus(browser, "#text").await;
}

/// Pastes as Ctrl+V does.
async fn paste(browser: &Browser, text: &str) {
    let granted = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.devtools("Browser.grantPermissions", granted).await;
    browser
        .eval(&format!(
            "navigator.clipboard.writeText({}).then(() => true)",
            json!(text)
        ))
        .await;
    let stroke = json!({ "type": "keyDown", "key": "v", "code": "KeyV", "modifiers": 2, "commands": ["paste"] });
    browser.devtools("Input.dispatchKeyEvent", stroke).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shift_and_enter_begin_a_line_or_ctrl_and_enter_send_by_choice() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "lines").await;
    focus_field(&alice).await;
    press(&alice, "one").await;
    press_with(&alice, Key::Shift, char::from(Key::Enter)).await;
    press(&alice, "\ttwo".trim()).await;
    field_is(&alice, "one\ntwo").await;
    key(&alice, Key::Enter).await;
    sees(&alice, "two").await;
    field_is(&alice, "").await;

    // It grows with what is written, up to a part of the screen.
    let height = "document.querySelector('#text').offsetHeight";
    let low = alice.eval(height).await.as_u64().expect("pixels");
    for _ in 0..4 {
        press_with(&alice, Key::Shift, char::from(Key::Enter)).await;
    }
    let grown = alice.eval(height).await.as_u64().expect("pixels");
    assert!(grown > low + 40, "{low} {grown}");
    for _ in 0..30 {
        press_with(&alice, Key::Shift, char::from(Key::Enter)).await;
    }
    let most = alice
        .eval(&format!(
            "[{height} / innerHeight, document.querySelector('#text').scrollHeight > {height}]"
        ))
        .await;
    assert!(most[0].as_f64().is_some_and(|part| part <= 0.41), "{most}");
    assert_eq!(most[1], true);
    alice
        .eval("(document.querySelector('#text').select(), document.execCommand('delete'))")
        .await;

    // By choice Ctrl+Enter sends, and Enter begins a line.
    click(&alice, "#settings-button").await;
    click(&alice, "#setting-ctrlEnter").await;
    click(&alice, "dialog .dialog-head button").await;
    focus_field(&alice).await;
    press(&alice, "three").await;
    key(&alice, Key::Enter).await;
    press(&alice, "four").await;
    field_is(&alice, "three\nfour").await;
    press_with(&alice, Key::Control, char::from(Key::Enter)).await;
    sees(&alice, "four").await;
    assert_eq!(
        said(&site, "lines"),
        ["one\u{2028}two", "three\u{2028}four"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_enter_is_a_key_of_the_screen_the_button_sends() {
    let site = Site::start();
    let alice = Browser::start().await;
    alice.resize(360, 740).await;
    let touch = json!({ "enabled": true });
    alice
        .devtools("Emulation.setTouchEmulationEnabled", touch)
        .await;
    enter(&alice, &site, "alice", "touch").await;
    focus_field(&alice).await;
    press(&alice, "one").await;
    key(&alice, Key::Enter).await;
    press(&alice, "two").await;
    field_is(&alice, "one\ntwo").await;
    assert_eq!(
        alice
            .eval("document.querySelector('#text').enterKeyHint")
            .await,
        "enter"
    );
    click(&alice, "#send").await;
    sees(&alice, "two").await;
    assert_eq!(said(&site, "touch"), ["one\u{2028}two"]);

    // A name by touch: the list is pressed, the field keeps the focus and its keyboard.
    let bob = Browser::start().await;
    enter(&bob, &site, "bob", "touch").await;
    sees(&alice, "bob").await;
    press(&alice, "@").await;
    offers(&alice, "bob").await;
    check_layout(&alice, "a list of people", 360).await;
    alice.screenshot("suggest-people-360").await;
    let place = alice
        .eval("(r => [r.left + 40, r.top + r.height / 2])(document.querySelector('#suggestions li').getBoundingClientRect())")
        .await;
    for kind in ["touchStart", "touchEnd"] {
        let points = if kind == "touchStart" {
            json!([{ "x": place[0], "y": place[1] }])
        } else {
            json!([])
        };
        let touch = json!({ "type": kind, "touchPoints": points });
        alice.devtools("Input.dispatchTouchEvent", touch).await;
    }
    field_is(&alice, "@bob ").await;
    has_focus(&alice, "#text").await;
    press(&alice, "hello").await;
    click(&alice, "#send").await;
    bob.wait_until(
        "bob is meant",
        "document.querySelector('#log .entry.mention') !== null",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_is_no_command_and_much_of_it_is_asked_about() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "pasted").await;
    focus_field(&alice).await;
    paste(&alice, "/topic taken over").await;
    field_is(&alice, "/topic taken over").await;
    alice.wait_for_text("Pasted: it is sent as text").await;
    key(&alice, Key::Enter).await;
    sees(&alice, "/topic taken over").await;
    assert_eq!(said(&site, "pasted"), ["/topic taken over"]);
    // Typed, it is one.
    press(&alice, "/topic tea").await;
    key(&alice, Key::Enter).await;
    alice
        .wait_until(
            "the topic is set",
            "document.querySelector('#topic').textContent === 'tea'",
        )
        .await;

    let long = (1..=12).map(|n| format!("/clear {n}")).collect::<Vec<_>>();
    paste(&alice, &long.join("\n")).await;
    alice.wait_for_text("Paste 12 lines?").await;
    let mut wrong = Vec::new();
    check(&alice, "paste", &mut wrong).await;
    alice.screenshot("paste-question").await;
    let choose = |words: &str| {
        format!(
            "[...document.querySelectorAll('dialog .call-choices button')].find(b => b.textContent === {}).click()",
            json!(words)
        )
    };
    alice.eval(&choose("Cancel")).await;
    field_is(&alice, "").await;
    paste(&alice, &long.join("\n")).await;
    alice.wait_for_text("Paste 12 lines?").await;
    alice.eval(&choose("As a block of code")).await;
    field_is(&alice, &format!("```\n{}\n```\n", long.join("\n"))).await;
    alice
        .eval("(document.querySelector('#text').select(), document.execCommand('delete'))")
        .await;
    paste(&alice, &long.join("\r\n")).await;
    alice.wait_for_text("Paste 12 lines?").await;
    alice.eval(&choose("As one message")).await;
    field_is(&alice, &long.join("\n")).await;
    // Also after a reload it is what was pasted.
    alice.goto(&site.url("/?room=pasted")).await;
    welcome(&alice).await;
    field_is(&alice, &long.join("\n")).await;
    click(&alice, "#send").await;
    sees(&alice, "/clear 12").await;
    assert_eq!(
        said(&site, "pasted"),
        ["/topic taken over".to_owned(), long.join("\u{2028}")]
    );
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_people_and_emoji_are_completed_by_keyboard() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&bob, &site, "bob", "list").await;
    enter(&alice, &site, "alice", "list").await;
    let mut wrong = Vec::new();
    focus_field(&alice).await;
    press(&alice, "/to").await;
    offers(&alice, "/topic").await;
    // As the server says it.
    alice.wait_for_text("shows or sets the topic").await;
    check(&alice, "commands", &mut wrong).await;
    alice.screenshot("suggest-commands").await;
    key(&alice, Key::Tab).await;
    field_is(&alice, "/topic ").await;
    alice
        .wait_until("it is closed", &format!("{LIST}.length === 0"))
        .await;
    press(&alice, "@b").await;
    offers(&alice, "bob").await;
    let state = "(f => [f.getAttribute('aria-controls'), document.getElementById(f.getAttribute('aria-activedescendant')).textContent, document.activeElement === f])(document.querySelector('#text'))";
    assert_eq!(
        alice.eval(state).await,
        json!(["suggestions", "Bbob", true])
    );
    key(&alice, Key::Enter).await;
    field_is(&alice, "/topic @bob ").await;
    press(&alice, ":par").await;
    offers(&alice, "party popper").await;
    check(&alice, "emoji", &mut wrong).await;
    alice.screenshot("suggest-emoji").await;
    // Down and up go round, Escape closes for this word.
    let chosen = "document.querySelector('#suggestions [aria-selected=true]').id";
    key(&alice, Key::Up).await;
    assert_ne!(alice.eval(chosen).await, "suggestion-0");
    key(&alice, Key::Down).await;
    assert_eq!(alice.eval(chosen).await, "suggestion-0");
    key(&alice, Key::Escape).await;
    press(&alice, "ty").await;
    assert_eq!(alice.eval(&format!("{LIST}.length")).await, 0);
    field_is(&alice, "/topic @bob :party").await;
    for _ in 0..":party".len() {
        key(&alice, Key::Backspace).await;
    }
    press(&alice, ":part").await;
    offers(&alice, "party popper").await;
    key(&alice, Key::Enter).await;
    let ends = format!("/^.topic @bob \\p{{Emoji}}\\S* $/u.test({FIELD})");
    alice.wait_until("an emoji stands there", &ends).await;
    // Written in full, a command is sent by the first Enter.
    alice
        .eval("(document.querySelector('#text').select(), document.execCommand('delete'))")
        .await;
    press(&alice, "/who").await;
    offers(&alice, "/who").await;
    key(&alice, Key::Enter).await;
    sees(&alice, "bob").await;
    field_is(&alice, "").await;
    // A smiley and an address ask for nothing.
    press(&alice, "so :D x@y.org 10:15 ").await;
    assert_eq!(alice.eval(&format!("{LIST}.length")).await, 0);
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_of_emoji_remembers_tone_and_use_and_asks_nobody_else() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "board").await;
    let mut wrong = Vec::new();
    for theme in ["light", "dark"] {
        set_theme(&alice, theme).await;
        for (width, height) in [(360, 740), (1280, 800), (320, 256)] {
            alice.resize(width, height).await;
            alice.goto(&site.url("/?room=board")).await;
            welcome(&alice).await;
            click(&alice, "#smiley-button").await;
            alice
                .wait_until(
                    "they are loaded",
                    "document.querySelector('#emoji-panel button[aria-label=\"grinning face\"]') !== null",
                )
                .await;
            let state = format!("emoji {width} {theme}");
            check_layout(&alice, &state, width).await;
            check(&alice, &state, &mut wrong).await;
            alice.screenshot(&format!("emoji-{width}-{theme}")).await;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    alice.resize(1280, 800).await;
    alice.goto(&site.url("/?room=board")).await;
    welcome(&alice).await;
    click(&alice, "#smiley-button").await;
    has_focus(&alice, "#emoji-search").await;
    alice
        .eval("(t => { t.value = t.options[4].value; t.dispatchEvent(new Event('change')); })(document.querySelector('#emoji-tone'))")
        .await;
    press(&alice, "waving").await;
    let hand = "document.querySelector('#emoji-panel button')?.textContent";
    alice
        .wait_until("in that tone", &format!("{hand} === '👋🏾'"))
        .await;
    key(&alice, Key::Enter).await;
    field_is(&alice, "👋🏾 ").await;
    has_focus(&alice, "#text").await;

    // After a reload: what was used last comes first, the tone is the same.
    alice.goto(&site.url("/?room=board")).await;
    welcome(&alice).await;
    field_is(&alice, "👋🏾 ").await;
    click(&alice, "#smiley-button").await;
    alice
        .wait_until("what was used", &format!("{hand} === '👋🏾'"))
        .await;
    assert_eq!(
        alice
            .eval("document.querySelector('#emoji-tone').selectedIndex")
            .await,
        4
    );
    // The chat's own smileys, by the arrows of the tabs.
    alice
        .eval("document.querySelector('.emoji-tabs [aria-selected=true]').focus()")
        .await;
    key(&alice, Key::Right).await;
    alice
        .wait_until(
            "pictures",
            "document.querySelector('#emoji-panel img[src=\"smileys/smile.svg\"]') !== null",
        )
        .await;
    key(&alice, Key::Tab).await;
    has_focus(&alice, "#emoji-panel button").await;
    key(&alice, Key::Right).await;
    key(&alice, Key::Enter).await;
    field_is(&alice, "👋🏾 :-D ").await;
    // Escape closes it, and one is where one was.
    click(&alice, "#smiley-button").await;
    has_focus(&alice, "#emoji-search").await;
    key(&alice, Key::Escape).await;
    alice
        .wait_until(
            "it is closed",
            "document.querySelector('#emoji-picker:popover-open') === null",
        )
        .await;
    let foreign = "performance.getEntriesByType('resource').map(e => e.name).filter(name => !name.startsWith(location.origin))";
    assert_eq!(alice.eval(foreign).await, json!([]));
}

/// The names of emoji may come late; whoever opened the board may be anywhere in it by then.
#[tokio::test(flavor = "multi_thread")]
async fn the_focus_stays_where_it_is_when_the_emoji_have_come() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "board").await;
    alice
        .run_first(
            "{ const real = fetch; globalThis.held = []; globalThis.fetch = async (...what) => { \
             if (String(what[0]).startsWith('emoji/')) await new Promise((go) => held.push(go)); \
             return real(...what); }; }",
        )
        .await;
    alice.goto(&site.url("/?room=board")).await;
    welcome(&alice).await;
    click(&alice, "#smiley-button").await;
    has_focus(&alice, "#emoji-search").await;
    alice
        .eval("document.querySelector('.emoji-tabs [aria-selected=true]').focus()")
        .await;
    key(&alice, Key::Left).await;
    has_focus(&alice, ".emoji-tabs [aria-label=Smileys]").await;
    key(&alice, Key::Tab).await;
    key(&alice, Key::Right).await;
    let second = "#emoji-panel button:nth-of-type(2)";
    has_focus(&alice, second).await;
    let is_loading = "document.querySelector('#emoji-picker [role=status]').textContent !== ''";
    assert_eq!(alice.eval(is_loading).await, json!(true));
    alice.eval("held.forEach((go) => go())").await;
    alice
        .wait_until("they have come", &format!("!({is_loading})"))
        .await;
    has_focus(&alice, second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn up_edits_ones_last_message_and_the_draft_of_it_survives_a_reload() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&bob, &site, "bob", "edits").await;
    enter(&alice, &site, "alice", "edits").await;
    say(&alice, "helo").await;
    sees(&bob, "helo").await;
    sees(&alice, "helo").await;
    focus_field(&alice).await;
    press(&alice, "next").await;
    for _ in 0..4 {
        key(&alice, Key::Backspace).await;
    }
    key(&alice, Key::Up).await;
    field_is(&alice, "helo").await;
    alice.wait_for_text("Editing your message.").await;
    // Escape leaves it as it was.
    key(&alice, Key::Escape).await;
    field_is(&alice, "").await;
    key(&alice, Key::Up).await;
    field_is(&alice, "helo").await;
    for _ in 0..2 {
        key(&alice, Key::Backspace).await;
    }
    press(&alice, "llo").await;
    alice.goto(&site.url("/?room=edits")).await;
    welcome(&alice).await;
    field_is(&alice, "hello").await;
    alice.wait_for_text("Editing your message.").await;
    alice.screenshot("composer-editing").await;
    let mut wrong = Vec::new();
    check(&alice, "editing", &mut wrong).await;
    assert_eq!(wrong, Vec::<String>::new());
    focus_field(&alice).await;
    key(&alice, Key::Enter).await;
    field_is(&alice, "").await;
    eventually("the edit is in the log", || {
        let log = fs::read_to_string(site.var().join("rooms/edits.log")).ok()?;
        let edit = log.lines().find(|line| line.contains("\tedit\t"))?;
        edit.ends_with("\thello").then_some(())
    });
}
