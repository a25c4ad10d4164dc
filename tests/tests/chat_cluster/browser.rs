//! A room's page in Chromium behind nginx, while the machines that serve it are drained one after the other.

use std::fs;
use std::thread;

use e2e::browser::Browser;
use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::http;
use e2e::room_page::{say, sees, welcome};
use e2e::under_test::{beside, chat_handler, workspace};
use serde_json::{Value, json};

use super::moved::records;
use super::nginx::Nginx;

const ROOM: &str = "lobby";
/// Lines that others say before the page is sent away, and after it is back.
const LINES: usize = 3;
/// Keeps the addresses of all connections that the page has opened, from the first one on.
const JOURNAL: &str = "
    globalThis.journal = [];
    globalThis.WebSocket = class extends WebSocket {
        constructor(url) { super(url); journal.push(String(url)); }
    };";
/// What the page shows of what was said, from above.
const SHOWN: &str =
    "[...document.querySelectorAll('#log .entry.say .words')].map(e => e.textContent)";
/// Who came and went, as far as the page knows.
const COMINGS: &str =
    "[...document.querySelectorAll('#log .join, #log .quit')].map(e => e.textContent)";

/// The machine's daemon as conf/cluster has it: pages, questions and rooms at one port.
#[track_caller]
fn serve_site(machine: &mut Machine) {
    let cgi = machine.disk().join("cgi");
    fs::create_dir_all(&cgi).expect("writable");
    // A link to elsewhere is not served.
    fs::copy(beside("chat-cgi"), cgi.join("api")).expect("a copy");
    let ini = machine.base().join("chat.ini").display().to_string();
    let drain = machine.base().join("run/relay/drain");
    let mut text =
        fs::read_to_string(workspace().join("conf/cluster/daemon.ini")).expect("it is shipped");
    for (shipped, here) in [
        (
            "address = 10.0.0.1",
            format!("address = {}", machine.address()),
        ),
        ("10.0.0.0/24", "10.1.0.0/24".to_owned()),
        (
            "/usr/local/share/websocketd-rs/htdocs",
            workspace().join("htdocs").display().to_string(),
        ),
        (
            "/usr/local/lib/websocketd-rs/cgi",
            cgi.display().to_string(),
        ),
        (
            "/usr/local/bin/chat-handler",
            chat_handler().display().to_string(),
        ),
        ("/etc/websocketd-rs/chat.ini", ini.clone()),
        (
            "/var/lib/websocketd-rs/chat/run/relay/drain",
            drain.display().to_string(),
        ),
    ] {
        assert!(text.contains(shipped), "{shipped} is not in\n{text}");
        text = text.replace(shipped, &here);
    }
    let path = machine.disk().join("daemon.ini");
    fs::write(&path, text).expect("writable");
    let flags = [
        format!("--config={}", path.display()),
        format!("--env=CHAT_CONFIG={ini}"),
    ];
    let flags = flags.each_ref().map(String::as_str);
    machine.start("daemon", &beside("websocketd-rs").to_string_lossy(), &flags);
}

/// Where the page is: the machine that has a handler.
#[track_caller]
fn served_by(cluster: &Cluster) -> &Machine {
    let at = eventually("one machine serves the page", || {
        let served: Vec<_> = cluster.machines.iter().map(Machine::served).collect();
        let at = served.iter().position(|it| *it == 1)?;
        (served.iter().sum::<usize>() == 1).then_some(at)
    });
    &cluster.machines[at]
}

/// Something is said in the room on another machine.
#[track_caller]
fn others_say(cluster: &Cluster, than: &Machine, said: &mut Vec<String>) {
    let mut others = cluster.machines.iter().filter(|it| it.name != than.name);
    let text = format!("line {}", said.len());
    let other = others.nth(said.len() % 2).expect("three machines");
    let (status, answer) = other.chatctl(&["say", ROOM, &text]);
    assert_eq!(status, 0, "{answer}");
    said.push(text);
}

/// Comes in under a name that all machines know.
async fn enter(browser: &Browser, cluster: &Cluster, name: &str) {
    let url = Nginx::url("http");
    browser.run_first(JOURNAL).await;
    browser.goto(&format!("{url}room_create.html")).await;
    let form = json!({ "name": name }).to_string();
    let chosen = format!(
        "fetch('api/session', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: {} }})
            .then(answer => answer.status)",
        json!(form)
    );
    assert_eq!(browser.eval(&chosen).await, 200);
    for machine in &cluster.machines {
        eventually("the machine knows the name", || {
            let mut logins = fs::read_dir(machine.base().join("logins")).ok()?;
            logins.next().map(|_| ())
        });
    }
    browser.goto(&format!("{url}?room={ROOM}")).await;
    welcome(browser).await;
}

async fn is_sent_from_machine_to_machine(cluster: &Cluster) {
    let browser = Browser::start().await;
    enter(&browser, cluster, "alice").await;
    let came = [format!("join {}", "alice")];
    let mut said = Vec::new();
    for opened in 1..=2 {
        let here = served_by(cluster);
        for _ in 0..LINES {
            others_say(cluster, here, &mut said);
        }
        sees(&browser, said.last().expect("something was said")).await;
        let (status, answer) = here.chatctl(&["cluster", "drain", "--over=2"]);
        assert_eq!(status, 0, "{answer}");
        // While nobody is served here, and until the page is elsewhere.
        eventually("the page is on its way", || {
            others_say(cluster, here, &mut said);
            (here.served() == 0).then_some(())
        });
        others_say(cluster, here, &mut said);
        let again = format!("journal.length > {opened}");
        browser
            .wait_until("the page has another connection", &again)
            .await;
        welcome(&browser).await;
        let there = served_by(cluster);
        assert_ne!(there.name, here.name);
        let own = format!("alice is on {}", there.name);
        say(&browser, &own).await;
        sees(&browser, &own).await;
        said.push(own);
        others_say(cluster, there, &mut said);
        sees(&browser, said.last().expect("something was said")).await;
        let (status, answer) = here.chatctl(&["cluster", "drain", "--undo"]);
        assert_eq!(status, 0, "{answer}");
    }
    assert_eq!(browser.eval(SHOWN).await, json!(said));
    for machine in &cluster.machines {
        eventually("all machines have it", || {
            (machine.said(ROOM) == said).then_some(())
        });
        let comings = records(machine, ROOM, &["join", "quit", "nick"]);
        assert_eq!(comings, came, "on {}", machine.name);
    }
    let comings = browser.eval(COMINGS).await;
    assert_eq!(comings.as_array().map(Vec::len), Some(1), "{comings}");
    // It was never loaded anew, and said each time what it had seen.
    let journal = browser.eval("journal").await;
    let opened: Vec<_> = journal.as_array().into_iter().flatten().collect();
    let has_since = |url: &&Value| url.as_str().is_some_and(|it| it.contains("since="));
    assert!(opened.len() >= 3, "{journal}");
    assert!(opened[1..].iter().all(has_since), "{journal}");
}

#[test]
fn a_page_goes_to_another_machine_by_itself_and_shows_each_line_once() {
    let mut cluster = Cluster::start(3, Engine::Sentinel, "");
    cluster.machines.iter_mut().for_each(serve_site);
    let _nginx = Nginx::start(&cluster, false);
    let entrance = cluster.cables.entrance();
    thread::scope(|scope| {
        scope.spawn(|| {
            entrance.enter();
            for machine in &cluster.machines {
                eventually("the site is served", || {
                    let at = machine.endpoint();
                    let head = http::head(&at, "GET", "/api/config", &[]);
                    let answer = http::exchange(&at, head.as_bytes()).ok()?;
                    (answer.status == 200).then_some(())
                });
            }
            // The browser, too, is where this thread is.
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(is_sent_from_machine_to_machine(&cluster));
        });
    });
}
