//! Accounts in the pages: from the first run to two people who talk by account, without PHP.

use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{say, sees, welcome};
use e2e::site::Site;

use crate::access::violations;

const PASSWORD: &str = "correct horse battery";

/// A site with these lines in place of the accounts' defaults.
fn site(lines: &str) -> Site {
    let site = Site::start();
    let path = site.var().join("conf/chat.ini");
    let ini = fs::read_to_string(&path).expect("settings");
    let off = "; ACCOUNTS=no";
    assert!(ini.contains(off), "{ini}");
    fs::write(&path, ini.replace(off, lines)).expect("written");
    site
}

/// What chatctl prints, the address on its first line.
fn address_of(site: &Site, words: &[&str]) -> String {
    let output = std::process::Command::new(e2e::under_test::beside("chatctl"))
        .arg("--config")
        .arg(site.var().join("conf/chat.ini"))
        .args(words)
        .output()
        .expect("chatctl");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    site.url(&format!("/{}", text.lines().next().expect("a line")))
}

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (id, value) in fields {
        let set = format!(
            "document.querySelector('#{id}').value = {}",
            serde_json::json!(value)
        );
        browser
            .wait_until(
                "the field is there",
                &format!("document.querySelector('#{id}') !== null"),
            )
            .await;
        browser.eval(&set).await;
    }
    browser
        .eval("document.querySelector('#account-form').requestSubmit()")
        .await;
}

async fn is_sound(browser: &Browser, state: &str) {
    browser.screenshot(&format!("accounts-{state}")).await;
    let found = violations(browser).await;
    assert!(found.is_empty(), "{state}: {found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_run_to_two_people_who_talk_by_account() {
    let site = site("ACCOUNTS=yes\nREGISTER=invitation\nANONYMOUS=no");
    let (root, anna) = (Browser::start().await, Browser::start().await);
    root.goto(&site.url("/")).await;
    root.wait_until(
        "the greeting",
        "document.querySelector('#entry-log-in a')?.getAttribute('href') === 'first.html'",
    )
    .await;
    is_sound(&root, "greeting").await;
    root.goto(&address_of(&site, &["first-code"])).await;
    root.wait_until(
        "the rooms are reached",
        "/^socket(Open|Good)$/.test(document.querySelector('#socket-check')?.dataset.result)",
    )
    .await;
    // The code is in no address any more that somebody looks at later.
    assert_eq!(root.eval("location.hash").await, "");
    is_sound(&root, "first").await;
    fill(&root, &[("name", "root"), ("password", PASSWORD)]).await;
    fill(&root, &[("room", "hall")]).await;
    welcome(&root).await;
    say(&root, "the hall is open").await;
    sees(&root, "the hall is open").await;
    // A guest who opens the room is led to the log-in, makes an account by an invitation, and is in that room.
    anna.goto(&site.url("/?room=hall")).await;
    anna.wait_until(
        "the log-in",
        "location.pathname.endsWith('/login.html') && document.querySelector('#password') !== null",
    )
    .await;
    is_sound(&anna, "login").await;
    fill(&anna, &[("name", "anna"), ("password", "wrong one")]).await;
    anna.wait_for_text("The name or the password is wrong.")
        .await;
    anna.goto(&address_of(&site, &["invite"]).replace("register.html", "register.html?room=hall"))
        .await;
    anna.wait_until(
        "the form",
        "document.querySelector('#account-form') !== null",
    )
    .await;
    is_sound(&anna, "register").await;
    fill(&anna, &[("name", "anna"), ("password", PASSWORD)]).await;
    welcome(&anna).await;
    say(&anna, "hello root").await;
    sees(&root, "hello root").await;
    say(&root, "hello anna").await;
    sees(&anna, "hello anna").await;
    // Disabled, she is out at once, and cannot come back.
    site.chatctl(&["disable", "anna"]);
    anna.wait_for_text("You were logged out.").await;
    anna.goto(&site.url("/login.html")).await;
    fill(&anna, &[("name", "anna"), ("password", PASSWORD)]).await;
    anna.wait_for_text("The name or the password is wrong.")
        .await;
    // By a link she chooses another password.
    site.chatctl(&["enable", "anna"]);
    anna.goto(&address_of(&site, &["passwd", "--link", "anna"]))
        .await;
    anna.wait_until("the form", "document.querySelector('#new') !== null")
        .await;
    is_sound(&anna, "password").await;
    fill(&anna, &[("new", "another good one")]).await;
    anna.wait_until(
        "she is in",
        "document.querySelector('#entry-form') !== null",
    )
    .await;
    anna.goto(&site.url("/login.html")).await;
    anna.wait_for_text("Logged in as anna").await;
    is_sound(&anna, "account").await;
    // What she began to write leaves the device with her.
    anna.eval("(localStorage.setItem('chat.draft.anna/hall', JSON.stringify({ words: 'half a sen' })), document.querySelector('#account-form').requestSubmit())")
        .await;
    anna.wait_until("she is out", "document.querySelector('#password') !== null")
        .await;
    let drafts = "Object.keys(localStorage).filter(key => key.startsWith('chat.draft.')).length";
    assert_eq!(anna.eval(drafts).await, 0);
}
