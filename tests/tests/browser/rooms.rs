//! Many rooms in one window: over one connection, each with its own place, and what is new elsewhere in sight.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{click, enter, say, sees, welcome};
use e2e::site::Site;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

use crate::access::violations;
use crate::pages::{SCREENS, shoot};

/// Chat-handlers that run: one for each open connection.
fn connections(site: &Site) -> usize {
    let family = site.program().family();
    let handlers = family.iter().filter(|process| {
        e2e::proc::program_of(process.pid).is_some_and(|path| path.ends_with("chat-handler"))
    });
    handlers.count()
}

/// Goes to a room by a command, as people of IRC do.
pub(crate) async fn join(browser: &Browser, room: &str) {
    say(browser, &format!("/join {room}")).await;
    is_in(browser, room).await;
}

/// Presses the room in the list.
pub(crate) async fn go(browser: &Browser, room: &str) {
    let link = format!(
        "[...document.querySelectorAll('#my-rooms a')].find(a => a.querySelector('bdi').textContent === {})",
        json!(room)
    );
    browser.wait_until("the room is listed", &link).await;
    browser.eval(&format!("{link}.click()")).await;
    is_in(browser, room).await;
}

/// Waits until the page shows the room, and the server has let it in.
async fn is_in(browser: &Browser, room: &str) {
    let shown = format!(
        "document.querySelector('#room-name').textContent === {0} && document.body.dataset.connection === 'welcome' && new URL(location).searchParams.get('room') === {0}",
        json!(room)
    );
    browser
        .wait_until(&format!("{room} is shown"), &shown)
        .await;
}

/// What the list says of a room beside its name: "2", or "" for nothing.
fn badge(room: &str) -> String {
    format!(
        "([...document.querySelectorAll('#my-rooms a')].find(a => a.querySelector('bdi').textContent === {})?.querySelector('.badge-count > [aria-hidden]')?.textContent ?? '')",
        json!(room)
    )
}

pub(crate) async fn badge_is(browser: &Browser, room: &str, count: &str) {
    let is = format!("{} === {}", badge(room), json!(count));
    browser
        .wait_until(&format!("{room} shows {count:?}"), &is)
        .await;
}

const NAMES: &str = "[...document.querySelectorAll('#my-rooms bdi')].map(b => b.textContent)";

async fn press(browser: &Browser, modifier: Option<Key>, key: &str) {
    let mut keys = KeyActions::new("keyboard".into());
    if let Some(modifier) = modifier {
        keys = keys.then(KeyAction::Down {
            value: modifier.into(),
        });
    }
    for letter in key.chars() {
        keys = keys
            .then(KeyAction::Down { value: letter })
            .then(KeyAction::Up { value: letter });
    }
    if let Some(modifier) = modifier {
        keys = keys.then(KeyAction::Up {
            value: modifier.into(),
        });
    }
    let done = browser.client().perform_actions(keys).await;
    done.expect("keys are pressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_rooms_are_on_one_connection_and_keep_what_was_left_there() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser
        .run_first(
            "globalThis.opened = 0;
             globalThis.WebSocket = class extends WebSocket { constructor(url) { super(url); opened += 1; } };",
        )
        .await;
    enter(&browser, &site, "alice", "one").await;
    say(&browser, "said in one").await;
    sees(&browser, "said in one").await;
    browser
        .eval("(f => { f.value = 'a draft'; f.dispatchEvent(new Event('input')); })(document.querySelector('#text'))")
        .await;
    go_by_switcher(&browser, "two").await;
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        ""
    );
    say(&browser, "said in two").await;
    sees(&browser, "said in two").await;
    join(&browser, "three").await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('#log .entry').length")
            .await,
        0
    );
    assert_eq!(browser.eval(NAMES).await, json!(["one", "three", "two"]));

    // The browser's buttons lead where one was, without a reload.
    browser.back().await;
    is_in(&browser, "two").await;
    sees(&browser, "said in two").await;
    browser.back().await;
    is_in(&browser, "one").await;
    sees(&browser, "said in one").await;
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        "a draft"
    );
    assert_eq!(browser.eval("document.title").await, "one – Chat");
    browser.forward().await;
    is_in(&browser, "two").await;

    assert_eq!(
        browser.eval("opened").await,
        1,
        "all of it over one WebSocket"
    );
    assert_eq!(connections(&site), 1, "the server counts one, too");
    for room in ["one", "two", "three"] {
        let log = fs::read_to_string(site.var().join(format!("rooms/{room}.log"))).expect("a log");
        assert_eq!(log.matches("\tjoin\talice").count(), 1, "{log}");
        assert_eq!(log.matches("\tquit\talice").count(), 0, "{log}");
    }

    // Left, it is none of one's rooms any more, and the next one is shown.
    say(&browser, "/part").await;
    browser
        .wait_until("two is gone", &format!("!{NAMES}.includes('two')"))
        .await;
    eventually("the others see it", || {
        let log = fs::read_to_string(site.var().join("rooms/two.log")).ok()?;
        log.contains("\tquit\talice").then_some(())
    });
    is_in(&browser, "one").await;
}

/// By keyboard alone.
async fn go_by_switcher(browser: &Browser, room: &str) {
    press(browser, Some(Key::Control), "k").await;
    browser
        .wait_until(
            "the switcher is open",
            "document.activeElement.id === 'switch-field'",
        )
        .await;
    press(browser, None, room).await;
    let chosen = format!(
        "document.querySelector('#switch-options [aria-selected=true] bdi')?.textContent === {}",
        json!(room)
    );
    browser.wait_until("it is offered", &chosen).await;
    press(browser, None, &char::from(Key::Enter).to_string()).await;
    is_in(browser, room).await;
    browser
        .wait_until(
            "the focus is where one writes",
            "document.activeElement.id === 'text'",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_elsewhere_is_counted_and_a_mention_stands_out() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "work").await;
    join(&alice, "tea").await;
    join(&alice, "zoo").await;
    enter(&bob, &site, "bob", "work").await;
    say(&bob, "first").await;
    say(&bob, "second").await;
    badge_is(&alice, "work", "2").await;
    assert_eq!(
        alice
            .eval("document.querySelector('#my-rooms a.unread bdi').textContent")
            .await,
        "work"
    );
    join(&bob, "tea").await;
    say(&bob, "alice, are you there?").await;
    badge_is(&alice, "tea", "1").await;
    alice
        .wait_until(
            "it stands out",
            "document.querySelector('#my-rooms .badge-count.mentions') !== null",
        )
        .await;
    alice
        .wait_until(
            "a screen reader hears it",
            "document.querySelector('#announcement').textContent === 'bob means you in tea.'",
        )
        .await;
    alice
        .wait_until(
            "those with news come first",
            &format!("String({NAMES}) === 'tea,work,zoo'"),
        )
        .await;
    // None of it is in the page before it is looked at.
    assert_eq!(
        alice
            .eval("document.body.innerText.includes('are you there')")
            .await,
        false
    );
    go(&alice, "work").await;
    sees(&alice, "second").await;
    let line =
        "document.querySelector('.new-line').closest('.entry').textContent.includes('first')";
    alice
        .wait_until("the line stands above the first", line)
        .await;
    badge_is(&alice, "work", "").await;
    go(&alice, "tea").await;
    sees(&alice, "are you there?").await;
    badge_is(&alice, "tea", "").await;

    // Told of nothing, a room stays quiet.
    click(&alice, "#my-rooms li:has([aria-current]) .more-room").await;
    let quiet = "[...document.querySelectorAll('#room-menu button')].find(b => b.textContent === 'Tell me nothing')";
    alice.wait_until("the menu is open", quiet).await;
    alice.eval(&format!("{quiet}.click()")).await;
    go(&alice, "zoo").await;
    say(&bob, "alice again").await;
    say(&bob, "and again").await;
    badge_is(&alice, "tea", "1").await;
    assert_eq!(
        alice
            .eval("document.querySelector('#announcement').textContent")
            .await,
        "zoo"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_all_rooms_are_entered_again_and_nothing_is_lost_or_doubled() {
    let mut site = Site::start_on_fixed_port();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "red").await;
    join(&alice, "green").await;
    say(&alice, "green 1").await;
    sees(&alice, "green 1").await;
    join(&alice, "blue").await;
    say(&alice, "blue 1").await;
    sees(&alice, "blue 1").await;
    enter(&bob, &site, "bob", "green").await;
    site.kill();
    alice
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    // Written while away, in two rooms.
    say(&alice, "blue 2").await;
    go_offline(&alice, "green").await;
    say(&alice, "green 2").await;
    site.restart();
    for browser in [&alice, &bob] {
        browser
            .eval("document.querySelector('#banner:not([hidden]) button')?.click()")
            .await;
        welcome(browser).await;
    }
    say(&bob, "green 3").await;
    sees(&alice, "green 3").await;
    let texts = "[...document.querySelectorAll('#log .entry .words')].map(e => e.textContent)";
    alice
        .wait_until(
            "each once",
            &format!("String({texts}) === 'green 1,green 2,green 3'"),
        )
        .await;
    go(&alice, "blue").await;
    alice
        .wait_until("each once", &format!("String({texts}) === 'blue 1,blue 2'"))
        .await;
    go(&alice, "red").await;
    say(&alice, "red 1").await;
    sees(&alice, "red 1").await;
}

/// The same as [`go`] while there is no connection.
async fn go_offline(browser: &Browser, room: &str) {
    let link = format!(
        "[...document.querySelectorAll('#my-rooms a')].find(a => a.querySelector('bdi').textContent === {})",
        json!(room)
    );
    browser.eval(&format!("{link}.click()")).await;
    let shown = format!(
        "document.querySelector('#room-name').textContent === {}",
        json!(room)
    );
    browser.wait_until("it is shown", &shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_from_one_room_one_stays_in_the_others() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "kind").await;
    join(&browser, "strict").await;
    say(&browser, "hello").await;
    sees(&browser, "hello").await;
    site.chatctl(&["kick", "strict", "alice", "enough"]);
    browser
        .wait_for_text("You were removed from this room. enough")
        .await;
    go(&browser, "kind").await;
    say(&browser, "still here").await;
    sees(&browser, "still here").await;
    go_offline(&browser, "strict").await;
    browser
        .wait_for_text("You were removed from this room.")
        .await;
    click(&browser, "#banner button").await;
    is_in(&browser, "strict").await;
    say(&browser, "back").await;
    sees(&browser, "back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_rooms_are_a_drawer_whose_button_says_what_is_new() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    alice.resize(360, 740).await;
    enter(&alice, &site, "alice", "pocket").await;
    join(&alice, "other").await;
    enter(&bob, &site, "bob", "pocket").await;
    let badge = "(b => b.hidden ? '' : b.className)(document.querySelector('#rooms-badge'))";
    assert_eq!(alice.eval(badge).await, "");
    say(&bob, "something").await;
    alice
        .wait_until("a dot", &format!("{badge}.includes('dot')"))
        .await;
    say(&bob, "alice?").await;
    alice
        .wait_until("a number", &format!("{badge}.includes('mentions')"))
        .await;
    let label = "document.querySelector('#rooms-button').getAttribute('aria-label')";
    assert_eq!(alice.eval(label).await, "Rooms, 1 for you");
    let visible = "document.querySelector('#sidebar').checkVisibility()";
    assert_eq!(alice.eval(visible).await, false);
    click(&alice, "#rooms-button").await;
    alice.wait_until("the drawer is open", visible).await;
    assert_eq!(
        alice
            .eval("document.querySelector('#rooms-button').getAttribute('aria-expanded')")
            .await,
        "true"
    );
    assert_eq!(
        alice
            .eval("document.activeElement.closest('#sidebar') !== null")
            .await,
        true,
        "the focus is in it"
    );
    press(&alice, None, &char::from(Key::Escape).to_string()).await;
    alice.wait_until("it closes", &format!("!{visible}")).await;
    assert_eq!(
        alice.eval("document.activeElement.id").await,
        "rooms-button"
    );
    click(&alice, "#rooms-button").await;
    go(&alice, "pocket").await;
    assert_eq!(alice.eval(visible).await, false);
    sees(&alice, "alice?").await;
    assert_eq!(
        alice.eval("document.activeElement !== document.body").await,
        true,
        "the focus is not lost"
    );
    assert_eq!(alice.eval(badge).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_one_room_gets_one_room_as_before() {
    let site = Site::start();
    let browser = Browser::start().await;
    // What a server makes of the address that does not know the parameter.
    browser
        .run_first("globalThis.WebSocket = class extends WebSocket { constructor(url) { super(url.href.replace('protocol=2&', '')); } };")
        .await;
    enter(&browser, &site, "alice", "old").await;
    say(&browser, "as ever").await;
    sees(&browser, "as ever").await;
    let visible = "['#sidebar', '#rooms-button', '#rooms-link'].map(s => document.querySelector(s).checkVisibility())";
    assert_eq!(browser.eval(visible).await, json!([false, false, true]));
    say(&browser, "/join older").await;
    is_in(&browser, "older").await;
    browser.back().await;
    is_in(&browser, "old").await;
    sees(&browser, "as ever").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_finds_each_room_where_they_left_it() {
    let site = Site::start();
    let mut lines = String::new();
    for number in 0..400 {
        let (minute, second) = (number / 60, number % 60);
        let time = format!("2026-01-01T10:{minute:02}:{second:02}.000000Z");
        writeln!(lines, "{time}\tsay\tbob\t\tline {number}.").expect("memory");
    }
    fs::write(site.var().join("rooms/long.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "long").await;
    sees(&browser, "line 399.").await;
    browser
        .wait_until(
            "there is something above",
            "document.querySelector('#scroller').scrollTop > 500",
        )
        .await;
    browser
        .eval("document.querySelector('#scroller').scrollTop -= 700")
        .await;
    browser
        .wait_until(
            "the reader is above the end",
            "!document.querySelector('#jump').hidden",
        )
        .await;
    let top = "(edge => [...document.querySelectorAll('#log .entry')].find(e => e.getBoundingClientRect().bottom > edge).dataset.id)(document.querySelector('#scroller').getBoundingClientRect().top)";
    // Whatever scrolling asked for has come.
    browser
        .wait_until("it is quiet", "new Promise(done => { let last = document.querySelectorAll('#log .entry').length; const look = () => { const now = document.querySelectorAll('#log .entry').length; if (now === last) done(true); last = now; setTimeout(look, 300); }; setTimeout(look, 300); })")
        .await;
    let before = browser.eval(top).await;
    join(&browser, "short").await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('#log .entry').length")
            .await,
        0,
        "a room that is not shown has nothing in the page"
    );
    go(&browser, "long").await;
    browser
        .wait_until(
            "the same entry is at the top",
            &format!("{top} === {before}"),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rooms_are_drawn_at_every_width_and_theme_and_axe_finds_nothing() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "announcements").await;
    for room in [
        "a-room-with-a-name-that-is-rather-long-for-a-list",
        "piano",
        "tea",
        "Železniční-modely",
        "lobby",
    ] {
        join(&alice, room).await;
    }
    enter(&bob, &site, "bob", "piano").await;
    say(&bob, "alice, the tuner comes on Monday").await;
    join(&bob, "announcements").await;
    for number in 0..12 {
        say(&bob, &format!("announcement {number}")).await;
    }
    join(&bob, "lobby").await;
    say(&bob, "good morning").await;
    sees(&alice, "good morning").await;
    badge_is(&alice, "announcements", "12").await;
    let mut all = Vec::new();
    for theme in ["light", "dark"] {
        alice
            .eval(&format!(
                "import('/js/preferences.js').then(m => m.setPreference('theme', '{theme}'))"
            ))
            .await;
        for (width, height) in SCREENS {
            let state = |name: &str| format!("rooms-{name}-{width}-{theme}");
            alice.resize(width, height).await;
            shoot(&alice, "rooms", width, theme).await;
            all.extend(named(&state("page"), violations(&alice).await));
            if width < 900 {
                click(&alice, "#rooms-button").await;
                shoot(&alice, "rooms-drawer", width, theme).await;
                all.extend(named(&state("drawer"), violations(&alice).await));
            }
            click(&alice, "#my-rooms li:has([aria-current]) .more-room").await;
            alice
                .wait_until(
                    "the menu is open",
                    "document.querySelector('#room-menu:popover-open')",
                )
                .await;
            shoot(&alice, "rooms-menu", width, theme).await;
            all.extend(named(&state("menu"), violations(&alice).await));
            alice
                .eval("document.querySelector('#room-menu').hidePopover()")
                .await;
            if width < 900 {
                click(&alice, "#sidebar-close").await;
            }
            press(&alice, Some(Key::Control), "k").await;
            alice
                .wait_until(
                    "the switcher is open",
                    "document.querySelectorAll('#switch-options li').length > 5",
                )
                .await;
            shoot(&alice, "rooms-switcher", width, theme).await;
            all.extend(named(&state("switcher"), violations(&alice).await));
            press(&alice, None, &char::from(Key::Escape).to_string()).await;
            alice
                .wait_until("it closes", "document.querySelector('dialog') === null")
                .await;
        }
    }
    assert_eq!(all, Vec::<String>::new());
    // A desktop at 400 %.
    alice.resize(320, 256).await;
    shoot(&alice, "rooms-400-percent", 1280, "dark").await;
    click(&alice, "#rooms-button").await;
    shoot(&alice, "rooms-400-percent-drawer", 1280, "dark").await;
}

fn named(state: &str, found: Vec<String>) -> Vec<String> {
    let name = |line| format!("{state}: {line}");
    found.into_iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whisper_elsewhere_is_counted_and_there_when_it_is_looked_at() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "zoo").await;
    join(&alice, "tea").await;
    enter(&bob, &site, "bob", "tea").await;
    // Opened anew, the page has nothing of that room but that she is in it.
    alice.goto(&site.url("/?room=zoo")).await;
    welcome(&alice).await;
    bob.wait_until(
        "she is there",
        "[...document.querySelectorAll('#people-list .member')].some(m => m.dataset.name === 'alice')",
    )
    .await;
    say(&bob, "/msg alice psst").await;
    badge_is(&alice, "tea", "1").await;
    alice
        .wait_until(
            "it is for her",
            "document.querySelector('#my-rooms .badge-count.mentions') !== null",
        )
        .await;
    go(&alice, "tea").await;
    sees(&alice, "psst").await;
    go(&alice, "zoo").await;
    badge_is(&alice, "tea", "").await;
    go(&alice, "tea").await;
    sees(&alice, "psst").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_while_another_room_is_shown() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "desk").await;
    join(&alice, "tea").await;
    go(&alice, "desk").await;
    enter(&bob, &site, "bob", "desk").await;
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    click(&bob, "#call-join").await;
    click(&bob, "#call-audio").await;
    let tiles =
        "[...document.querySelectorAll('#call .tile')].filter(t => t.checkVisibility()).length";
    for browser in [&alice, &bob] {
        browser
            .wait_until("two are in the call", &format!("{tiles} === 2"))
            .await;
    }
    go(&alice, "tea").await;
    assert_eq!(alice.eval(tiles).await, 0);
    alice
        .wait_until(
            "the list says where",
            "document.querySelector('#my-rooms .side-sign')?.closest('a').querySelector('bdi').textContent === 'desk'",
        )
        .await;
    let heard = "[...document.querySelectorAll('#call .tile :is(audio, video)')].filter(m => m.srcObject && !m.paused).length";
    assert!(
        alice.eval(heard).await.as_u64().is_some_and(|n| n > 0),
        "bob is still heard"
    );
    assert_eq!(bob.eval(tiles).await, 2);
    go(&alice, "desk").await;
    alice
        .wait_until("both are shown again", &format!("{tiles} === 2"))
        .await;
    click(&alice, "#call-leave").await;
    bob.wait_until(
        "she is out of it",
        "document.querySelector('.call-count')?.textContent.startsWith('1 ')",
    )
    .await;
}
