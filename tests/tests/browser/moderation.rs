//! What members report and moderators do, in the page: by mouse, by keyboard, on a telephone.

use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{choose, click, enter, say, sees, welcome};
use e2e::site::Site;
use serde_json::json;

use crate::access::violations;
use crate::pages::SCREENS;

const SESSION: &str = "moderatorsmoderatorsmoder";

/// Who owns the room, by a session as a site's own log-in writes it.
pub(crate) async fn owner(site: &Site, room: &str) -> Browser {
    let file = site.var().join(format!("sessions/sess_{SESSION}"));
    fs::write(file, "username|s:4:\"boss\";").expect("a session");
    site.chatctl(&["role", room, "boss", "owner"]);
    let browser = Browser::start().await;
    browser.goto(&site.url("/")).await;
    let cookie = format!("document.cookie = 'PHPSESSID={SESSION}; path=/'");
    browser.eval(&cookie).await;
    browser.goto(&site.url(&format!("/?room={room}"))).await;
    welcome(&browser).await;
    browser
}

/// Chooses in a select, types into an input.
async fn fill(browser: &Browser, selector: &str, value: &str) {
    let (selector, value) = (json!(selector), json!(value));
    let there = format!("document.querySelector({selector}) !== null");
    browser.wait_until("the field is there", &there).await;
    let set = format!(
        "(f => {{ f.value = {value}; f.dispatchEvent(new Event('change', {{ bubbles: true }})); }})(document.querySelector({selector}))"
    );
    browser.eval(&set).await;
}

async fn says(browser: &Browser, selector: &str, words: &str) {
    let text = format!(
        "document.querySelector({})?.textContent.includes({})",
        json!(selector),
        json!(words)
    );
    browser.wait_until(words, &text).await;
}

/// The room that is shown.
async fn is_in(browser: &Browser, title: &str) {
    let shown = format!(
        "document.querySelector('#room-name').textContent === {} && document.body.dataset.connection === 'welcome'",
        json!(title)
    );
    let what = format!("{title:?} is shown");
    browser.wait_until(&what, &shown).await;
}

async fn close(browser: &Browser) {
    let close = "document.querySelectorAll('dialog').forEach(dialog => dialog.close())";
    browser.eval(close).await;
}

/// Opens the menu of the room in front and presses what says `words`.
async fn choose_of_room(browser: &Browser, words: &str) {
    click(browser, "#my-rooms li:has([aria-current]) .more-room").await;
    let button = format!(
        "[...document.querySelectorAll('#room-menu:popover-open button')].find(b => b.textContent === {})",
        json!(words)
    );
    browser
        .wait_until(
            "the room's menu is open",
            &format!("{button} !== undefined"),
        )
        .await;
    browser.eval(&format!("{button}.click()")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_seen_and_answered_by_a_moderator() {
    let site = Site::start();
    let boss = owner(&site, "mod").await;
    let (alice, eve) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "mod").await;
    enter(&eve, &site, "eve", "mod").await;
    say(&eve, "buy my pills").await;
    sees(&alice, "buy my pills").await;
    choose(&alice, "eve", "Report…").await;
    fill(&alice, "#report-reason", "sells pills").await;
    click(&alice, "#report-form .primary").await;
    says(&alice, "#report-form .status", "Done.").await;
    sees(&boss, "alice reports eve: sells pills").await;
    assert!(
        !eve.eval("document.body.textContent")
            .await
            .to_string()
            .contains("sells pills")
    );

    choose_of_room(&boss, "Moderate…").await;
    says(&boss, "#mod-reports", "alice reports eve: sells pills").await;
    boss.eval("document.querySelector('#mod-reports li .doing button').click()")
        .await;
    says(&boss, "#mod-reports", "Nobody reported anything.").await;
    fill(&boss, "#mod-slow", "600").await;
    click(&boss, "#mod-slow-form button").await;
    says(&boss, "#mod-slow-form .status", "Done.").await;
    close(&boss).await;
    sees(&eve, "boss made the room slow: a message each 600 s").await;
    say(&eve, "more pills").await;
    sees(&alice, "more pills").await;
    say(&eve, "yet more pills").await;
    eve.wait_for_text("the room is slow").await;

    choose(&boss, "eve", "Moderate…").await;
    says(&boss, ".facts", "127.0.0.1").await;
    fill(&boss, "#mod-since", "1h").await;
    click(&boss, "#mod-remove button").await;
    says(&boss, "#mod-remove .status", "Done.").await;
    fill(&boss, "#mod-measure", "mute").await;
    fill(&boss, "#mod-time", "1d").await;
    fill(&boss, "#mod-reason", "pills").await;
    click(&boss, "#mod-form .primary").await;
    says(&boss, "#mod-form .status", "Done.").await;
    close(&boss).await;
    alice
        .wait_until(
            "the message is gone",
            "!document.querySelector('#log').textContent.includes('buy my pills')",
        )
        .await;
    choose_of_room(&boss, "Moderate…").await;
    says(&boss, "#mod-bans", "pills").await;
    boss.eval("document.querySelector('#mod-bans li .doing button').click()")
        .await;
    says(&boss, "#mod-bans", "Nobody.").await;
    close(&boss).await;
    // Nothing that a dialog asked for stands in the conversation.
    let log = boss
        .eval("document.querySelector('#log').textContent")
        .await
        .to_string();
    assert!(
        !log.contains("nobody reported") && !log.contains("for ever"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_is_saved_from_the_page() {
    let site = Site::start();
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "minutes").await;
    say(&alice, "the motion is carried").await;
    sees(&alice, "the motion is carried").await;
    alice
        .eval("(globalThis.saved = [], (made => URL.createObjectURL = blob => (saved.push(blob), made(blob)))(URL.createObjectURL.bind(URL)), true)")
        .await;
    choose_of_room(&alice, "Transcript…").await;
    for format in ["html", "text", "json"] {
        fill(&alice, "#transcript-format", format).await;
        let before = alice.eval("saved.length").await;
        click(&alice, "#transcript-form .primary").await;
        alice
            .wait_until("a file", &format!("saved.length > {before}"))
            .await;
        let text = alice.eval("saved.at(-1).text()").await;
        let text = text.as_str().expect("text");
        assert!(text.contains("the motion is carried"), "{format}: {text}");
    }
    fill(&alice, "#transcript-from", "2020-01-01").await;
    fill(&alice, "#transcript-to", "2020-01-02").await;
    fill(&alice, "#transcript-format", "text").await;
    click(&alice, "#transcript-form .primary").await;
    alice.wait_until("a file", "saved.length === 4").await;
    assert_eq!(alice.eval("saved.at(-1).size").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_moderate_on_every_screen() {
    let site = Site::start();
    let boss = owner(&site, "mod").await;
    let eve = Browser::start().await;
    enter(&eve, &site, "eve", "mod").await;
    say(&eve, "hello").await;
    site.chatctl(&["ban", "mod", "mallory", "1d", "spam"]);
    sees(&boss, "hello").await;
    let open = "document.querySelector('dialog h2') !== null";
    let mut all = Vec::new();
    for (width, height) in SCREENS {
        boss.resize(width, height).await;
        for (module, call) in [
            (
                "person_dialog.js",
                "openPersonDialog('eve', () => Promise.resolve([{ account: 'eve' }]))",
            ),
            (
                "report_dialog.js",
                "openReportDialog('eve', 'eve', () => Promise.resolve([]))",
            ),
            (
                "room_dialog.js",
                "openModerationDialog({ name: 'mod', listeners: new Set(), send() { return false; } })",
            ),
            ("../transcript_dialog.js", "openTranscriptDialog('mod')"),
        ] {
            boss.eval(&format!(
                "import('./js/moderation/{module}').then(m => (m.{call}, true))"
            ))
            .await;
            boss.wait_until("it is open", open).await;
            let fits = "(d => d.scrollWidth <= d.clientWidth && document.documentElement.scrollWidth <= innerWidth)(document.querySelector('dialog'))";
            boss.wait_until(&format!("{module} fits into {width}"), fits)
                .await;
            let found = violations(&boss).await;
            all.extend(
                found
                    .into_iter()
                    .map(|line| format!("{module} {width}: {line}")),
            );
            // Reached by the keyboard: what is pressed is a button, a link or a field.
            let focusable = "[...document.querySelectorAll('dialog button, dialog select, dialog input')].every(e => e.tabIndex === 0)";
            assert_eq!(boss.eval(focusable).await, true);
            close(&boss).await;
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_makes_a_room_private_with_all_who_are_in_it_and_opens_it_again() {
    let site = Site::start();
    let boss = owner(&site, "den").await;
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "den").await;
    say(&alice, "before all eyes").await;
    sees(&boss, "before all eyes").await;
    choose_of_room(&boss, "Moderate…").await;
    says(&boss, "#private-form", "nobody else finds it").await;
    boss.come_to_rest().await;
    assert_eq!(violations(&boss).await, Vec::<String>::new());
    click(&boss, "#private-form button").await;
    // Both go along, with what was said; it stands among the conversations now.
    for browser in [&boss, &alice] {
        let private = "document.querySelector('#conversations-list [aria-current]') !== null && !document.querySelector('dialog[open]')";
        browser.wait_until("it is private", private).await;
        is_in(browser, "den").await;
        sees(browser, "before all eyes").await;
        sees(browser, "boss made this room private").await;
    }
    say(&alice, "between us").await;
    sees(&boss, "between us").await;
    let eve = Browser::start().await;
    enter(&eve, &site, "eve", "lobby").await;
    eve.goto(&site.url("/?room=den")).await;
    eve.wait_for_text("there is no such room, or it is not for you")
        .await;
    // By a bookmark of the time before, too.
    alice.goto(&site.url("/?room=den")).await;
    is_in(&alice, "den").await;
    sees(&alice, "between us").await;

    click(
        &boss,
        "#conversations-list li:has([aria-current]) .more-room",
    )
    .await;
    let settings = "[...document.querySelectorAll('#room-menu:popover-open button')].find(b => b.textContent === 'People and settings…')";
    boss.wait_until("the menu is open", &format!("{settings} !== undefined"))
        .await;
    boss.eval(&format!("{settings}.click()")).await;
    says(&boss, "#open-form", "stays hidden").await;
    boss.come_to_rest().await;
    assert_eq!(violations(&boss).await, Vec::<String>::new());
    click(&boss, "#open-form button").await;
    for browser in [&boss, &alice] {
        let open = "document.querySelector('#my-rooms [aria-current]') !== null && !document.querySelector('dialog[open]')";
        browser.wait_until("it is open", open).await;
        is_in(browser, "den").await;
    }
    let late = Browser::start().await;
    enter(&late, &site, "late", "den").await;
    say(&late, "hello").await;
    sees(&alice, "hello").await;
    let log = late
        .eval("document.querySelector('#log').textContent")
        .await;
    assert!(!log.to_string().contains("between us"), "{log}");
}
