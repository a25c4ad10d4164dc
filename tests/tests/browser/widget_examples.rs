//! The examples of docs/embedding.md, each as it is shipped, on another origin than the chat.

use std::fs;
use std::process::Command;

use e2e::browser::Browser;
use e2e::chat::Files;
use e2e::daemon::{Daemon, free_port};
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::under_test::{chat_handler, workspace};
use tempfile::TempDir;

const ROOT: &str = "document.querySelector('chat-widget').shadowRoot";

/// What `WordPress` is to a theme, as far as the example asks it.
const WORDPRESS: &str = r#"<?php
$footer = [];
function add_action($name, $run) { global $footer; $footer[] = $run; }
function wp_get_current_user() { return (object) ['user_login' => 'dora', 'display_name' => 'Dora']; }
function esc_url($address) { return htmlspecialchars($address, ENT_QUOTES); }
function esc_attr($words) { return htmlspecialchars($words, ENT_QUOTES); }
require 'functions.php';
?><!doctype html><html lang="en"><title>A blog</title><main><h1>A blog</h1></main><?php foreach ($footer as $run) $run(); ?></html>"#;

struct Shop {
    // Dropped in this order: the programs first, then the files they use.
    chat: Daemon,
    _php: Program,
    address: String,
    pages: TempDir,
    files: Files,
}

/// The examples beside each other, run by PHP's own server, and a chat that knows of them.
fn shop() -> Shop {
    let pages = tempfile::tempdir().expect("a temporary directory");
    let files = Files::installed("SITE=shop\nJWT_KEYS=keys\nJWT_COOKIE=chat_token\n");
    let keys = files.path("keys");
    fs::create_dir(&keys).expect("writable");
    let private = pages.path().join("shop-private.pem");
    let run = |arguments: &[&str]| {
        let status = Command::new(part("/usr/bin/openssl", "openssl"))
            .args(arguments)
            .stderr(std::process::Stdio::null())
            .status();
        assert!(status.expect("it runs").success());
    };
    let (private_name, public) = (private.display().to_string(), keys.join("shop.pem"));
    run(&[
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        &private_name,
    ]);
    run(&[
        "pkey",
        "-in",
        &private_name,
        "-pubout",
        "-out",
        &public.display().to_string(),
    ]);

    let address = format!("127.0.0.1:{}", free_port());
    let mut php = Command::new(part("/usr/bin/php", "php-cli"));
    php.arg("-d")
        .arg(format!(
            "session.save_path={}",
            files.path("sessions").display()
        ))
        .args(["-S", &address, "-t"])
        .arg(pages.path())
        .env("CHAT_PRIVATE_KEY", &private);
    let php = Program::start(&php);
    let chat = Daemon::builder()
        .flag(format!(
            "--staticdir={}",
            workspace().join("htdocs").display()
        ))
        .flag(format!("--origin=http://{address}"))
        .flag("--header-http=Access-Control-Allow-Origin: *")
        .flag("--passenv=CHAT_CONFIG")
        .env("CHAT_CONFIG", files.ini())
        .command(chat_handler(), [""; 0])
        .start();
    let own = chat.address().to_string();
    for entry in fs::read_dir(workspace().join("docs/examples/embedding")).expect("examples") {
        let entry = entry.expect("an example");
        let text = fs::read_to_string(entry.path()).expect("readable");
        let text = text
            .replace("https://chat.example.org", &format!("http://{own}"))
            .replace("wss://chat.example.org", &format!("ws://{own}"));
        fs::write(pages.path().join(entry.file_name()), text).expect("writable");
    }
    fs::write(pages.path().join("index.php"), WORDPRESS).expect("writable");
    eventually("PHP's server listens", || {
        std::net::TcpStream::connect(&address).ok()
    });
    Shop {
        chat,
        _php: php,
        address,
        pages,
        files,
    }
}

impl Shop {
    /// Opens an example and its dock, says something there, and gives who said it.
    async fn speaker(&self, browser: &Browser, page: &str, text: &str) -> (String, Option<String>) {
        browser
            .goto(&format!("http://{}/{page}", self.address))
            .await;
        self.say(browser, text).await
    }

    async fn say(&self, browser: &Browser, text: &str) -> (String, Option<String>) {
        browser
            .wait_until("the widget is there", &format!("{ROOT} !== null"))
            .await;
        browser
            .eval(&format!(
                "{ROOT}.querySelector('.panel') || {ROOT}.querySelector('.toggle').click()"
            ))
            .await;
        browser
            .wait_until(
                "the room is entered",
                &format!("{ROOT}.querySelector('.panel .state')?.hidden"),
            )
            .await;
        browser
            .eval(&format!(
                "(() => {{ const field = {ROOT}.querySelector('textarea'); field.value = '{text}'; \
                 field.form.requestSubmit(); return true; }})()"
            ))
            .await;
        let record = eventually("it is in the log", || {
            let records = self.files.records("lobby");
            records.into_iter().find(|record| record.text == text)
        });
        let account = record.attr("account").map(str::to_owned);
        (record.from, account)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_example_is_a_page_with_the_chat_on_it() {
    let shop = shop();
    let browser = Browser::start().await;
    let (_, account) = shop
        .speaker(&browser, "plain.html", "from a plain page")
        .await;
    assert_eq!(account, None, "a guest");
    let (name, account) = shop.speaker(&browser, "index.php", "from a blog").await;
    assert_eq!(
        (name.as_str(), account),
        ("Dora", None),
        "as the blog calls its user"
    );

    // The PHP site's own log-in is the chat's.
    browser
        .goto(&format!("http://{}/site.php", shop.address))
        .await;
    browser
        .eval("(document.forms[0].name.value = 'bob', document.forms[0].requestSubmit(), true)")
        .await;
    browser.wait_for_text("Hello, bob.").await;
    let (name, account) = shop.say(&browser, "from a PHP site").await;
    assert_eq!((name.as_str(), account.as_deref()), ("bob", Some("bob")));

    let other = Browser::start().await;
    let (name, account) = shop.speaker(&other, "token.php", "with a token").await;
    assert_eq!(
        (name.as_str(), account.as_deref()),
        ("Carol", Some("carol"))
    );
    assert!(shop.pages.path().exists() && !shop.chat.handlers().is_empty());
}
