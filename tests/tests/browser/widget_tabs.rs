//! `<chat-widget>` in many tabs: one connection for all of a browser, also when the tab that leads dies.

use std::fs;
use std::path::Path;
use std::time::Duration;

use e2e::browser::Browser;
use e2e::chat::Files;
use e2e::daemon::Daemon;
use e2e::deadline::eventually;
use e2e::page::Page;
use e2e::under_test::{chat_handler, workspace};
use serde_json::json;
use tempfile::TempDir;

use crate::access::violations;

/// As many as people have open.
const MANY_TABS: usize = 20;
/// Messages that are written while the tab that leads dies.
const MESSAGES: usize = 10;

const ROOT: &str = "document.querySelector('chat-widget').shadowRoot";

/// Pages of one origin or more that show the chat.
struct Pages {
    // Dropped in this order: the programs first, then the files they use.
    chat: Daemon,
    others: Vec<Daemon>,
    _dir: TempDir,
    files: Files,
}

fn page(script: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Elsewhere</title>\
         <main><h1>Elsewhere</h1></main>\
         <script type=module src='{script}client/chat-widget.js'></script>\
         <chat-widget room=lobby dock count-in-title nick=alice></chat-widget>"
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable").flatten() {
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

/// The chat, and `others` sites of other origins; the chat's own origin has the same page.
fn pages(others: usize) -> Pages {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let htdocs = workspace().join("htdocs");
    for part in ["client", "js"] {
        copy(&htdocs.join(part), &dir.path().join("chat").join(part));
    }
    fs::create_dir(dir.path().join("other")).expect("writable");
    let serve = |name: &str| format!("--staticdir={}", dir.path().join(name).display());
    let others: Vec<Daemon> = (0..others)
        .map(|_| {
            Daemon::builder()
                .flag(serve("other"))
                .command("cat", [""; 0])
                .start()
        })
        .collect();
    let origins: Vec<String> = others
        .iter()
        .map(|other| format!("http://{}", other.address()))
        .collect();
    let files = Files::new();
    let mut chat = Daemon::builder()
        .flag(serve("chat"))
        .flag("--header-http=Access-Control-Allow-Origin: *")
        .flag("--passenv=CHAT_CONFIG")
        .env("CHAT_CONFIG", files.ini());
    chat = if origins.is_empty() {
        chat.flag("--sameorigin")
    } else {
        chat.flag(format!("--origin={}", origins.join(",")))
    };
    let chat = chat.command(chat_handler(), [""; 0]).start();
    let address = format!("http://{}/", chat.address());
    fs::write(dir.path().join("chat/page.html"), page("")).expect("writable");
    fs::write(dir.path().join("other/page.html"), page(&address)).expect("writable");
    Pages {
        chat,
        others,
        _dir: dir,
        files,
    }
}

impl Pages {
    fn own(&self) -> String {
        format!("http://{}/page.html", self.chat.address())
    }

    fn other(&self, at: usize) -> String {
        format!("http://{}/page.html", self.others[at].address())
    }

    /// Texts that were said in the lobby, in order.
    fn said(&self) -> Vec<String> {
        let records = self.files.records("lobby");
        let said = records.into_iter().filter(|record| record.kind == "say");
        said.map(|record| record.text).collect()
    }
}

/// Opens the dock's room, where it is not.
async fn open(browser: &Browser) {
    browser
        .wait_until("the widget is there", &format!("{ROOT} !== null"))
        .await;
    browser
        .eval(&format!(
            "{ROOT}.querySelector('.panel') || {ROOT}.querySelector('.toggle').click()"
        ))
        .await;
    browser
        .wait_until(
            "the room is entered",
            &format!("{ROOT}.querySelector('.panel .state')?.hidden"),
        )
        .await;
}

/// Says something without waiting for it.
async fn write(browser: &Browser, text: &str) {
    let text = json!(text);
    browser
        .eval(&format!(
            "(() => {{ const field = {ROOT}.querySelector('textarea'); field.value = {text}; \
             field.form.requestSubmit(); return true; }})()"
        ))
        .await;
}

async fn shows(browser: &Browser, text: &str) {
    let times = format!(
        "[...{ROOT}.querySelectorAll('.list .line')].filter((line) => line.textContent.includes({}))",
        json!(text)
    );
    browser
        .wait_until(text, &format!("{times}.length === 1"))
        .await;
}

async fn many_tabs_are_one_connection(site: &Pages, address: &str) {
    let browser = Browser::start().await;
    let mut tabs = Vec::new();
    browser.goto(address).await;
    tabs.push(browser.current_tab().await);
    open(&browser).await;
    for _ in 1..MANY_TABS {
        tabs.push(browser.open_tab(address).await);
        open(&browser).await;
    }
    write(&browser, "from the last").await;
    for tab in &tabs {
        browser.bring(tab).await;
        shows(&browser, "from the last").await;
    }
    assert_eq!(site.chat.handlers().len(), 1, "one connection for all tabs");
    browser.bring(&tabs[0]).await;
    write(&browser, "from the first").await;
    browser.bring(&tabs[MANY_TABS / 2]).await;
    shows(&browser, "from the first").await;
    assert_eq!(site.said(), ["from the last", "from the first"]);
    for tab in tabs {
        browser.close_tab(tab).await;
    }
    site.chat.assert_no_process_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tabs_of_the_chats_own_origin_are_one_connection() {
    let site = pages(0);
    many_tabs_are_one_connection(&site, &site.own()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tabs_of_another_origin_are_one_connection() {
    let site = pages(1);
    many_tabs_are_one_connection(&site, &site.other(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_leading_tab_dies_nothing_is_lost_and_nothing_said_twice() {
    let site = pages(2);
    let browser = Browser::start().await;
    browser.goto(&site.other(0)).await;
    let leader = browser.current_tab().await;
    open(&browser).await;
    let second = browser.open_window(&site.other(0)).await;
    open(&browser).await;
    let elsewhere = browser.open_window(&site.other(1)).await;
    open(&browser).await;
    eventually("each origin has a connection of its own", || {
        (site.chat.handlers().len() == 2).then_some(())
    });

    // Half of the messages are with the tab that leads when it dies: of no cause, without a word.
    browser.bring(&second).await;
    for number in 0..MESSAGES / 2 {
        write(&browser, &format!("number {number}")).await;
    }
    browser.bring(&leader).await;
    write(&browser, "of the leader").await;
    let crash = browser.client().goto("chrome://crash");
    // It has nobody left who could answer.
    let _ = tokio::time::timeout(Duration::from_secs(5), crash).await;
    browser.bring(&second).await;
    for number in MESSAGES / 2..MESSAGES {
        write(&browser, &format!("number {number}")).await;
    }
    for number in 0..MESSAGES {
        shows(&browser, &format!("number {number}")).await;
    }
    shows(&browser, "of the leader").await;
    browser
        .wait_until(
            "nothing is pending",
            &format!("{ROOT}.querySelector('.pending').childElementCount === 0"),
        )
        .await;
    browser.bring(&elsewhere).await;
    shows(&browser, "number 9").await;
    let mut said = site.said();
    let numbers: Vec<String> = (0..MESSAGES)
        .map(|number| format!("number {number}"))
        .collect();
    let spoken: Vec<&String> = said.iter().filter(|text| text.starts_with('n')).collect();
    assert_eq!(spoken, numbers.iter().collect::<Vec<_>>(), "in order");
    said.sort();
    said.dedup();
    assert_eq!(said.len(), MESSAGES + 1, "each once: {:?}", site.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_begins_in_the_dock_and_is_in_its_list() {
    let site = pages(1);
    let origin = format!("http://{}", site.others[0].address());
    let mut bob = Page::enter(site.chat.client_with(
        "/lobby?format=json&protocol=1&nick=bob&client=bobs-browser",
        &[("Origin", &origin)],
    ));
    let browser = Browser::start().await;
    browser.resize(1200, 800).await;
    browser.goto(&site.other(0)).await;
    open(&browser).await;
    bob.say("Who brings the cake?", "b1");
    shows(&browser, "Who brings the cake?").await;
    write(&browser, "I do, and coffee: https://example.org/coffee").await;
    shows(&browser, "I do, and coffee").await;
    browser
        .eval(&format!("{ROOT}.querySelector('header .quiet').click()"))
        .await;
    let bobs_button = format!(
        "[...{ROOT}.querySelectorAll('.people button')].find((button) => button.textContent === 'bob')"
    );
    browser
        .wait_until("bob is listed", &format!("{bobs_button} !== undefined"))
        .await;
    assert_eq!(violations(&browser).await, Vec::<String>::new());
    browser.eval(&format!("{bobs_button}.click()")).await;
    browser
        .wait_until(
            "the conversation is open beside the room",
            &format!(
                "{ROOT}.querySelectorAll('.panel')[1]?.querySelector('h2').textContent === 'bob'"
            ),
        )
        .await;
    browser
        .eval(&format!(
            "(() => {{ const field = {ROOT}.querySelectorAll('textarea')[1]; field.value = 'A surprise for carol?'; \
             field.form.requestSubmit(); return true; }})()"
        ))
        .await;
    shows(&browser, "A surprise for carol?").await;
    assert!(
        !site.said().iter().any(|text| text.contains("surprise")),
        "it is in no room"
    );
    for (theme, name) in [
        ("light", "widget-dock-two"),
        ("dark", "widget-dock-two-dark"),
    ] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        browser.screenshot(name).await;
        assert_eq!(violations(&browser).await, Vec::<String>::new(), "{theme}");
    }
    browser
        .eval(&format!("{ROOT}.querySelector('.toggle').click()"))
        .await;
    browser
        .wait_until(
            "both are listed",
            &format!("{ROOT}.querySelectorAll('.rooms li').length === 2 && !{ROOT}.querySelector('.rooms').hidden"),
        )
        .await;
    browser.screenshot("widget-dock-list").await;
    assert_eq!(violations(&browser).await, Vec::<String>::new());
    browser
        .eval(&format!(
            "{ROOT}.querySelectorAll('.rooms button')[1].click()"
        ))
        .await;
    for (width, name) in [(768, "widget-dock-tablet"), (360, "widget-dock-small")] {
        browser.resize(width, 740).await;
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        browser.wait_until("it fits", fits).await;
        browser.screenshot(name).await;
        assert_eq!(violations(&browser).await, Vec::<String>::new(), "{width}");
    }
    // It is there on the next page, too.
    browser.goto(&site.other(0)).await;
    shows(&browser, "A surprise for carol?").await;
}
