//! Strangers choose names, texts, topics and addresses; none of it ever becomes markup or script.

use std::fmt::Write as _;
use std::fs;

use e2e::browser::Browser;
use e2e::room_page::enter;
use e2e::site::Site;
use serde_json::json;

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
