//! Messages found again: by a link to one, by a day, by words.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

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

    e2e::room_page::click(&browser, "#jump").await;
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
    browser.eval("history.back()").await;
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
