//! How people are shown, in the page: a picture, a name and a status that somebody else sees at once; what strangers
//! put there; what a site's log-in says.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::browser::Browser;
use e2e::room_page::{choose, click, say, sees, set_theme, welcome};
use e2e::site::Site;
use e2e::under_test::workspace;
use fantoccini::Locator;
use serde_json::json;

use crate::access::check;

const FACE: &str =
    "(document.querySelector('#people-list [data-name=anna] .avatar img')?.naturalWidth ?? 0)";
const SAID: &str = "(document.querySelector('#log .entry.say .avatar img')?.naturalWidth ?? 0)";
const MOOD: &str = "document.querySelector('#people-list .mood')?.title ?? ''";

/// Opens the lobby as somebody whom the site's own log-in knows.
async fn log_in(browser: &Browser, site: &Site, account: &str) {
    // The list of people is seen: what is not seen loads no pictures.
    browser.resize(1280, 800).await;
    let id = format!("{account:a<26}");
    let session = format!("username|s:{}:\"{account}\";", account.len());
    fs::write(site.var().join(format!("sessions/sess_{id}")), session).expect("the session");
    browser.goto(&site.url("/set_username.html")).await;
    browser
        .eval(&format!("document.cookie = 'PHPSESSID={id}; path=/'"))
        .await;
    browser.goto(&site.url("/?room=lobby")).await;
    welcome(browser).await;
}

async fn open_dialog(browser: &Browser) {
    click(browser, "#color-button").await;
    browser
        .wait_until(
            "the dialog is there",
            "document.querySelector('dialog[open] #profile-form') !== null",
        )
        .await;
}

async fn take_picture(browser: &Browser, path: &Path) {
    let input = browser
        .client()
        .find(Locator::Css("#profile-picture"))
        .await;
    let sent = input
        .expect("the input")
        .send_keys(&path.display().to_string())
        .await;
    sent.expect("a file is chosen");
}

fn sample(name: &str) -> PathBuf {
    workspace()
        .join("chat-admin/src/picture/samples")
        .join(name)
}

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (selector, value) in fields {
        let set = format!(
            "document.querySelector({}).value = {}",
            json!(selector),
            json!(value)
        );
        browser.eval(&set).await;
    }
}

async fn save(browser: &Browser) {
    click(browser, "#profile-form .primary").await;
    browser
        .wait_until("it is saved", "document.querySelector('dialog') === null")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_chooses_another_sees_at_once_and_no_more_when_it_is_taken_back() {
    let site = Site::start();
    let (anna, bob) = (Browser::start().await, Browser::start().await);
    log_in(&anna, &site, "anna").await;
    log_in(&bob, &site, "bob").await;
    say(&anna, "good morning").await;
    sees(&bob, "good morning").await;
    open_dialog(&anna).await;
    take_picture(&anna, &sample("plain.jpg")).await;
    bob.wait_until("her picture is in the list", &format!("{FACE} > 0"))
        .await;
    bob.wait_until("and beside what she said", &format!("{SAID} > 0"))
        .await;
    fill(
        &anna,
        &[
            ("#profile-emoji", "🌴"),
            ("#profile-status", "<b>at the lake</b>"),
        ],
    )
    .await;
    save(&anna).await;
    bob.wait_until("her status", &format!("{MOOD} === '<b>at the lake</b>'"))
        .await;
    // It is there after a reload, and in the card.
    bob.goto(&site.url("/?room=lobby")).await;
    welcome(&bob).await;
    bob.wait_until("her picture", &format!("{FACE} > 0")).await;
    choose(&bob, "anna", "Profile").await;
    bob.wait_until(
        "the card",
        "document.querySelector('.profile-status')?.textContent === '🌴 <b>at the lake</b>'",
    )
    .await;
    bob.wait_for_text("Rooms you share").await;
    bob.screenshot("profile-card").await;
    click(&bob, "dialog[open] .dialog-head button").await;
    // Taken back, all of it; and another name, which is hers from now on.
    open_dialog(&anna).await;
    click(&anna, "#profile-remove").await;
    bob.wait_until("no picture", &format!("{FACE} === 0 && {SAID} === 0"))
        .await;
    click(&anna, "#profile-clear").await;
    fill(&anna, &[("#profile-form [name=name]", "Annika")]).await;
    save(&anna).await;
    bob.wait_until("no status", &format!("{MOOD} === ''")).await;
    bob.wait_until(
        "her name",
        "document.querySelector('#people-list [data-name=Annika]') !== null",
    )
    .await;
    anna.goto(&site.url("/?room=lobby")).await;
    welcome(&anna).await;
    anna.wait_until(
        "it is hers the next time, too",
        "document.querySelector('#people-list [data-name=Annika] .side-note') !== null",
    )
    .await;
    // Somebody else does not get it.
    open_dialog(&bob).await;
    fill(&bob, &[("#profile-form [name=name]", "ANNIKA")]).await;
    click(&bob, "#profile-form .primary").await;
    bob.wait_for_text("another account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_in_words_and_nothing_of_strangers_runs() {
    let site = Site::start();
    let (anna, bob) = (Browser::start().await, Browser::start().await);
    log_in(&bob, &site, "bob").await;
    log_in(&anna, &site, "anna").await;
    let dir = tempfile::tempdir().expect("a directory");
    let svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>document.title='evil'</script></svg>";
    let evil = dir.path().join("evil.png");
    fs::write(&evil, svg).expect("written");
    open_dialog(&anna).await;
    take_picture(&anna, &evil).await;
    anna.wait_for_text("A picture is a JPEG, PNG, WebP or GIF file.")
        .await;
    // A picture that is a page as well: what others get is pixels.
    let both = dir.path().join("both.jpg");
    let mut bytes = fs::read(sample("plain.jpg")).expect("a sample");
    bytes.extend(b"<html><script>document.title='evil'</script>");
    fs::write(&both, bytes).expect("written");
    take_picture(&anna, &both).await;
    bob.wait_until("her picture", &format!("{FACE} > 0")).await;
    let held = "fetch(document.querySelector('#people-list [data-name=anna] .avatar img').src).then(async (r) => [r.headers.get('x-content-type-options'), r.headers.get('content-type'), (await r.text()).includes('script')].join())";
    assert_eq!(bob.eval(held).await, "nosniff,image/jpeg,false");
    // What a site's log-in says is words; a link leads where browsers lead safely.
    let files = fs::read_dir(site.var().join("profiles")).expect("profiles");
    let path = files
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_none() && !path.ends_with(".lock"))
        .expect("hers");
    let mut profile = fs::read_to_string(&path).expect("a profile");
    profile += "pub={\"title\":\"<img src=x onerror=document.title='evil'>\",\"link\":\"javascript:document.title='evil'\"}\n";
    fs::write(&path, profile).expect("written");
    bob.goto(&site.url("/?room=lobby")).await;
    welcome(&bob).await;
    bob.wait_until("her picture", &format!("{FACE} > 0")).await;
    choose(&bob, "anna", "Profile").await;
    bob.wait_for_text("<img src=x onerror").await;
    assert_eq!(
        bob.eval("document.querySelectorAll('dialog a').length")
            .await,
        0
    );
    assert_ne!(bob.eval("document.title").await, "evil");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_the_profile_in_both_looks_and_at_360_pixels() {
    let site = Site::start();
    let anna = Browser::start().await;
    log_in(&anna, &site, "anna").await;
    site.chatctl(&[
        "profile",
        "anna",
        "--emoji",
        "🌴",
        "--status",
        "back on Monday",
        "--until",
        "2999-01-01",
        "--avatar",
        &sample("plain.jpg").display().to_string(),
    ]);
    let mut all = Vec::new();
    for theme in ["light", "dark"] {
        set_theme(&anna, theme).await;
        for (width, height) in [(360, 740), (1280, 800)] {
            anna.resize(width, height).await;
            anna.goto(&site.url("/?room=lobby")).await;
            welcome(&anna).await;
            open_dialog(&anna).await;
            let state = format!("profile-{theme}-{width}");
            check(&anna, &state, &mut all).await;
            anna.screenshot(&state).await;
            let wide = "document.querySelector('dialog').scrollWidth > document.querySelector('dialog').clientWidth";
            assert_eq!(anna.eval(wide).await, false, "{state}: nothing is cut off");
            // By the keyboard: the first field is what one comes for, Escape leaves it.
            assert_eq!(
                anna.eval("document.activeElement.closest('#profile-form') !== null")
                    .await,
                true
            );
            click(&anna, "dialog[open] .dialog-head button").await;
            if width == 360 {
                click(&anna, "#people-button").await;
            }
            choose(&anna, "anna", "Profile").await;
            anna.wait_until(
                "the card",
                "document.querySelector('dialog[open] .profile-status') !== null",
            )
            .await;
            check(&anna, &format!("card-{theme}-{width}"), &mut all).await;
            anna.screenshot(&format!("card-{theme}-{width}")).await;
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}
