//! Conversations and rooms for some only: begun, found at return, joined by a link, and nobody else's.

use e2e::browser::Browser;
use e2e::room_page::{choose, click, enter, say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

use crate::access::violations;

/// Names in the list of conversations.
const NAMES: &str =
    "[...document.querySelectorAll('#conversations-list bdi')].map(b => b.textContent)";

fn row(title: &str) -> String {
    format!(
        "[...document.querySelectorAll('#conversations-list a')].find(a => a.querySelector('bdi').textContent === {})",
        json!(title)
    )
}

async fn has_conversation(browser: &Browser, title: &str) {
    let listed = format!("{} !== undefined", row(title));
    browser
        .wait_until(&format!("{title:?} is listed"), &listed)
        .await;
}

async fn go(browser: &Browser, title: &str) {
    has_conversation(browser, title).await;
    browser.eval(&format!("{}.click()", row(title))).await;
    is_in(browser, title).await;
}

async fn is_in(browser: &Browser, title: &str) {
    let shown = format!(
        "document.querySelector('#room-name').textContent === {} && document.body.dataset.connection === 'welcome'",
        json!(title)
    );
    browser
        .wait_until(&format!("{title:?} is shown"), &shown)
        .await;
}

async fn fill(browser: &Browser, selector: &str, words: &str) {
    let field = json!(selector);
    browser
        .wait_until(
            "the field is there",
            &format!("document.querySelector({field})"),
        )
        .await;
    browser
        .eval(&format!(
            "document.querySelector({field}).value = {}",
            json!(words)
        ))
        .await;
}

/// The dialog of people and settings of the conversation that is shown.
async fn open_settings(browser: &Browser, title: &str) {
    let more = format!(
        "{}.parentElement.querySelector('button').click()",
        row(title)
    );
    browser.eval(&more).await;
    let item = "[...document.querySelectorAll('#room-menu button')].find(b => b.textContent === 'People and settings…')";
    browser
        .wait_until("the menu is open", &format!("{item} !== undefined"))
        .await;
    browser.eval(&format!("{item}.click()")).await;
    is_open(browser).await;
}

/// A dialog, and not on its way any more.
async fn is_open(browser: &Browser) {
    let open = "document.querySelector('dialog[open]')";
    browser.wait_until("the dialog is open", open).await;
    browser.come_to_rest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_have_a_conversation_of_their_own_that_is_found_at_return() {
    let site = Site::start();
    let (alice, bob, eve) = (
        Browser::start().await,
        Browser::start().await,
        Browser::start().await,
    );
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    enter(&eve, &site, "eve", "lobby").await;
    say(&bob, "I am here").await;
    sees(&alice, "I am here").await;
    choose(&alice, "bob", "Private conversation").await;
    is_in(&alice, "bob").await;
    say(&alice, "between the two of us").await;
    sees(&alice, "between the two of us").await;
    // It comes to him with what is new in it.
    has_conversation(&bob, "alice").await;
    let count = format!(
        "{}?.querySelector('.badge-count > [aria-hidden]')?.textContent === '1'",
        row("alice")
    );
    bob.wait_until("one message is new", &count).await;
    go(&bob, "alice").await;
    sees(&bob, "between the two of us").await;
    say(&bob, "I see").await;
    sees(&alice, "I see").await;
    // The same is found by a command, and there when he comes back.
    bob.goto(&site.url("/?room=lobby")).await;
    welcome(&bob).await;
    say(&bob, "/query alice").await;
    is_in(&bob, "alice").await;
    sees(&bob, "between the two of us").await;
    assert_eq!(bob.eval(NAMES).await, json!(["alice"]));
    // Nobody else has any of it.
    say(&bob, "said last").await;
    sees(&alice, "said last").await;
    assert_eq!(eve.eval(NAMES).await, json!([]));
    let html = eve
        .eval("document.documentElement.outerHTML")
        .await
        .to_string();
    assert!(!html.contains("between the two"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_a_name_and_a_password_let_people_into_a_private_room() {
    let site = Site::start();
    let (alice, bob, carol) = (
        Browser::start().await,
        Browser::start().await,
        Browser::start().await,
    );
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    click(&alice, "#converse-button").await;
    fill(&alice, "#converse-title", "Book club").await;
    is_open(&alice).await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    click(&alice, "#converse-form button.primary").await;
    is_in(&alice, "Book club").await;
    say(&alice, "chapter one").await;
    sees(&alice, "chapter one").await;

    open_settings(&alice, "Book club").await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    fill(&alice, "#invite-name", "bob").await;
    click(&alice, "#invite-form button.primary").await;
    has_conversation(&bob, "Book club").await;
    click(&alice, "#link-form .form-actions button").await;
    let link = alice
        .wait_until("there is a link", "document.querySelector('#link').value")
        .await;
    let link = link.as_str().expect("a link").to_owned();
    assert!(link.contains("#invitation="), "{link}");

    // Who has a name already, by another room.
    enter(&carol, &site, "carol", "lobby").await;
    carol.goto("about:blank").await;
    carol.goto(&link).await;
    is_in(&carol, "Book club").await;
    say(&carol, "thank you for the link").await;
    sees(&alice, "thank you for the link").await;
    let address = carol.eval("location.href").await.to_string();
    assert!(!address.contains("invitation"), "{address}");
    // Who has neither is asked for the password, until it is right.
    fill(&alice, "#closed-password", "tea time").await;
    click(&alice, "#password-form .form-actions button").await;
    let set = "document.querySelector('#password-form .status').textContent === 'Done.'";
    alice.wait_until("it is set", set).await;
    let dave = Browser::start().await;
    enter(&dave, &site, "dave", "lobby").await;
    let (address, _) = link.split_once('#').expect("an address");
    dave.goto(address).await;
    for word in ["coffee time", "tea time"] {
        is_open(&dave).await;
        fill(&dave, "#enter-password", word).await;
        click(&dave, "#enter-form button.primary").await;
        let gone = "document.querySelector('#enter-password')?.value !== ";
        dave.wait_until(
            "it is asked anew, or not",
            &format!("{gone}{}", json!(word)),
        )
        .await;
    }
    is_in(&dave, "Book club").await;
    say(&dave, "I know the word").await;
    go(&bob, "Book club").await;
    sees(&bob, "I know the word").await;
    let seen = bob.eval("document.querySelector('#log').textContent").await;
    assert!(
        !seen.to_string().contains("chapter one"),
        "newcomers see what is said from then on"
    );
}

const RINGS: &str =
    "document.querySelector('.ringing:not([hidden])')?.textContent.includes('alice') ?? false";

/// A call that begins; one that is there when somebody comes is told of quietly.
async fn settles(browser: &Browser) {
    let _ = browser.eval("globalThis.inside = performance.now()").await;
    let settled = "performance.now() > inside + 6000";
    browser.wait_until("the page has settled", settled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_rings_on_all_devices_wherever_they_are_until_it_is_answered_or_declined() {
    let site = Site::start();
    let (alice, bob, phone) = (
        Browser::start().await,
        Browser::start().await,
        Browser::start().await,
    );
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    // The same guest: what tells him from others is his browser's token.
    let token = bob.eval("localStorage.getItem('chat.client')").await;
    phone.goto(&site.url("/room_list.html")).await;
    phone
        .eval(&format!("localStorage.setItem('chat.client', {token})"))
        .await;
    enter(&phone, &site, "bob", "lobby").await;
    say(&alice, "/query bob").await;
    is_in(&alice, "bob").await;
    say(&alice, "may I call?").await;
    for device in [&bob, &phone] {
        has_conversation(device, "alice").await;
        settles(device).await;
    }

    // Neither looks at the conversation.
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    for device in [&bob, &phone] {
        device.wait_until("it rings", RINGS).await;
    }
    bob.screenshot("call-ringing").await;
    assert_eq!(violations(&bob).await, Vec::<String>::new());
    click(&bob, "#ringing-answerVoice").await;
    is_in(&bob, "alice").await;
    let connected = "document.querySelector('.tile:not(.own)')?.dataset.state === 'connected'";
    alice.wait_until("they talk", connected).await;
    let quiet = format!("!({RINGS})");
    phone.wait_until("it rings no more", &quiet).await;
    click(&alice, "#call-leave").await;
    click(&bob, "#call-leave").await;

    // Declined on one device, it rings on neither.
    for device in [&bob, &phone] {
        settles(device).await;
    }
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    for device in [&bob, &phone] {
        device.wait_until("it rings again", RINGS).await;
    }
    click(&phone, "#ringing-decline").await;
    for device in [&bob, &phone] {
        device.wait_until("it rings no more", &quiet).await;
    }
}

/// For those who show how far they have read, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_has_read_is_shown_if_both_show_it() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    let show = "localStorage.setItem('chat.preference.readMarks', 'true')";
    alice.eval(show).await;
    bob.eval(show).await;
    choose(&alice, "bob", "Private conversation").await;
    is_in(&alice, "bob").await;
    say(&alice, "did you see it?").await;
    sees(&alice, "did you see it?").await;
    let line = "document.querySelector('#read-line')?.textContent ?? ''";
    assert_eq!(alice.eval(line).await, json!(""));
    go(&bob, "alice").await;
    sees(&bob, "did you see it?").await;
    let read = format!("{line} === 'Read'");
    alice.wait_until("it is shown as read", &read).await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    // Not of what he has not seen, and after a reload as before.
    bob.goto("about:blank").await;
    let address = alice.eval("location.href").await;
    alice.goto(address.as_str().expect("an address")).await;
    is_in(&alice, "bob").await;
    alice.wait_until("it is known after a reload", &read).await;
    say(&alice, "and this?").await;
    sees(&alice, "and this?").await;
    alice
        .wait_until("that is not read", &format!("{line} === ''"))
        .await;
}
