//! What points to a message: answers, and what is pinned.

use std::fmt::Write as _;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

use crate::access::{press, violations};
use crate::deeds::entry;
use crate::messages::Bob;
use crate::moderation::owner;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_shows_what_it_answers_and_leads_there() {
    let site = Site::start();
    let mut lines = String::new();
    for number in 0..400 {
        let (minute, second) = (number / 60, number % 60);
        writeln!(lines, "2026-01-01T10:{minute:02}:{second:02}.000000Z\tsay\tcarol\t\t**remark** {number} ||hidden||").expect("memory");
    }
    std::fs::write(site.var().join("rooms/answers.log"), lines).expect("the log is written");
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "answers").await;
    sees(&alice, "remark 399").await;
    let mut bob = Bob::enter(&site, "answers");
    let far = "2026-01-01T10:00:05.000000Z";
    bob.does(json!({"type": "say", "text": "I disagree", "reply": far}));
    let line = "document.querySelector('#log .reply-to')";
    alice
        .wait_until(
            "it is told what it answers",
            &format!("{line}?.textContent === 'carolremark 5 ▒▒▒'"),
        )
        .await;
    assert_eq!(
        alice
            .eval(&format!("{line}.getAttribute('aria-label')"))
            .await,
        "Answers carol: remark 5 ▒▒▒"
    );
    click(&alice, "#log .reply-to").await;
    alice
        .wait_until(
            "it is gone to",
            &format!(
                "document.querySelector('#log .entry.target')?.dataset.id === {}",
                json!(far)
            ),
        )
        .await;
    // What is answered is taken back: the answer says so.
    alice.goto(&site.url("/?room=answers")).await;
    welcome(&alice).await;
    let id = bob.says("in a hurry");
    bob.does(json!({"type": "say", "text": "I correct myself", "reply": id}));
    sees(&alice, "I correct myself").await;
    let last = "[...document.querySelectorAll('#log .reply-to')].at(-1)";
    alice
        .wait_until(
            "it shows it",
            &format!("{last}.textContent === 'bobin a hurry'"),
        )
        .await;
    bob.does(json!({"type": "edit", "target": id, "text": "slowly"}));
    alice
        .wait_until("it follows", &format!("{last}.textContent === 'bobslowly'"))
        .await;
    bob.does(json!({"type": "delete", "target": id}));
    alice
        .wait_until(
            "it is gone",
            &format!("{last}.textContent === 'bobThis message was removed.'"),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pinned_is_a_press_away() {
    let site = Site::start();
    let (alice, boss) = (Browser::start().await, owner(&site, "pins").await);
    enter(&alice, &site, "alice", "pins").await;
    say(&alice, "the address is **here**").await;
    sees(&boss, "the address is").await;
    let pins = "document.querySelector('#pins-button')";
    assert_eq!(alice.eval(&format!("{pins}.hidden")).await, true);
    // Pinning is a moderator's; for others it is not offered.
    click(&alice, "#log .entry.say .when").await;
    let items = "[...document.querySelectorAll('#message-menu:popover-open > button')].map(b => b.textContent)";
    alice
        .wait_until(
            "the menu is open",
            &format!("{items}.includes('Copy link')"),
        )
        .await;
    assert_eq!(alice.eval(&format!("{items}.includes('Pin')")).await, false);
    boss.eval(&format!("{}.focus()", entry("the address")))
        .await;
    press(&boss, "p").await;
    for browser in [&alice, &boss] {
        browser
            .wait_until(
                "it is pinned",
                &format!("!{pins}.hidden && {pins}.textContent.includes('1')"),
            )
            .await;
    }
    for number in 0..80 {
        say(&boss, &format!("and then {number}")).await;
    }
    alice.goto(&site.url("/?room=pins")).await;
    welcome(&alice).await;
    sees(&alice, "and then 79").await;
    click(&alice, "#pins-button").await;
    alice
        .wait_until("the list is open", "document.querySelector('#pins-menu:popover-open .pinned')?.textContent === 'alicethe address is here'")
        .await;
    assert_eq!(violations(&alice).await, Vec::<String>::new());
    click(&alice, "#pins-menu .pinned").await;
    alice
        .wait_until(
            "it is gone to",
            "document.querySelector('#log .entry.target')?.textContent.includes('the address is')",
        )
        .await;
    boss.eval(&format!("({0}?.focus(), 1)", entry("the address")))
        .await;
    let unpin = format!(
        "(b => b ? (b.focus(), true) : (document.querySelector('#scroller').scrollTop = 0, false))({})",
        entry("the address")
    );
    boss.wait_until("it is on the screen", &unpin).await;
    press(&boss, "p").await;
    alice
        .wait_until("it is unpinned", &format!("{pins}.hidden"))
        .await;
}
