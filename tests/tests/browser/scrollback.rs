//! A long conversation in a page that stays small.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees};
use e2e::site::Site;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_leaves_the_page_and_comes_back() {
    let site = Site::start();
    let mut lines = String::new();
    for number in 0..10_000 {
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}.000000Z",
            number / 3600,
            number / 60 % 60,
            number % 60
        );
        writeln!(lines, "{time}\tsay\talice\t\tline {number:05}.").expect("memory");
    }
    fs::write(site.var().join("rooms/long.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    enter(&browser, &site, "bob", "long").await;
    sees(&browser, "line 09999.").await;
    for wanted in ["line 09700.", "line 09400."] {
        let up = format!(
            "(document.querySelector('#scroller').scrollTop = 0, [...document.querySelectorAll('#log .entry')].some(e => e.textContent.includes({})))",
            json!(wanted)
        );
        browser
            .wait_until(&format!("scrolling up brings {wanted}"), &up)
            .await;
        let count = browser
            .eval("document.querySelectorAll('#log > *').length")
            .await;
        assert!(
            count.as_u64().is_some_and(|count| count <= 360),
            "{count} entries are in the page"
        );
    }
    browser
        .wait_until(
            "the newest has left",
            "!document.querySelector('#log').textContent.includes('line 09999.')",
        )
        .await;
    click(&browser, "#jump").await;
    sees(&browser, "line 09999.").await;
}

/// Messages that come while somebody looks on.
const LIVE: usize = 10_000;
/// Entries that the page keeps at most (timeline.js), and a generous bound for all that they are made of.
const MAX_ENTRIES: u64 = 300;
const MAX_NODES: u64 = 9_000;

/// The numbers of the lines in the page, which must follow one another without a gap.
async fn numbers(browser: &Browser) -> Vec<u64> {
    let shown = "[...document.querySelectorAll('#log .entry .words')].map(e => /^line (\\d+)\\.$/.exec(e.textContent)).filter(m => m).map(m => Number(m[1]))";
    let shown = browser.eval(shown).await;
    let shown: Vec<u64> = shown
        .as_array()
        .expect("numbers")
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    for pair in shown.windows(2) {
        assert_eq!(
            pair[0] + 1,
            pair[1],
            "one is missing, twice or out of order"
        );
    }
    shown
}

async fn assert_small(browser: &Browser, when: &str) {
    let entries = browser
        .eval("document.querySelectorAll('#log > *').length")
        .await;
    assert!(
        entries.as_u64().is_some_and(|count| count <= MAX_ENTRIES),
        "{when}: {entries} entries"
    );
    let nodes = browser.eval("document.querySelectorAll('*').length").await;
    assert!(
        nodes.as_u64().is_some_and(|count| count <= MAX_NODES),
        "{when}: {nodes} nodes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_live_messages_leave_the_page_small_and_all_come_back() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "bob", "flood").await;
    // Another program appends, later than any clock's now: the room follows as it follows its own writers.
    let mut log = OpenOptions::new()
        .append(true)
        .open(site.var().join("rooms/flood.log"))
        .expect("the log");
    let mut written = 0;
    for part in 0..20 {
        let mut lines = String::new();
        for number in written..written + LIVE / 20 {
            let (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60);
            writeln!(lines, "2099-01-01T{hour:02}:{minute:02}:{second:02}.000000Z\tsay\talice\t\tline {number:05}.")
                .expect("memory");
        }
        log.write_all(lines.as_bytes()).expect("it is appended");
        written += LIVE / 20;
        // Amid the flood the page answers, takes what is typed, and stays small.
        say(&browser, &format!("still here {part}")).await;
        assert_eq!(
            browser.eval("document.querySelector('#text').value").await,
            ""
        );
        assert_small(&browser, &format!("after {written}")).await;
    }
    sees(&browser, "line 09999.").await;
    assert_small(&browser, "at the end").await;
    // Everything back to the first, in order, with nothing missing and nothing twice.
    let oldest = "[...document.querySelectorAll('#log .entry .words')].map(e => /^line (\\d+)\\.$/.exec(e.textContent)?.[1]).find(n => n)";
    let mut lowest = LIVE as u64;
    loop {
        let shown = numbers(&browser).await;
        let (first, last) = (shown[0], shown[shown.len() - 1]);
        assert!(last + 1 >= lowest, "{last} to {lowest} was never shown");
        lowest = lowest.min(first);
        assert_small(&browser, &format!("at {first}")).await;
        if first == 0 {
            break;
        }
        let moved =
            format!("(document.querySelector('#scroller').scrollTop = 0, {oldest} < '{first:05}')");
        browser.wait_until("older ones come", &moved).await;
    }
    click(&browser, "#jump").await;
    sees(&browser, "line 09999.").await;
    assert_small(&browser, "back at the end").await;

    // Who is at the bottom stays there when the room gets smaller, as by a call or a keyboard on the screen.
    let at_the_end = "document.querySelector('#jump').hidden && document.querySelector('#scroller').scrollHeight - document.querySelector('#scroller').clientHeight - document.querySelector('#scroller').scrollTop < 80";
    browser.wait_until("it is at the end", at_the_end).await;
    for (width, height) in [(1280, 800), (360, 740), (360, 400), (1280, 420)] {
        browser.resize(width, height).await;
        browser
            .wait_until(&format!("it is at the end at {width}x{height}"), at_the_end)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_below_a_day_of_comings_and_goings_is_found_without_asking_twice() {
    let site = Site::start();
    let mut lines = String::new();
    let mut second = 0;
    let mut put = |rest: &str| {
        second += 1;
        let time = format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}.000000Z",
            1 + second / 86_400,
            second / 3600 % 24,
            second / 60 % 60,
            second % 60
        );
        writeln!(lines, "{time}\t{rest}").expect("memory");
    };
    for number in 0..5 {
        put(&format!("say\talice\t\tthe word {number}"));
    }
    // Two pages of history and a bit: one reads 4 MiB at most.
    for _ in 0..80_000 {
        put("join\ta-rather-long-name-of-a-visitor\tcolor=#aabbcc\t");
        put("quit\ta-rather-long-name-of-a-visitor\t\t");
    }
    fs::write(site.var().join("rooms/visits.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    browser
        .run_first(
            "globalThis.asked = [];
             const send = WebSocket.prototype.send;
             WebSocket.prototype.send = function (data) {
                 if (data.includes('\"history\"')) asked.push(data);
                 return send.call(this, data);
             };",
        )
        .await;
    enter(&browser, &site, "bob", "visits").await;
    sees(&browser, "the word 0").await;
    browser.wait_for_text("This is where visits begins.").await;
    let asked = browser.eval("asked").await;
    let asked: Vec<&str> = asked
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut once = asked.clone();
    once.dedup();
    assert_eq!(asked, once, "no page is asked for twice");
    assert!(asked.len() < 10, "{asked:?}");
}
