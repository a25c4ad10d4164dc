//! People in browsers: real pages, served by the real daemon, with real handlers behind them.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::deadline::eventually;
use e2e::site::Site;
use serde_json::{Value, json};

/// Fills in the form of the first page and enters.
async fn enter(browser: &Browser, site: &Site, name: &str, room: &str) {
    browser.goto(&site.url("/")).await;
    let ready = "document.querySelector('#entry-room')?.value !== ''";
    browser.wait_until("the form is ready", ready).await;
    let fill = format!(
        "(document.querySelector('#entry-name').value = {}, document.querySelector('#entry-room').value = {}, document.querySelector('#entry-go').click())",
        json!(name),
        json!(room)
    );
    browser.eval(&fill).await;
    welcome(browser).await;
}

async fn welcome(browser: &Browser) {
    let welcome = "document.body.dataset.connection === 'welcome'";
    browser.wait_until("the room lets us in", welcome).await;
}

/// Writes a line as a person does: into the field, then the button.
async fn say(browser: &Browser, text: &str) {
    let typed = format!(
        "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); document.querySelector('#send').click(); }})(document.querySelector('#text'))",
        json!(text)
    );
    browser.eval(&typed).await;
}

async fn sees(browser: &Browser, text: &str) {
    let shown = format!(
        "[...document.querySelectorAll('#log .entry:not([hidden]), #log .event, #log .notice')].some(e => e.textContent.includes({}))",
        json!(text)
    );
    browser
        .wait_until(&format!("the room shows {text:?}"), &shown)
        .await;
}

async fn click(browser: &Browser, selector: &str) {
    let found = format!("document.querySelector({})", json!(selector));
    browser
        .wait_until(
            &format!("{selector} is there"),
            &format!("{found} !== null"),
        )
        .await;
    browser.eval(&format!("{found}.click()")).await;
}

/// Presses the entry of a person's menu that says `words`.
async fn choose(browser: &Browser, person: &str, words: &str) {
    click(
        browser,
        &format!("#people-list [data-name={}]", json!(person)),
    )
    .await;
    let button = format!(
        "[...document.querySelectorAll('#person-menu button')].find(b => b.textContent === {})",
        json!(words)
    );
    browser
        .wait_until("the menu is open", &format!("{button} !== undefined"))
        .await;
    browser.eval(&format!("{button}.click()")).await;
}

/// What stands in the room's log.
fn log(site: &Site, room: &str) -> String {
    fs::read_to_string(site.var().join("rooms").join(format!("{room}.log"))).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_meet_talk_whisper_throw_dice_and_ignore() {
    let site = Site::start();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "Alice", "Železná hospoda").await;
    enter(&bob, &site, "bob", "Železná-hospoda").await;

    say(&alice, "hello bob :-) https://example.org/a?b=c").await;
    sees(&bob, "hello bob").await;
    sees(&alice, "hello bob").await;
    assert_eq!(
        bob.eval("document.querySelector('.entry.mention .smiley').alt")
            .await,
        ":-)"
    );
    assert_eq!(
        bob.eval("(a => [a.href, a.rel, a.target])(document.querySelector('.words a'))")
            .await,
        json!([
            "https://example.org/a?b=c",
            "noopener noreferrer nofollow",
            "_blank"
        ])
    );
    alice
        .wait_until(
            "it is marked as sent",
            "document.querySelector('.entry.own[data-state=sent]') !== null",
        )
        .await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('#pending > *').length")
            .await,
        0
    );
    let line = eventually("the line is in the log", || {
        log(&site, "Železná-hospoda")
            .lines()
            .find(|line| line.contains("hello bob"))
            .map(str::to_owned)
    });
    assert_eq!(line.split('\t').nth(2), Some("Alice"));

    choose(&alice, "bob", "Whisper").await;
    say(&alice, "between us").await;
    sees(&bob, "between us").await;
    sees(&alice, "between us").await;
    click(&alice, "#whisper-stop").await;
    assert!(!log(&site, "Železná-hospoda").contains("between us"));

    click(&bob, "#dice-button").await;
    click(&bob, "#dice-form .primary").await;
    sees(&alice, "Throws 2 6-sided dice").await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('.entry.dice .die').length")
            .await,
        2
    );

    click(&bob, "#color-button").await;
    click(&bob, "#dialog-colors input[value='#8e24aa']").await;
    click(&bob, "#name-form .primary").await;
    eventually("the color is in the log", || {
        log(&site, "Železná-hospoda")
            .contains("color=#8e24aa")
            .then_some(())
    });

    choose(&bob, "Alice", "Ignore").await;
    say(&alice, "can you hear me").await;
    sees(&alice, "can you hear me").await;
    say(&bob, "now it is quiet").await;
    sees(&bob, "now it is quiet").await;
    let visible = "[...document.querySelectorAll('.entry:not([hidden])')].some(e => e.textContent.includes('can you hear'))";
    assert_eq!(bob.eval(visible).await, false);
    choose(&bob, "Alice", "Stop ignoring").await;
    sees(&bob, "can you hear me").await;

    alice.screenshot("room-two-people").await;
    bob.goto(&site.url("/room_list.html")).await;
    bob.wait_for_text("1 here").await;
    bob.goto(&site.url("/room_history.html?room=Železná-hospoda&q=HEAR"))
        .await;
    bob.wait_for_text("can you hear me").await;
    assert_eq!(
        bob.eval("document.querySelectorAll('#history .entry').length")
            .await,
        1
    );
    bob.goto(&site.url("/room_history.html?room=Železná-hospoda"))
        .await;
    bob.wait_for_text("now it is quiet").await;
    assert_eq!(
        bob.eval("document.body.innerText.includes('between us')")
            .await,
        false
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_server_dies_in_the_middle_of_100_messages() {
    let mut site = Site::start_on_fixed_port();
    let (alice, bob) = (Browser::start().await, Browser::start().await);
    enter(&alice, &site, "alice", "storm").await;
    enter(&bob, &site, "bob", "storm").await;
    for number in 0..100 {
        say(&alice, &format!("message {number:03}.")).await;
        if number == 30 {
            eventually("some are stored", || {
                log(&site, "storm").contains("message 005.").then_some(())
            });
            site.kill();
        }
    }
    alice
        .wait_until(
            "the unsent are marked",
            "document.querySelectorAll('#pending [data-state=waiting]').length >= 69",
        )
        .await;
    alice.screenshot("room-unsent").await;
    site.restart();
    click(&alice, "#banner button").await;
    welcome(&alice).await;
    sees(&alice, "message 099.").await;
    alice
        .wait_until(
            "none waits",
            "document.querySelectorAll('#pending > *').length === 0",
        )
        .await;
    let said: Vec<_> = log(&site, "storm")
        .lines()
        .filter(|line| line.contains("\tsay\t"))
        .filter_map(|line| line.rsplit('\t').next().map(str::to_owned))
        .collect();
    let wanted: Vec<_> = (0..100)
        .map(|number| format!("message {number:03}."))
        .collect();
    assert_eq!(said, wanted, "each once and in order");

    bob.eval("document.querySelector('#banner:not([hidden]) button')?.click()")
        .await;
    sees(&bob, "message 099.").await;
    let shown = "[...document.querySelectorAll('#log .entry .words')].map(e => e.textContent)";
    for browser in [&alice, &bob] {
        assert_eq!(browser.eval(shown).await, json!(wanted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_offline_survives_a_reload() {
    let mut site = Site::start_on_fixed_port();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "night").await;
    site.kill();
    browser
        .wait_until(
            "the loss is told",
            "document.body.dataset.connection !== 'welcome'",
        )
        .await;
    say(&browser, "written in the dark").await;
    browser.eval("(t => { t.value = 'half a thou'; t.dispatchEvent(new Event('input')); })(document.querySelector('#text'))").await;
    browser
        .wait_until(
            "it waits",
            "document.querySelector('#pending [data-state=waiting]') !== null",
        )
        .await;
    site.restart();
    browser.goto(&site.url("/?room=night")).await;
    sees(&browser, "written in the dark").await;
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        "half a thou"
    );
    assert_eq!(
        log(&site, "night").matches("written in the dark").count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_leaves_the_page_and_comes_back() {
    let site = Site::start();
    let mut lines = String::new();
    for number in 0..10_000 {
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}.000000Z",
            number / 3600,
            number / 60 % 60,
            number % 60
        );
        writeln!(lines, "{time}\tsay\talice\t\tline {number:05}.").expect("memory");
    }
    fs::write(site.var().join("rooms/long.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    enter(&browser, &site, "bob", "long").await;
    sees(&browser, "line 09999.").await;
    for wanted in ["line 09700.", "line 09400."] {
        let up = format!(
            "(document.querySelector('#scroller').scrollTop = 0, [...document.querySelectorAll('#log .entry')].some(e => e.textContent.includes({})))",
            json!(wanted)
        );
        browser
            .wait_until(&format!("scrolling up brings {wanted}"), &up)
            .await;
        let count = browser
            .eval("document.querySelectorAll('#log > *').length")
            .await;
        assert!(
            count.as_u64().is_some_and(|count| count <= 360),
            "{count} entries are in the page"
        );
    }
    browser
        .wait_until(
            "the newest has left",
            "!document.querySelector('#log').textContent.includes('line 09999.')",
        )
        .await;
    click(&browser, "#jump").await;
    sees(&browser, "line 09999.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reload_shows_a_name_or_text_as_markup() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "mallory", "xss").await;
    browser.eval("(window.violations = [], document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective)))").await;
    let payloads = payloads();
    assert!(payloads.len() >= 100, "{}", payloads.len());
    // As history: all at once, past the limit of messages a second, with names that no server would give.
    let mut lines = String::new();
    for (number, payload) in payloads.iter().enumerate() {
        let time = |part: usize| {
            format!(
                "2026-01-01T10:{:02}:{:02}.00000{part}Z",
                number / 60,
                number % 60
            )
        };
        let name: String = payload
            .chars()
            .filter(|c| !c.is_control())
            .take(32)
            .collect();
        let color: String = payload.chars().filter(|c| !";\t=".contains(*c)).collect();
        writeln!(
            lines,
            "{}\tsay\t{name}\tcolor={color};account={color}\t{payload}",
            time(1)
        )
        .expect("memory");
        writeln!(lines, "{}\ttopic\t{name}\t\t{payload}", time(2)).expect("memory");
        writeln!(lines, "{}\tnick\t{name}\t\t{name}x", time(3)).expect("memory");
    }
    lines.push_str("2026-01-02T10:00:00.000000Z\tsay\tlast\t\tthe end\n");
    fs::write(site.var().join("rooms/evil.log"), lines).expect("the log is written");
    let check = "({
        hit: window.__hit ?? 0,
        violations: window.violations ?? [],
        odd: [...document.querySelectorAll('body *')].filter(e => !['A','ASIDE','BDI','BR','BUTTON','DATALIST','DIV','FORM','H1','H2','HEADER','IMG','INPUT','LABEL','LI','MAIN','MARK','NAV','NOSCRIPT','OPTION','P','SECTION','SPAN','STRONG','TEXTAREA','TIME','UL','svg','use'].includes(e.tagName)).map(e => e.outerHTML),
        handlers: [...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on/i.test(a.name) || /^\\s*(javascript|data|vbscript):/i.test(a.value)).map(a => a.name + '=' + a.value),
        links: [...document.querySelectorAll('#log a, #history a')].map(a => a.protocol).filter(p => !['http:', 'https:', 'mailto:'].includes(p)),
        foreign: [...document.querySelectorAll('img')].map(i => new URL(i.src)).filter(u => u.origin !== location.origin).map(String),
    })";
    let clean =
        json!({"hit": 0, "violations": [], "odd": [], "handlers": [], "links": [], "foreign": []});
    for (page, shows) in [
        ("/?room=evil", "the end"),
        ("/room_history.html?room=evil", "the end"),
    ] {
        browser.goto(&site.url(page)).await;
        browser.wait_for_text(shows).await;
        for _ in 0..6 {
            browser.eval("(document.querySelector('#scroller') ? document.querySelector('#scroller').scrollTop = 0 : document.querySelector('#older').click())").await;
            browser
                .wait_until(
                    "older ones came",
                    "document.querySelector('#edge')?.textContent !== 'x'",
                )
                .await;
            assert_eq!(browser.eval(check).await, clean, "{page}");
        }
    }
    for payload in &payloads {
        let query = payload
            .bytes()
            .fold(String::new(), |query, byte| query + &format!("%{byte:02X}"));
        for page in [
            "room_history.html?room=",
            "room_history.html?room=evil&q=",
            "?room=",
        ] {
            if page == "?room=" && payload.len() > 60 {
                continue;
            }
            browser.goto(&site.url(&format!("/{page}{query}"))).await;
            assert_eq!(browser.eval(check).await, clean, "{page}{payload}");
        }
    }
}

/// Ways to smuggle a script through markup, attributes, styles, addresses and encodings. Each would set `__hit`.
fn payloads() -> Vec<String> {
    let run = "window.__hit=1";
    let mut all = vec![
        format!("<script>{run}</script>"),
        format!("<ScRiPt>{run}</sCrIpT>"),
        format!("<scr<script>ipt>{run}</scr</script>ipt>"),
        format!("</title><script>{run}</script>"),
        format!("</textarea><script>{run}</script>"),
        format!("--><script>{run}</script>"),
        format!("]]><script>{run}</script>"),
        format!("</style><script>{run}</script>"),
        format!("<svg><script>{run}</script></svg>"),
        format!("<math><mtext><script>{run}</script>"),
        format!("<template><script>{run}</script></template>"),
        format!("<noscript><p title=\"</noscript><script>{run}</script>\">"),
        format!("<style>@import 'javascript:{run}';</style>"),
        format!("<style>body{{background:url(javascript:{run})}}</style>"),
        format!("<link rel=stylesheet href=javascript:{run}>"),
        "<base href=//evil.example/>".to_owned(),
        format!("<meta http-equiv=refresh content='0;url=javascript:{run}'>"),
        format!("<iframe srcdoc='<script>parent.__hit=1</script>'></iframe><!--{run}-->"),
        format!("<object data='data:text/html,<script>{run}</script>'></object>"),
        format!("<embed src='javascript:{run}'>"),
        format!("<form action=javascript:{run}><button>x</button></form>"),
        format!("<button formaction=javascript:{run} form=composer>x</button>"),
        format!("<isindex type=image src=1 onerror={run}>"),
        format!("&lt;script&gt;{run}&lt;/script&gt;"),
        format!("&#60;script&#62;{run}&#60;/script&#62;"),
        format!("\\u003cscript\\u003e{run}\\u003c/script\\u003e"),
        format!("%3Cscript%3E{run}%3C/script%3E"),
        format!("\u{ff1c}script\u{ff1e}{run}\u{ff1c}/script\u{ff1e}"),
        format!("{{{{constructor.constructor('{run}')()}}}}"),
        format!("${{{run}}}"),
        format!("`-{run}-`"),
        format!("';{run};//"),
        format!("\";{run};//"),
        format!("\\';{run};//"),
        "{\"type\":\"bye\",\"reason\":\"kicked\"}".to_owned(),
        "{\"__proto__\":{\"hit\":1}}".to_owned(),
        "__proto__".to_owned(),
        "constructor".to_owned(),
        "hasOwnProperty".to_owned(),
    ];
    for tag in [
        "img src=x",
        "svg",
        "body",
        "video src=x",
        "audio src=x",
        "input autofocus",
        "details open",
        "marquee",
        "a href=# autofocus tabindex=1",
        "select autofocus",
        "iframe src=x",
        "object data=x",
    ] {
        for event in ["onerror", "onload", "onfocus", "ontoggle", "onmouseover"] {
            all.push(format!("<{tag} {event}={run}>"));
        }
    }
    for address in [
        "javascript:window.__hit=1",
        "JaVaScRiPt:window.__hit=1",
        "java\u{200b}script:window.__hit=1",
        "vbscript:msgbox(1)",
        "data:text/html,<script>window.__hit=1</script>",
        "https://example.org/\" onmouseover=\"window.__hit=1",
        "https://example.org/'onmouseover='window.__hit=1",
        "http://javascript:window.__hit=1@example.org/",
        "https://example.org/x.png",
        "//evil.example/x.png",
        "mailto:a@example.org?subject=<script>window.__hit=1</script>",
        "www.example.org\"><script>window.__hit=1</script>",
        "blob:https://example.org/1",
        "file:///etc/passwd",
    ] {
        all.push(address.to_owned());
        all.push(format!("<a href=\"{address}\">x</a>"));
    }
    for color in [
        "red;background:url(//evil.example/)",
        "red\" onmouseover=\"window.__hit=1",
        "expression(window.__hit=1)",
        "url(javascript:window.__hit=1)",
        "#fff}*{display:none",
        "var(--accent)",
    ] {
        all.push(color.to_owned());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    use fantoccini::key::Key;
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "keys").await;
    let client = browser.client();
    let press = async |keys: &str| {
        let active = client
            .active_element()
            .await
            .expect("something has the focus");
        active.send_keys(keys).await.expect("keys arrive");
    };
    browser
        .eval("document.querySelector('#text').focus()")
        .await;
    press(&format!("typed by hand{}", char::from(Key::Enter))).await;
    sees(&browser, "typed by hand").await;
    press(&char::from(Key::Up).to_string()).await;
    assert_eq!(
        browser.eval("document.querySelector('#text').value").await,
        "typed by hand"
    );
    press(&format!("{}\u{e003}", "")).await;
    let mut reached = Vec::new();
    for _ in 0..25 {
        press(&char::from(Key::Tab).to_string()).await;
        reached.push(
            browser
                .eval("document.activeElement.id || document.activeElement.className")
                .await,
        );
    }
    for id in [
        "smiley-button",
        "dice-button",
        "send",
        "scroller",
        "call-button",
        "settings-button",
        "people-button",
    ] {
        assert!(
            reached.contains(&Value::from(id)),
            "{id} is not among {reached:?}"
        );
    }
    let live = "(l => [l.getAttribute('role'), l.getAttribute('aria-live')])(document.querySelector('#log'))";
    assert_eq!(browser.eval(live).await, json!(["log", "polite"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_light_and_ask_nobody_else() {
    let site = Site::start();
    let browser = Browser::start().await;
    enter(&browser, &site, "alice", "light").await;
    browser.goto(&site.url("/?room=light")).await;
    welcome(&browser).await;
    let loaded = "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).map(e => [e.name, e.decodedBodySize])";
    let loaded = browser.eval(loaded).await;
    let all = loaded.as_array().expect("entries");
    let weight: u64 = all.iter().filter_map(|entry| entry[1].as_u64()).sum();
    assert!(weight < 150_000, "{weight} bytes: {loaded}");
    for entry in all {
        let name = entry[0].as_str().expect("an address");
        assert!(name.starts_with(&site.url("/")), "{name}");
        assert!(
            !name.contains("/calls/mesh"),
            "calls are loaded when they are used: {name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_drawn_at_every_width_and_theme_without_scrolling_sideways() {
    let site = Site::start();
    let mut lines = String::new();
    let texts = [
        "Hello, how are you today?",
        "שלום לכולם, מה שלומכם היום?",
        "haha :-D <3",
        "see https://example.org/a/very/long/path/that/goes/on?and=on",
    ];
    for number in 0..500 {
        let time = format!(
            "2026-01-01T10:{:02}:{:02}.000000Z",
            number / 60,
            number % 60
        );
        let text = if number % 50 == 49 {
            "W".repeat(400)
        } else {
            texts[number % 4].to_owned()
        };
        let name = ["alice", "Železná-Lady", "שרה", "bob"][number / 3 % 4];
        writeln!(lines, "{time}\tsay\t{name}\tcolor=gold\t{text}").expect("memory");
    }
    fs::write(site.var().join("rooms/busy.log"), lines).expect("the log is written");
    let browser = Browser::start().await;
    enter(&browser, &site, "a-name-of-thirty-two-characters", "lobby").await;
    for theme in ["light", "dark"] {
        browser
            .eval(&format!(
                "localStorage.setItem('chat.preference.theme', JSON.stringify({}))",
                json!(theme)
            ))
            .await;
        for (width, height) in [(500, 850), (768, 1024), (1280, 800)] {
            browser.resize(width, height).await;
            for (page, name, shows) in [
                ("/", "entry", "lobby"),
                ("/?room=busy", "room-busy", "Hello, how"),
                ("/?room=empty", "room-empty", "quiet in here"),
                ("/room_list.html", "rooms", "lobby"),
                ("/room_list_historical.html", "archive", "busy"),
                ("/room_history.html?room=busy", "history", "Hello, how"),
                ("/set_username.html", "name", "Save"),
                ("/room_create.html", "create", "Create"),
            ] {
                browser.goto(&site.url(page)).await;
                browser.wait_until(shows, &format!("(document.body.innerText + [...document.querySelectorAll('input')].map(i => i.value)).includes({})", json!(shows))).await;
                let sideways = browser
                    .eval("document.documentElement.scrollWidth - innerWidth")
                    .await;
                assert!(
                    sideways.as_i64().is_some_and(|pixels| pixels <= 0),
                    "{page} at {width}: {sideways} pixels too wide"
                );
                browser.screenshot(&format!("{name}-{width}-{theme}")).await;
            }
        }
    }
}
