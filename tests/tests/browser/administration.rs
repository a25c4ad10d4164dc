//! The administration: from the first run to who is thrown out, muted and banned, as `make run` serves it.

use std::fs;
use std::time::{Duration, Instant};

use e2e::browser::Browser;
use e2e::room_page::{enter, say, sees};
use e2e::site::Site;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::{Value, json};

use crate::access::{check, violations};

const PASSWORD: &str = "correct horse battery";
/// A name, a topic and words that would act if they were markup.
const MARKUP: &str = "<img src=x onerror=window.hit=1>";
const VIEWS: [&str; 9] = [
    "status", "people", "rooms", "accounts", "bans", "reports", "log", "audit", "settings",
];

/// A site whose administrator is `root`.
fn administered() -> (Site, String) {
    let (site, address) = Site::start_administered();
    let mut register = std::process::Command::new(e2e::under_test::chatctl());
    register
        .arg("--config")
        .arg(site.var().join("conf/chat.ini"))
        .args(["register", "root", "--group", "admin"])
        .stdin(std::process::Stdio::piped());
    let mut program = register.spawn().expect("chatctl");
    let mut input = program.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, format!("{PASSWORD}\n").as_bytes()).expect("written");
    drop(input);
    assert!(program.wait().expect("it ends").success());
    (site, address)
}

async fn fill(browser: &Browser, form: &str, fields: &[(&str, &str)]) {
    let there = format!("document.querySelector('{form}') !== null");
    browser.wait_until("the form is there", &there).await;
    for (name, value) in fields {
        let set = format!(
            "document.querySelector('{form} [name=\"{name}\"]').value = {}",
            json!(value)
        );
        browser.eval(&set).await;
    }
    let send = format!("document.querySelector('{form}').requestSubmit()");
    browser.eval(&send).await;
}

async fn log_in(browser: &Browser, address: &str) {
    browser.goto(address).await;
    fill(
        browser,
        "#log-in",
        &[("name", "root"), ("password", PASSWORD)],
    )
    .await;
    shows(browser, "Status").await;
}

/// Waits until a view with this title is shown.
async fn shows(browser: &Browser, title: &str) {
    let is = format!(
        "document.querySelector('#title')?.textContent.startsWith({})",
        json!(title)
    );
    browser.wait_until(title, &is).await;
}

async fn open(browser: &Browser, view: &str, title: &str) {
    browser
        .eval(&format!("(location.hash = {}, 0)", json!(view)))
        .await;
    shows(browser, title).await;
}

/// Presses the button that is called this.
async fn press(browser: &Browser, label: &str) {
    let find = format!(
        "[...document.querySelectorAll('main button, header button')].find(it => (it.getAttribute('aria-label') ?? it.textContent) === {})",
        json!(label)
    );
    browser
        .wait_until(label, &format!("{find} !== undefined"))
        .await;
    browser.eval(&format!("({find}.click(), 0)")).await;
}

async fn told(browser: &Browser, words: &str) {
    let is = format!(
        "document.querySelector('#told').textContent.includes({})",
        json!(words)
    );
    browser.wait_until(words, &is).await;
}

/// Light or dark, as the operator's machine says.
async fn scheme(browser: &Browser, value: &str) {
    let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
    browser
        .devtools("Emulation.setEmulatedMedia", feature)
        .await;
}

async fn keys(browser: &Browser, keys: &str) {
    let mut actions = KeyActions::new("keyboard".into());
    for value in keys.chars() {
        actions = actions
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
    }
    browser
        .client()
        .perform_actions(actions)
        .await
        .expect("keys are pressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_run_to_the_administration() {
    let (site, address) = Site::start_administered();
    let announced = "make the administrator, once: ";
    let line = site.log().wait_for(&[announced]);
    let code = line.rsplit(announced).next().expect("an address");
    let browser = Browser::start().await;
    browser.goto(&address).await;
    browser.wait_for_text("There is no administrator yet").await;
    browser.goto(code).await;
    browser
        .wait_until(
            "the rooms are reached",
            "/^socket(Open|Good)$/.test(document.querySelector('#socket-check')?.dataset.result)",
        )
        .await;
    fill(
        &browser,
        "#account-form",
        &[("name", "root"), ("password", PASSWORD)],
    )
    .await;
    browser
        .wait_until("the first room", "document.querySelector('#room') !== null")
        .await;
    log_in(&browser, &address).await;
    // A start without an administrator missing says nothing of one.
    let quiet = std::process::Command::new(e2e::under_test::chatctl())
        .arg("--config")
        .arg(site.var().join("conf/chat.ini"))
        .args(["first-code", "--if-none"])
        .output()
        .expect("chatctl");
    assert!(
        quiet.status.success() && quiet.stdout.is_empty(),
        "{quiet:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_muted_banned_and_thrown_out_by_an_administrator() {
    let (site, address) = administered();
    let (root, bob) = (Browser::start().await, Browser::start().await);
    enter(&bob, &site, "bob", "hall").await;
    say(&bob, "buy soup").await;
    log_in(&root, &address).await;
    open(&root, "people", "People (1)").await;
    press(&root, "Kick bob out of hall").await;
    fill(&root, "dialog form", &[("reason", "no soup here")]).await;
    told(&root, "was thrown out").await;
    bob.wait_for_text("no soup here").await;
    // They come back, and are banned from every room for an hour.
    enter(&bob, &site, "bob", "hall").await;
    open(&root, "rooms", "Rooms").await;
    open(&root, "people", "People (1)").await;
    press(&root, "Ban bob in hall").await;
    fill(&root, "dialog form", &[("room", "*"), ("minutes", "60")]).await;
    told(&root, "is banned").await;
    open(&root, "bans", "Bans and mutes (1)").await;
    root.wait_for_text("every room").await;
    press(&root, "Lift the ban of bob").await;
    fill(&root, "dialog form", &[]).await;
    shows(&root, "Bans and mutes (0)").await;
    // What they said is taken back.
    open(&root, "room/hall", "hall").await;
    press(&root, "Take back the message of bob").await;
    fill(&root, "dialog form", &[]).await;
    root.wait_for_text("taken back").await;
    let log = fs::read_to_string(site.var().join("rooms/hall.log")).expect("the log");
    assert!(!log.contains("buy soup"), "{log}");
    open(&root, "audit", "Who changed what").await;
    for what in [
        "kick hall bob no soup here",
        "ban --minutes=60 * bob",
        "unban * bob",
    ] {
        root.wait_for_text(what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_given_rights_and_ended() {
    let (site, address) = administered();
    let (root, nora) = (Browser::start().await, Browser::start().await);
    log_in(&root, &address).await;
    open(&root, "accounts", "Accounts (1)").await;
    press(&root, "Make an account").await;
    fill(
        &root,
        "dialog form",
        &[("name", "nora"), ("groups", "staff")],
    )
    .await;
    let link = "document.querySelector('dialog input[readonly]')?.value ?? null";
    root.wait_until("the link", &format!("{link} !== null"))
        .await;
    let link = root.eval(link).await;
    let link = link.as_str().expect("a link").to_owned();
    assert!(link.starts_with("password.html#name=nora&link="), "{link}");
    keys(&root, "\u{e00c}").await;
    shows(&root, "nora").await;
    root.wait_for_text("create_room").await;
    nora.goto(&site.url(&format!("/{link}"))).await;
    fill(&nora, "#account-form", &[("new", "another good one")]).await;
    nora.wait_until(
        "she is in",
        "document.querySelector('#entry-form') !== null",
    )
    .await;
    fill(&root, "#content form.card", &[("groups", "staff mods")]).await;
    root.wait_until(
        "the groups are set",
        "document.querySelector('[name=groups]').value === 'mods staff'",
    )
    .await;
    // An administrator who is the last one is not disabled, and the page says why.
    open(&root, "account/root", "root").await;
    press(&root, "Disable").await;
    fill(&root, "dialog form", &[]).await;
    root.wait_for_text("this is the last administrator").await;
    keys(&root, "\u{e00c}").await;
    open(&root, "account/nora", "nora").await;
    press(&root, "Disable").await;
    fill(&root, "dialog form", &[]).await;
    told(&root, "is disabled").await;
    nora.goto(&site.url("/login.html")).await;
    nora.wait_until("she is out", "document.querySelector('#password') !== null")
        .await;
}

/// As at two in the morning: nothing but the keyboard, and a password that is some minutes old.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_deleted_by_keyboard_after_the_password_once_more() {
    let (site, address) = administered();
    site.chatctl(&["say", "hall", "hello"]);
    let root = Browser::start().await;
    log_in(&root, &address).await;
    // Six minutes ago.
    let dir = site.var().join("run/administration");
    let path = fs::read_dir(&dir)
        .expect("sessions")
        .flatten()
        .next()
        .expect("one")
        .path();
    let text = fs::read_to_string(&path).expect("a session");
    let mut lines: Vec<_> = text.lines().collect();
    lines[3] = "2020-01-01T00:00:00.000000Z";
    fs::write(&path, lines.join("\n")).expect("written");
    open(&root, "room/hall", "hall").await;
    // The title has the focus; Tab goes on from there until the button is reached.
    let focused = "document.activeElement.textContent";
    let end = Instant::now() + Duration::from_secs(60);
    while root.eval(focused).await != "Delete the room" {
        assert!(
            Instant::now() < end,
            "the keyboard does not reach the button"
        );
        keys(&root, "\u{e004}").await;
    }
    keys(&root, "\u{e007}").await;
    // Cancel has the focus: what cannot be undone is not one key away.
    root.wait_until("the dialog", &format!("{focused} === 'Cancel'"))
        .await;
    keys(&root, "\u{e004}\u{e007}").await;
    root.wait_until(
        "the password is asked for",
        "document.activeElement.id === 'password-again'",
    )
    .await;
    let found = violations(&root).await;
    assert!(found.is_empty(), "{found:#?}");
    root.screenshot("administration-password").await;
    keys(&root, PASSWORD).await;
    keys(&root, "\u{e007}").await;
    shows(&root, "Rooms").await;
    assert!(!site.var().join("rooms/hall.log").exists());
    // Logged out, nothing of it is left in the page.
    press(&root, "Log out").await;
    root.wait_for_text("You are logged out.").await;
    assert_eq!(
        root.eval("document.querySelector('#bar').hidden").await,
        true
    );
    let open = root.eval("fetch('api/people').then(it => it.status)").await;
    assert_eq!(open, 401);
}

/// A site that has been there for a while: samples of a day, reports, names that would act.
async fn lived_in(site: &Site, bob: &Browser) {
    enter(bob, site, "bob", "hall").await;
    say(bob, MARKUP).await;
    sees(bob, MARKUP).await;
    site.chatctl(&["topic", "hall", MARKUP]);
    site.chatctl(&["mute", "hall", "address:192.0.2.0/24", MARKUP]);
    site.chatctl(&["role", "hall", "anna", "moderator"]);
    fs::write(
        site.var().join("log/authentization.log"),
        format!("2026-11-29 10:15 192.0.2.7 {MARKUP}\n"),
    )
    .expect("a log");
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    let day: Vec<String> = (0..288u64)
        .map(|at| {
            let people = 20 + (at * at) % 37;
            let time = now - (288 - at) * 300;
            format!(
                "{time} {people} 4 {} {people} {} 5000000 90000000000\n",
                at % 50,
                people * 120
            )
        })
        .collect();
    fs::write(site.var().join("log/status.day"), day.concat()).expect("samples");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_for_everybody_on_every_screen() {
    let (site, address) = administered();
    let (root, bob) = (Browser::start().await, Browser::start().await);
    lived_in(&site, &bob).await;
    root.goto(&address).await;
    root.wait_until("the form", "document.querySelector('#log-in') !== null")
        .await;
    let mut all = Vec::new();
    for theme in ["light", "dark"] {
        scheme(&root, theme).await;
        check(&root, theme, &mut all).await;
        root.screenshot(&format!("administration-log-in-{theme}"))
            .await;
        root.screenshot(&format!("administration-log-in-{theme}"))
            .await;
    }
    log_in(&root, &address).await;
    let views = VIEWS.iter().copied().chain(["room/hall", "account/root"]);
    for view in views {
        root.eval(&format!(
            "(document.querySelector('#title').id = 'old', location.hash = {}, 0)",
            json!(view)
        ))
        .await;
        root.wait_until(view, "document.querySelector('#title') !== null")
            .await;
        for (theme, width) in [
            ("light", 1280),
            ("dark", 1280),
            ("light", 800),
            ("dark", 390),
        ] {
            scheme(&root, theme).await;
            root.resize(width, 844).await;
            check(&root, &format!("{view} {theme} {width}"), &mut all).await;
            let name = view.replace('/', "-");
            root.screenshot(&format!("administration-{name}-{theme}-{width}"))
                .await;
            let wide = root
                .eval("document.documentElement.scrollWidth - innerWidth")
                .await;
            assert!(
                wide.as_i64() <= Some(0),
                "{view} at {width}: {wide} too wide"
            );
        }
    }
    assert!(all.is_empty(), "{all:#?}");
    // Names, topics and lines of logs are text.
    assert_eq!(root.eval("window.hit ?? null").await, Value::Null);
    // A plot says in words what it shows, and its numbers are in a table.
    open(&root, "status", "Status").await;
    let said = root
        .eval("document.querySelector('.plot svg').getAttribute('aria-label')")
        .await;
    assert!(
        said.as_str()
            .is_some_and(|said| said.starts_with("People: now 1, between ")),
        "{said}"
    );
    let rows = root
        .eval("document.querySelectorAll('.numbers tbody tr').length")
        .await;
    assert!(rows.as_u64() >= Some(288), "{rows}");
}
