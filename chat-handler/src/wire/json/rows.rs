//! What an answer of several lines holds, field by field: pages do not read sentences.

use serde::Serialize;

use crate::settings::Lang;
use crate::wording::{Line, Own};

/// One line of an answer; fields that are not set are left out.
#[derive(Default, Serialize)]
pub(super) struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    does: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    everywhere: bool,
}

/// The lines that have fields.
pub(super) fn rows<'a>(lines: &[Line<'a>], lang: Lang) -> Vec<Row<'a>> {
    let row = |line| row(line, lang);
    lines.iter().filter_map(row).collect()
}

fn row<'a>(line: &Line<'a>, lang: Lang) -> Option<Row<'a>> {
    Some(match *line {
        Line::Help(usage) => Row {
            command: Some(usage.name),
            arguments: Some(usage.arguments),
            does: Some(match lang {
                Lang::En => usage.en,
                Lang::Cs => usage.cs,
            }),
            ..Row::default()
        },
        Line::Own(Own::Help(name, arguments, does)) => Row {
            command: Some(name),
            arguments: Some(arguments),
            does: Some(does),
            ..Row::default()
        },
        Line::Ban {
            measure,
            everywhere,
            who,
            account,
            address,
            until,
            by,
            reason,
        } => Row {
            what: Some(measure),
            who: Some(who),
            account,
            address,
            until,
            by: Some(by),
            reason: Some(reason),
            everywhere,
            ..Row::default()
        },
        Line::Report {
            id,
            by,
            about,
            account,
            message,
            reason,
        } => Row {
            id: Some(id),
            who: Some(about),
            account,
            message,
            by: Some(by),
            reason: Some(reason),
            ..Row::default()
        },
        Line::Slow(seconds) => Row {
            seconds: Some(seconds),
            ..Row::default()
        },
        Line::Role(role, account) => Row {
            role: Some(role),
            account: Some(account),
            ..Row::default()
        },
        Line::Whois {
            who,
            account,
            person,
            address,
            role,
        } => Row {
            who: Some(who),
            account,
            person,
            address,
            role: Some(role),
            ..Row::default()
        },
        _ => return None,
    })
}
