//! The pages' pure modules, asked directly: what a text is cut into, which colors are readable, when to try again.

use e2e::browser::Browser;
use e2e::site::Site;
use serde_json::{Value, json};

/// A browser on a page of the site, so that modules can be loaded from it.
async fn open(site: &Site) -> Browser {
    let browser = Browser::start().await;
    browser.goto(&site.url("/room_create.html")).await;
    browser
}

async fn ask(browser: &Browser, module: &str, expression: &str) -> Value {
    browser
        .eval(&format!("import('{module}').then(m => {expression})"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_cut_into_words_links_smileys_and_names() {
    let site = Site::start();
    let browser = open(&site).await;
    let tokens = async |text: &str| {
        let cut = format!(
            "m.tokenize({}, {{nick: 'bob'}}).map(t => [t.kind, t.text, t.address ?? t.picture ?? null])",
            json!(text)
        );
        ask(&browser, "/js/tokens.js", &cut).await
    };
    for (text, wanted) in [
        ("plain", json!([["text", "plain", null]])),
        ("", json!([])),
        (
            "hi bob, Bob: bobby bob-cat",
            json!([
                ["text", "hi ", null],
                ["mention", "bob", null],
                ["text", ", ", null],
                ["mention", "Bob", null],
                ["text", ": bobby bob-cat", null]
            ]),
        ),
        (
            "see (https://a.org/x_(y)).",
            json!([
                ["text", "see (", null],
                ["link", "https://a.org/x_(y)", "https://a.org/x_(y)"],
                ["text", ").", null]
            ]),
        ),
        (
            "www.a.org!",
            json!([
                ["link", "www.a.org", "https://www.a.org/"],
                ["text", "!", null]
            ]),
        ),
        (
            "mailto:a@b.cz",
            json!([["link", "mailto:a@b.cz", "mailto:a@b.cz"]]),
        ),
        (
            "javascript:alert(1) data:text/html,x ftp://x",
            json!([["text", "javascript:alert(1) data:text/html,x ftp://x", null]]),
        ),
        (
            "https://a.org@evil.org/ https://",
            json!([["text", "https://a.org@evil.org/ https://", null]]),
        ),
        (
            ":-) a:-) :-)b <3",
            json!([
                ["smiley", ":-)", "smile"],
                ["text", " a:-) :-)b ", null],
                ["smiley", "<3", "heart"]
            ]),
        ),
        (
            "https://a.org/:-)",
            json!([
                ["link", "https://a.org/:-", "https://a.org/:-"],
                ["text", ")", null]
            ]),
        ),
    ] {
        let cut = tokens(text).await;
        assert_eq!(cut, wanted, "{text}");
        let whole: String = cut
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|token| token[1].as_str())
            .collect();
        assert_eq!(whole, text, "the tokens together are the text");
    }
    let picture = async |address: &str| {
        ask(
            &browser,
            "/js/tokens.js",
            &format!("m.isOwnPicture('{address}', 'https://a.org')"),
        )
        .await
    };
    assert_eq!(picture("https://a.org/p/x.PNG").await, true);
    for address in [
        "https://a.org/x.png?logout=1",
        "https://b.org/x.png",
        "http://a.org/x.png",
        "https://a.org/x.svg",
        "https://a.org/api/session",
    ] {
        assert_eq!(picture(address).await, false, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_color_is_readable_on_every_background() {
    let site = Site::start();
    let browser = open(&site).await;
    let worst = "(() => {
        let worst = 21;
        const backgrounds = ['#ffffff', '#e9e4ee', '#1a1d25', '#362f30'].map(m.parseHex);
        for (const background of backgrounds)
            for (const color of ['gold', 'white', 'black', 'Gray', 'yellow', '#808080', '#00f', 'nonsense', '', null, ...m.PALETTE])
                worst = Math.min(worst, m.contrast(m.parseHex(m.nameColor('x', color, background)), background));
        return worst;
    })()";
    let contrast = ask(&browser, "/js/colors.js", worst).await;
    assert!(
        contrast.as_f64().is_some_and(|contrast| contrast >= 4.45),
        "{contrast}"
    );
    let hostile = "['red;x:y', 'url(x)', 'var(--x)', '#12', '#1234567', 'expression(1)'].map(c => m.parseColor(c))";
    assert_eq!(
        ask(&browser, "/js/colors.js", hostile).await,
        json!([null, null, null, null, null, null])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_back_at_different_times_and_ever_later() {
    let site = Site::start();
    let browser = open(&site).await;
    let waits = "[0, 1, 2, 5, 6, 60].map(n => [m.backoff(n, 0), m.backoff(n, 1)])";
    let waits = ask(&browser, "/client/connection.js", waits).await;
    assert_eq!(
        waits,
        json!([
            [50, 500],
            [50, 1000],
            [50, 2000],
            [50, 16000],
            [50, 30000],
            [50, 30000]
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_languages_have_every_text() {
    let site = Site::start();
    let browser = open(&site).await;
    let keys_of = |code: &str, kind: &str| {
        format!("import('/js/texts/{code}/{kind}.js').then(m => Object.keys(m.default))")
    };
    let mut count = 0;
    for kind in ["shared", "pages", "room", "dialogs", "search"] {
        let english = browser.eval(&keys_of("en", kind)).await;
        assert_eq!(browser.eval(&keys_of("cs", kind)).await, english, "{kind}");
        count += english.as_array().map_or(0, Vec::len);
        // A text that is missing shows its key; in English some keys are their own text, in Czech none is.
        let missing = format!(
            "(m.setLanguage('cs'), m.loadTexts('{kind}')).then(() => {english}.filter(k => !m.text(k) || m.text(k) === k))"
        );
        assert_eq!(ask(&browser, "/js/texts.js", &missing).await, json!([]));
        let blank = format!(
            "(m.setLanguage('en'), m.loadTexts('{kind}')).then(() => {english}.filter(k => !m.text(k)))"
        );
        assert_eq!(ask(&browser, "/js/texts.js", &blank).await, json!([]));
    }
    assert!(count > 150, "{count} texts");
    // Each color of the palette has its name, in the palette's order.
    let named = "import('/js/colors.js').then(async c => {
        const fit = async code => (m.setLanguage(code), await m.loadTexts('dialogs'), new Set(m.text('colorNames').split(', ')).size === c.PALETTE.length);
        return [await fit('en'), await fit('cs')];
    })";
    assert_eq!(
        ask(&browser, "/js/texts.js", named).await,
        json!([true, true])
    );
    let chosen = "[m.chooseLanguage('', ['cs-CZ', 'en']), m.chooseLanguage('', ['de', 'fr']), m.chooseLanguage('en', ['cs']), m.chooseLanguage('xx', ['de', 'cs'])]";
    assert_eq!(
        ask(&browser, "/js/texts.js", chosen).await,
        json!(["cs", "en", "en", "cs"])
    );
}
