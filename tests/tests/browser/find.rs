//! Messages found again: by a link to one, by a day, by words.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{click, say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

use crate::access::violations;
use crate::pages::{SCREENS, shoot};

/// The id of message `number` of [`long_room`]: one a minute.
fn id(number: usize) -> String {
    let (day, hour, minute) = (1 + number / 1440, number / 60 % 24, number % 60);
    format!("2026-03-{day:02}T{hour:02}:{minute:02}:00.000000Z")
}

/// A room of several thousand messages in three files, as logrotate leaves them: `line 00000.` and so on.
fn long_room(site: &Site, room: &str, count: usize) {
    for (file, from) in [(".2", 0), (".1", count / 3), ("", 2 * (count / 3))] {
        let to = if file.is_empty() {
            count
        } else {
            from + count / 3
        };
        let mut lines = String::new();
        for number in from..to {
            let who = ["alice", "bob", "carol"][number % 3];
            writeln!(lines, "{}\tsay\t{who}\t\tline {number:05}.", id(number)).expect("memory");
        }
        let path = site.var().join(format!("rooms/{room}.log{file}"));
        fs::write(path, lines).expect("the log is written");
    }
}

/// Opens `?room=ROOM&at=ID` as somebody who is called so already.
async fn open_at(browser: &Browser, site: &Site, room: &str, at: &str) {
    browser
        .goto(&site.url(&format!("/?room={room}&at={at}")))
        .await;
    welcome(browser).await;
}

async fn named(browser: &Browser, site: &Site, name: &str) {
    e2e::room_page::enter(browser, site, name, "elsewhere").await;
}

/// The message that is marked, and whether all of it is in view.
const MARKED: &str = "(() => { const e = document.querySelector('#log .target'), b = document.querySelector('#scroller').getBoundingClientRect(), r = e?.getBoundingClientRect(); return e && r.top >= b.top && r.bottom <= b.bottom ? e.querySelector('.words').textContent : null; })()";

async fn marked(browser: &Browser, words: &str) {
    let is = format!("{MARKED} === {}", json!(words));
    browser
        .wait_until(&format!("{words} is marked and in view"), &is)
        .await;
}

/// `(first, last, in order without gap)` of the lines that are in the page.
const LINES: &str = "(() => { const n = [...document.querySelectorAll('#log .entry .words')].map(e => /^line (\\d+)\\.$/.exec(e.textContent)).filter(m => m).map(m => Number(m[1])); return [n[0], n.at(-1), n.every((x, i) => i === 0 || x === n[i - 1] + 1)]; })()";

async fn lines(browser: &Browser) -> (u64, u64) {
    let found = browser.eval(LINES).await;
    assert_eq!(
        found[2], true,
        "one is missing, twice or out of order: {found}"
    );
    (
        found[0].as_u64().expect("a number"),
        found[1].as_u64().expect("a number"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permalink_opens_the_conversation_around_the_message_both_ways() {
    let site = Site::start();
    long_room(&site, "long", 6000);
    let browser = Browser::start().await;
    named(&browser, &site, "zoe").await;
    open_at(&browser, &site, "long", &id(3100)).await;
    marked(&browser, "line 03100.").await;
    let (first, last) = lines(&browser).await;
    assert!(first < 3100 && last > 3100, "{first} to {last}");
    assert_eq!(
        browser
            .eval("document.activeElement.textContent.includes('line 03100.')")
            .await,
        true,
        "keyboard and screen readers go on from it"
    );
    browser
        .wait_until("it says where one is", "!document.querySelector('#jump').hidden && document.querySelector('#jump').textContent.includes('older messages')")
        .await;

    // What is said meanwhile does not move what is read.
    let top = "document.querySelector('#log .target').getBoundingClientRect().top";
    let before = browser.eval(top).await;
    site.chatctl(&["say", "long", "said meanwhile", "--as", "carol"]);
    browser
        .wait_until(
            "it is counted",
            "document.querySelector('#jump').textContent.includes('1 new')",
        )
        .await;
    assert_eq!(browser.eval(top).await, before);

    // Down across the border of two files, then up across the other.
    for (way, wanted) in [
        ("scrollHeight", "line 04100."),
        ("offsetTop * 0", "line 01900."),
    ] {
        let there = format!(
            "(document.querySelector('#scroller').scrollTop = document.querySelector('#scroller').{way}, document.querySelector('#log').textContent.includes({}))",
            json!(wanted)
        );
        browser
            .wait_until(&format!("scrolling brings {wanted}"), &there)
            .await;
        lines(&browser).await;
    }

    click(&browser, "#jump").await;
    sees(&browser, "said meanwhile").await;
    assert_eq!(
        browser
            .eval("new URL(location).searchParams.has('at')")
            .await,
        false
    );
    browser
        .wait_until("it is at the end", "document.querySelector('#jump').hidden")
        .await;
    // Live again.
    say(&browser, "and I see myself").await;
    sees(&browser, "and I see myself").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_message_that_is_gone_says_so_and_a_link_inside_the_page_stays_in_it() {
    let site = Site::start();
    long_room(&site, "long", 3000);
    let browser = Browser::start().await;
    named(&browser, &site, "zoe").await;
    let gone = id(1500).replace("00.000000Z", "30.000000Z");
    open_at(&browser, &site, "long", &gone).await;
    browser
        .wait_until("it says so", "!document.querySelector('#jump').hidden && document.querySelector('#jump').textContent.includes('not there any more')")
        .await;
    let heard = browser
        .eval("document.querySelector('#announcement').textContent")
        .await;
    assert_eq!(heard, "That message is not there any more.");
    let (first, last) = lines(&browser).await;
    assert!(
        first < 1500 && last > 1500,
        "what was said then is shown: {first} to {last}"
    );

    // A link in a message, pressed; and back by the browser's button.
    let here = browser
        .eval("globalThis.stayed = location.origin + location.pathname")
        .await;
    let link = format!(
        "{}?room=long&at={}",
        here.as_str().expect("an address"),
        id(200)
    );
    say(&browser, &format!("look at {link}")).await;
    sees(&browser, "look at").await;
    let pressed = "document.querySelector('#log .words a')?.click()";
    browser.eval(pressed).await;
    marked(&browser, "line 00200.").await;
    assert_eq!(
        browser.eval("globalThis.stayed").await,
        here,
        "the page was not loaded anew"
    );
    browser.back().await;
    browser
        .wait_until(
            "the other place",
            &format!(
                "new URL(location).searchParams.get('at') !== {}",
                json!(id(200))
            ),
        )
        .await;
}

/// Chooses an entry of a menu, or a button, by its words.
async fn press(browser: &Browser, selector: &str, words: &str) {
    let button = format!(
        "[...document.querySelectorAll({})].find(b => b.checkVisibility() && b.textContent.trim() === {})",
        json!(selector),
        json!(words)
    );
    browser
        .wait_until(
            &format!("{words:?} is there"),
            &format!("{button} !== undefined"),
        )
        .await;
    browser.eval(&format!("{button}.click()")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_day_is_gone_to() {
    let site = Site::start();
    long_room(&site, "long", 6000);
    let browser = Browser::start().await;
    e2e::room_page::enter(&browser, &site, "zoe", "long").await;
    sees(&browser, "line 05999.").await;
    click(&browser, "#my-rooms li:has([aria-current]) .more-room").await;
    press(&browser, "#room-menu button", "Go to a day").await;
    browser
        .wait_until(
            "the field is there",
            "document.activeElement?.id === 'day-wanted'",
        )
        .await;
    browser
        .eval("document.querySelector('#day-wanted').value = '2026-03-03', document.querySelector('#day-form').requestSubmit()")
        .await;
    // In the reader's own time.
    let first = "(() => { const n = (Date.parse('2026-03-03T00:00') - Date.parse('2026-03-01T00:00:00Z')) / 60000; return `line ${String(n).padStart(5, '0')}.`; })()";
    let first = browser.eval(first).await;
    marked(&browser, first.as_str().expect("a line")).await;
}

/// What the search shows: rooms and texts, in order.
const HITS: &str = "[...document.querySelectorAll('.hit')].map(h => `${h.querySelector('.hit-room').textContent}: ${h.querySelector('.hit-words').textContent}`)";

async fn search(browser: &Browser, words: &str, wanted: &[&str]) {
    let ask = format!(
        "(f => {{ f.value = {}; f.form.requestSubmit(); }})(document.querySelector('#search-field'))",
        json!(words)
    );
    browser.eval(&ask).await;
    browser
        .wait_until(
            &format!("{words:?} finds {wanted:?}"),
            &format!("JSON.stringify({HITS}) === JSON.stringify({}) && document.querySelector('dialog progress').hidden", json!(wanted)),
        )
        .await;
}

async fn open_search(browser: &Browser) {
    click(browser, "#search-button").await;
    browser
        .wait_until(
            "the field has the focus",
            "document.activeElement?.id === 'search-field'",
        )
        .await;
}

/// Three rooms with something to find.
fn rooms_to_search(site: &Site) {
    long_room(site, "long", 6000);
    let lines = |from: &str, texts: &[&str]| {
        let mut lines = String::new();
        for (number, text) in texts.iter().enumerate() {
            let time = format!("2026-04-01T10:{number:02}:00.000000Z");
            writeln!(lines, "{time}\tsay\t{from}\t\t{text}").expect("memory");
        }
        lines
    };
    let tea = lines(
        "Žofie",
        &[
            "who has tea?",
            "Já mám ČAJ 😀 a Čaj",
            "<b>čaj</b> & nothing",
        ],
    );
    fs::write(site.var().join("rooms/tea.log"), tea).expect("written");
    let other = lines("bob", &["cajun food"]);
    fs::write(site.var().join("rooms/other.log"), other).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_all_rooms_and_a_hit_opens_the_room_there() {
    let site = Site::start();
    rooms_to_search(&site);
    let browser = Browser::start().await;
    e2e::room_page::enter(&browser, &site, "zoe", "tea").await;
    open_search(&browser).await;
    let all = [
        "tea: <b>čaj</b> & nothing",
        "tea: Já mám ČAJ 😀 a Čaj",
        "other: cajun food",
    ];
    search(&browser, "caj", &all).await;
    let marks = browser
        .eval("[...document.querySelectorAll('.hit mark')].map(m => m.textContent)")
        .await;
    assert_eq!(marks, json!(["čaj", "ČAJ", "Čaj", "caj"]));
    let beside = browser
        .eval("document.querySelectorAll('.hit')[1].textContent")
        .await;
    let beside = beside.as_str().expect("text");
    assert!(
        beside.contains("who has tea?") && beside.contains("nothing"),
        "{beside}"
    );
    assert_eq!(
        browser
            .eval("document.querySelector('.search-status').textContent")
            .await,
        "3 found."
    );

    search(&browser, "caj from:zofie", &all[..2]).await;
    press(&browser, ".filters button", "From zofie").await;
    search(&browser, "caj", &all).await;
    press(&browser, ".filters button", "Only in tea").await;
    search(&browser, "caj", &all[..2]).await;
    press(&browser, ".filters button", "Only in tea").await;
    search(&browser, "\"no such words\"", &[]).await;
    assert_eq!(
        browser
            .eval("document.querySelector('.search-status').textContent")
            .await,
        "Nothing found."
    );

    // By keyboard alone: down into the hits, and into the room there.
    search(&browser, "\"line 02500.\"", &["long: line 02500."]).await;
    browser.eval("globalThis.stayed = true").await;
    let down = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }))";
    browser
        .eval(&format!(
            "document.querySelector('#search-field').focus(), {down}"
        ))
        .await;
    assert_eq!(
        browser.eval("document.activeElement.className").await,
        "hit"
    );
    browser.eval("document.activeElement.click()").await;
    marked(&browser, "line 02500.").await;
    assert_eq!(
        browser.eval("document.querySelector('dialog')").await,
        json!(null)
    );
    assert_eq!(
        browser
            .eval("new URL(location).searchParams.get('room')")
            .await,
        "long"
    );
    let (first, last) = lines(&browser).await;
    assert!(first < 2500 && last > 2500, "{first} to {last}");
    assert_eq!(browser.eval("globalThis.stayed").await, true);
    // It is as it was when it is opened again, by the keyboard's way.
    browser
        .eval("document.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyF', key: 'F', ctrlKey: true, shiftKey: true, bubbles: true }))")
        .await;
    browser
        .wait_until("what was found is there", &format!("{HITS}.length === 1"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_into_a_private_room_says_what_the_room_says_and_a_guest_finds_their_own() {
    let site = Site::start();
    let browser = Browser::start().await;
    named(&browser, &site, "zoe").await;
    browser
        .goto(&site.url(&format!("/?room=~0123456789abcdef0123&at={}", id(1))))
        .await;
    browser
        .wait_until("it is refused", "!document.querySelector('#banner').hidden && document.querySelector('#banner').textContent.includes('does not let you in')")
        .await;
    e2e::room_page::enter(&browser, &site, "zoe", "lobby").await;
    say(&browser, "/private the cellar").await;
    click(&browser, "#conversations-list a").await;
    browser
        .wait_until(
            "it is begun",
            "document.querySelector('#room-name').textContent === 'the cellar'",
        )
        .await;
    say(&browser, "sesame for me").await;
    sees(&browser, "sesame for me").await;
    open_search(&browser).await;
    search(&browser, "sesame", &["the cellar: sesame for me"]).await;
    let other = Browser::start().await;
    e2e::room_page::enter(&other, &site, "eve", "lobby").await;
    open_search(&other).await;
    search(&other, "sesame", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_is_drawn_at_every_width_and_theme_and_axe_finds_nothing() {
    let site = Site::start();
    rooms_to_search(&site);
    let browser = Browser::start().await;
    e2e::room_page::enter(&browser, &site, "zoe", "tea").await;
    let mut all = Vec::new();
    for theme in ["light", "dark"] {
        browser
            .eval(&format!(
                "import('/js/preferences.js').then(m => m.setPreference('theme', '{theme}'))"
            ))
            .await;
        // The last one is a window of 1280 x 1024 at 400 %.
        for (width, height) in SCREENS.into_iter().chain([(320, 256)]) {
            browser.resize(width, height).await;
            browser
                .eval("document.querySelector('#search-all-button').click()")
                .await;
            browser
                .wait_until(
                    "it is open",
                    "document.activeElement?.id === 'search-field'",
                )
                .await;
            search(
                &browser,
                "caj from:zofie",
                &["tea: <b>čaj</b> & nothing", "tea: Já mám ČAJ 😀 a Čaj"],
            )
            .await;
            if width >= 360 {
                shoot(&browser, "search", width, theme).await;
            } else {
                browser
                    .screenshot(&format!("state-search-400-{theme}"))
                    .await;
                let wide = "document.querySelector('dialog').scrollWidth > document.querySelector('dialog').clientWidth";
                assert_eq!(browser.eval(wide).await, false, "nothing is cut off");
            }
            let found = violations(&browser).await;
            all.extend(
                found
                    .into_iter()
                    .map(|one| format!("search-{width}-{theme}: {one}")),
            );
            browser
                .eval("document.querySelector('dialog').close()")
                .await;
        }
    }
    open_at(&browser, &site, "long", &id(2500)).await;
    marked(&browser, "line 02500.").await;
    for theme in ["light", "dark"] {
        browser
            .eval(&format!(
                "import('/js/preferences.js').then(m => m.setPreference('theme', '{theme}'))"
            ))
            .await;
        for (width, height) in SCREENS {
            browser.resize(width, height).await;
            // The buttons of a message that has the focus are for a mouse.
            browser.eval("document.activeElement.blur()").await;
            shoot(&browser, "looking-back", width, theme).await;
            let found = violations(&browser).await;
            all.extend(
                found
                    .into_iter()
                    .map(|one| format!("back-{width}-{theme}: {one}")),
            );
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
