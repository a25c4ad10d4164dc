//! A message as it is shown: lines, formatting, folding.

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees, set_theme, welcome};
use e2e::site::Site;
use e2e::transport::Endpoint;
use e2e::ws::Client;
use serde_json::{Value, json};

use crate::pages::SCREENS;

/// What people write who come from elsewhere.
const WRITTEN: [&str; 7] = [
    "**Release notes** for *today*, ~~yesterday~~: see [the page](https://example.org/notes) or https://example.org/x_y_z",
    "It broke:\n```rust\nfn main() {\n    println!(\"**not bold**\");\n}\n```\nany idea?",
    "> when do we meet?\n> at eight?\nAt eight, unless `cron` wakes me.",
    "To do:\n- read\n- write\n  - tests\n  - docs\n1. then this\n2. then that",
    "The murderer is ||the **gardener** :-)||, snake_case and 2*3*4 stay",
    "one\n    two\n\tthree\n\nfour",
    "||x|| שלום **לכולם**",
];

/// Bob, over a connection of his own.
pub(crate) struct Bob {
    client: Client,
    count: usize,
}

impl Bob {
    pub(crate) fn enter(site: &Site, room: &str) -> Self {
        let url = site.url("");
        let address = url.strip_prefix("http://").expect("it is plain HTTP");
        let endpoint = Endpoint::Tcp(address.parse().expect("an address"));
        let path = format!("/{room}?format=json&nick=bob");
        let client = Client::connect_with(&endpoint, &path, &[("Origin", &url)]);
        Self { client, count: 0 }
    }

    /// Sends it and waits for the server's answer. Gives the id of the record.
    pub(crate) fn does(&mut self, mut message: Value) -> String {
        self.count += 1;
        let msgid = format!("bob{}", self.count);
        message["msgid"] = json!(msgid);
        self.client.send(message.to_string());
        let answer = self.client.text_where(|line| {
            line.contains(&format!("\"{msgid}\""))
                && (line.contains("\"ack\"") || line.contains("\"error\""))
        });
        let answer: Value = serde_json::from_str(&answer).expect("it is JSON");
        assert_eq!(answer["type"], "ack", "{answer} to {message}");
        answer["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn says(&mut self, text: &str) -> String {
        self.does(json!({"type": "say", "text": text}))
    }
}

/// The words of the last message, as nodes.
pub(crate) const LAST: &str = "[...document.querySelectorAll('#log .entry .words')].at(-1)";

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_shown_as_what_they_mean() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "marks").await;
    say(
        &browser,
        "**bold** *slanted* ~~struck~~ `code` [a page](https://example.org/x)",
    )
    .await;
    sees(&browser, "slanted").await;
    let tags = format!("[...{LAST}.querySelectorAll('*')].map(e => e.localName).join()");
    assert_eq!(browser.eval(&tags).await, "strong,em,s,code,span,a,bdi");
    let words = format!("{LAST}.textContent");
    assert_eq!(
        browser.eval(&words).await,
        "bold slanted struck code a page (example.org)"
    );

    Bob::enter(&site, "marks").says("so:\n```\n  kept *as it is*\n```");
    sees(&browser, "as it is").await;
    assert_eq!(
        browser
            .eval(&format!("{LAST}.querySelector('pre').textContent"))
            .await,
        "  kept *as it is*"
    );
    browser
        .eval("navigator.clipboard.writeText = async (words) => { globalThis.copied = words; }")
        .await;
    click(&browser, "#log .code .copy").await;
    browser
        .wait_until(
            "the code is copied",
            "globalThis.copied === '  kept *as it is*'",
        )
        .await;

    say(&browser, "it was ||the gardener||").await;
    sees(&browser, "it was").await;
    assert_eq!(
        browser
            .eval(&format!("{LAST}.innerText.includes('gardener')"))
            .await,
        false
    );
    browser
        .eval(&format!("{LAST}.querySelector('button').click()"))
        .await;
    assert_eq!(
        browser.eval(&format!("{LAST}.innerText")).await,
        "it was the gardener"
    );
    assert_eq!(
        browser.eval("document.activeElement.textContent").await,
        "the gardener"
    );

    // As it was typed, for whoever wants that.
    click(&browser, "#settings-button").await;
    click(&browser, "#setting-formatting").await;
    browser
        .wait_until(
            "it is raw",
            &format!("{LAST}.textContent === 'it was ||the gardener||'"),
        )
        .await;
    assert_eq!(
        browser
            .eval(
                "document.querySelectorAll('#log .words :is(strong, pre, a[href*=notes])').length"
            )
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn long_messages_fold() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "long").await;
    let lines: Vec<String> = (1..=40).map(|line| format!("line {line}")).collect();
    Bob::enter(&site, "long").says(&lines.join("\n"));
    sees(&browser, "line 10").await;
    assert_eq!(
        browser
            .eval(&format!("{LAST}.innerText.includes('line 11')"))
            .await,
        false
    );
    let button = "document.querySelector('#log .unfold')";
    assert_eq!(
        browser
            .eval(&format!(
                "[{button}.textContent, {button}.getAttribute('aria-expanded')]"
            ))
            .await,
        json!(["Show all 40 lines", "false"])
    );
    click(&browser, "#log .unfold").await;
    sees(&browser, "line 40").await;
    // The reader stays at its beginning, also when something comes.
    say(&browser, "next").await;
    browser
        .eval("new Promise(done => setTimeout(done, 300))")
        .await;
    assert_eq!(
        browser
            .eval(&format!("{button}.getAttribute('aria-expanded')"))
            .await,
        "true"
    );
    click(&browser, "#log .unfold").await;
    browser
        .wait_until(
            "it is folded again",
            &format!("{button}.getAttribute('aria-expanded') === 'false'"),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_drawn_at_every_width_and_theme() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "drawn").await;
    let mut bob = Bob::enter(&site, "drawn");
    for words in WRITTEN {
        bob.says(words);
    }
    sees(&browser, "לכולם").await;
    for theme in ["light", "dark"] {
        set_theme(&browser, theme).await;
        for (width, height) in SCREENS {
            browser.resize(width, height).await;
            browser.goto(&site.url("/?room=drawn")).await;
            welcome(&browser).await;
            sees(&browser, "לכולם").await;
            crate::pages::check_layout(&browser, "messages", width).await;
            browser
                .screenshot(&format!("messages-{width}-{theme}"))
                .await;
        }
    }
}
