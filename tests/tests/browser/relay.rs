//! A call between two browsers that hide their addresses: everything goes through Debian's coturn, with the credentials
//! that chat-cgi handed out.

use e2e::browser::Browser;
use e2e::coturn::{Coturn, Peers};
use e2e::daemon::Daemon;
use e2e::installation::Installation;
use serde_json::json;

/// Keeps the page's connections where a test finds them.
const WATCH: &str = "(() => {
    const Own = RTCPeerConnection;
    window.peers = [];
    window.RTCPeerConnection = class extends Own {
        constructor(...given) { super(...given); window.peers.push(this); }
    };
    return true;
})()";

/// How the one connection of the page goes, and what arrived on it.
const STATS: &str = "(async () => {
    const [peer] = window.peers.filter((one) => one.connectionState === 'connected');
    if (!peer) return null;
    const stats = [...(await peer.getStats()).values()];
    const byId = (id) => stats.find((one) => one.id === id);
    const transport = stats.find((one) => one.type === 'transport');
    const pair = byId(transport?.selectedCandidatePairId);
    if (!pair) return null;
    return {
        policy: peer.getConfiguration().iceTransportPolicy,
        local: byId(pair.localCandidateId).candidateType,
        gathered: [...new Set(stats.filter((one) => one.type === 'local-candidate').map((one) => one.candidateType))],
        frames: stats.filter((one) => one.type === 'inbound-rtp' && one.kind === 'video')
            .reduce((sum, one) => sum + (one.framesDecoded ?? 0), 0),
    };
})()";

async fn click(browser: &Browser, selector: &str) {
    let found = format!("document.querySelector({})", json!(selector));
    let ready = format!("{found} && !{found}.disabled");
    browser
        .wait_until(&format!("{selector} can be pressed"), &ready)
        .await;
    browser.eval(&format!("{found}.click()")).await;
}

/// Comes in with the privacy switch on.
async fn enter(daemon: &Daemon, name: &str) -> Browser {
    let browser = Browser::start().await;
    browser.goto(&daemon.url("/room_create.html")).await;
    let saved = format!(
        "fetch('api/session', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{name: {}}})}}).then(r => r.status)",
        json!(name)
    );
    assert_eq!(browser.eval(&saved).await, 200);
    browser.goto(&daemon.url("/?room=call")).await;
    browser
        .wait_until(
            "the room lets us in",
            "document.body.dataset.connection === 'welcome'",
        )
        .await;
    assert_eq!(browser.eval(WATCH).await, true);
    click(&browser, "#settings-button").await;
    click(&browser, "#setting-relayOnly").await;
    click(&browser, "dialog .dialog-head button").await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_their_address_is_reached_through_the_relay_alone() {
    let coturn = Coturn::start(Peers::Loopback);
    let installation = Installation::new();
    let settings = format!("{}\n\n[room descriptions]", coturn.settings());
    installation.configure("chat.ini", |text| {
        text.replace("[room descriptions]", &settings)
    });
    let daemon = installation.daemon("stand-alone.ini", |text| text);
    let (alice, bob) = (enter(&daemon, "alice").await, enter(&daemon, "bob").await);
    for browser in [&alice, &bob] {
        click(browser, "#call-button").await;
        click(browser, "#call-video").await;
    }
    for browser in [&alice, &bob] {
        let arrived = format!("{STATS}.then((stats) => stats?.frames > 10 && stats)");
        let stats = browser
            .wait_until("pictures come through the relay", &arrived)
            .await;
        assert_eq!(stats["policy"], "relay", "{stats}");
        assert_eq!(stats["local"], "relay", "{stats}");
        assert_eq!(
            stats["gathered"],
            json!(["relay"]),
            "no other address was even looked for: {stats}"
        );
    }
    // The relay knows them by the names that chat-cgi made, which say nothing of who they are.
    let allocated = "ALLOCATE processed, success";
    coturn.log().wait_for(&[allocated]);
    let lines = coturn.log().so_far();
    for name in ["alice", "bob"] {
        let named = format!(":{name}>");
        assert!(lines.iter().all(|line| !line.contains(&named)));
    }
    alice.screenshot("call-by-relay").await;
}
