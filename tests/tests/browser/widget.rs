//! `<chat-widget>` on a page of another origin, as docs/embedding.md has it.

use std::fs;

use e2e::browser::Browser;
use e2e::chat::Files;
use e2e::daemon::Daemon;
use e2e::page::Page;
use e2e::under_test::{chat_handler, workspace};
use fantoccini::key::Key;
use tempfile::TempDir;

use crate::access::violations;

/// Somebody else's site, the chat that allows it, and a person in the room.
struct Embedded {
    // Dropped in this order: the programs first, then the files they use.
    chat: Daemon,
    other: Daemon,
    _pages: TempDir,
    _files: Files,
}

/// The snippet of the document, with the chat's own address.
fn snippet(chat: &str) -> String {
    let document =
        fs::read_to_string(workspace().join("docs/embedding.md")).expect("docs/embedding.md");
    let (_, rest) = document.split_once("```html\n").expect("a snippet");
    let (snippet, _) = rest.split_once("```").expect("its end");
    snippet.replace("https://chat.example.org", chat)
}

fn embedded(attributes: &str, policy: bool) -> Embedded {
    let pages = tempfile::tempdir().expect("a temporary directory");
    let other = Daemon::builder()
        .flag(format!("--staticdir={}", pages.path().display()))
        .command("cat", [""; 0])
        .start();
    let files = Files::new();
    let chat = Daemon::builder()
        .flag(format!(
            "--staticdir={}",
            workspace().join("htdocs").display()
        ))
        .flag(format!("--origin=http://{}", other.address()))
        .flag("--header-http=Access-Control-Allow-Origin: *")
        .flag("--passenv=CHAT_CONFIG")
        .env("CHAT_CONFIG", files.ini())
        .command(chat_handler(), [""; 0])
        .start();
    let address = chat.url("").replace("ws://", "http://");
    let address = address.trim_end_matches('/');
    let policy = if policy {
        format!(
            "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src {address}; connect-src {address} {}\">",
            address.replace("http", "ws")
        )
    } else {
        String::new()
    };
    let page = format!(
        "<!doctype html><html lang=en>{policy}<title>Elsewhere</title><main><h1>Elsewhere</h1>{}</main>",
        snippet(address).replace("<chat-widget ", &format!("<chat-widget {attributes} "))
    );
    fs::write(pages.path().join("index.html"), &page).expect("writable");
    fs::write(pages.path().join("second.html"), &page).expect("writable");
    Embedded {
        chat,
        other,
        _pages: pages,
        _files: files,
    }
}

impl Embedded {
    fn page(&self, name: &str) -> String {
        format!("http://{}/{name}", self.other.address())
    }

    /// Somebody by the protocol, in the same room.
    fn bob(&self) -> Page<e2e::ws::Client> {
        let origin = format!("http://{}", self.other.address());
        Page::enter(
            self.chat
                .client_with("/lobby?format=json&nick=bob", &[("Origin", &origin)]),
        )
    }
}

const ROOT: &str = "document.querySelector('chat-widget').shadowRoot";

async fn says(browser: &Browser, words: &str) {
    let found = format!("{ROOT}?.querySelector('.list')?.textContent.includes({words:?})");
    browser.wait_until(words, &found).await;
}

/// Types into the widget's field.
async fn write(browser: &Browser, words: &str) {
    browser
        .eval(&format!("{ROOT}.querySelector('textarea').focus()"))
        .await;
    let active = browser.client().active_element().await.expect("a field");
    active.send_keys(words).await.expect("typed");
    active
        .send_keys(&char::from(Key::Enter).to_string())
        .await
        .expect("sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_on_a_page_of_another_origin_under_its_strict_policy() {
    let site = embedded("nick=alice", true);
    let mut bob = site.bob();
    bob.say("I am from elsewhere", "b1");
    let browser = Browser::start().await;
    browser.goto(&site.page("")).await;
    says(&browser, "I am from elsewhere").await;
    write(&browser, "so am I <b>now</b> https://example.org/").await;
    says(&browser, "so am I <b>now</b>").await;
    assert_eq!(bob.expect("say")["text"], "I am from elsewhere");
    assert_eq!(bob.expect("say")["from"], "alice");
    let link = browser
        .eval(&format!("{ROOT}.querySelector('.line a').rel"))
        .await;
    assert_eq!(link, "noopener noreferrer nofollow");
    assert_eq!(
        browser
            .eval(&format!("{ROOT}.querySelector('.line b') === null"))
            .await,
        true
    );
    browser.screenshot("widget").await;
    assert_eq!(violations(&browser).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_docked_room_follows_from_page_to_page_and_counts_what_is_unread() {
    let site = embedded("dock nick=alice", false);
    let mut bob = site.bob();
    let browser = Browser::start().await;
    browser.goto(&site.page("")).await;
    let badge = format!("{ROOT}?.querySelector('.badge:not([hidden])')?.textContent");
    bob.find(|message| message["type"] == "join" && message["from"] == "alice");
    bob.say("one", "b1");
    bob.say("two", "b2");
    browser
        .wait_until("two are unread", &format!("{badge} === '2'"))
        .await;
    browser.screenshot("widget-dock").await;
    browser
        .eval(&format!("{ROOT}.querySelector('.toggle').click()"))
        .await;
    says(&browser, "two").await;
    browser
        .wait_until(
            "they are read",
            &format!("{ROOT}.querySelector('.badge').hidden"),
        )
        .await;
    browser
        .eval(&format!("{ROOT}.querySelector('textarea').focus()"))
        .await;
    let field = browser.client().active_element().await.expect("a field");
    field.send_keys("half a sen").await.expect("typed");
    browser.screenshot("widget-dock-open").await;
    assert_eq!(violations(&browser).await, Vec::<String>::new());

    browser.goto(&site.page("second.html")).await;
    says(&browser, "two").await;
    let draft = browser
        .eval(&format!("{ROOT}.querySelector('textarea').value"))
        .await;
    assert_eq!(draft, "half a sen");
    browser.resize(360, 640).await;
    browser.screenshot("widget-dock-phone").await;
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.eval(fits).await, true);
    write(&browser, "tence").await;
    says(&browser, "half a sentence").await;
    let active = browser.client().active_element().await.expect("a field");
    active
        .send_keys(&char::from(Key::Escape).to_string())
        .await
        .expect("pressed");
    browser
        .wait_until(
            "it is closed",
            &format!("{ROOT}.querySelector('.panel') === null"),
        )
        .await;
}
