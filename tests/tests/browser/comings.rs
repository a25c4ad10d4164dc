//! Who comes and goes: told, and not in the way of what is said.

use std::fs::OpenOptions;
use std::io::Write as _;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, sees, set_theme};
use e2e::site::Site;
use serde_json::json;

/// What the reader sees of comings and goings, from above.
const SEEN: &str = "[...document.querySelectorAll('.event')].filter(e => e.checkVisibility() && e.closest('.join, .quit')).map(e => e.innerText.replace(/\\s+/gu, ' ').replace(/ ?\\d?\\d:\\d\\d.*/u, '').trim())";

async fn shows(browser: &Browser, wanted: [&str; 4]) {
    let wanted = json!(json!(wanted).to_string());
    let same = format!("JSON.stringify({SEEN}) === {wanted}");
    browser.wait_until("each row is one line", &same).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_come_and_go_one_after_another_take_one_line() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "zoe", "fold").await;
    // Another program appends, later than any clock's now: the room follows as it follows its own writers.
    let mut log = OpenOptions::new()
        .append(true)
        .open(site.var().join("rooms/fold.log"))
        .expect("the log");
    let mut second = 0;
    let mut append = |records: &[(&str, &str)]| {
        for (kind, rest) in records {
            second += 1;
            writeln!(log, "2099-01-01T10:00:{second:02}.000000Z\t{kind}\t{rest}")
                .expect("it is appended");
        }
    };
    append(&[
        ("join", "ann\t\t"),
        ("join", "bob\t\t"),
        ("join", "cid\t\t"),
        ("join", "dan\t\t"),
    ]);
    append(&[
        ("quit", "eve\t\t"),
        ("say", "ann\t\tbetween them"),
        ("quit", "bob\t\t"),
    ]);
    append(&[
        ("say", "ann\t\tthe last"),
        ("join", "fay\t\t"),
        ("join", "gus\t\t"),
    ]);
    sees(&browser, "the last").await;
    shows(
        &browser,
        [
            "zoe came in",
            "4 people came in · eve left",
            "bob left",
            "fay and gus came in",
        ],
    )
    .await;
    // What happens now joins the row.
    append(&[("quit", "fay\t\t"), ("join", "hal\t\t")]);
    let grown = "gus and hal came in · fay came in and left";
    shows(
        &browser,
        [
            "zoe came in",
            "4 people came in · eve left",
            "bob left",
            grown,
        ],
    )
    .await;
    for (width, theme) in [(360, "light"), (768, "dark"), (1280, "light")] {
        browser.resize(width, 740).await;
        browser
            .eval(&format!(
                "document.documentElement.dataset.theme = '{theme}'"
            ))
            .await;
        browser
            .screenshot(&format!("comings-{width}-{theme}"))
            .await;
    }

    // Each of them is a press away, and away again.
    click(&browser, ".comings button").await;
    let count = format!("{SEEN}.length");
    assert_eq!(browser.eval(&count).await, 4 + 5);
    assert_eq!(browser.eval(&format!("{SEEN}[2]")).await, "ann came in");
    browser.screenshot("comings-open").await;
    click(&browser, ".comings button").await;
    assert_eq!(browser.eval(&count).await, 4);

    // And the archive tells it in the same way.
    set_theme(&browser, "dark").await;
    browser
        .goto(&site.url("/room_history.html?room=fold"))
        .await;
    browser.wait_for_text("the last").await;
    let first = format!("{SEEN}[1] === '4 people came in · eve left'");
    browser.wait_until("a row is one line", &first).await;
    browser.screenshot("comings-archive").await;
}
