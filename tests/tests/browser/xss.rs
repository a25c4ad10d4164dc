//! Strangers choose names, texts, topics and addresses; none of it ever becomes markup or script.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use e2e::browser::Browser;
use e2e::room_page::{click, enter, say, sees, welcome};
use e2e::site::Site;
use e2e::transport::Endpoint;
use e2e::ws::Client;
use serde_json::{Value, json};

/// Before the page's own scripts: what the browser itself had to stop is remembered.
const WATCH: &str = "
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
    for (const name of ['alert', 'confirm', 'prompt', 'open']) globalThis[name] = () => { globalThis.__hit = 1; };
";

/// What must not be: a script that ran, an element that no page of ours has, an attribute that runs something, an
/// address of a scheme that is not meant, a picture from elsewhere.
const FOUND: &str = "({
    hit: window.__hit ?? 0,
    violations: window.violations,
    odd: [...document.querySelectorAll('body *')].filter(e => !['A','ASIDE','BDI','BLOCKQUOTE','BR','BUTTON','CODE','DATALIST','DIALOG','DIV','EM','FORM','H1','H2','H3','HEADER','IMG','INPUT','LABEL','LI','MAIN','MARK','NAV','NOSCRIPT','OL','OPTION','P','PRE','S','SECTION','SELECT','SPAN','STRONG','TEXTAREA','TIME','UL','svg','use'].includes(e.tagName)).map(e => e.outerHTML),
    handlers: [...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on/i.test(a.name) || a.name === 'srcdoc' || (['href', 'src', 'action', 'formaction'].includes(a.name) && /^\\s*(javascript|data|vbscript):/i.test(a.value))).map(a => a.name + '=' + a.value),
    links: [...document.querySelectorAll('.words a')].map(a => a.protocol).filter(p => !['http:', 'https:', 'mailto:'].includes(p)),
    foreign: [...document.querySelectorAll('img, video, link, script')].map(i => i.src || i.href).filter(u => u && new URL(u).origin !== location.origin),
    styles: [...document.querySelectorAll('[style]')].map(e => e.getAttribute('style')).filter(s => /url|expression|display|background/i.test(s)),
})";

async fn assert_clean(browser: &Browser, place: &str) {
    let clean = json!({"hit": 0, "violations": [], "odd": [], "handlers": [], "links": [], "foreign": [], "styles": []});
    assert_eq!(browser.eval(FOUND).await, clean, "{place}");
}

async fn start() -> Browser {
    let browser = Browser::start().await;
    browser.run_first(WATCH).await;
    browser
}

/// Records with every payload as name, color, account, text, topic, old and new nick, reason: names that no server
/// would give. `day` keeps them in order.
fn records(payloads: &[String], day: u32) -> String {
    let mut lines = String::new();
    for (number, payload) in payloads.iter().enumerate() {
        let time = |part: usize| {
            format!(
                "2026-01-{day:02}T10:{:02}:{:02}.00000{part}Z",
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
        for (part, record) in [
            format!("say\t{name}\tcolor={color};account={color}\t{payload}"),
            format!("me\t{name}\tcolor={color}\t{payload}"),
            format!("topic\t{name}\t\t{payload}"),
            format!("nick\t{name}\t\t{name}x"),
            format!("color\t{name}\tcolor={color}\t"),
            format!("dice\t{name}\t\t{payload}: 1, 2"),
        ]
        .iter()
        .enumerate()
        {
            writeln!(lines, "{}\t{record}", time(part)).expect("memory");
        }
    }
    writeln!(
        lines,
        "2026-01-{day:02}T12:00:00.000000Z\tsay\tlast\t\tthe end of {day}"
    )
    .expect("memory");
    lines
}

fn percent(payload: &str) -> String {
    payload
        .bytes()
        .fold(String::new(), |query, byte| query + &format!("%{byte:02X}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_text_in_the_room_and_in_the_archive() {
    let site = Site::start();
    let payloads = payloads();
    assert!(payloads.len() >= 100, "{}", payloads.len());
    let log = site.var().join("rooms/evil.log");
    fs::write(&log, records(&payloads, 1)).expect("the log is written");
    let browser = start().await;
    enter(&browser, &site, "mallory", "evil").await;
    sees(&browser, "the end of 1").await;
    assert_clean(&browser, "the newest page").await;
    // To the very first record, page by page.
    let first = "document.querySelector('#edge').textContent.startsWith('This is where')";
    let mut pages = 0;
    while browser.eval(first).await != true {
        let oldest = "document.querySelector('#log [data-id]').dataset.id";
        let before = browser.eval(oldest).await;
        let moved = format!(
            "(document.querySelector('#scroller').scrollTop = 0, {first} || {oldest} < {before})"
        );
        browser.wait_until("older ones come", &moved).await;
        assert_clean(&browser, &format!("before {before}")).await;
        pages += 1;
    }
    assert!(pages >= 3, "{pages}");

    // The same while it happens: another program appends, everybody's page follows.
    click(&browser, "#jump").await;
    sees(&browser, "the end of 1").await;
    let mut open = OpenOptions::new().append(true).open(&log).expect("the log");
    open.write_all(records(&payloads, 2).as_bytes())
        .expect("it is written");
    sees(&browser, "the end of 2").await;
    assert_clean(&browser, "live").await;

    browser
        .goto(&site.url("/room_history.html?room=evil"))
        .await;
    browser.wait_for_text("the end of 2").await;
    loop {
        assert_clean(&browser, "archive").await;
        let count = "document.querySelectorAll('#history > *').length";
        let before = browser.eval(count).await;
        if browser
            .eval("document.querySelector('#older').hidden")
            .await
            == true
        {
            break;
        }
        click(&browser, "#older").await;
        let moved = format!("{count} > {before} || document.querySelector('#older').hidden");
        browser.wait_until("older ones come", &moved).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_send_live_is_text() {
    let site = Site::start();
    let browser = start().await;
    enter(&browser, &site, "victim", "live").await;
    let url = site.url("");
    let address = url.strip_prefix("http://").expect("it is plain HTTP");
    let endpoint = Endpoint::Tcp(address.parse().expect("an address"));
    let payloads = payloads();
    // Several people, since the server slows down who is too fast.
    std::thread::scope(|scope| {
        for (number, part) in payloads.chunks(payloads.len().div_ceil(24)).enumerate() {
            let (endpoint, url) = (&endpoint, &url);
            scope.spawn(move || {
                let path = format!("/live?format=json&nick={}", percent(&part[0]));
                let mut client = Client::connect_with(endpoint, &path, &[("Origin", url)]);
                for (place, payload) in part.iter().enumerate() {
                    let msgid = format!("m{number}.{place}");
                    let data = json!({"page": payload, "kind": payload, "session": payload, "description": {"type": payload, "sdp": payload}});
                    let third = [
                        json!({"type": "typing", "state": true, "text": payload}),
                        json!({"type": "signal", "to": "victim", "data": data}),
                        json!({"type": "nick", "nick": payload}),
                        json!({"type": "color", "color": payload}),
                    ];
                    client.send(json!({"type": "say", "text": payload, "msgid": msgid}).to_string());
                    client.send(json!({"type": "whisper", "to": "victim", "text": payload}).to_string());
                    client.send(third[place % 4].to_string());
                }
                let msgid = format!("done{number}");
                client.send(json!({"type": "say", "text": "done", "msgid": msgid}).to_string());
                client.text_where(|line| line.contains("ack") && line.contains(&msgid));
            });
        }
    });
    // More than the page keeps came by; what is in it now, and that nothing ever ran, is looked at.
    say(&browser, "that was all").await;
    sees(&browser, "that was all").await;
    assert_clean(&browser, "live").await;
    let whispers = "document.querySelectorAll('.entry.whisper').length";
    assert!(
        browser
            .eval(whispers)
            .await
            .as_u64()
            .is_some_and(|count| count > 20)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn room_names_descriptions_and_what_is_stored_are_text() {
    let site = Site::start();
    let payloads = payloads();
    let ini = site.var().join("conf/chat.ini");
    let configuration = fs::read_to_string(&ini).expect("the configuration");
    let section = "[room descriptions]\n";
    let (before, after) = configuration.split_once(section).expect("it has one");
    let mut lines = format!("{before}{section}");
    for (number, payload) in payloads.iter().enumerate() {
        writeln!(lines, "described-{number}={}", payload.replace('\n', " ")).expect("memory");
        let name: String = payload.chars().filter(|c| *c != '/').take(60).collect();
        // Those that the file system takes; the server shows the ones that are names.
        let _ = fs::write(
            site.var().join(format!("rooms/{name}.log")),
            "2026-01-01T10:00:00.000000Z\tsay\tx\t\thello\n",
        );
    }
    fs::write(&ini, lines + after).expect("it is written");
    let browser = start().await;
    for page in ["/room_list.html", "/room_list_historical.html"] {
        browser.goto(&site.url(page)).await;
        browser
            .wait_until(
                "rooms are listed",
                "document.querySelectorAll('.room-card').length >= 10",
            )
            .await;
        for _ in 0..4 {
            assert_clean(&browser, page).await;
            let count = "document.querySelectorAll('.room-card').length";
            let before = browser.eval(count).await;
            if browser.eval("document.querySelector('#more').hidden").await == true {
                break;
            }
            click(&browser, "#more").await;
            browser
                .wait_until("more come", &format!("{count} > {before}"))
                .await;
        }
    }

    // What another script on the same origin, or an older version, left in the browser's storage.
    let store = format!(
        "(all => {{
            localStorage.setItem('chat.preference.ignored', JSON.stringify(all));
            localStorage.setItem('chat.name', JSON.stringify(all[0]));
            localStorage.setItem('chat.draft.stored', JSON.stringify(all.join(' ')));
            sessionStorage.setItem('chat.tab', JSON.stringify('tab'));
            localStorage.setItem('chat.outbox.stored.tab', JSON.stringify(all.map((text, n) => ({{ msgid: `m${{n}}`, type: 'say', text, state: 'failed', reason: text }}))));
        }})({})",
        json!(payloads)
    );
    browser.eval(&store).await;
    browser.goto(&site.url("/?room=stored")).await;
    welcome(&browser).await;
    assert_eq!(
        browser
            .eval("document.querySelectorAll('#pending > .failed').length")
            .await,
        Value::from(payloads.len())
    );
    click(&browser, "#settings-button").await;
    browser
        .wait_until(
            "the ignored are listed",
            "document.querySelectorAll('.ignored-list li').length > 100",
        )
        .await;
    assert_clean(&browser, "stored").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn query_strings_are_text() {
    let site = Site::start();
    fs::write(
        site.var().join("rooms/evil.log"),
        "2026-01-01T10:00:00.000000Z\tsay\tx\t\thello\n",
    )
    .expect("the log is written");
    let browser = start().await;
    for (number, payload) in payloads().iter().enumerate() {
        let query = percent(payload);
        let (page, done) = [
            (
                "room_history.html?room=",
                "document.querySelector('#nothing').textContent + document.querySelector('#status').textContent + document.querySelector('#history').textContent",
            ),
            (
                "room_history.html?room=evil&q=",
                "document.querySelector('#nothing').textContent + document.querySelector('#history').textContent",
            ),
            (
                "room_list.html?q=",
                "document.querySelector('#rooms[aria-busy=false]') !== null",
            ),
            (
                "?room=",
                "(document.querySelector('#room-name').textContent && document.body.dataset.connection) || !document.querySelector('#entry').hidden",
            ),
        ][number % 4];
        browser.goto(&site.url(&format!("/{page}{query}"))).await;
        browser.wait_until("the page is drawn", done).await;
        assert_clean(&browser, &format!("{page}{payload}")).await;
    }
    // The two that matter most get all of them.
    for payload in payloads() {
        browser
            .goto(&site.url(&format!(
                "/room_history.html?room={0}&q={0}",
                percent(&payload)
            )))
            .await;
        browser
            .wait_until("the page is drawn", "document.querySelector('#nothing').textContent + document.querySelector('#status').textContent")
            .await;
        assert_clean(&browser, &payload).await;
    }
}

/// The same through the marks that a page formats: around markup, as addresses, as languages of code, nested and torn.
fn marked() -> Vec<String> {
    let run = "window.__hit=1";
    let markup = format!("<img src=x onerror={run}>");
    let mut all: Vec<String> = [
        "**X**",
        "*X*",
        "_X_",
        "~~X~~",
        "||X||",
        "`X`",
        "``X``",
        "***X***",
        "**_~~||`X`||~~_**",
        "**X",
        "X||",
        "\\*X\\*",
        "> X",
        "> > X",
        "- X",
        "1. X",
        "- 1. > X",
        "```X```",
        "```\nX\n```",
        "```html\nX\n```",
        "```X\nY\n```",
        "```\" onclick=\"X\nY```",
        "> ```\n> X\n> ```",
        "||**X**\n- X||",
        "[X](https://example.org/)",
        "![X](https://example.org/x.png)",
        "[X]: https://example.org/",
        "<X>",
        "**<scr**ipt>X",
        "<**script>X</script>**",
        "<a href=\"`\" title=\"X`\">",
        "# X",
        "| X |\n|---|",
        "&lt;X&gt; **&lt;X&gt;**",
    ]
    .iter()
    .map(|form| form.replace('X', &markup))
    .collect();
    for address in [
        "javascript:window.__hit=1",
        "JaVaScRiPt:window.__hit=1",
        "java\tscript:window.__hit=1",
        "java&#x0A;script:window.__hit=1",
        "javascript://example.org/%0Awindow.__hit=1",
        "data:text/html,<script>window.__hit=1</script>",
        "vbscript:window.__hit=1",
        "blob:https://example.org/1",
        "file:///etc/passwd",
        "//evil.example/",
        "/\\evil.example/",
        "?room=lobby#javascript:window.__hit=1",
        "https://bank.example@evil.example/",
        "https://example.org/\" onmouseover=\"window.__hit=1",
        "https://example.org/'onmouseover='window.__hit=1",
        "https://example.org/)<script>window.__hit=1</script>",
        "https://example.org/<svg/onload=window.__hit=1>",
        "https://[::1]/",
        "https://\u{202e}gro.elpmaxe/",
        "http:javascript:window.__hit=1",
        "https:/javascript:window.__hit=1",
        "https://javascript:window.__hit=1",
    ] {
        for form in [
            "[x](A)",
            "[**x**](A)",
            "[x](<A>)",
            "[x](A \"title\")",
            "![x](A)",
            "**[x](A)**",
            "||[x](A)||",
            "[https://bank.example](A)",
            "[x]( A )",
            "[x\n](A)",
        ] {
            all.push(form.replace('A', address));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_make_no_markup() {
    let site = Site::start();
    let payloads = marked();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    let log = site.var().join("rooms/marks.log");
    // On disk a line break is U+2028.
    let stored: Vec<String> = payloads
        .iter()
        .map(|payload| payload.replace('\n', "\u{2028}"))
        .collect();
    let mut lines = records(&stored, 1);
    for (number, payload) in stored.iter().enumerate() {
        let id = |part: u32| {
            let (minute, second) = (number / 60, number % 60);
            format!("2026-01-01T13:{minute:02}:{second:02}.00000{part}Z")
        };
        let (said, color) = (id(0), payload.replace([';', '\t', '='], ""));
        for record in [
            format!("{said}\tsay\talice\t\t{payload}"),
            format!(
                "{}\tsay\t{payload}\treply={said};color={color}\tan answer",
                id(1)
            ),
            format!("{}\tedit\talice\ttarget={said}\t{payload} edited", id(2)),
            format!(
                "{}\treact\t{payload}\ttarget={said};account={color}\t{payload}",
                id(3)
            ),
            format!("{}\treact\t{payload}\ttarget={said}\t👍", id(4)),
        ] {
            writeln!(lines, "{record}").expect("memory");
        }
    }
    writeln!(
        lines,
        "2026-01-01T14:00:00.000000Z\tsay\tlast\t\tno more marks"
    )
    .expect("memory");
    fs::write(&log, lines).expect("the log is written");
    let browser = start().await;
    enter(&browser, &site, "mallory", "marks").await;
    sees(&browser, "no more marks").await;
    browser
        .wait_until(
            "answers and reactions are drawn",
            "document.querySelectorAll('#log .reply-to').length > 5 && document.querySelectorAll('#log .chip').length > 5",
        )
        .await;
    let first = "document.querySelector('#edge').textContent.startsWith('This is where')";
    loop {
        // What is hidden or folded is looked at too.
        browser
            .eval(
                "document.querySelectorAll('#log :is(.spoiler, .unfold)').forEach(b => b.click())",
            )
            .await;
        assert_clean(&browser, "marks").await;
        // Whoever hovers over a link, or reads what is beside it, knows the host.
        let dishonest = "[...document.querySelectorAll('#log .words a')].filter(a => {
            const shown = a.textContent + (a.nextElementSibling?.textContent ?? '');
            return a.protocol !== 'mailto:' && !shown.toLowerCase().includes(a.host.replace(/^www\\./, ''));
        }).map(a => a.outerHTML)";
        assert_eq!(browser.eval(dishonest).await, json!([]));
        if browser.eval(first).await == true {
            break;
        }
        let oldest = "document.querySelector('#log [data-id]').dataset.id";
        let before = browser.eval(oldest).await;
        let moved = format!(
            "(document.querySelector('#scroller').scrollTop = 0, {first} || {oldest} < {before})"
        );
        browser.wait_until("older ones come", &moved).await;
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
