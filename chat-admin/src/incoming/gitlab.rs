//! GitLab's events: pushes, tags, merge requests, issues, pipelines, comments and releases. Of others, and of changes
//! that happen all the time (a label, a pipeline that has begun), nothing is said.
//! <https://docs.gitlab.com/user/project/integrations/webhook_events/>

use std::fmt::Write as _;

use serde_json::Value;

use super::marks::{bold, link, plain};
use super::{first, list, text};

/// Commits and jobs that are told singly.
const MAX_ITEMS: usize = 5;
/// Characters of a name, and of a title.
const MAX_NAME: usize = 100;
const MAX_TITLE: usize = 200;
/// Digits of a commit.
const COMMIT: usize = 8;

pub(super) fn read(value: &Value) -> Option<String> {
    let what = match text(value, "/object_kind") {
        "push" => pushed(value, "refs/heads/", "branch"),
        "tag_push" => pushed(value, "refs/tags/", "tag"),
        "merge_request" => merge_request(value)?,
        "issue" | "work_item" => issue(value)?,
        "pipeline" => pipeline(value)?,
        "note" => note(value),
        "release" => release(value)?,
        _ => return None,
    };
    let project = first(
        value,
        &[
            "/project/path_with_namespace",
            "/project/name",
            "/repository/name",
        ],
    );
    let at = link(project, text(value, "/project/web_url"), MAX_NAME);
    Some(format!("{at}: {what}"))
}

fn user(value: &Value) -> String {
    plain(
        first(value, &["/user_name", "/user/name", "/user/username"]),
        MAX_NAME,
    )
}

/// A branch or a tag was pushed, made or deleted.
fn pushed(value: &Value, prefix: &str, kind: &str) -> String {
    let name = text(value, "/ref");
    let name = bold(name.strip_prefix(prefix).unwrap_or(name), MAX_NAME);
    let is_none = |path: &str| text(value, path).bytes().all(|byte| byte == b'0');
    let by = user(value);
    if is_none("/after") {
        return format!("{by} deleted the {kind} {name}");
    }
    let count = value["total_commits_count"].as_u64().unwrap_or_default();
    let commits = match count {
        1 => "1 commit".to_owned(),
        count => format!("{count} commits"),
    };
    let mut said = match (is_none("/before"), count) {
        (true, 0) => format!("{by} made the {kind} {name}"),
        (true, _) => format!("{by} made the {kind} {name} with {commits}"),
        (false, _) => format!("{by} pushed {commits} to {name}"),
    };
    // The newest stand last.
    let newest = list(value, "/commits").iter().rev().take(MAX_ITEMS);
    for commit in newest {
        let id: String = text(commit, "/id").chars().take(COMMIT).collect();
        let message = text(commit, "/message").lines().next().unwrap_or_default();
        let title = match text(commit, "/title") {
            "" => message,
            title => title,
        };
        // Writing to a string cannot fail.
        let _ = write!(
            said,
            "\n- {} {} ({})",
            link(&id, text(commit, "/url"), MAX_NAME),
            plain(title, MAX_TITLE),
            plain(text(commit, "/author/name"), MAX_NAME)
        );
    }
    let told = list(value, "/commits").len().min(MAX_ITEMS) as u64;
    if count > told && told > 0 {
        let _ = write!(said, "\n… and {} more", count - told);
    }
    said
}

/// What was done, if it is worth telling.
fn done(value: &Value) -> Option<&'static str> {
    Some(match text(value, "/object_attributes/action") {
        "open" => "opened",
        "close" => "closed",
        "reopen" => "reopened",
        "merge" => "merged",
        "approved" => "approved",
        "unapproved" => "took back the approval of",
        _ => return None,
    })
}

fn numbered(sign: char, value: &Value) -> String {
    let number = value["object_attributes"]["iid"]
        .as_u64()
        .unwrap_or_default();
    let title = format!("{sign}{number} {}", text(value, "/object_attributes/title"));
    link(&title, text(value, "/object_attributes/url"), MAX_TITLE)
}

fn merge_request(value: &Value) -> Option<String> {
    let branch = |path: &str| plain(text(value, path), MAX_NAME);
    Some(format!(
        "{} {} the merge request {} ({} → {})",
        user(value),
        done(value)?,
        numbered('!', value),
        branch("/object_attributes/source_branch"),
        branch("/object_attributes/target_branch")
    ))
}

fn issue(value: &Value) -> Option<String> {
    let kind = match text(value, "/object_attributes/type") {
        "" => "issue".to_owned(),
        kind => plain(kind, MAX_NAME).to_lowercase(),
    };
    Some(format!(
        "{} {} the {kind} {}",
        user(value),
        done(value)?,
        numbered('#', value)
    ))
}

fn pipeline(value: &Value) -> Option<String> {
    let (sign, state) = match text(value, "/object_attributes/status") {
        "success" => ("✅", "passed"),
        "failed" => ("🔴", "failed"),
        "canceled" => ("⚪", "was canceled"),
        _ => return None,
    };
    let number = value["object_attributes"]["id"]
        .as_u64()
        .unwrap_or_default();
    let url = match text(value, "/object_attributes/url") {
        // Older than 16.2.
        "" => format!("{}/-/pipelines/{number}", text(value, "/project/web_url")),
        url => url.to_owned(),
    };
    let mut said = format!(
        "{sign} {} of {} {state}",
        link(&format!("pipeline #{number}"), &url, MAX_NAME),
        bold(text(value, "/object_attributes/ref"), MAX_NAME)
    );
    // Writing to a string cannot fail.
    if let Some(seconds) = value["object_attributes"]["duration"].as_u64() {
        let _ = write!(said, " after {seconds} s");
    }
    let _ = write!(said, " ({})", user(value));
    let failed = list(value, "/builds")
        .iter()
        .filter(|job| text(job, "/status") == "failed");
    for job in failed
        .filter(|job| job["allow_failure"] != true)
        .take(MAX_ITEMS)
    {
        let name = format!("{}: {}", text(job, "/stage"), text(job, "/name"));
        let _ = write!(said, "\n- {} failed", plain(&name, MAX_NAME));
    }
    Some(said)
}

fn note(value: &Value) -> String {
    let of = |path: &str, sign: char| {
        let number = value
            .pointer(&format!("{path}/iid"))
            .and_then(Value::as_u64)?;
        let title = text(value.pointer(path)?, "/title");
        Some(format!("{sign}{number} {title}"))
    };
    let target = of("/merge_request", '!').or_else(|| of("/issue", '#'));
    let target = target.unwrap_or_else(|| {
        first(
            value,
            &["/snippet/title", "/commit/title", "/commit/message"],
        )
        .to_owned()
    });
    let on = link(&target, text(value, "/object_attributes/url"), MAX_TITLE);
    let words = plain(text(value, "/object_attributes/note"), MAX_TITLE);
    format!("{} commented on {on}\n> {words}", user(value))
}

fn release(value: &Value) -> Option<String> {
    if text(value, "/action") != "create" {
        return None;
    }
    let name = first(value, &["/name", "/tag"]);
    Some(format!(
        "released {}",
        link(name, text(value, "/url"), MAX_TITLE)
    ))
}
