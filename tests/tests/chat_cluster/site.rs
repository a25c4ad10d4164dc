//! One site on three machines: somebody's account is the same wherever they come to, and is gone from all at once.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use e2e::cluster::Cluster;
use e2e::cluster::machine::{Engine, Machine};
use e2e::deadline::eventually;
use e2e::http::{self, Response};
use e2e::page::Page;
use e2e::transport::Endpoint;
use e2e::under_test::{beside, chat_handler};
use e2e::ws::Client;
use serde_json::Value;

/// Where a machine's pages and their questions are served.
const PAGES: u16 = 8090;
/// What the person's account is called.
const NAME: &str = "Xanthippe";
/// The form of who makes an account, and logs in by it.
const FORM: &str = r#"{"name":"Xanthippe","password":"correct horse battery"}"#;

/// A daemon with the chat's pages beside the one for rooms alone.
fn serve_pages(machine: &mut Machine) -> Endpoint {
    let cgi = machine.disk().join("cgi");
    fs::create_dir_all(&cgi).expect("writable");
    // A link to elsewhere is not served.
    fs::copy(beside("chat-cgi"), cgi.join("api")).expect("a copy");
    let base = machine.base();
    let args = [
        format!("--address={}", machine.address()),
        format!("--port={PAGES}"),
        format!("--cgidir={}", cgi.display()),
        format!("--env=CHAT_CONFIG={}", base.join("chat.ini").display()),
        chat_handler().display().to_string(),
    ];
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    machine.start("pages", &beside("websocketd-rs").to_string_lossy(), &args);
    Endpoint::Tcp(SocketAddr::new(machine.address().into(), PAGES))
}

/// Asks as a browser among the people does.
fn ask(
    cluster: &Cluster,
    at: &Endpoint,
    (method, path): (&str, &str),
    cookie: &str,
    body: &str,
) -> Response {
    let entrance = cluster.cables.entrance();
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            entrance.enter();
            let origin = format!("http://{}", at.host());
            let headers = [
                ("Content-Type", "application/json"),
                ("Origin", &origin),
                ("Cookie", cookie),
            ];
            http::send(at, method, &format!("/api/{path}"), &headers, body)
        });
        asked.join().expect("it is served")
    })
}

fn cookie_of(response: &Response) -> String {
    let cookie = response.header("Set-Cookie").expect("a cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// Who the machine takes the owner of a cookie for.
fn account(cluster: &Cluster, at: &Endpoint, cookie: &str) -> Option<String> {
    let told = ask(cluster, at, ("GET", "session"), cookie, "");
    let told: Value = serde_json::from_str(told.utf8()).expect("JSON");
    told["account"].as_str().map(str::to_owned)
}

/// Files below a directory that hold the name, or are called so.
fn files_with(dir: &Path, name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path);
        if kind.as_ref().is_ok_and(fs::Metadata::is_dir) {
            found.extend(files_with(&path, &name));
        } else if kind.as_ref().is_ok_and(fs::Metadata::is_file) {
            let bytes = fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            let called = path.file_name().unwrap_or_default();
            if text.contains(&name) || called.to_string_lossy().to_lowercase() == name {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn an_account_of_one_machine_logs_in_on_another_is_shown_on_the_third_and_is_erased_on_all() {
    let lines = "ACCOUNTS=yes\nREGISTER=open";
    let mut cluster = Cluster::start(3, Engine::Sentinel, lines);
    let pages: Vec<_> = cluster.machines.iter_mut().map(serve_pages).collect();
    for at in &pages {
        eventually("the pages are served", || {
            let answer = thread::scope(|scope| {
                let entrance = cluster.cables.entrance();
                let asked = scope.spawn(move || {
                    entrance.enter();
                    let head = http::head(at, "GET", "/api/config", &[]);
                    http::exchange(at, head.as_bytes())
                });
                asked.join().expect("asked")
            });
            answer.ok().filter(|it| it.status == 200)
        });
    }
    // Made on the first, and a moment later a log-in on the second.
    let made = ask(&cluster, &pages[0], ("POST", "account/register"), "", FORM);
    assert_eq!(made.status, 200, "{}", made.text());
    eventually("the second has it", || {
        let files = fs::read_dir(cluster.machines[1].base().join("accounts")).ok()?;
        let mut names = files.map(|it| it.expect("an entry").file_name());
        names
            .any(|it| !it.to_string_lossy().starts_with('.'))
            .then_some(())
    });
    let logged_in = ask(&cluster, &pages[1], ("POST", "account/login"), "", FORM);
    assert_eq!(logged_in.status, 200, "{}", logged_in.text());
    let cookie = cookie_of(&logged_in);
    // Behind a balancer the next request is at any of them.
    for at in &pages {
        let known = eventually("they are logged in here", || account(&cluster, at, &cookie));
        assert_eq!(known, NAME);
    }
    let taken = ask(&cluster, &pages[2], ("POST", "account/register"), "", FORM);
    assert_eq!(taken.status, 409, "{}", taken.text());

    // What they say they are up to on one is seen by others on the third.
    let (code, said) = cluster.machines[1].chatctl(&["profile", NAME, "--status", "on the hill"]);
    assert_eq!(code, 0, "{said}");
    eventually("the third knows how they are shown", || {
        let (_, said) = cluster.machines[2].chatctl(&["profile", NAME]);
        said.contains("on the hill").then_some(())
    });
    let entrance = cluster.cables.entrance();
    thread::scope(|scope| {
        let talks = scope.spawn(|| {
            entrance.enter();
            let at = &pages[2];
            let path = "/lobby?format=json";
            let client = Client::connect_with(at, path, &[("Cookie", &*cookie)]);
            let mut page = Page::enter(client);
            assert_eq!(page.you(), NAME);
            page.say_acked("rather hemlock", "m1");
            page.client.close();
        });
        talks.join().expect("they are served");
    });

    // Locked on the third, they are out on the first.
    let (code, said) = cluster.machines[2].chatctl(&["disable", NAME]);
    assert_eq!(code, 0, "{said}");
    eventually("they are out everywhere", || {
        let all = pages.iter().map(|at| account(&cluster, at, &cookie));
        all.flatten().next().is_none().then_some(())
    });

    // One command forgets them everywhere.
    for machine in &cluster.machines {
        assert!(!files_with(&machine.base(), NAME).is_empty());
    }
    let erase = ["person", "erase", "--account", NAME];
    let erased = eventually("nobody of that name is there", || {
        let (code, said) = cluster.machines[0].chatctl(&erase);
        (code == 0).then_some(said)
    });
    assert!(erased.contains("forgotten"), "{erased}");
    for machine in &cluster.machines {
        let mut left = Vec::new();
        eventually(&format!("{} has nothing of them", machine.name), || {
            left = files_with(&machine.base(), NAME);
            left.is_empty().then_some(())
        });
        let log = String::from_utf8_lossy(&machine.whole_log("lobby")).into_owned();
        assert!(!log.contains("hemlock"), "{log}");
    }
    eventually("all have the same log", || {
        cluster.has_one_log("lobby").then_some(())
    });
}
