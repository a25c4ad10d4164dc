//! `--terminal`: real programs on a screen in a real browser.

use std::fs;

use e2e::browser::Browser;
use e2e::daemon::{Builder, Daemon};
use e2e::deadline::eventually;
use e2e::http;
use e2e::proc;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use fantoccini::key::Key;
use serde_json::json;

use crate::access::violations;

/// What the page's rows show.
const ROWS: &str = "document.querySelector('.xterm-rows').innerText";

/// What the page says beside the terminal.
const STATE: &str = "document.querySelector('#state').textContent";

/// Notes what goes wrong in the page, and what its policy forbids.
const JOURNAL: &str = "globalThis.errors = [];
    addEventListener('error', (event) => errors.push(event.message));
    addEventListener('securitypolicyviolation', (event) => errors.push(`${event.violatedDirective} ${event.blockedURI}`));";

fn terminal(program: &str, args: &[&str]) -> Builder {
    Daemon::builder()
        .flags(["--pty", "--terminal", "--closetimeout=100"])
        .flags(["--env=HOME=/nonexistent", "--env=LANG=C.UTF-8"])
        .command(program, args)
}

fn shell() -> Builder {
    terminal("bash", &["--norc", "--noprofile", "-i"]).flag("--env=PS1=> ")
}

async fn open(daemon: &Daemon) -> Browser {
    let browser = Browser::start().await;
    browser.run_first(JOURNAL).await;
    browser.goto(&format!("http://{}/", daemon.address())).await;
    browser
        .wait_until(
            "it is connected",
            &format!("{STATE} === '' && {ROWS}.trim() !== ''"),
        )
        .await;
    browser
}

/// Presses keys, as a person does.
async fn press(browser: &Browser, keys: &str) {
    let element = browser
        .client()
        .active_element()
        .await
        .expect("the terminal has the focus");
    element.send_keys(keys).await.expect("it takes keys");
}

fn control(key: char) -> String {
    format!("{}{key}{}", char::from(Key::Control), char::from(Key::Null))
}

/// Waits until the screen shows `text`.
async fn sees(browser: &Browser, text: &str) {
    let wanted = json!(text);
    let rows = format!("{ROWS}.replaceAll('\\u00a0', ' ').includes({wanted})");
    browser
        .wait_until(&format!("the screen shows {text:?}"), &rows)
        .await;
}

/// Columns and rows that the shell in front believes in.
async fn asked_size(browser: &Browser, mark: &str) -> String {
    press(browser, &format!("echo {mark} $(stty size) end\n")).await;
    let found = format!("{ROWS}.replaceAll('\\u00a0', ' ').match(/^{mark} (\\d+ \\d+) end/m)?.[1]");
    let size = browser.wait_until("the shell says its size", &found).await;
    size.as_str().expect("two numbers").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_in_a_browser() {
    let daemon = shell().start();
    let browser = open(&daemon).await;
    press(&browser, "echo \"$((6 * 7)) ${TERM} äöü€\"\n").await;
    sees(&browser, "\n42 xterm-256color äöü€").await;
    // A key that stops what runs.
    press(&browser, "sleep 2201\n").await;
    let sleeper = eventually("it runs", || {
        proc::descendants(daemon.pid())
            .into_iter()
            .find(|process| process.name == "sleep")
    });
    press(&browser, &control('c')).await;
    sees(&browser, "^C").await;
    proc::wait_until_ended(sleeper.pid);
    // The window's size is the terminal's, and what runs learns of another one.
    browser.resize(1000, 600).await;
    let before = asked_size(&browser, "before").await;
    press(&browser, "trap 'echo changed' WINCH\n").await;
    browser.resize(700, 400).await;
    press(&browser, "\n").await;
    sees(&browser, "changed").await;
    let after = asked_size(&browser, "after").await;
    let numbers = |size: &str| -> Vec<u16> {
        size.split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect()
    };
    let (before, after) = (numbers(&before), numbers(&after));
    assert!(
        after[0] < before[0] && after[1] < before[1],
        "{before:?} {after:?}"
    );
    browser.screenshot("terminal-shell").await;
    // A title that the program sets is the page's.
    press(&browser, "printf '\\033]0;my title\\007'\n").await;
    browser
        .wait_until("the title", "document.title === 'my title'")
        .await;
    // The end says why, and Enter begins anew.
    press(&browser, "exit 3\n").await;
    browser
        .wait_until(
            "the end",
            &format!("{STATE}.startsWith('Connection closed: exit status 3.')"),
        )
        .await;
    browser.screenshot("terminal-ended").await;
    assert_eq!(violations(&browser).await, [""; 0]);
    press(&browser, "\n").await;
    browser
        .wait_until(
            "it is connected",
            &format!("{STATE} === '' && {ROWS}.trim() === '>'"),
        )
        .await;
    assert_eq!(browser.eval("errors").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn vim_edits_a_file_in_a_browser() {
    part("/usr/bin/vim", "vim");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("letter.txt");
    let lines: Vec<_> = (1..=200).map(|n| format!("line {n}\n")).collect();
    fs::write(&file, lines.concat()).expect("ours");
    let path = file.display().to_string();
    let daemon = terminal("vim", &["-u", "DEFAULTS", "-N", "-n", &path]).start();
    let browser = open(&daemon).await;
    sees(&browser, "line 1\n").await;
    // Its last line has come. The place in the file, at the end of it, does not always stay: Vim draws over it when the
    // terminal answers late what it is.
    sees(&browser, "200L, 1692B").await;
    browser.screenshot("terminal-vim").await;
    press(&browser, "Gohello from a browser").await;
    sees(&browser, "hello from a browser").await;
    sees(&browser, "-- INSERT --").await;
    // It draws itself anew at another size.
    browser.resize(600, 300).await;
    sees(&browser, "hello from a browser").await;
    sees(&browser, "-- INSERT --").await;
    browser.screenshot("terminal-vim-small").await;
    press(&browser, &format!("{}:wq\n", char::from(Key::Escape))).await;
    browser
        .wait_until("the end", &format!("{STATE}.startsWith('Ended.')"))
        .await;
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(text.ends_with("line 200\nhello from a browser\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn htop_draws_and_quits_in_a_browser() {
    part("/usr/bin/htop", "htop");
    let daemon = terminal("htop", &[]).start();
    let browser = open(&daemon).await;
    sees(&browser, "Load average").await;
    sees(&browser, "F10").await;
    browser.screenshot("terminal-htop").await;
    press(&browser, &char::from(Key::F1).to_string()).await;
    sees(&browser, "incremental PID search").await;
    press(&browser, "x").await;
    sees(&browser, "F10").await;
    press(&browser, "q").await;
    browser
        .wait_until("the end", &format!("{STATE}.startsWith('Ended.')"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_pasted_and_a_flood_is_stopped() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pasted");
    let line = "x".repeat(1023);
    let daemon = shell().start();
    let browser = open(&daemon).await;
    let length = 1024 * 1024;
    press(
        &browser,
        &format!(
            "stty -echo; echo re\"\"ady; head -c {length} > {}; stty echo; echo do\"\"ne\n",
            file.display()
        ),
    )
    .await;
    sees(&browser, "ready").await;
    // What a browser does with the keys of a paste.
    browser
        .eval(&format!(
            "(() => {{
                const data = new DataTransfer();
                data.setData('text/plain', {}.repeat(1024));
                const event = new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }});
                document.activeElement.dispatchEvent(event);
            }})()",
            json!(format!("{line}\n"))
        ))
        .await;
    sees(&browser, "done").await;
    let pasted = fs::read_to_string(&file).expect("it is there");
    assert!(
        pasted == format!("{line}\n").repeat(1024),
        "{} bytes",
        pasted.len()
    );
    // What writes faster than a browser draws waits for it, so that a key stops it at once.
    press(&browser, "yes flood\n").await;
    sees(&browser, "flood\nflood\nflood").await;
    press(&browser, &control('c')).await;
    sees(&browser, "^C").await;
    press(&browser, "echo calm $((6 * 7))\n").await;
    sees(&browser, "calm 42").await;
    assert_eq!(browser.eval("errors").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_is_told_so() {
    let script = "echo welcome; read -r -t 2 line; echo \"got <$line>\"; read -r -t 2 line; exit 3";
    let daemon = terminal("bash", &["-c", script]).flag("--readonly").start();
    let browser = Browser::start().await;
    browser.run_first(JOURNAL).await;
    browser.goto(&format!("http://{}/", daemon.address())).await;
    let told = "View only: keys are not taken.";
    let says = format!("{STATE} === '{told}' && !document.querySelector('#state').hidden");
    browser.wait_until("it says so", &says).await;
    sees(&browser, "welcome").await;
    press(&browser, "secret\n").await;
    sees(&browser, "got <>").await;
    assert_eq!(browser.eval(STATE).await, told, "it stays");
    browser.screenshot("terminal-readonly").await;
    browser
        .wait_until(
            "the end",
            &format!("{STATE}.startsWith('Connection closed: exit status 3.')"),
        )
        .await;
    // The key that connects again is the page's.
    press(&browser, "\n").await;
    browser.wait_until("it says so again", &says).await;
    sees(&browser, "welcome").await;
    assert_eq!(violations(&browser).await, [""; 0]);
    assert_eq!(browser.eval("errors").await, json!([]));
}

/// As ttyd's page speaks (its `xterm/index.ts`): the subprotocol, all in bytes, the size first, a command before all that follows.
#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_ttyds_page_are_understood() {
    let daemon = shell().start();
    let browser = open(&daemon).await;
    let speak = "new Promise(done => {
        const socket = new WebSocket(`ws://${location.host}/ws`, ['tty']);
        const bytes = new TextEncoder(), text = new TextDecoder();
        let title = '', preferences = '', shown = '';
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => {
            socket.send(bytes.encode(JSON.stringify({ AuthToken: '', columns: 101, rows: 31 })));
            socket.send(bytes.encode('0stty size; exit 0\\r'));
        };
        socket.onmessage = (event) => {
            const data = text.decode(event.data.slice(1));
            switch (text.decode(event.data.slice(0, 1))) {
                case '0': shown += data; break;
                case '1': title = data; break;
                case '2': preferences = data; break;
            }
        };
        socket.onclose = (event) => done([socket.protocol, title, preferences, event.code, shown]);
    })";
    let told = browser.eval(speak).await;
    let word = |index: usize| told[index].as_str().unwrap_or_default().to_owned();
    assert_eq!(word(0), "tty");
    assert!(word(1).ends_with("/bash"), "{told}");
    assert_eq!((word(2).as_str(), &told[3]), ("{}", &json!(1000)));
    assert!(word(4).contains("31 101\r\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_type() {
    let daemon = shell().start();
    let other = Daemon::builder()
        .flag("--devconsole")
        .command("cat", [""; 0])
        .start();
    let browser = Browser::start().await;
    browser.goto(&format!("http://{}/", other.address())).await;
    let attempt = format!(
        "new Promise(done => {{
            const socket = new WebSocket('ws://{}/');
            socket.onopen = () => done('open');
            socket.onclose = (event) => done(event.code);
        }})",
        daemon.address()
    );
    assert_eq!(browser.eval(&attempt).await, 1006);
    let started = proc::descendants(daemon.pid()).into_iter();
    let names: Vec<_> = started.map(|process| process.name).collect();
    assert_eq!(names, ["wsd-rs-spawner"]);
}

#[test]
fn the_page_is_compressed_cached_and_guarded() {
    let daemon = shell().start();
    let endpoint = Endpoint::Tcp(daemon.address());
    let get = |headers: &[(&str, &str)]| http::request(&endpoint, "GET", "/any/path?x=1", headers);
    let plain = get(&[]);
    assert_eq!(plain.status, 200);
    assert!(plain.text().starts_with("<!doctype html>"));
    let gzip = get(&[("Accept-Encoding", "gzip")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.body.len() < 110_000 && gzip.body.len() * 3 < plain.body.len());
    assert_ne!(gzip.header("etag"), plain.header("etag"));
    for reply in [&plain, &gzip] {
        assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'")
        );
    }
    let etag = gzip.header("etag").expect("a validator");
    let headers = [("Accept-Encoding", "gzip"), ("If-None-Match", etag)];
    let cached = get(&headers);
    assert_eq!((cached.status, cached.body.len()), (304, 0));
    assert_eq!(cached.header("content-encoding"), None);
    daemon.log().wait_for(&["Terminal page enabled"]);
    for (flags, message) in [
        (
            &["--terminal"][..],
            "--terminal shows the terminal of --pty; please add that, or drop it",
        ),
        (
            &["--pty", "--terminal", "--devconsole"],
            "--terminal answers every path; please drop --devconsole",
        ),
        (
            &["--pty", "--terminal", "--staticdir=/usr"],
            "--terminal answers every path; please drop --staticdir",
        ),
        (
            &["--pty", "--terminal", "--cgidir=/usr"],
            "--terminal answers every path; please drop --cgidir",
        ),
    ] {
        let finished = Daemon::builder().flags(flags).command("cat", [""; 0]).run();
        assert_eq!(
            (finished.code(), finished.stderr.trim_end()),
            (1, message),
            "{flags:?}"
        );
    }
}
