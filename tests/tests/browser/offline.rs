//! Pages for the time without a network: they start, keep what is written, and are of one piece.

use std::fs;

use e2e::browser::Browser;
use e2e::room_page::{enter, say, sees, welcome};
use e2e::site::Site;

/// Does at once what the page does when nobody waits for anything, and waits until all files are kept.
async fn keep_pages(browser: &Browser) {
    browser
        .eval("navigator.serviceWorker.register('service_worker.js').then(() => navigator.serviceWorker.ready).then(() => true)")
        .await;
}

/// Makes the kept form of one module another than the server's.
async fn mark_kept(browser: &Browser) {
    let mark = "caches.keys().then(names => caches.open(names.find(name => name.startsWith('pages-'))))
        .then(store => store.put('js/dice_dialog.js', new Response('export const mark = \"kept\";', { headers: { 'Content-Type': 'text/javascript' } })))
        .then(() => true)";
    browser.eval(mark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_starts_without_a_server_and_sends_what_was_written_when_it_is_back() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "night").await;
    keep_pages(&browser).await;
    site.kill();
    browser.goto(&site.url("/?room=night")).await;
    browser
        .wait_until(
            "the room says why",
            "document.querySelector('#banner:not([hidden])') !== null",
        )
        .await;
    say(&browser, "written in the dark").await;
    browser
        .wait_until(
            "it waits",
            "document.querySelector('#pending [data-state=waiting]') !== null",
        )
        .await;
    browser.screenshot("offline-start").await;
    browser.goto(&site.url("/room_list.html")).await;
    browser.wait_for_text("The server cannot be reached.").await;
    browser.goto(&site.url("/?room=night")).await;
    site.restart();
    welcome(&browser).await;
    sees(&browser, "written in the dark").await;
    let waiting = "document.querySelectorAll('#pending > *').length === 0";
    browser.wait_until("it is sent", waiting).await;
}

/// What the daemon has answered so far beside the rooms' sockets.
fn asked(site: &Site) -> Vec<String> {
    let path = |line: String| {
        let (_, url) = line.split_once("url:'http://")?;
        let (_, path) = url.split('\'').next()?.split_once('/')?;
        Some(path.to_owned())
    };
    let lines = site.log().so_far();
    let answers = lines.into_iter().filter(|line| line.contains("| http"));
    answers.filter_map(path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_have_not_changed_are_not_asked_for_again() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "night").await;
    keep_pages(&browser).await;
    let before = asked(&site).len();
    assert!(before > 50, "the first visit asks for everything");
    browser.goto(&site.url("/?room=night")).await;
    welcome(&browser).await;
    let again: Vec<String> = asked(&site).split_off(before);
    let files = again
        .iter()
        .filter(|path| !path.starts_with("api/") && *path != "service_worker.js");
    assert_eq!(files.collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(again.iter().filter(|path| *path == "api/pages").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_runs_a_kept_script_beside_one_of_the_server() {
    let mut site = Site::start_on_fixed_port();
    // A server that does not say which pages it has.
    let ini = site.var().join("conf/chat.ini");
    let settings = fs::read_to_string(&ini).expect("chat.ini");
    let settings: Vec<&str> = settings
        .lines()
        .filter(|line| !line.starts_with("PAGES_DIR="))
        .collect();
    fs::write(&ini, settings.join("\n")).expect("writable");
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "night").await;
    keep_pages(&browser).await;
    mark_kept(&browser).await;
    let mark = "import('/js/dice_dialog.js').then(module => module.mark ?? 'none', () => 'fails')";

    // With a server everything comes from it, and what it does not give any more comes from nowhere.
    browser.goto(&site.url("/?room=night")).await;
    welcome(&browser).await;
    assert_eq!(
        browser
            .eval("navigator.serviceWorker.controller !== null")
            .await,
        true
    );
    site.kill();
    assert_eq!(browser.eval(mark).await, "fails");

    // Without one everything is kept, and stays so when the server is back.
    browser.goto(&site.url("/?room=night")).await;
    site.restart();
    welcome(&browser).await;
    assert_eq!(browser.eval(mark).await, "kept");
    browser.goto(&site.url("/?room=night")).await;
    welcome(&browser).await;
    assert_eq!(browser.eval(mark).await, "none");
}
