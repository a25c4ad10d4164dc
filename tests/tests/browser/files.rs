//! Files in the page: chosen, dropped and pasted; shown at their size; refused in words; named by strangers.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::room_page::{click, enter, say, sees, set_theme, welcome};
use e2e::site::Site;
use e2e::under_test::workspace;
use fantoccini::Locator;
use serde_json::json;

use crate::access::violations;

const READY: &str = "document.querySelectorAll('.chip[data-state=ready]').length";
const NAMES: &str =
    "[...document.querySelectorAll('#log .file-name')].map(n => n.textContent).join('|')";

fn sample(name: &str) -> PathBuf {
    workspace()
        .join("chat-admin/src/picture/samples")
        .join(name)
}

/// A second of silence.
fn sound(dir: &Path) -> PathBuf {
    let mut wav = b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x40\x1f\0\0".to_vec();
    wav.extend([128; 8000]);
    let path = dir.join("silence.wav");
    fs::write(&path, wav).expect("writable");
    path
}

async fn choose(browser: &Browser, files: &[PathBuf]) {
    let input = browser.client().find(Locator::Css("#attach-input")).await;
    let paths: Vec<_> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let sent = input.expect("the input").send_keys(&paths.join("\n")).await;
    sent.expect("files are chosen");
}

async fn ready(browser: &Browser, count: u32) {
    let all = format!("{READY} === {count}");
    browser.wait_until("the files are there", &all).await;
}

/// Drops or pastes files made in the page: name, type and text of each.
async fn bring(browser: &Browser, how: &str, files: &[(&str, &str, &str)]) {
    let script = format!(
        "(() => {{ const data = new DataTransfer();
            for (const [name, type, text] of {}) data.items.add(new File([text], name, {{ type }}));
            const target = document.querySelector('#text');
            target.dispatchEvent('{how}' === 'drop'
                ? new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }})
                : new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }})); }})()",
        json!(files)
    );
    browser.eval(&script).await;
}

/// All contents and lines below `files/` and those of closed rooms.
fn kept(site: &Site) -> Vec<PathBuf> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                below(&entry.path(), found);
            } else if !matches!(entry.file_name().to_str(), Some("lock" | "ledger")) {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    below(&site.var().join("files"), &mut found);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_sound_and_papers_come_by_the_button_and_are_shown() {
    let site = Site::start();
    let home = tempfile::tempdir().expect("a directory");
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    let paper = home.path().join("report.pdf");
    fs::write(&paper, b"%PDF-1.7 a report").expect("writable");
    choose(
        &alice,
        &[
            sample("plain.png"),
            sample("plain.jpg"),
            sound(home.path()),
            paper,
        ],
    )
    .await;
    ready(&alice, 4).await;
    let mut objections = violations(&alice).await;
    alice.screenshot("files-chosen").await;
    say(&alice, "from the summer").await;
    sees(&bob, "from the summer").await;
    let shown = "[...document.querySelectorAll('#log .picture img')].filter(i => i.complete && i.naturalWidth === 24).length === 2";
    bob.wait_until("the pictures are shown", shown).await;
    assert_eq!(
        alice
            .eval("document.querySelector('#attachments').hidden")
            .await,
        true
    );

    // The place is as large as the picture before it is there.
    let place = "(b => [b.getBoundingClientRect().width, b.getBoundingClientRect().height, b.querySelector('img').getAttribute('width')])(document.querySelector('#log .picture'))";
    assert_eq!(bob.eval(place).await, json!([24, 16, "24"]));
    assert_eq!(
        bob.eval("document.querySelector('#log .picture img').alt")
            .await,
        "plain.png: from the summer"
    );
    bob.eval("document.querySelector('#log audio').load()")
        .await;
    let length = "Math.round(document.querySelector('#log audio').duration) === 1";
    bob.eval("document.querySelector('#log audio').preload = 'auto'")
        .await;
    bob.wait_until("the sound is known", length).await;
    assert_eq!(bob.eval(NAMES).await, "silence.wav|report.pdf");
    let card = "fetch([...document.querySelectorAll('#log .file-card')].at(-1).href).then(r => r.headers.get('Content-Disposition'))";
    assert_eq!(
        bob.eval(card).await,
        "attachment; filename*=UTF-8''report.pdf"
    );

    // Larger, by the keyboard, and back to where one was.
    bob.eval("document.querySelector('#log .enlarge').focus(), document.activeElement.click()")
        .await;
    bob.wait_until(
        "it is enlarged",
        "document.querySelector('dialog.viewer[open] > img')?.naturalWidth === 24",
    )
    .await;
    objections.extend(violations(&bob).await);
    bob.screenshot("file-enlarged").await;
    bob.eval("document.querySelector('dialog.viewer').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }))").await;
    assert_eq!(
        bob.eval("document.querySelector('dialog.viewer bdi').textContent")
            .await,
        "plain.jpg"
    );
    bob.eval("document.querySelector('dialog.viewer').close()")
        .await;
    bob.wait_until(
        "the focus is back",
        "document.activeElement.matches('.enlarge')",
    )
    .await;
    for (theme, width, height) in [
        ("light", 1280, 800),
        ("dark", 1280, 800),
        ("dark", 360, 740),
    ] {
        set_theme(&bob, theme).await;
        bob.resize(width, height).await;
        bob.goto(&site.url("/?room=lobby")).await;
        welcome(&bob).await;
        bob.wait_until("the pictures are shown", shown).await;
        objections.extend(violations(&bob).await);
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(bob.eval(fits).await, true, "{width}");
        bob.screenshot(&format!("files-{theme}-{width}")).await;
    }
    assert!(objections.is_empty(), "{}", objections.join("\n"));

    // Deleted, it is gone for all who look at it.
    let id = alice
        .eval("document.querySelector('#log .files').closest('[data-id]').dataset.id")
        .await;
    site.chatctl(&["redact", "lobby", id.as_str().expect("an id")]);
    bob.wait_until(
        "the files are gone",
        "!document.querySelector('#log .files')",
    )
    .await;
    assert_eq!(kept(&site), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_and_pasted_is_text_whatever_it_is_called() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    for browser in [&alice, &bob] {
        browser.eval("globalThis.pwned = false").await;
    }
    let long = format!("{}.txt", "very-long-".repeat(18));
    let names = [
        "<img src=x onerror=pwned=true>.png",
        "photo\u{202e}gpj.exe",
        "\"><script>pwned=true</script>.svg",
        &long,
    ];
    let page = "<svg xmlns='http://www.w3.org/2000/svg' onload='pwned=true'><script>pwned=true</script></svg>";
    let files: Vec<_> = names
        .iter()
        .map(|name| (*name, "image/svg+xml", page))
        .collect();
    bring(&alice, "drop", &files).await;
    bring(
        &alice,
        "paste",
        &[("clipboard.txt", "text/plain", "pasted")],
    )
    .await;
    ready(&alice, 5).await;
    click(&alice, "#send").await;
    bob.wait_until(
        "all are shown",
        "document.querySelectorAll('#log .file-card').length === 5",
    )
    .await;
    let shown = bob.eval(NAMES).await.to_string();
    for name in [
        "img src=x onerror=pwned=true.png",
        "photogpj.exe",
        "clipboard.txt",
    ] {
        assert!(shown.contains(name), "{shown}");
    }
    assert!(
        !shown.contains('\u{202e}') && !shown.contains('<'),
        "{shown}"
    );
    // None of them opens as a page, not even when its address is opened.
    let kinds = "Promise.all([...document.querySelectorAll('#log .file-card')].map(a => fetch(a.href).then(r => r.headers.get('Content-Type') + r.headers.get('Content-Security-Policy')))).then(all => [...new Set(all)])";
    assert_eq!(
        bob.eval(kinds).await,
        json!(["application/octet-streamsandbox; default-src 'none'; frame-ancestors 'none'"])
    );
    for browser in [&alice, &bob] {
        assert_eq!(browser.eval("globalThis.pwned").await, false);
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.eval(fits).await, true);
    }
    assert_eq!(
        bob.eval("document.querySelectorAll('#log .picture').length")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_its_way_can_be_taken_back_and_a_message_waits_for_it() {
    let site = Site::start();
    let home = tempfile::tempdir().expect("a directory");
    let alice = Browser::start().await;
    enter(&alice, &site, "alice", "lobby").await;
    let (big, huge, slow) = (
        home.path().join("big"),
        home.path().join("huge"),
        home.path().join("slow"),
    );
    fs::write(&big, vec![b'x'; 4 << 20]).expect("writable");
    fs::write(&slow, vec![b'y'; 300_000]).expect("writable");
    let file = fs::File::create(&huge).expect("writable");
    file.set_len(26 << 20).expect("a sparse file");
    choose(&alice, &[huge]).await;
    alice.wait_for_text("Too large: at most 26 MB.").await;
    click(&alice, ".chip button[aria-label='Remove huge']").await;
    let line = |bytes: u32| json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes });
    alice.devtools("Network.enable", json!({})).await;
    alice
        .devtools("Network.emulateNetworkConditions", line(200_000))
        .await;
    choose(&alice, &[big]).await;
    alice
        .wait_until(
            "it is on its way",
            "document.querySelector('.chip progress')?.value > 0.02",
        )
        .await;
    alice.screenshot("file-on-its-way").await;
    assert!(violations(&alice).await.is_empty());
    click(&alice, ".chip button[aria-label='Remove big']").await;
    eventually("nothing is left of it", || {
        kept(&site).is_empty().then_some(())
    });
    choose(&alice, &[slow]).await;
    say(&alice, "with a slow one").await;
    sees(&alice, "slow").await;
    assert_eq!(alice.eval(NAMES).await, "slow");
    assert_eq!(kept(&site).len(), 2, "{:?}", kept(&site));
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_see_the_files_of_their_conversation_and_no_address_tells_who_they_are() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "lobby").await;
    enter(&bob, &site, "bob", "lobby").await;
    e2e::room_page::choose(&bob, "alice", "Private conversation").await;
    bob.wait_until(
        "the conversation is shown",
        "new URLSearchParams(location.search).get('room')?.startsWith('~')",
    )
    .await;
    welcome(&bob).await;
    choose(&bob, &[sample("plain.webp")]).await;
    ready(&bob, 1).await;
    click(&bob, "#send").await;
    let shown =
        "[...document.querySelectorAll('#log .picture img')].some(i => i.naturalWidth === 24)";
    bob.wait_until("bob sees it", shown).await;
    let source = bob
        .eval("document.querySelector('#log .picture img').src")
        .await;
    let source = source.as_str().expect("an address").to_owned();
    assert!(!source.contains("client"), "{source}");
    // Somebody else's browser has the address, and no right.
    let status = format!("fetch({}).then(r => r.status)", json!(source));
    assert_eq!(bob.eval(&status).await, 200);
    let eve = Browser::start().await;
    enter(&eve, &site, "eve", "lobby").await;
    assert_eq!(eve.eval(&status).await, 404);
}
