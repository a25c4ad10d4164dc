//! The pages as they look and weigh: every width, both themes, and the states people find them in.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::program::pid_of;
use e2e::room_page::{choose, click, enter, say, sees, set_theme, welcome};
use e2e::site::Site;
use e2e::transport::Endpoint;
use e2e::ws::Client;
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

/// Phone, tablet, desktop.
pub(crate) const SCREENS: [(u32, u32); 3] = [(360, 740), (768, 1024), (1280, 800)];
/// What a finger needs, in CSS pixels (WCAG 2.5.5, Apple and Android agree).
pub(crate) const TOUCH: u32 = 44;

/// Bytes of all that a room loads before it is used, uncompressed; as web servers and --gzip send it, two fifths
/// of that: 81,000, where 200,000 are the aim. The list of one's rooms, what is new in each, and keeping a room
/// while another is shown took 46,000, moderation's entries in menus and pages of one person in a call 3,000,
/// conversations 4,000, formatting 25,000 (what was said is drawn with it at once), the way to a message that a
/// link points to 11,000, answers, reactions, edits and pins as they are shown 27,000, the library of clients
/// below it 5,000, the ways to the search 2,500, the ways to bring files and the places that they take 6,000, telling
/// programs from people 400, the way to who has read something and who types in which room 2,500, people's pictures
/// and names of their own 2,500. Who adds to it, splits off what only some visits need.
const MAX_WEIGHT: u64 = 320_000;

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_light_and_ask_nobody_else() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "light").await;
    browser.goto(&site.url("/?room=light")).await;
    welcome(&browser).await;
    // Asked for again: of what the browser has kept, the entries say 0.
    let loaded = "Promise.all([...new Set(performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).map(e => e.name.replace(/#.*/u, '')))].map(async name => [name, (await (await fetch(name)).arrayBuffer()).byteLength]))";
    let loaded = browser.eval(loaded).await;
    let all = loaded.as_array().expect("entries");
    let weight: u64 = all.iter().filter_map(|entry| entry[1].as_u64()).sum();
    assert!(weight < MAX_WEIGHT, "{weight} bytes: {loaded}");
    println!("the room weighs {weight} bytes uncompressed");
    for entry in all {
        let name = entry[0].as_str().expect("an address");
        assert!(name.starts_with(&site.url("/")), "{name}");
        assert!(
            !name.contains("/calls/mesh"),
            "calls are loaded when they are used: {name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_is_drawn_before_any_socket_opens() {
    let site = Site::start();
    let browser = Browser::start().await;
    // A socket that never opens.
    browser
        .run_first("globalThis.WebSocket = class extends EventTarget { static OPEN = 1; readyState = 0; close() {} };")
        .await;
    browser.goto(&site.url("/?room=lobby")).await;
    browser
        .wait_until(
            "the room is painted",
            "performance.getEntriesByName('first-contentful-paint').length > 0 && document.querySelector('#room-name').textContent === 'lobby'",
        )
        .await;
    // And what is written meanwhile waits for it.
    say(&browser, "too early").await;
    browser
        .wait_until(
            "it waits",
            "document.querySelector('#pending [data-state=waiting]') !== null",
        )
        .await;
    browser.wait_for_text("Connecting…").await;
}

/// 500 messages of several people, some right to left, some with very long words.
fn busy_log() -> String {
    let texts = [
        "Hello, how are you today?",
        "שלום לכולם, מה שלומכם היום?",
        "haha :-D <3",
        "see https://example.org/a/very/long/path/that/goes/on?and=on",
        "I would rather meet at the usual place. It is quiet there in the afternoon, the coffee is good, and nobody minds if we stay until they close.",
        "مرحبا بالجميع",
    ];
    let mut lines = String::new();
    for number in 0..500 {
        let time = format!(
            "2026-01-01T10:{:02}:{:02}.000000Z",
            number / 60 * 7,
            number % 60
        );
        let text = if number % 50 == 47 {
            "W".repeat(400)
        } else {
            texts[number % 6].to_owned()
        };
        let name = ["alice", "Železná-Lady", "שרה", "bob"][number / 3 % 4];
        let color = ["gold", "#8e24aa", "#43a047", "#1e88e5"][number / 3 % 4];
        writeln!(lines, "{time}\tsay\t{name}\tcolor={color}\t{text}").expect("memory");
    }
    lines
}

/// Asserts that nothing sticks out to the side, and that on a phone a finger hits what it aims at.
pub(crate) async fn check_layout(browser: &Browser, state: &str, width: u32) {
    let sideways = browser
        .eval("document.documentElement.scrollWidth - innerWidth")
        .await;
    assert!(
        sideways.as_i64().is_some_and(|pixels| pixels <= 0),
        "{state} at {width}: {sideways} pixels too wide"
    );
    let cut =
        "[...document.querySelectorAll('button, input, .button, h1, .room-card, .entry .line')]
        .filter(e => e.checkVisibility() && !e.closest('.visually-hidden, .skip-link'))
        .map(e => [e, e.getBoundingClientRect()])
        .filter(([e, box]) => box.width > 0 && (box.right > innerWidth + 1 || box.left < -1))
        .map(([e]) => e.outerHTML.slice(0, 120))";
    assert_eq!(
        browser.eval(cut).await,
        json!([]),
        "{state} at {width}: cut off"
    );
    // A phone; what is narrower is a desktop, magnified.
    if !(360..=400).contains(&width) {
        return;
    }
    // Links, names and times within a text are as high as its lines; of a message all of it can be pressed.
    let small = format!(
        "[...document.querySelectorAll('button:not(.who, .when, .link), a.button, a.room-card, input:not([type=checkbox], [type=radio], [type=color]), select, label.check, label.swatch')]
            .filter(e => e.checkVisibility())
            .map(e => [e, e.getBoundingClientRect()])
            .filter(([e, box]) => box.height < {TOUCH} - 0.01 || box.width < {TOUCH} - 0.01)
            .map(([e, box]) => `${{e.id || e.className || e.tagName}} ${{box.width}}x${{box.height}}`)"
    );
    assert_eq!(
        browser.eval(&small).await,
        json!([]),
        "{state} at {width}: too small for a finger"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_drawn_at_every_width_and_theme() {
    let site = Site::start();
    fs::write(site.var().join("rooms/busy.log"), busy_log()).expect("the log is written");
    let browser = Browser::start().await;
    // Who has no name yet has a place for it all the same.
    let (width, height) = SCREENS[0];
    browser.resize(width, height).await;
    browser.goto(&site.url("/room_list.html")).await;
    browser
        .wait_until(
            "no name",
            "document.querySelector('.name-chip.unset') !== null",
        )
        .await;
    check_layout(&browser, "without a name", width).await;
    enter(&browser, &site, "a-name-of-thirty-two-characters", "lobby").await;
    for theme in ["light", "dark"] {
        set_theme(&browser, theme).await;
        for (width, height) in SCREENS {
            browser.resize(width, height).await;
            for (page, name, shows) in [
                ("/", "entry", "lobby"),
                ("/?room=busy", "room-busy", "Hello, how"),
                ("/?room=empty", "room-empty", "quiet in here"),
                ("/room_list.html", "rooms", "lobby"),
                (
                    "/room_list.html?q=none-of-these",
                    "rooms-none",
                    "Nothing found",
                ),
                ("/room_list_historical.html", "archive", "busy"),
                ("/room_history.html?room=busy", "history", "Hello, how"),
                ("/set_username.html", "name", "Save"),
                ("/room_create.html", "create", "Create"),
            ] {
                browser.goto(&site.url(page)).await;
                browser
                    .wait_until(shows, &format!("(document.body.innerText + [...document.querySelectorAll('input')].map(i => i.value)).includes({})", json!(shows)))
                    .await;
                check_layout(&browser, page, width).await;
                browser.screenshot(&format!("{name}-{width}-{theme}")).await;
            }
        }
    }
}

/// An evening in which everything happens that a room can show.
async fn talk(alice: &Browser, bob: &Browser) {
    for line in [
        "Good evening! :-)",
        "anyone up for a game?",
        "/dice 3 6",
        "/me pours a glass",
        "/topic The one with the piano",
        "alice: are you there? https://example.org/a/very/long/address/that/does/not/end?so=to&speak=of",
    ] {
        say(bob, line).await;
    }
    choose(bob, "alice", "Whisper").await;
    say(bob, "between us: bring the cards").await;
    sees(alice, "bring the cards").await;
    say(alice, "on my way").await;
    sees(bob, "on my way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_is_drawn_in_every_state() {
    let mut site = Site::start_on_fixed_port();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "pub").await;
    enter(&bob, &site, "bob", "pub").await;
    talk(&alice, &bob).await;
    for theme in ["light", "dark"] {
        set_theme(&alice, theme).await;
        for (width, height) in [SCREENS[0], SCREENS[2]] {
            alice.resize(width, height).await;
            alice.goto(&site.url("/?room=pub")).await;
            welcome(&alice).await;
            sees(&alice, "on my way").await;
            shoot(&alice, "talk", width, theme).await;
            for (button, shows, name) in [
                ("#settings-button", "dialog[open]", "settings"),
                ("#color-button", "dialog[open]", "your-name"),
                ("#dice-button", "dialog[open]", "dice"),
                ("#call-button", "dialog[open]", "call-question"),
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
                if width == SCREENS[0].0 && name == "person" {
                    click(&alice, "#people-button").await;
                    shoot(&alice, "people", width, theme).await;
                }
                click(&alice, button).await;
                alice
                    .wait_until(
                        shows,
                        &format!(
                            "document.querySelector({})?.checkVisibility()",
                            json!(shows)
                        ),
                    )
                    .await;
                shoot(&alice, name, width, theme).await;
                alice
                    .eval("(document.querySelector('dialog[open]')?.close(), document.querySelector(':popover-open')?.hidePopover())")
                    .await;
            }
            if width == SCREENS[0].0 {
                click(&alice, "#people-close").await;
            }
            choose(&alice, "bob", "Whisper").await;
            shoot(&alice, "whispering", width, theme).await;
        }
        site.kill();
        alice
            .wait_until(
                "the loss is told",
                "!document.querySelector('#banner').hidden",
            )
            .await;
        say(&alice, "can anybody hear me?").await;
        shoot(&alice, "unsent", SCREENS[2].0, theme).await;
        alice.resize(SCREENS[0].0, SCREENS[0].1).await;
        shoot(&alice, "unsent", SCREENS[0].0, theme).await;
        site.restart();
        let offline = |offline: bool| json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        alice
            .eval("document.querySelector('#banner:not([hidden]) button')?.click()")
            .await;
        welcome(&alice).await;
        alice.devtools("Network.enable", json!({})).await;
        alice
            .devtools("Network.emulateNetworkConditions", offline(true))
            .await;
        alice.wait_for_text("You are offline").await;
        shoot(&alice, "offline", SCREENS[0].0, theme).await;
        // A server that is there and does not answer.
        signal_all(&site, Signal::SIGSTOP);
        alice
            .devtools("Network.emulateNetworkConditions", offline(false))
            .await;
        alice.wait_for_text("Connecting…").await;
        shoot(&alice, "slow", SCREENS[0].0, theme).await;
        signal_all(&site, Signal::SIGCONT);
        welcome(&alice).await;
    }
}

/// To the daemon and everything it started.
fn signal_all(site: &Site, signal: Signal) {
    for process in site.program().family() {
        let _ = kill(pid_of(process.pid), signal);
    }
}

/// A picture of a state that was checked and has come to rest.
pub(crate) async fn shoot(browser: &Browser, state: &str, width: u32, theme: &str) {
    browser.come_to_rest().await;
    check_layout(browser, state, width).await;
    browser
        .screenshot(&format!("state-{state}-{width}-{theme}"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_people_fit_into_a_room() {
    let site = Site::start();
    let url = site.url("");
    let address = url.strip_prefix("http://").expect("it is plain HTTP");
    let endpoint = Endpoint::Tcp(address.parse().expect("an address"));
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "crowd").await;
    let origin = url.clone();
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let people = std::thread::spawn(move || {
        let mut people: Vec<Client> = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            for number in people.len()..(people.len() + 20).min(199) {
                let path = format!("/crowd?format=json&nick=guest-{number:03}");
                people.push(Client::connect_with(
                    &endpoint,
                    &path,
                    &[("Origin", &origin)],
                ));
            }
            // Who is not read answers no pings, and is gone after two of them: before a ping are up to 200 comings.
            for client in &mut people {
                let mut unread = 0..50;
                while unread.next().is_some()
                    && client.text_within(Duration::from_millis(1)).is_some()
                {}
            }
        }
    });
    browser
        .wait_until(
            "all are counted",
            "document.querySelector('#people-count').textContent === '200'",
        )
        .await;
    for (width, height) in SCREENS {
        browser.resize(width, height).await;
        browser.goto(&site.url("/?room=crowd")).await;
        welcome(&browser).await;
        if width < 900 {
            click(&browser, "#people-button").await;
        }
        browser
            .wait_until(
                "they are listed",
                "document.querySelectorAll('#people-list .member').length === 200",
            )
            .await;
        browser.come_to_rest().await;
        check_layout(&browser, "crowd", width).await;
        browser
            .screenshot(&format!("state-crowd-{width}-dark"))
            .await;
    }
    // Somebody is found by a part of the name.
    browser
        .eval("(f => { f.value = 'GUEST-17'; f.dispatchEvent(new Event('input')); })(document.querySelector('#people-search'))")
        .await;
    browser
        .wait_until(
            "ten are left",
            "document.querySelectorAll('#people-list .member').length === 10",
        )
        .await;
    over.store(true, Ordering::Relaxed);
    people.join().expect("they are there");
    browser
        .wait_until(
            "all but one have left",
            "document.querySelector('#people-count').textContent === '1'",
        )
        .await;
    eventually("their files are gone", || {
        let left = fs::read_dir(site.var().join("users")).ok()?.count();
        (left <= 1).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_visible_word_is_in_the_table() {
    let site = Site::start();
    let browser = Browser::start_with(&["--lang=cs", "--accept-lang=cs"]).await;
    // Every English text of the table, but those that Czech shares.
    let english = "(async () => {
        const kinds = ['shared', 'pages', 'room', 'dialogs'];
        const all = async (code) => Object.assign({}, ...(await Promise.all(kinds.map(kind => import(`/js/texts/${code}/${kind}.js`)))).map(m => m.default));
        const [english, czech] = [await all('en'), await all('cs')];
        return Object.values(english).filter(t => !Object.values(czech).includes(t) && !t.includes('{'));
    })()";
    browser.goto(&site.url("/room_create.html")).await;
    let english = browser.eval(english).await;
    assert!(english.as_array().is_some_and(|texts| texts.len() > 100));
    let seen = "(() => {
        const seen = [];
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('noscript, script')) seen.push(walk.currentNode.data.trim());
        for (const e of document.querySelectorAll('body *')) for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (e.hasAttribute(name)) seen.push(e.getAttribute(name));
        return seen.filter(t => t);
    })()";
    for page in [
        "/",
        "/?room=lobby",
        "/room_list.html",
        "/room_list_historical.html",
        "/room_history.html?room=lobby",
        "/set_username.html",
        "/room_create.html",
    ] {
        browser.goto(&site.url(page)).await;
        if page.contains("?room=lobby") && page.len() < 14 {
            welcome(&browser).await;
        }
        browser
            .wait_until("it is translated", "document.documentElement.lang === 'cs'")
            .await;
        let seen = browser.eval(seen).await;
        let left: Vec<&Value> = seen
            .as_array()
            .expect("texts")
            .iter()
            .filter(|text| english.as_array().is_some_and(|all| all.contains(text)))
            .collect();
        assert!(left.is_empty(), "{page} shows English in Czech: {left:?}");
    }
    for button in [
        "#settings-button",
        "#color-button",
        "#dice-button",
        "#call-button",
    ] {
        browser.goto(&site.url("/?room=lobby")).await;
        welcome(&browser).await;
        click(&browser, button).await;
        browser
            .wait_until(
                "it is open",
                "document.querySelector('dialog[open]') !== null",
            )
            .await;
        let seen = browser.eval(seen).await;
        for text in seen.as_array().expect("texts") {
            assert!(
                !english.as_array().is_some_and(|all| all.contains(text)),
                "{button}: {text}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_400_percent_the_conversation_keeps_its_place_and_sending_is_in_reach() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "zoom").await;
    for line in 0..5 {
        say(&browser, &format!("line {line}")).await;
    }
    sees(&browser, "line 4").await;
    browser.resize(320, 256).await;
    // What a person has at 1280 by 1024 pixels and 400 % (WCAG 1.4.10).
    let height = "document.querySelector('#scroller').clientHeight";
    browser
        .wait_until(
            "most of it is the conversation",
            &format!("{height} >= 120"),
        )
        .await;
    let send = "(b => b.bottom <= innerHeight && b.right <= innerWidth && b.height > 20)(document.querySelector('#send').getBoundingClientRect())";
    assert_eq!(browser.eval(send).await, true);
    assert_eq!(
        browser
            .eval("document.documentElement.scrollWidth <= innerWidth")
            .await,
        true
    );
    browser.screenshot("room-400-percent").await;
    // What is copied is what was said: no marks, no state.
    browser.resize(1280, 800).await;
    let copied = "(() => {
        getSelection().selectAllChildren(document.querySelector('#log'));
        return getSelection().toString();
    })()";
    let copied = browser.eval(copied).await;
    let copied = copied.as_str().expect("a text");
    assert!(copied.contains("line 4"), "{copied}");
    for left in ["sent", "\u{2068}", "\u{2069}"] {
        assert!(!copied.contains(left), "{left:?} is copied along: {copied}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_another_day_after_midnight() {
    let site = Site::start();
    let browser = Browser::start().await;
    browser
        .run_first(
            "const RealDate = Date;
             globalThis.later = 0;
             globalThis.Date = class extends RealDate {
                 constructor(...all) { super(...(all.length ? all : [RealDate.now() + later])); }
                 static now() { return RealDate.now() + later; }
             };
             const every = setInterval;
             globalThis.looks = [];
             globalThis.setInterval = (action, time) => (time === 60000 && looks.push(action), every(action, time));",
        )
        .await;
    enter(&browser, &site, "alice", "days").await;
    say(&browser, "good night").await;
    sees(&browser, "good night").await;
    let day = "document.querySelector('#log .day').textContent";
    assert_eq!(browser.eval(day).await, "Today");
    browser
        .eval("(globalThis.later = 24 * 3600 * 1000, looks.forEach(look => look()), true)")
        .await;
    browser
        .wait_until("it is yesterday's", &format!("{day} === 'Yesterday'"))
        .await;
}
