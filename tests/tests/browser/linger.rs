//! `htdocs/js/linger.js` in a real browser, whose connections are cut.

use std::fs;

use e2e::browser::Browser;
use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::under_test::{handler, workspace};
use e2e::wire::Wire;
use fantoccini::key::Key;
use nix::sys::signal::Signal;
use tempfile::TempDir;

/// A page that opens a socket and notes what it is told.
const PAGE: &str = "<!doctype html><title>t</title><script type=module>
    import { LingeringSocket } from './linger.js';
    globalThis.got = [];
    globalThis.told = [];
    globalThis.socket = new LingeringSocket(`ws://${location.host}/`);
    socket.onmessage = ({ data }) => got.push(data);
    for (const type of ['open', 'close', 'error', 'lost', 'away', 'back'])
        socket.addEventListener(type, ({ detail, code }) => told.push([type, code ?? detail?.length ?? 0].join(' ')));
</script>";

fn pages() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("index.html"), PAGE).expect("it can be written");
    let module = workspace().join("htdocs/js/linger.js");
    fs::copy(module, dir.path().join("linger.js")).expect("it is there");
    dir
}

fn serving(dir: &TempDir) -> Builder {
    Daemon::builder()
        .flags(["--linger=600000", "--loglevel=trace"])
        .flag(format!("--staticdir={}", dir.path().display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_loses_nothing_and_is_told_of_what_it_loses() {
    let dir = pages();
    let daemon = serving(&dir).command("cat", [""; 0]).start();
    let wire = Wire::to(daemon.address());
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/", wire.address)).await;
    browser
        .wait_until("it is open", "globalThis.told?.[0] === 'open 0'")
        .await;
    // It sends on, also while there is no connection.
    browser
        .eval(
            "(() => { let n = 0; const more = () => {
                for (let k = 0; k < 50 && n < 10000; k++) socket.send(String(++n));
                if (n < 10000) setTimeout(more, 20); };
             more(); })()",
        )
        .await;
    for number in 1..=8 {
        let wanted = format!("got.length > {}", number * 1000);
        browser.wait_until("echoes come", &wanted).await;
        wire.cut();
    }
    browser
        .wait_until("all have come", "got.length >= 10000")
        .await;
    let exact = "got.length === 10000 && got.every((text, index) => text === String(index + 1))";
    browser.wait_until("each once, in order", exact).await;
    let drops = browser
        .eval("told.filter((word) => word === 'back 0').length")
        .await;
    assert!(drops.as_u64() >= Some(1), "{drops}");
    assert_eq!(daemon.log().count("| CONNECT"), 1);
    assert_eq!(
        browser
            .eval("told.some((word) => /lost|close|error/.test(word))")
            .await,
        false
    );
    // A daemon that is killed takes the session with it.
    let next = serving(&dir).command(handler(), ["pid"]).start();
    wire.lead_to(next.address());
    daemon.signal(Signal::SIGKILL);
    browser
        .wait_until(
            "the page is told",
            "told.some((word) => word.startsWith('lost'))",
        )
        .await;
    browser.eval("socket.send('anew')").await;
    browser
        .wait_until("it goes on", "got.at(-1) === 'anew'")
        .await;
}

/// A lost connection is waited for, a tab that was closed is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_is_closed_ends_its_session_at_once() {
    let dir = pages();
    let daemon = serving(&dir).command("cat", [""; 0]).start();
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/", daemon.address())).await;
    browser
        .wait_until("it is open", "globalThis.told?.[0] === 'open 0'")
        .await;
    // The browser stays.
    let other = browser.client().new_window(true).await;
    other.expect("another tab");
    let closed = browser.client().close_window().await;
    closed.expect("the tab is closed");
    daemon.log().wait_for(&["| DISCONNECT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_in_a_browser_goes_on_after_its_connection_is_lost() {
    let daemon = Daemon::builder()
        .flags(["--pty", "--terminal", "--linger=600000", "--loglevel=trace"])
        .flags([
            "--env=HOME=/nonexistent",
            "--env=LANG=C.UTF-8",
            "--env=PS1=> ",
        ])
        .command("bash", ["--norc", "--noprofile", "-i"])
        .start();
    let wire = Wire::to(daemon.address());
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/", wire.address)).await;
    let shows = |text: &str| {
        format!(
            "document.querySelector('.xterm-rows')?.innerText.replaceAll('\\u00a0', ' ').includes('{text}')"
        )
    };
    browser.wait_until("a prompt", &shows("> ")).await;
    press(&browser, "x=41; echo it is $((x + 0))\n").await;
    browser.wait_until("it runs", &shows("it is 41")).await;
    // Led to nowhere for the moment.
    wire.lead_to(([127, 0, 0, 1], 1).into());
    wire.cut();
    let says = "document.querySelector('#state').textContent.includes('what you type is kept')";
    browser.wait_until("the page says so", says).await;
    press(&browser, "echo it is $((x + 1))\n").await;
    eventually("the daemon knows", || {
        (daemon.log().count("its program is kept") == 1).then_some(())
    });
    wire.lead_to(daemon.address());
    browser.wait_until("it goes on", &shows("it is 42")).await;
    let quiet = "document.querySelector('#state').textContent === ''";
    browser.wait_until("nothing is amiss any more", quiet).await;
    press(&browser, &format!("exit{}", char::from(Key::Enter))).await;
    daemon.log().wait_for(&["| DISCONNECT"]);
    daemon.assert_no_process_left();
}

/// Presses keys, as a person does.
async fn press(browser: &Browser, keys: &str) {
    let element = browser.client().active_element().await;
    let element = element.expect("the terminal has the focus");
    element.send_keys(keys).await.expect("it takes keys");
}
