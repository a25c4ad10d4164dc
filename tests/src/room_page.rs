//! What a person does in the room's page, in a few words.

use serde_json::json;

use crate::browser::Browser;
use crate::site::Site;

/// Fills in the form of the first page and enters.
pub async fn enter(browser: &Browser, site: &Site, name: &str, room: &str) {
    browser.goto(&site.url("/")).await;
    let ready = "document.querySelector('#entry-room')?.value";
    browser.wait_until("the form is ready", ready).await;
    let fill = format!(
        "(document.querySelector('#entry-name').value = {}, document.querySelector('#entry-room').value = {}, document.querySelector('#entry-go').click())",
        json!(name),
        json!(room)
    );
    browser.eval(&fill).await;
    welcome(browser).await;
}

/// Waits until the server lets the page in.
pub async fn welcome(browser: &Browser) {
    let welcome = "document.body.dataset.connection === 'welcome'";
    browser.wait_until("the room lets us in", welcome).await;
}

/// Writes a line as a person does: into the field, then the button.
pub async fn say(browser: &Browser, text: &str) {
    let typed = format!(
        "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); document.querySelector('#send').click(); }})(document.querySelector('#text'))",
        json!(text)
    );
    browser.eval(&typed).await;
}

/// Waits until the conversation shows `text`, not hidden.
pub async fn sees(browser: &Browser, text: &str) {
    let shown = format!(
        "[...document.querySelectorAll('#log .entry:not([hidden]), #log .event, #log .notice')].some(e => e.textContent.includes({}))",
        json!(text)
    );
    browser
        .wait_until(&format!("the room shows {text:?}"), &shown)
        .await;
}

/// Waits for an element that can be pressed, and presses it.
pub async fn click(browser: &Browser, selector: &str) {
    let found = format!("document.querySelector({})", json!(selector));
    browser
        .wait_until(
            &format!("{selector} can be pressed"),
            &format!("{found} && !{found}.disabled"),
        )
        .await;
    browser.eval(&format!("{found}.click()")).await;
}

/// Asks for the connection now, unless the page came back by itself meanwhile; ends welcomed.
pub async fn come_back(browser: &Browser) {
    browser
        .eval("document.querySelector('#banner button')?.click()")
        .await;
    welcome(browser).await;
}

/// Presses the entry of a person's menu that says `words`.
pub async fn choose(browser: &Browser, person: &str, words: &str) {
    let name = json!(person);
    click(browser, &format!("#people-list [data-name={name}]")).await;
    let button = format!(
        "[...document.querySelectorAll('#person-menu button')].find(b => b.textContent === {})",
        json!(words)
    );
    browser
        .wait_until("the menu is open", &format!("{button} !== undefined"))
        .await;
    browser.eval(&format!("{button}.click()")).await;
}

/// The look, as the switch in the corner sets it; for pages opened from now on.
pub async fn set_theme(browser: &Browser, theme: &str) {
    browser
        .eval(&format!(
            "localStorage.setItem('chat.preference.theme', JSON.stringify({}))",
            json!(theme)
        ))
        .await;
}
