//! docs/openapi.json is what the program does: every endpoint, every refusal, both ways.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn document() -> Value {
    let answer = Shop::new("").ask("", "GET", "openapi.json", &Value::Null);
    assert_eq!(answer.status, 200);
    answer.body
}

/// What a `$ref` leads to.
fn followed<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(to) => {
            let found = document.pointer(to.trim_start_matches('#'));
            found.unwrap_or_else(|| panic!("{to} leads nowhere"))
        }
        None => value,
    }
}

fn codes<'d>(document: &'d Value, response: &'d Value) -> Vec<&'d str> {
    let response = followed(document, response);
    let codes = &response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"]
        ["properties"]["code"]["enum"];
    codes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn every_endpoint_is_in_it_and_none_that_is_not_there() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    let mut written = BTreeSet::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let needs: Vec<_> = operation["security"]
                .as_array()
                .expect("who may")
                .iter()
                .map(|one| one["token"][0].as_str().expect("a scope").to_owned())
                .collect();
            written.insert((
                method.to_uppercase(),
                path.trim_start_matches('/').to_owned(),
                needs,
            ));
        }
    }
    let there = ROUTES.iter().map(|route| {
        let needs = match route.need {
            Need::Nothing | Need::Secret => vec![],
            Need::Scope { scope, people } => {
                let mut needs = vec![scope.as_str().to_owned()];
                needs.extend(people.then(|| "user".to_owned()));
                needs
            }
        };
        (route.method.to_owned(), route.path.to_owned(), needs)
    });
    assert_eq!(written, there.collect());
}

#[test]
fn every_refusal_is_in_it_with_its_status() {
    let document = document();
    let known: BTreeMap<&str, u16> = Refusal::CODES.iter().copied().collect();
    // Of endpoints that the pages have too.
    let of_pages: BTreeMap<&str, u16> = BTreeMap::from([
        ("bad_room", 400),
        ("bad_id", 400),
        ("empty", 400),
        ("bad_time", 400),
        ("bad_has", 400),
        ("too_many", 400),
        ("banned", 403),
        ("too_many_searches", 429),
    ]);
    let mut seen = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for operation in methods.as_object().expect("methods").values() {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                for code in codes(&document, response) {
                    let expected = known.get(code).or_else(|| of_pages.get(code));
                    assert_eq!(
                        expected.map(u16::to_string).as_ref(),
                        Some(status),
                        "{path}: {code}"
                    );
                    seen.insert(code.to_owned());
                }
            }
        }
    }
    for code in known.keys() {
        assert!(
            seen.contains(*code),
            "{code} is in no answer of the document"
        );
    }
}

/// What really comes is among what the document says: status, and the fields that it says are always there.
#[test]
fn what_is_answered_is_what_it_says() {
    let document = document();
    let shop = Shop::new("API_BURST=100000\n");
    let token = shop.scope("post read moderate admin");
    shop.ask(
        &token,
        "POST",
        "rooms/lobby/messages",
        &json!({ "text": "first" }),
    );
    for route in ROUTES {
        let operation = &document["paths"][format!("/{}", route.path)][route.method.to_lowercase()];
        let (path, body) = example(&shop, route.path, route.method);
        for token in [token.as_str(), "", "x"] {
            let answer = shop.ask(token, route.method, &path, &body);
            let response = &operation["responses"][answer.status.to_string()];
            assert!(
                response.is_object(),
                "{route:?}: {} {}",
                answer.status,
                answer.body
            );
            if !response["content"]["text/plain"].is_null() && answer.body.is_string() {
                continue;
            }
            if answer.status >= 400 {
                let codes = codes(&document, response);
                assert!(
                    codes.contains(&answer.code()),
                    "{route:?}: {} is not among {codes:?}",
                    answer.code()
                );
                continue;
            }
            let schema = followed(
                &document,
                &response["content"]["application/json"]["schema"],
            );
            for field in schema["required"].as_array().into_iter().flatten() {
                let name = field.as_str().expect("a name");
                assert!(
                    !answer.body[name].is_null(),
                    "{route:?} lacks {name}: {}",
                    answer.body
                );
            }
            if schema["additionalProperties"] == false {
                for name in answer.body.as_object().expect("an object").keys() {
                    assert!(
                        schema["properties"][name].is_object(),
                        "{route:?} has {name}, which is not in the document"
                    );
                }
            }
        }
    }
}
