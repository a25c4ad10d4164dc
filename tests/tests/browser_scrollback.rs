//! A long conversation in a page that stays small.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, sees};
use e2e::site::Site;
use serde_json::json;

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
