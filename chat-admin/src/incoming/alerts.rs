//! Alertmanager (`webhook_config`, version 4) and what took its form from it, as Grafana's alerting.
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>,
//! <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>

use std::fmt::Write as _;

use serde_json::Value;

use super::marks::{bold, link, plain};
use super::{first, list, text};

/// Alerts that are told singly, and labels of each.
const MAX_ALERTS: usize = 10;
const MAX_LABELS: usize = 6;
/// Characters of a name, of a label and of what is said about one.
const MAX_NAME: usize = 120;
const MAX_LABEL: usize = 80;
const MAX_WORDS: usize = 400;

pub(super) fn read(value: &Value) -> String {
    let alerts = list(value, "/alerts");
    let is_over = |alert: &Value| text(alert, "/status") == "resolved";
    let firing = alerts.iter().filter(|alert| !is_over(alert)).count();
    let mut said = String::new();
    let (sign, state) = if firing > 0 {
        ("🔴", "Firing")
    } else {
        ("✅", "Resolved")
    };
    let common = first(
        value,
        &[
            "/commonLabels/alertname",
            "/groupLabels/alertname",
            "/title",
            "/receiver",
        ],
    );
    let only = alerts
        .first()
        .map_or("", |alert| text(alert, "/labels/alertname"));
    let name = if alerts.len() == 1 && !only.is_empty() {
        only
    } else {
        common
    };
    // Writing to a string cannot fail.
    let _ = write!(
        said,
        "{sign} {}",
        bold(&format!("{state}: {name}"), MAX_NAME)
    );
    if alerts.len() > 1 {
        let over = alerts.len() - firing;
        let counts = if over > 0 && firing > 0 {
            format!(" ({firing} firing, {over} resolved)")
        } else {
            format!(" ({})", alerts.len())
        };
        said.push_str(&counts);
    }
    for alert in alerts.iter().take(MAX_ALERTS) {
        said.push_str(if alerts.len() > 1 { "\n- " } else { "\n" });
        if firing > 0 && firing < alerts.len() {
            said.push_str(if is_over(alert) { "✅ " } else { "🔴 " });
        }
        said.push_str(&about(alert, value, alerts.len() > 1));
    }
    if alerts.len() > MAX_ALERTS {
        let _ = write!(said, "\n… and {} more", alerts.len() - MAX_ALERTS);
    }
    said
}

/// What it says, its labels, and where more is.
fn about(alert: &Value, group: &Value, is_one_of_many: bool) -> String {
    let name = text(alert, "/labels/alertname");
    let words = first(
        alert,
        &[
            "/annotations/summary",
            "/annotations/description",
            "/annotations/message",
        ],
    );
    let words = if words.is_empty() { name } else { words };
    let mut said = plain(words, MAX_WORDS);
    let labels = alert["labels"].as_object();
    let is_told = |key: &String, value: &Value| {
        let is_common = is_one_of_many && group["commonLabels"].get(key) == Some(value);
        key != "alertname" && !is_common
    };
    let labels = labels
        .into_iter()
        .flatten()
        .filter(|(key, value)| is_told(key, value));
    let label = |(key, value): (&String, &Value)| {
        let value = value.as_str().unwrap_or_default();
        format!("{}={}", plain(key, MAX_LABEL), plain(value, MAX_LABEL))
    };
    let labels: Vec<_> = labels.take(MAX_LABELS).map(label).collect();
    if !labels.is_empty() {
        let _ = write!(said, " ({})", labels.join(", "));
    }
    for (label, path) in [
        ("source", "/generatorURL"),
        ("dashboard", "/dashboardURL"),
        ("panel", "/panelURL"),
        ("runbook", "/annotations/runbook_url"),
        ("silence", "/silenceURL"),
    ] {
        if super::marks::address(text(alert, path)).is_some() {
            let _ = write!(said, " {}", link(label, text(alert, path), MAX_LABEL));
        }
    }
    said
}
