//! docs/install.md, "Alone", as it is written: on a Debian that systemd has booted, from `apt install` of the package to
//! people who talk by account over TLS, in browsers, without another web server and without PHP.

use std::fs;

use e2e::browser::Browser;
use e2e::debian::{Debian, package};
use e2e::room_page::{say, sees, welcome};
use e2e::under_test::workspace;
use serde_json::json;

const PASSWORD: &str = "correct horse battery";
const SITE: &str = "https://chat.example.org/";

/// The blocks of a section that are typed: all of them but those behind a comment, which names what they need.
fn typed(section: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join("docs/install.md")).expect("it is there");
    let text = text
        .split(&format!("\n## {section}\n"))
        .nth(1)
        .expect("the section");
    let text = text.split("\n## ").next().expect("all of it");
    let parts: Vec<&str> = text.split("```").collect();
    let (mut blocks, mut others) = (Vec::new(), Vec::new());
    for pair in parts.chunks(2) {
        let [before, block] = pair else { continue };
        let lines = block
            .strip_prefix("sh\n")
            .expect("a block of a shell")
            .to_owned();
        match before.trim_end().strip_suffix("-->") {
            Some(_) => others.push(lines),
            None => blocks.push(lines),
        }
    }
    let [certbot] = &others[..] else {
        panic!("one block is not typed: {others:#?}");
    };
    assert!(certbot.contains("certbot certonly"), "{certbot}");
    blocks
}

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (id, value) in fields {
        let is_there = format!("document.querySelector('#{id}') !== null");
        browser.wait_until("the field is there", &is_there).await;
        let set = format!("document.querySelector('#{id}').value = {}", json!(value));
        browser.eval(&set).await;
    }
    browser
        .eval("document.querySelector('#account-form').requestSubmit()")
        .await;
}

/// Somebody on another machine, who finds this one by its name.
async fn visitor() -> Browser {
    Browser::start_with(&["--host-resolver-rules=MAP chat.example.org 127.0.0.1"]).await
}

#[tokio::test]
async fn from_apt_install_to_people_who_talk_by_account_over_tls() {
    let blocks = typed("Alone");
    let [install, authority, setup, invite, rest] = &blocks[..] else {
        panic!("the steps that this test knows: {blocks:#?}");
    };
    let package = package().display();
    let machine = Debian::boot();
    machine.run(&format!("cp {package} ."));
    let said = machine.run(install);
    assert!(
        said.stdout.contains("chatctl setup"),
        "it says how to go on: {said:#?}"
    );
    machine.run(authority);
    let done = machine.run(setup);
    let link = done.stdout.lines().next().expect("a link");
    assert!(
        link.starts_with(&format!("{SITE}first.html#code=")),
        "{done:#?}"
    );

    // What is verified as other machines verify it: the name, the authority, HTTP led to HTTPS.
    let page = machine.run(&format!(
        "curl -sSiL --proto '=http,https' {}",
        SITE.replace("https", "http")
    ));
    assert!(
        page.stdout.contains(&format!("ocation: {SITE}")),
        "{}",
        page.stdout
    );
    assert!(page.stdout.contains("<html"), "{}", page.stdout);

    let (root, anna) = (visitor().await, visitor().await);
    root.goto(link).await;
    let reached = "document.querySelector('#socket-check')?.dataset.result";
    let reached = format!("/^socket(Open|Good)$/.test({reached})");
    root.wait_until("the rooms are reached", &reached).await;
    fill(&root, &[("name", "root"), ("password", PASSWORD)]).await;
    fill(&root, &[("room", "hall")]).await;
    welcome(&root).await;

    let invited = machine.run(invite).stdout;
    let invitation = invited.lines().next().expect("a link");
    let invitation = invitation.replace("register.html", "register.html?room=hall");
    anna.goto(&format!("{SITE}{invitation}")).await;
    fill(&anna, &[("name", "anna"), ("password", PASSWORD)]).await;
    welcome(&anna).await;
    say(&anna, "hello root").await;
    sees(&root, "hello root").await;
    say(&root, "hello anna").await;
    sees(&anna, "hello anna").await;

    machine.run(rest);
    let accounts = machine.run("chatctl accounts").stdout;
    assert!(
        accounts.contains("anna") && accounts.contains("root"),
        "{accounts}"
    );
    let log = machine
        .run("cat /var/lib/websocketd-rs/chat/rooms/hall.log")
        .stdout;
    let by_account = |line: &&str| line.contains("account=anna") && line.contains("hello root");
    assert!(log.lines().any(|line| by_account(&line)), "{log}");
    let php = machine.run("ps -eo comm,user").stdout;
    assert!(php.contains("chat-handler    www-data"), "{php}");
    assert!(
        !["php", "apache2", "nginx"]
            .iter()
            .any(|other| php.contains(other)),
        "{php}"
    );

    // The same again: nothing is new, and an administrator is there.
    let again = machine.run(setup).stdout;
    assert!(again.contains("has an administrator already"), "{again}");
    say(&anna, "still here").await;
    sees(&root, "still here").await;

    // A renewal, as certbot does it: people stay, the new certificate is shown.
    machine.run(&format!(
        "{authority}\nmkdir live; cp chat.pem live/fullchain.pem; cp chat.key live/privkey.pem\n\
         RENEWED_LINEAGE=/root/live /usr/share/websocketd-rs/certbot-hook"
    ));
    let shown = "openssl s_client -connect chat.example.org:443 -servername chat.example.org </dev/null 2>/dev/null | \
                 openssl x509 -noout -fingerprint";
    let shown = format!(
        "until [ \"$({shown})\" = \"$(openssl x509 -noout -fingerprint -in chat.pem)\" ]; do sleep 0.1; done"
    );
    machine.run(&shown);
    say(&root, "renewed").await;
    sees(&anna, "renewed").await;
}
