//! Calls and live typing between real browsers, with Chromium's camera and microphone made of test pictures.

use e2e::browser::Browser;
use e2e::site::Site;
use serde_json::json;
use tokio::sync::Mutex;

/// Each call needs several browsers that code pictures: together they would starve each other on two cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What the page says and hears of its connections, for the message of a test that fails.
const JOURNAL: &str = "
    globalThis.journal = [];
    globalThis.connections = [];
    const note = (...words) => journal.push([Math.round(performance.now()), ...words].join(' '));
    addEventListener('error', ({ message }) => note('error', message));
    addEventListener('unhandledrejection', ({ reason }) => note('rejection', reason));
    const warn = console.warn;
    console.warn = (...words) => { note('warning', ...words); warn(...words); };
    const brief = (data) => data.length > 300 ? data.slice(0, 300) : data;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) { if (data.includes('\"signal\"')) note('>', brief(data)); return send.call(this, data); };
    globalThis.WebSocket = class extends WebSocket {
        constructor(...all) {
            super(...all);
            this.addEventListener('message', ({ data }) => /\"type\":\"(signal|error)\"/.test(data) && note('<', brief(data)));
            this.addEventListener('close', () => note('closed'));
        }
    };
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...all) {
            super(...all);
            connections.push(this);
            const number = connections.length;
            for (const kind of ['connectionState', 'iceConnectionState', 'iceGatheringState', 'signalingState'])
                this.addEventListener(kind.toLowerCase() + 'change', () => note(number, kind, this[kind]));
            this.addEventListener('icecandidateerror', (event) => note(number, 'icecandidateerror', event.errorText, event.url, event.address));
        }
    };
";

async fn enter(site: &Site, name: &str) -> Browser {
    enter_with(site, name, "").await
}

/// Enters with a script that runs before the page's own.
async fn enter_with(site: &Site, name: &str, script: &str) -> Browser {
    let browser = Browser::start().await;
    browser.run_first(&format!("{JOURNAL};{script}")).await;
    browser.goto(&site.url("/room_create.html")).await;
    let saved = format!(
        "fetch('api/session', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{name: {}}})}}).then(r => r.status)",
        json!(name)
    );
    assert_eq!(browser.eval(&saved).await, 200);
    browser.goto(&site.url("/?room=call")).await;
    welcome(&browser).await;
    browser
}

async fn welcome(browser: &Browser) {
    browser
        .wait_until(
            "the room lets us in",
            "document.body.dataset.connection === 'welcome'",
        )
        .await;
}

async fn click(browser: &Browser, selector: &str) {
    let found = format!("document.querySelector({})", json!(selector));
    browser
        .wait_until(
            &format!("{selector} can be pressed"),
            &format!("{found} && !{found}.disabled"),
        )
        .await;
    browser.eval(&format!("{found}.click()")).await;
}

/// Waits until this browser sees moving pictures of so many others.
async fn sees_others(browser: &Browser, count: usize) {
    let moving = format!(
        "[...document.querySelectorAll('.tile:not(.own)')].filter(t => t.dataset.state === 'connected' && t.querySelector('video').videoWidth > 0 && t.querySelector('video').currentTime > 0).length === {count}"
    );
    browser
        .wait_until(&format!("pictures of {count} others move"), &moving)
        .await;
}

/// Waits until more frames were decoded than before.
async fn frames_go_on(browser: &Browser) {
    let decoded = "[...document.querySelectorAll('.tile:not(.own) video')].reduce((sum, v) => sum + v.getVideoPlaybackQuality().totalVideoFrames, 0)";
    let before = browser.eval(decoded).await.as_u64().expect("a count");
    browser
        .wait_until("frames go on", &format!("{decoded} > {before} + 5"))
        .await;
}

/// What the browser itself counts: frames decoded and sounds received, of all others together.
const RECEIVED: &str = "Promise.all(connections.filter(c => c.connectionState === 'connected').map(c => c.getStats())).then(all => {
    const inbound = all.flatMap(stats => [...stats.values()]).filter(s => s.type === 'inbound-rtp');
    const sum = (kind, of) => inbound.filter(s => s.kind === kind).reduce((sum, s) => sum + (s[of] ?? 0), 0);
    return [sum('video', 'framesDecoded'), sum('audio', 'packetsReceived')];
})";

/// Waits until so many frames and sounds were received.
async fn receives(browser: &Browser, frames: u64, sounds: u64) {
    browser
        .wait_until(
            &format!("{frames} frames and {sounds} sounds arrive"),
            &format!("{RECEIVED}.then(([video, audio]) => video >= {frames} && audio >= {sounds})"),
        )
        .await;
}

/// Turns live typing on, by hand.
async fn type_live(browser: &Browser) {
    click(browser, "#settings-button").await;
    click(browser, "#setting-liveTyping").await;
    click(browser, "dialog .dialog-head button").await;
}

async fn channel_opens(browser: &Browser) {
    let open = "document.body.dataset.channels === '1'";
    browser.wait_until("the channel is open", open).await;
}

fn typed(words: &str) -> String {
    format!(
        "(t => {{ t.value = {}; t.dispatchEvent(new Event('input')); }})(document.querySelector('#text'))",
        json!(words)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn both_press_call_at_once_then_cameras_go_off_and_on() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let (alice, bob) = (enter(&site, "alice").await, enter(&site, "bob").await);
    for browser in [&alice, &bob] {
        click(browser, "#call-button").await;
        browser
            .wait_until(
                "the question is asked",
                "document.querySelector('#call-video') !== null",
            )
            .await;
        assert_eq!(
            browser
                .eval("document.querySelectorAll('video').length")
                .await,
            0,
            "nothing before a click"
        );
    }
    tokio::join!(click(&alice, "#call-video"), click(&bob, "#call-video"));
    for browser in [&alice, &bob] {
        sees_others(browser, 1).await;
        receives(browser, 10, 10).await;
    }
    alice.screenshot("call-two").await;
    click(&alice, "#call-camera").await;
    bob.wait_until(
        "her camera is off",
        "document.querySelector('.tile:not(.own).without-video') !== null",
    )
    .await;
    click(&alice, "#call-camera").await;
    sees_others(&bob, 1).await;
    frames_go_on(&bob).await;
    // Both at once: two offers may meet.
    for _ in 0..2 {
        tokio::join!(click(&alice, "#call-camera"), click(&bob, "#call-camera"));
        for browser in [&alice, &bob] {
            browser
                .wait_until(
                    "the button is ready",
                    "document.querySelector('#call-camera')?.disabled === false",
                )
                .await;
        }
    }
    for browser in [&alice, &bob] {
        sees_others(browser, 1).await;
        frames_go_on(browser).await;
    }
    click(&alice, "#call-leave").await;
    bob.wait_until(
        "she left",
        "document.querySelectorAll('.tile:not(.own)').length === 0",
    )
    .await;
    assert_eq!(
        alice
            .eval("document.querySelectorAll('.tile').length")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_in_a_call_and_it_survives_the_server() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let mut site = Site::start_on_fixed_port();
    let browsers = [
        enter(&site, "alice").await,
        enter(&site, "bob").await,
        enter(&site, "carol").await,
    ];
    for browser in &browsers {
        click(browser, "#call-button").await;
        click(browser, "#call-video").await;
        browser
            .wait_until(
                "it is in the call",
                "document.querySelector('.tile.own') !== null",
            )
            .await;
    }
    for browser in &browsers {
        sees_others(browser, 2).await;
    }
    for (width, height) in [(360, 740), (1280, 800)] {
        browsers[0].resize(width, height).await;
        sees_others(&browsers[0], 2).await;
        browsers[0].screenshot(&format!("call-three-{width}")).await;
    }
    site.kill();
    for browser in &browsers {
        browser
            .wait_until(
                "the socket is gone",
                "document.body.dataset.connection !== 'welcome'",
            )
            .await;
        sees_others(browser, 2).await;
        frames_go_on(browser).await;
    }
    site.restart();
    for browser in &browsers {
        browser
            .eval("document.querySelector('#banner:not([hidden]) button')?.click()")
            .await;
        welcome(browser).await;
    }
    for browser in &browsers {
        frames_go_on(browser).await;
        sees_others(browser, 2).await;
        let error = "document.querySelectorAll('.tile').length";
        assert_eq!(browser.eval(error).await, 3, "nobody is there twice");
    }
    // And it can still be negotiated: signals find their way again.
    click(&browsers[0], "#call-camera").await;
    browsers[2]
        .wait_until(
            "her camera is off",
            "document.querySelectorAll('.tile:not(.own).without-video').length === 1",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_typing_travels_by_data_channel_and_is_nowhere_written() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let (alice, bob) = (enter(&site, "alice").await, enter(&site, "bob").await);
    for browser in [&alice, &bob] {
        type_live(browser).await;
    }
    for browser in [&alice, &bob] {
        channel_opens(browser).await;
    }
    let watch = "(() => { const send = WebSocket.prototype.send; window.sent = []; WebSocket.prototype.send = function (data) { window.sent.push(data); return send.call(this, data); }; return true; })()";
    assert_eq!(alice.eval(watch).await, true);
    alice.eval(&typed("a thought being wri")).await;
    bob.wait_until(
        "he sees it grow",
        "document.querySelector('#typing-line').textContent.includes('being wri')",
    )
    .await;
    alice.eval(&typed("")).await;
    bob.wait_until(
        "he sees it go",
        "document.querySelector('#typing-line').textContent === ''",
    )
    .await;
    assert_eq!(
        alice
            .eval("sent.filter(data => data.includes('being wri'))")
            .await,
        json!([]),
        "none of it over the socket"
    );
    let mut files = vec![site.var().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(path)
                    .expect("a directory")
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if path.is_file() && path.metadata().is_ok_and(|found| found.len() < 1 << 20) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(
                !bytes.windows(9).any(|part| part == b"being wri"),
                "{}",
                path.display()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_typing_goes_over_the_socket_to_who_has_no_channel() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let (alice, bob) = (enter(&site, "alice").await, enter(&site, "bob").await);
    type_live(&alice).await;
    alice.eval(&typed("written for all to see")).await;
    bob.wait_until(
        "he sees it",
        "document.querySelector('#typing-line').textContent.includes('for all to see')",
    )
    .await;
    // Nothing, while what makes calls is still being loaded.
    assert_eq!(
        alice.eval("document.body.dataset.channels ?? '0'").await,
        "0"
    );
    assert_eq!(
        bob.eval("connections.length").await,
        0,
        "he did not ask for one"
    );
    alice.eval(&typed("/nick secret")).await;
    bob.wait_until(
        "a command is nobody's business",
        "document.querySelector('#typing-line').textContent === ''",
    )
    .await;
}

/// Of the signals that leave the page only every second one does.
const LOSE_EVERY_SECOND: &str = "
    let signals = 0;
    const pass = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (data.includes('\"type\":\"signal\"') && (signals += 1) % 2) return;
        return pass.call(this, data);
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_comes_about_although_every_second_signal_is_lost() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter_with(&site, "alice", LOSE_EVERY_SECOND).await;
    let bob = enter_with(&site, "bob", LOSE_EVERY_SECOND).await;
    for browser in [&alice, &bob] {
        click(browser, "#call-button").await;
        click(browser, "#call-video").await;
    }
    for browser in [&alice, &bob] {
        sees_others(browser, 1).await;
        receives(browser, 10, 10).await;
    }
    click(&alice, "#call-camera").await;
    bob.wait_until(
        "her camera is off",
        "document.querySelector('.tile:not(.own).without-video') !== null",
    )
    .await;
}

/// Nothing about the first connection that is tried ever leaves the page.
const LOSE_THE_FIRST: &str = "
    let first;
    const pass = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        const { session } = JSON.parse(data).data ?? {};
        first ??= session;
        if (session && session === first) return;
        return pass.call(this, data);
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_never_comes_about_is_begun_anew() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter_with(&site, "alice", LOSE_THE_FIRST).await;
    let bob = enter_with(&site, "bob", LOSE_THE_FIRST).await;
    for browser in [&alice, &bob] {
        type_live(browser).await;
    }
    for browser in [&alice, &bob] {
        channel_opens(browser).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn six_talk_and_a_seventh_is_told_that_it_is_full() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let browser = enter(&site, "person").await;
    let mut tabs = vec![browser.current_tab().await];
    for number in 1..7 {
        tabs.push(browser.open_tab("about:blank").await);
        browser.run_first(JOURNAL).await;
        // Somebody else's: one person is in a call once.
        browser
            .run_first("localStorage.removeItem('chat.client')")
            .await;
        browser.goto(&site.url("/?room=call")).await;
        welcome(&browser).await;
        assert_eq!(browser.eval("connections.length").await, 0, "{number}");
    }
    for (number, tab) in tabs.iter().enumerate() {
        browser.bring(tab).await;
        let others = format!(
            "document.querySelector('#call-button').title.match(/[0-9]+/)?.[0] === '{number}'"
        );
        if number > 0 {
            browser
                .wait_until(&format!("{number} are known to talk"), &others)
                .await;
        }
        click(&browser, "#call-button").await;
        browser
            .wait_until(
                "the question is asked",
                "document.querySelector('#call-audio') !== null",
            )
            .await;
        let advised = "document.querySelector('.call-choices .primary').id";
        let camera = if number < 4 {
            "call-video"
        } else {
            "call-audio"
        };
        assert_eq!(browser.eval(advised).await, camera, "with {number} others");
        click(&browser, "#call-audio").await;
        if number == 6 {
            browser.wait_for_text("The call is full (6 people).").await;
            assert_eq!(
                browser.eval("document.querySelector('.tile.own')").await,
                serde_json::Value::Null
            );
        } else {
            browser
                .wait_until(
                    "it is in the call",
                    "document.querySelector('.tile.own') !== null",
                )
                .await;
        }
    }
    for tab in &tabs[..6] {
        browser.bring(tab).await;
        let connected = "document.querySelectorAll('.tile[data-state=connected]').length === 5";
        browser.wait_until("five others are heard", connected).await;
    }
    // One leaves, and the seventh finds a place.
    click(&browser, "#call-leave").await;
    browser.bring(&tabs[6]).await;
    browser
        .wait_until(
            "a place is free",
            "document.querySelector('#call-button').title.includes('5')",
        )
        .await;
    click(&browser, "#call-audio").await;
    let connected = "document.querySelectorAll('.tile[data-state=connected]').length === 5";
    browser.wait_until("five others are heard", connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_the_address_connects_by_relay_only_also_after_a_reconnect() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let mut site = Site::start_on_fixed_port();
    let told = "
        globalThis.told = [];
        const pass = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) { told.push(data); return pass.call(this, data); };
    ";
    let alice = enter_with(&site, "alice", told).await;
    let bob = enter(&site, "bob").await;
    click(&alice, "#settings-button").await;
    click(&alice, "#setting-relayOnly").await;
    click(&alice, "dialog .dialog-head button").await;
    for browser in [&alice, &bob] {
        type_live(browser).await;
    }
    let policy = "connections.at(-1)?.getConfiguration().iceTransportPolicy";
    alice
        .wait_until("she tries", &format!("{policy} === 'relay'"))
        .await;
    bob.wait_until("he tries", &format!("{policy} === 'all'"))
        .await;
    site.restart();
    for browser in [&alice, &bob] {
        browser
            .eval("document.querySelector('#banner:not([hidden]) button')?.click()")
            .await;
        welcome(browser).await;
    }
    // Without a relay there is no address that could be told, and none is.
    assert_eq!(alice.eval(policy).await, "relay");
    assert_eq!(
        alice
            .eval("told.filter(data => data.includes('candidate:'))")
            .await,
        json!([])
    );
}

/// What a stranger sends at once.
const HELLOS: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_throws_nobody_out_of_a_call_and_makes_no_page_talk() {
    let _one = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter(&site, "alice").await;
    let bob = enter(&site, "bob").await;
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    click(&bob, "#call-join").await;
    click(&bob, "#call-audio").await;
    alice
        .wait_until(
            "both are in the call",
            "document.querySelectorAll('.tile').length === 2",
        )
        .await;
    let mallory = Browser::start().await;
    mallory.goto(&site.url("/room_create.html")).await;
    let attack = format!(
        "new Promise(resolve => {{
            const socket = new WebSocket(location.origin.replace('http', 'ws') + '/call?format=json&nick=mallory');
            const send = (message) => socket.send(JSON.stringify(message));
            const signal = (data) => send({{ type: 'signal', to: 'alice', data }});
            socket.onmessage = ({{ data }}) => {{
                if (JSON.parse(data).type !== 'welcome') return;
                signal({{ page: 'x', kind: 'full' }});
                for (let n = 0; n < {HELLOS}; n += 1) signal({{ page: 'x' + n % 3, kind: 'hello', call: false }});
                send({{ type: 'whisper', to: 'alice', text: 'all sent' }});
                resolve(true);
            }};
            globalThis.kept = socket;
        }})"
    );
    mallory.eval(&attack).await;
    alice.wait_for_text("all sent").await;
    let state = "document.querySelector('#call-button').getAttribute('aria-pressed')";
    assert_eq!(
        alice.eval(state).await,
        "true",
        "alice is still in the call"
    );
    let answers =
        "journal.filter(line => line.includes('> ') && line.includes('\"mallory\"')).length";
    let answers = alice.eval(answers).await.as_u64().expect("a number");
    assert!(answers < HELLOS / 5, "{answers} answers to {HELLOS} hellos");
    // What alice says herself is not held up by it.
    alice
        .eval("(document.querySelector('#text').value = 'still here', document.querySelector('#send').click())")
        .await;
    bob.wait_for_text("still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_missing_or_goes_is_told_and_does_not_end_the_call() {
    let _one = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter_with(
        &site,
        "alice",
        "const all = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
         MediaDevices.prototype.enumerateDevices = async () => (await all()).filter(({ kind }) => !(globalThis.without ?? []).includes(kind));",
    )
    .await;
    // Hidden behind a relay that does not exist, nobody would be reached.
    alice
        .eval("localStorage.setItem('chat.preference.relayOnly', 'true')")
        .await;
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    alice.wait_for_text("There is no relay here").await;
    alice
        .eval("localStorage.setItem('chat.preference.relayOnly', 'false')")
        .await;
    // A computer without camera: the voice goes.
    alice
        .eval("(globalThis.without = ['videoinput'], true)")
        .await;
    click(&alice, "#call-video").await;
    alice
        .wait_for_text("There is no such microphone or camera on this device.")
        .await;
    let microphone = "document.querySelector('#call-microphone')?.getAttribute('aria-pressed')";
    alice
        .wait_until("the voice is on", &format!("{microphone} === 'true'"))
        .await;
    // Its microphone is unplugged, and plugged in again.
    alice
        .eval("document.querySelector('.tile.own video').srcObject.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        .await;
    alice
        .wait_for_text("The microphone or camera was unplugged.")
        .await;
    alice
        .wait_until("the voice is off", &format!("{microphone} === 'false'"))
        .await;
    click(&alice, "#call-microphone").await;
    alice
        .wait_until("the voice is on again", &format!("{microphone} === 'true'"))
        .await;
    click(&alice, "#call-leave").await;
    // One with neither: listening.
    alice
        .eval("(globalThis.without = ['videoinput', 'audioinput'], true)")
        .await;
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    alice
        .wait_for_text("You have no microphone here: you can listen.")
        .await;
    alice
        .wait_until(
            "the call goes on",
            "document.querySelector('#call-leave') !== null",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_rings_and_who_is_kicked_is_out_of_it_whatever_their_page_does() {
    let _one = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter(&site, "alice").await;
    let listens = "globalThis.notes = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { notes += 1; return start.call(this, at); };";
    // A page that has been changed: it takes no notice of being sent away.
    let deaf = "globalThis.WebSocket = class extends WebSocket {
            addEventListener(type, listener) {
                const heard = (event) => type === 'message' && event.data.includes('\"bye\"') ? null : listener(event);
                super.addEventListener(type, type === 'close' ? () => null : heard);
            }
        };";
    let bob = enter_with(&site, "bob", &format!("{listens}{deaf}")).await;
    // Browsers keep a page silent that nobody has pressed anything on.
    let field = bob
        .client()
        .find(fantoccini::Locator::Css("#text"))
        .await
        .expect("a field");
    field.click().await.expect("it can be pressed");
    // A call that is there when somebody comes is none that begins; this one is.
    bob.eval("(globalThis.inside = performance.now(), true)")
        .await;
    bob.wait_until("the page has settled", "performance.now() > inside + 6000")
        .await;
    click(&alice, "#call-button").await;
    click(&alice, "#call-audio").await;
    bob.wait_for_text("alice calls.").await;
    bob.wait_until("it is heard", "notes === 4").await;
    click(&bob, "#call-join").await;
    click(&bob, "#call-audio").await;
    alice
        .wait_until(
            "they are connected",
            "document.querySelector('.tile:not(.own)')?.dataset.state === 'connected'",
        )
        .await;
    site.chatctl(&["kick", "call", "bob"]);
    alice
        .wait_until(
            "alice's page lets go of him",
            "document.querySelectorAll('.tile').length === 1 && connections.every(c => c.connectionState === 'closed')",
        )
        .await;
}

/// Presses as a person does: a page that nobody has pressed anything on plays no sound and shares no screen.
async fn press(browser: &Browser, selector: &str) {
    let button = browser
        .client()
        .wait()
        .for_element(fantoccini::Locator::Css(selector));
    let button = button.await.expect("it is there");
    button.click().await.expect("it can be pressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_listens_sees_who_speaks_and_a_screen_and_makes_it_large() {
    let _one = ONE_AT_A_TIME.lock().await;
    let site = Site::start();
    let alice = enter(&site, "alice").await;
    let bob = enter(&site, "bob").await;
    press(&alice, "#call-button").await;
    press(&alice, "#call-audio").await;
    press(&bob, "#call-join").await;
    press(&bob, "#call-listen").await;
    // The browser's false microphone beeps once a second.
    bob.wait_until(
        "alice speaks",
        "document.querySelector('.tile[data-name=alice].speaking .tile-speaks:not([hidden])') !== null",
    )
    .await;
    let opened = "document.querySelector('.tile.own video').srcObject?.getTracks().length ?? 0";
    assert_eq!(bob.eval(opened).await, 0, "who listens opens no device");
    let heard = "document.querySelector('.tile[data-name=bob].speaking') !== null";
    assert_eq!(alice.eval(heard).await, false);

    // Another microphone, of those that there are; the call goes on.
    press(&alice, "#call-devices").await;
    alice
        .wait_until(
            "there is a choice",
            "document.querySelector('#device-audioinput')?.options.length > 2",
        )
        .await;
    let other = "(s => { s.selectedIndex = 2; s.dispatchEvent(new Event('change')); return s.value; })(document.querySelector('#device-audioinput'))";
    let chosen = alice.eval(other).await;
    let used = format!(
        "document.querySelector('.tile.own video').srcObject.getAudioTracks()[0]?.getSettings().deviceId === {chosen}"
    );
    alice.wait_until("it is used", &used).await;
    press(&alice, "dialog .dialog-head button").await;

    press(&alice, "#call-screen").await;
    bob.wait_until(
        "her screen is there",
        "document.querySelector('.tile.screen[data-name=alice] video')?.videoWidth > 0",
    )
    .await;
    press(&bob, ".tile[data-name=alice] .tile-size").await;
    bob.screenshot("call-screen-large").await;
    let large = "document.querySelectorAll('.tile.large').length";
    assert_eq!(bob.eval(large).await, 1);
    press(&bob, ".tile[data-name=alice] .tile-size").await;
    assert_eq!(bob.eval(large).await, 0);
    press(&alice, "#call-screen").await;
    bob.wait_until(
        "it is away again",
        "document.querySelector('.tile.screen') === null",
    )
    .await;
}
