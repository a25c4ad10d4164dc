//! From the field to the log: nobody is locked out, nothing reaches the wrong people, no text runs as a command.

use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{choose, click, come_back, enter, say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

/// What was said in a room, in order.
fn said(site: &Site, room: &str) -> Vec<String> {
    let log = fs::read_to_string(site.var().join(format!("rooms/{room}.log"))).unwrap_or_default();
    let says = log.lines().filter(|line| line.contains("\tsay\t"));
    says.filter_map(|line| line.rsplit('\t').next().map(str::to_owned))
        .collect()
}

/// Puts text into the field and sends nothing.
async fn write(browser: &Browser, text: &str) {
    let typed = format!(
        "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); }})(document.querySelector('#text'))",
        json!(text)
    );
    browser.eval(&typed).await;
}

const FIELD: &str = "document.querySelector('#text').value";
const NONE_WAITS: &str = "document.querySelectorAll('#pending > *').length === 0";

#[tokio::test(flavor = "multi_thread")]
async fn who_quits_comes_back_and_stays() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "out").await;
    say(&browser, "/quit").await;
    browser.wait_for_text("You left the room.").await;
    click(&browser, "#banner button").await;
    welcome(&browser).await;
    say(&browser, "back again").await;
    sees(&browser, "back again").await;
    browser.goto(&site.url("/?room=out")).await;
    welcome(&browser).await;
    say(&browser, "and stays").await;
    sees(&browser, "and stays").await;
    assert_eq!(said(&site, "out"), ["back again", "and stays"]);
    assert_eq!(browser.eval(NONE_WAITS).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_can_be_discarded_and_a_command_is_not_done_twice() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    // The server's answers are lost from a moment on.
    browser
        .run_first(
            "globalThis.WebSocket = class extends WebSocket {
                addEventListener(type, listener) {
                    super.addEventListener(type, event => type === 'message' && globalThis.deaf ? 0 : listener(event));
                }
            };",
        )
        .await;
    enter(&browser, &site, "alice", "night").await;
    browser.eval("globalThis.deaf = true").await;
    say(&browser, "/topic once").await;
    eventually("it is done", || {
        let log = fs::read_to_string(site.var().join("rooms/night.log")).ok()?;
        log.contains("\ttopic\t").then_some(())
    });
    site.kill();
    let waiting = "document.querySelector('#pending [data-state=waiting]')";
    browser
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    say(&browser, "take this back").await;
    browser.wait_until("it waits", waiting).await;
    let discard = format!(
        "[...{waiting}.querySelectorAll('button')].find(b => b.textContent === 'Discard').click()"
    );
    browser.eval(&discard).await;
    say(&browser, "but this goes").await;
    browser.eval("globalThis.deaf = false").await;
    site.restart();
    come_back(&browser).await;
    sees(&browser, "but this goes").await;
    assert_eq!(said(&site, "night"), ["but this goes"]);
    browser
        .wait_until("the log itself says that it was done", NONE_WAITS)
        .await;
    let log = fs::read_to_string(site.var().join("rooms/night.log")).expect("the log");
    assert_eq!(
        log.matches("\ttopic\t").count(),
        1,
        "the command is not repeated:\n{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_draft_stays_private() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "hush").await;
    enter(&bob, &site, "bob", "hush").await;
    choose(&alice, "bob", "Whisper").await;
    write(&alice, "for bob alone").await;
    alice.goto(&site.url("/?room=hush")).await;
    welcome(&alice).await;
    assert_eq!(alice.eval(FIELD).await, "for bob alone");
    click(&alice, "#send").await;
    sees(&bob, "for bob alone").await;

    // A command is one also while whispering; what all would see is not sent.
    say(&alice, "/me winks").await;
    sees(&alice, "/me is shown to everyone.").await;
    assert_eq!(alice.eval(FIELD).await, "/me winks");
    say(&alice, "/topic whispers").await;
    bob.wait_until(
        "the topic is set",
        "document.querySelector('#topic').textContent === 'whispers'",
    )
    .await;

    // Called back by the up key, it is for bob again.
    click(&alice, "#whisper-stop").await;
    write(&alice, "").await;
    let up = "document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, cancelable: true }))";
    alice.eval(up).await;
    alice.eval(up).await;
    assert_eq!(alice.eval(FIELD).await, "for bob alone");
    click(&alice, "#send").await;
    bob.wait_until(
        "both came",
        "document.querySelectorAll('#log .entry.whisper').length === 2",
    )
    .await;
    assert_eq!(said(&site, "hush"), Vec::<String>::new());

    // Bob is called otherwise: what is for him stays for him.
    choose(&alice, "bob", "Whisper").await;
    say(&bob, "/nick robert").await;
    alice
        .wait_until(
            "the chip follows",
            "document.querySelector('#whisper-chip-text').textContent === 'Whisper to robert'",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_are_one_message_and_a_mistyped_command_stays_in_the_field() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "paste").await;
    say(
        &browser,
        "#!/bin/sh\n/usr/bin/env python3\n/clear\n/quit\n// end",
    )
    .await;
    sees(&browser, "// end").await;
    // On disk a record is one line.
    assert_eq!(
        said(&site, "paste"),
        ["#!/bin/sh\u{2028}/usr/bin/env python3\u{2028}/clear\u{2028}/quit\u{2028}// end"]
    );
    say(&browser, "/usr/bin/env python3").await;
    sees(&browser, "/usr").await;
    browser
        .wait_until(
            "it is in the field again",
            &format!("{FIELD} === '/usr/bin/env python3'"),
        )
        .await;
    assert_eq!(browser.eval(NONE_WAITS).await, true);
    // Where something else is being written it stays in sight.
    browser
        .eval(&format!(
            "(document.querySelector('#text').value = '/nonsense', document.querySelector('#send').click(), {FIELD} = 'something else')"
        ))
        .await;
    browser
        .wait_until(
            "it is shown as not sent",
            "document.querySelector('#pending .failed .words')?.textContent === '/nonsense'",
        )
        .await;
    assert_eq!(browser.eval(FIELD).await, "something else");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_enter_that_confirms_a_word_sends_nothing() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "words").await;
    write(&browser, "kanji").await;
    // Safari's order: the composition has ended when the key comes, only its code is that of a composition.
    let confirm = "(() => {
        const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
        Object.defineProperty(event, 'keyCode', { value: 229 });
        document.querySelector('#text').dispatchEvent(event);
        return document.querySelector('#text').value;
    })()";
    assert_eq!(browser.eval(confirm).await, "kanji");
    // A command's name is completed like a person's.
    write(&browser, "/to").await;
    let tab = "document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab', bubbles: true, cancelable: true }))";
    browser
        .eval("document.querySelector('#text').setSelectionRange(3, 3)")
        .await;
    browser.eval(tab).await;
    assert_eq!(browser.eval(FIELD).await, "/topic ");
}
