//! conf/prometheus and conf/grafana, by Prometheus' own tool: each alert fires and is over, each expression is one, and
//! what they name is among what the programs really give out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use e2e::chat::Files;
use e2e::daemon::{Daemon, free_port};
use e2e::deadline::eventually;
use e2e::http;
use e2e::program::{Finished, Program};
use e2e::relay::SECTION;
use e2e::requirement::part;
use e2e::tls::Authority;
use e2e::transport::Endpoint;
use e2e::under_test::{beside, workspace};
use serde_json::Value;

fn promtool(arguments: &[&str]) -> Finished {
    let mut command = Command::new(part("/usr/bin/promtool", "prometheus"));
    Program::run(command.args(arguments))
}

/// An alert, what is measured minute by minute, and the minutes at which it fires and at which it is over.
struct Case {
    alert: &'static str,
    series: &'static [(&'static str, &'static str)],
    fires: u32,
    over: u32,
}

const fn case(
    alert: &'static str,
    series: &'static [(&'static str, &'static str)],
    (fires, over): (u32, u32),
) -> Case {
    Case {
        alert,
        series,
        fires,
        over,
    }
}

const CASES: [Case; 28] = [
    case(
        "DaemonDown",
        &[(r#"up{job="chat"}"#, "0x20 1x120")],
        (15, 60),
    ),
    case(
        "CertificateEndsSoon",
        &[(
            "websocketd_certificate_not_after_seconds",
            "800000x90 8000000x120",
        )],
        (70, 140),
    ),
    case(
        "ProgramsDoNotStart",
        &[("websocketd_spawn_failures_total", "0+1x20 20x120")],
        (12, 60),
    ),
    case(
        "ProgramsFail",
        &[(
            r#"websocketd_programs_ended_total{how="signal"}"#,
            "0+60x40 2400x120",
        )],
        (35, 90),
    ),
    case(
        "ClientsAreRefused",
        &[(
            r#"websocketd_refusals_total{reason="forks"}"#,
            "0+60x40 2400x120",
        )],
        (35, 90),
    ),
    case(
        "ChatNotSaved",
        &[("chat_not_saved_total", "0x5 1x120")],
        (10, 60),
    ),
    case(
        "ChatDiskFull",
        &[
            ("chat_disk_free_bytes", "1000000000x20 90000000000x120"),
            ("chat_disk_size_bytes", "100000000000x150"),
        ],
        (15, 60),
    ),
    case(
        "ChatSpaceUsedUp",
        &[
            ("chat_used_bytes", "95x20 10x120"),
            ("chat_used_max_bytes", "100x150"),
        ],
        (15, 60),
    ),
    case(
        "ChatPasswordsGuessed",
        &[(r#"chat_logins_total{result="wrong"}"#, "0+20x20 400x120")],
        (15, 60),
    ),
    case(
        "ChatManyRegistrations",
        &[("chat_registrations_total", "0+5x20 100x120")],
        (20, 120),
    ),
    case(
        "ChatReportsWait",
        &[("chat_reports_open", "2x1500 0x60")],
        (1480, 1540),
    ),
    case(
        "ChatHookFails",
        &[("chat_hooks_failing", "1x20 0x120")],
        (15, 60),
    ),
    case(
        "ChatWebhooksDown",
        &[("chat_webhooks_up", "0x20 1x120")],
        (15, 60),
    ),
    case(
        "ChatWebhookOff",
        &[("chat_webhook_off", "1x20 0x120")],
        (15, 60),
    ),
    case(
        "ChatWebhookDead",
        &[("chat_webhook_dead_total", "0x5 3x120")],
        (15, 60),
    ),
    case(
        "ChatRelayDown",
        &[("chat_relay_up", "0x20 1x120")],
        (15, 60),
    ),
    case(
        "ChatRelayAway",
        &[(r#"chat_relay_state{state="away"}"#, "1x20 0x120")],
        (15, 60),
    ),
    case(
        "ChatRelayGap",
        &[(r#"chat_relay_state{state="gap"}"#, "1x20 0x120")],
        (15, 60),
    ),
    case(
        "ChatRelayStuck",
        &[
            (r#"chat_relay_state{state="up"}"#, "1x150"),
            ("chat_relay_sign_timestamp_seconds", "1x20 7200x120"),
        ],
        (15, 60),
    ),
    case(
        "ChatRelaySlow",
        &[("chat_relay_lag_seconds", "3x20 0.01x120")],
        (15, 60),
    ),
    case(
        "ChatRecordsLate",
        &[(r#"chat_relay_total{what="late"}"#, "0x5 3x120")],
        (15, 60),
    ),
    case(
        "ChatRecordsPutBack",
        &[(r#"chat_relay_total{what="resubmitted"}"#, "0x5 3x120")],
        (15, 60),
    ),
    case(
        "ChatFilesMissing",
        &[("chat_relay_files_missing", "2x40 0x120")],
        (35, 60),
    ),
    case(
        "ChatNotForgotten",
        &[("chat_relay_tasks_waiting", "1x140 0x120")],
        (130, 200),
    ),
    case(
        "ChatMachineSilent",
        &[(
            r#"chat_relay_machine_silent_seconds{machine="two"}"#,
            "0x5 120x20 3x120",
        )],
        (15, 60),
    ),
    case(
        "ChatApiRefuses",
        &[
            ("chat_api_requests_total", "0+60x150"),
            ("chat_api_refusals_total", "0+60x30 1800x120"),
        ],
        (25, 90),
    ),
    case(
        "ChatSampleOld",
        &[("chat_sample_timestamp_seconds", "1x60 7200x120")],
        (55, 90),
    ),
    case(
        "ChatMetricsOld",
        &[("chat_metrics_timestamp_seconds", "1x60 7200x120")],
        (30, 70),
    ),
];

fn alerts() -> String {
    fs::read_to_string(workspace().join("conf/prometheus/alerts.yml")).expect("it is there")
}

#[test]
fn each_alert_fires_and_is_over_when_what_it_is_about_is() {
    let alerts = alerts();
    let names = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let names: BTreeSet<&str> = names.collect();
    assert_eq!(names, CASES.iter().map(|case| case.alert).collect());
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("alerts.yml"), alerts).expect("writable");
    let mut tests = "rule_files: [alerts.yml]\nevaluation_interval: 1m\ntests:\n".to_owned();
    for case in &CASES {
        tests += "- interval: 1m\n  input_series:\n";
        for (series, values) in case.series {
            writeln!(tests, "  - series: '{series}'\n    values: '{values}'").expect("a string");
        }
        let firing = format!(
            r#"count(ALERTS{{alertname="{}",alertstate="firing"}}) or vector(0)"#,
            case.alert
        );
        tests += "  promql_expr_test:\n";
        // Nothing fires at the first moment: what is there from the beginning must last to count.
        for (minute, count) in [(case.fires, 1), (case.over, 0)] {
            writeln!(
                tests,
                "  - expr: '{firing}'\n    eval_time: {minute}m\n    exp_samples: [{{labels: '{{}}', value: {count}}}]"
            )
            .expect("a string");
        }
    }
    let file = dir.path().join("tests.yml");
    fs::write(&file, &tests).expect("writable");
    let said = promtool(&["test", "rules", file.to_str().expect("text")]);
    assert_eq!(said.code(), 0, "{said:#?}");
}

/// What the dashboard asks.
fn expressions() -> Vec<String> {
    let text = fs::read_to_string(workspace().join("conf/grafana/dashboard.json")).expect("there");
    let board: Value = serde_json::from_str(&text).expect("JSON");
    let mut ids = BTreeSet::new();
    let mut found = Vec::new();
    for panel in board["panels"].as_array().expect("panels") {
        assert!(
            ids.insert(panel["id"].as_u64()),
            "two panels of one id: {panel}"
        );
        assert!(panel["gridPos"]["w"].is_u64(), "{panel}");
        for target in panel["targets"].as_array().expect("targets") {
            found.push(target["expr"].as_str().expect("text").to_owned());
        }
    }
    let variables = board["templating"]["list"].as_array().expect("variables");
    let has = |name: &str| variables.iter().any(|it| it["name"] == name);
    assert!(has("site") && has("datasource"), "{variables:#?}");
    found
}

#[test]
fn what_the_dashboard_asks_is_promql() {
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    let all = expressions();
    assert!(all.len() > 20, "{all:#?}");
    for (number, expression) in all.iter().enumerate() {
        let asked = expression
            .replace("$site", ".*")
            .replace("$__rate_interval", "5m");
        assert!(!asked.contains('$'), "a variable that nobody sets: {asked}");
        writeln!(rules, "  - record: panel:{number}\n    expr: '{asked}'").expect("a string");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("rules.yml");
    fs::write(&file, rules).expect("writable");
    let said = promtool(&["check", "rules", file.to_str().expect("text")]);
    assert_eq!(said.code(), 0, "{said:#?}");
}

/// Names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_ours = |word: &&str| word.starts_with("chat_") || word.starts_with("websocketd_");
    words.filter(is_ours).map(str::to_owned).collect()
}

/// What `chatctl metrics` gives out of a site with these lines in its settings.
fn of_chat(lines: &str, more: &str) -> String {
    let _alone = e2e::cluster_of_one::needs_alone("gives a chat the section itself");
    let files = Files::installed(lines);
    let ini = fs::read_to_string(files.ini()).expect("there");
    fs::write(files.ini(), ini + more).expect("writable");
    if more.contains("[cluster]") {
        // As a relay says it that has an engine and another machine.
        let id = "2026-01-01T10:00:00.000001Z";
        let state = "lag 0.1\ntick_seen 1\napplied 1\n";
        fs::create_dir_all(files.path("run/relay")).expect("writable");
        fs::write(files.path("run/relay/state"), state).expect("writable");
        fs::write(files.path("run/relay/nodes"), format!("two~1 {id} {id}\n")).expect("writable");
    }
    let secret = files.path("club.secret");
    fs::write(&secret, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n").expect("writable");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("ours");
    let mut command = Command::new(beside("chatctl"));
    command.arg("--config").arg(files.ini()).arg("metrics");
    let done = Program::run(&command);
    assert_eq!(done.code(), 0, "{done:#?}");
    let page = done.stdout;
    let file = files.path("page.prom");
    fs::write(&file, &page).expect("writable");
    let mut check = Command::new("/bin/sh");
    check
        .args(["-c", "exec promtool check metrics < \"$0\""])
        .arg(&file);
    let said = Program::run(&check);
    assert_eq!(said.code(), 0, "{said:#?}\n{page}");
    page
}

#[test]
fn what_alerts_and_dashboard_name_is_given_out() {
    part("/usr/bin/promtool", "prometheus");
    let webhook = "[webhook club]\nURL=https://club.example.org/in\nSECRET_FILE=club.secret\n";
    let mut page = of_chat("DISK_MAX=1GiB\n", webhook);
    if !page.contains("chat_relay_up") {
        page += &of_chat("", SECTION);
    }
    let port = free_port();
    let authority = Authority::new();
    let own = authority.issue("localhost");
    let daemon = Daemon::builder()
        .free_port()
        .flag(format!("--admin-address=127.0.0.1:{port}"))
        .tls(&own.cert, &own.key, authority.client(None))
        .command("cat", [] as [&str; 0])
        .start();
    let admin = Endpoint::Tcp(([127, 0, 0, 1], port).into());
    page += &http::get(&admin, "/metrics").text();
    drop(daemon);
    let mut given = names(&page);
    // Of a counter by reason there is no line until there was a reason.
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        if let Some(family) = line.strip_suffix(" counter") {
            given.insert(format!("{}_total", family.trim_end_matches("_total")));
        }
    }
    let named = names(&(alerts() + &expressions().join("\n")));
    assert!(named.len() > 25, "{named:?}");
    let missing: Vec<_> = named.difference(&given).collect();
    assert!(missing.is_empty(), "{missing:?} in {given:#?}");
}

#[test]
fn the_chat_answers_a_monitor_and_keeps_a_file_for_another() {
    let files = Files::installed("");
    let file = files.path("chat.prom");
    let mut command = Command::new(beside("chatctl"));
    command
        .arg("--config")
        .arg(files.ini())
        .args(["metrics", "--listen=127.0.0.1:0", "--every=1"])
        .arg(format!("--textfile={}", file.display()));
    let mut running = Program::start(&command);
    let line = running.output.wait_for(&["http://"]);
    let address = line
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches("/metrics");
    let endpoint = Endpoint::Tcp(address.parse().expect("an address"));
    let page = http::get(&endpoint, "/metrics");
    assert_eq!(page.status, 200);
    let kind = page.header("Content-Type").expect("it says what it is");
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    assert!(
        page.text().contains("\nchat_people{site="),
        "{}",
        page.text()
    );
    assert_eq!(http::get(&endpoint, "/").status, 404);
    assert_eq!(
        http::request(&endpoint, "POST", "/metrics", &[]).status,
        405
    );
    assert_eq!(http::request(&endpoint, "HEAD", "/metrics", &[]).text(), "");
    // Whoever says nothing keeps the others waiting for a while, not for good.
    let silent = std::net::TcpStream::connect(address).expect("it listens");
    assert_eq!(http::get(&endpoint, "/metrics").status, 200);
    drop(silent);
    // A message is in the file in a while, and both are the same numbers.
    let mut say = Command::new(beside("chatctl"));
    say.arg("--config")
        .arg(files.ini())
        .args(["say", "lobby", "hello"]);
    assert_eq!(Program::run(&say).code(), 0);
    let has_counted = || {
        fs::read_to_string(&file)
            .unwrap_or_default()
            .lines()
            .any(|line| line.starts_with("chat_messages_total{") && line.ends_with(" 1"))
            .then_some(())
    };
    eventually("the message is counted", has_counted);
    assert_eq!(running.terminate().code(), None, "SIGTERM ends it");
}
