//! Calls through Debian's coturn with the shipped configuration and the credentials that chat-cgi hands out.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::coturn::{Coturn, Peers, SECRET};
use e2e::http;
use e2e::installation::Installation;
use e2e::program::{Finished, Program};
use e2e::requirement::part;
use serde_json::Value;

/// What chat-cgi tells the pages of a site that uses this relay.
fn ice_servers(coturn: &Coturn) -> Vec<Value> {
    let installation = Installation::new();
    let settings = format!("{}\n\n[room descriptions]", coturn.settings());
    installation.configure("chat.ini", |text| {
        text.replace("[room descriptions]", &settings)
    });
    let daemon = installation.daemon("stand-alone.ini", |text| text);
    let answer = http::get(&daemon.endpoint, "/api/config");
    let config: Value = serde_json::from_str(&answer.text()).expect("JSON");
    config["ice_servers"].as_array().expect("a list").clone()
}

/// Name and password of the relay.
fn credentials(servers: &[Value]) -> (String, String) {
    let relay = servers
        .iter()
        .find(|server| server["credential"].is_string());
    let relay = relay.unwrap_or_else(|| panic!("a relay in {servers:?}"));
    let text = |key: &str| relay[key].as_str().expect("text").to_owned();
    (text("username"), text("credential"))
}

/// The password of a name under a secret, by another program than ours.
fn sign(username: &str, secret: &str) -> String {
    let mut shell = Command::new("bash");
    shell
        .args([
            "-euc",
            "printf %s \"$1\" | \"$0\" dgst -sha1 -hmac \"$2\" -binary | base64",
        ])
        .args([part("/usr/bin/openssl", "openssl"), username, secret]);
    Program::run(&shell).stdout.trim().to_owned()
}

/// A time in the form that credentials begin with.
fn seconds(when: SystemTime) -> u64 {
    when.duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// Messages that came back through the relay.
fn received(finished: &Finished) -> usize {
    let text = format!("{}{}", finished.stdout, finished.stderr);
    let counts = text.lines().filter_map(|line| {
        line.split("tot_recv_msgs=")
            .nth(1)?
            .split(',')
            .next()?
            .trim()
            .parse()
            .ok()
    });
    counts.max().unwrap_or(0)
}

#[test]
fn addresses_are_told_and_messages_relayed_with_the_credentials_handed_out() {
    let coturn = Coturn::start(Peers::Loopback);
    let bound = coturn.bind();
    assert!(
        bound.stdout.contains("UDP reflexive addr: 127.0.0.1:"),
        "{bound:#?}"
    );

    let servers = ice_servers(&coturn);
    assert!(
        servers
            .iter()
            .any(|server| server["urls"][0] == format!("stun:127.0.0.1:{}", coturn.port)),
        "{servers:?}"
    );
    let (username, password) = credentials(&servers);
    // Nobody's name: a hash of whom the quota counts.
    let whose = username.split_once(':').map(|(_, whose)| whose);
    assert!(
        whose.is_some_and(|whose| u64::from_str_radix(whose, 16).is_ok()),
        "{username}"
    );
    assert_eq!(password, sign(&username, SECRET));
    let good = coturn.relay(&username, &password, None);
    assert!(
        received(&good) > 0,
        "{good:#?}\n{:#?}",
        coturn.log().so_far()
    );

    let (_, name) = username.split_once(':').expect("an end and a name");
    let hour = Duration::from_secs(3600);
    let ended = format!("{}:{name}", seconds(SystemTime::now() - hour));
    let later = format!("{}:{name}", seconds(SystemTime::now() + 24 * hour));
    for (what, username, password) in [
        ("ended", &ended, sign(&ended, SECRET)),
        ("made longer", &later, password),
        (
            "signed by somebody else",
            &later,
            sign(&later, "another-secret"),
        ),
        ("without an end", &name.to_owned(), sign(name, SECRET)),
    ] {
        let refused = coturn.relay(username, &password, None);
        assert_eq!(received(&refused), 0, "{what}: {refused:#?}");
        // It is the credentials that are refused, not the way there.
        coturn
            .log()
            .wait_for(&["redentials of user", &format!("<{username}>")]);
    }
}

#[test]
fn the_relay_is_no_door_into_its_own_network() {
    let coturn = Coturn::start(Peers::AsShipped);
    let end = seconds(SystemTime::now() + Duration::from_secs(3600));
    for peer in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
    ] {
        // One login has a quota: each peer gets its own.
        let username = format!("{end}:{peer}");
        let password = sign(&username, SECRET);
        let refused = coturn.relay(&username, &password, Some(peer));
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains("403"), "{peer}: {refused:#?}");
        assert_eq!(received(&refused), 0, "{peer}");
    }
}
