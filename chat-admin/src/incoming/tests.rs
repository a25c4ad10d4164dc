use super::*;
use proptest::prelude::*;
use serde_json::json;

const MOST: usize = 2_000;

macro_rules! posted {
    ($name:literal) => {
        read(
            include_bytes!(concat!("../../tests/incoming/", $name, ".json")),
            "application/json",
            MOST,
        )
        .unwrap()
    };
}

fn said(value: &Value) -> Post {
    read(value.to_string().as_bytes(), "application/json", MOST).unwrap()
}

fn of_slack(text: &str) -> String {
    said(&json!({ "text": text })).text.unwrap()
}

#[track_caller]
fn assert_said(post: &Post, text: &str) {
    assert_eq!(post.text.as_deref(), Some(text));
}

#[test]
fn alertmanager_groups_what_fires() {
    assert_said(
        &posted!("alertmanager"),
        "🔴 **Firing: DiskAlmostFull** (1 firing, 1 resolved)\n\
         - 🔴 /var has 3% left (instance=db_1.example.org:9100) \
         [source](http://prometheus.example.org:9090/graph?g0.expr=node_filesystem_avail_bytes&g0.tab=1) \
         [runbook](https://wiki.example.org/disk)\n\
         - ✅ /srv is \\*well\\* again (instance=db_2.example.org:9100)",
    );
    let many: Vec<_> = (0..30)
        .map(|n| json!({ "status": "firing", "labels": { "alertname": "A", "n": n.to_string() } }))
        .collect();
    let text = said(&json!({ "alerts": many, "commonLabels": { "alertname": "A" } }))
        .text
        .unwrap();
    assert!(
        text.starts_with("🔴 **Firing: A** (30)\n- A (n=0)\n") && text.ends_with("\n… and 20 more"),
        "{text}"
    );
    assert_said(
        &said(&json!({ "alerts": [], "status": "resolved" })),
        "✅ **Resolved:**",
    );
}

#[test]
fn grafana_says_what_is_well_again() {
    assert_said(
        &posted!("grafana"),
        "✅ **Resolved: High memory usage**\nMemory of zone eu-1 is high (team=blue, zone=eu-1) \
         [source](https://grafana.example.org/alerting/1afz29v7z/edit) \
         [silence](https://grafana.example.org/alerting/silence/new?alertmanager=grafana&matchers=alertname%3DHigh)",
    );
}

#[test]
fn gitlab_tells_what_people_did() {
    assert_said(
        &posted!("gitlab_push"),
        "[web/shop](https://git.example.org/web/shop): Anna Smith pushed 4 commits to **main**\n\
         - [da156088](https://git.example.org/web/shop/-/commit/da1560886d4f094c3e6c9ef40349f7d38b5d27d7) \
         fix read_me \\[ci skip] (Anna Smith)\n\
         - [b6568db1](https://git.example.org/web/shop/-/commit/b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327) \
         Translate the cart (Jordi)\n… and 2 more",
    );
    assert_said(
        &posted!("gitlab_merge_request"),
        "[web/shop](https://git.example.org/web/shop): Administrator opened the merge request \
         [!7 MS-Viewport](https://git.example.org/web/shop/-/merge_requests/7) (ms-viewport → main)",
    );
    assert_said(
        &posted!("gitlab_issue"),
        "[web/shop](https://git.example.org/web/shop): Administrator closed the issue \
         [#23 The cart beta forgets](https://git.example.org/web/shop/-/issues/23)",
    );
    assert_said(
        &posted!("gitlab_pipeline"),
        "[web/shop](https://git.example.org/web/shop): 🔴 \
         [pipeline #31](https://git.example.org/web/shop/-/pipelines/31) of **main** failed after 63 s (Administrator)\n\
         - test: browser failed",
    );
    for quiet in [
        json!({ "object_kind": "pipeline", "object_attributes": { "status": "running" } }),
        json!({ "object_kind": "merge_request", "object_attributes": { "action": "update" } }),
        json!({ "object_kind": "emoji" }),
    ] {
        assert_eq!(
            said(&quiet),
            Post {
                text: None,
                is_slack: false
            },
            "{quiet}"
        );
    }
    let zero = "0".repeat(40);
    let tag = json!({ "object_kind": "tag_push", "before": zero, "after": "82b3", "ref": "refs/tags/v1",
        "user_name": "Bob", "project": { "name": "shop" }, "commits": [], "total_commits_count": 0 });
    assert_said(&said(&tag), "shop: Bob made the tag **v1**");
    let gone = json!({ "object_kind": "push", "before": "82b3", "after": zero, "ref": "refs/heads/x_y_z",
        "user_name": "Bob", "project": { "name": "shop" } });
    assert_said(&said(&gone), "shop: Bob deleted the branch **x_y_z**");
    let note = json!({ "object_kind": "note", "user": { "name": "Bob" }, "project": { "name": "shop" },
        "object_attributes": { "note": "Fine\nby me", "url": "https://git.example.org/n" },
        "issue": { "iid": 7, "title": "Cart" } });
    assert_said(
        &said(&note),
        "shop: Bob commented on [#7 Cart](https://git.example.org/n)\n> Fine by me",
    );
}

#[test]
fn uptime_kuma_tells_what_is_down() {
    assert_said(
        &posted!("kuma"),
        "🔴 **Shop is down**: connect ECONNREFUSED 192.0.2.7:443 [open](https://shop.example.org)",
    );
    // Of a test from its settings, and of a certificate that is about to end.
    assert_said(
        &said(&json!({ "heartbeat": null, "monitor": null, "msg": "Testing" })),
        "Testing",
    );
    let ping = json!({ "heartbeat": { "status": 1, "msg": "" }, "monitor": { "name": "db", "url": "https://" }, "msg": "[db] [✅ Up]" });
    assert_said(&said(&ping), "✅ **db is up**: \\[db] \\[✅ Up]");
}

#[test]
fn slacks_blocks_are_shown_in_our_marks() {
    let post = posted!("slack_blocks");
    assert!(post.is_slack);
    assert_said(
        &post,
        "**New review \\***\n\
         Danny left [this review](https://example.org/r/7) for **Seattle & Sons**, ~~bad~~ _good_:\n\
         `a*b*c` channel @U024BE7LH #general\n\
         [Open](https://example.org/r/7)\n\
         **Rating**\n1.0\n5\\*3\\*2\n\
         [A cat](https://example.org/cat.png)\n\
         Author: **T. M.**\n\
         Basic **bold** 😄\n- [item](https://example.org)\n```\na = *b*\n```",
    );
    assert_said(
        &posted!("slack_attachments"),
        "Deployed\nIn **staging**\n[Robot](https://ci.example.org/)\n[Build 7](https://ci.example.org/7)\nAll is well\n\
         **Took**: 3 min\n**Tests**: 2100\nCI",
    );
}

#[test]
fn slacks_marks_become_ours_and_letters_stay() {
    for (slack, ours) in [
        ("*a* b*c*d *e f*", "**a** b*c*d **e f**"),
        ("2 * 3 * 4, *, * x*", "2 * 3 * 4, *, * x*"),
        ("*<https://a.example/x|b>*", "**[b](https://a.example/x)**"),
        ("<https://a.example/(x)>", "https://a.example/(x)"),
        (
            "<https://a.example/(x)|y[z]>",
            "[y z](https://a.example/%28x%29)",
        ),
        ("<javascript:alert(1)|click>", "<javascript:alert(1)|click>"),
        ("<mailto:a@b.example|write>", "a@b.example"),
        (
            "a < b &lt;i&gt; &amp;amp; `&lt;` *&lt;*",
            "a < b <i> &amp; `<` **<**",
        ),
        ("```\n*x* &lt;y&gt;\n```\n*z*", "```\n*x* <y>\n```\n**z**"),
        (
            "<!subteam^S1|@ops> <!date^1^{date}|then> <!here>",
            "ops then here",
        ),
        ("`open *x*", "`open **x**"),
    ] {
        assert_eq!(of_slack(slack), ours, "{slack}");
    }
    assert_said(
        &said(&json!({ "text": "*x* &lt;", "mrkdwn": false })),
        "\\*x\\* <",
    );
}

#[test]
fn what_cannot_be_understood_says_so() {
    let of = |body: &str, kind: &str| read(body.as_bytes(), kind, MOST);
    let json = "application/json; charset=utf-8";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(of("", json), Err(Unread::NoJson));
    assert_eq!(of("{", json), Err(Unread::NoJson));
    for none in ["[]", "7", "null", "{}", r#"{"content":"x"}"#] {
        assert_eq!(of(none, json), Err(Unread::NoForm), "{none}");
    }
    for none in [
        r#"{"text":""}"#,
        r#"{"text":" \n"}"#,
        r#"{"blocks":[]}"#,
        r#"{"attachments":[{}]}"#,
    ] {
        assert_eq!(of(none, json), Err(Unread::Slack("no_text")), "{none}");
    }
    for wrong in [
        r#"{"text":7}"#,
        r#"{"blocks":{}}"#,
        r#"{"text":"a","attachments":"b"}"#,
    ] {
        assert_eq!(
            of(wrong, json),
            Err(Unread::Slack("invalid_payload")),
            "{wrong}"
        );
    }
    for wrong in [
        "",
        "payload",
        "payload=%",
        "payload=%ff",
        "payload={",
        "payload=[]",
        "text=a",
    ] {
        assert_eq!(
            of(wrong, form),
            Err(Unread::Slack("invalid_payload")),
            "{wrong}"
        );
    }
    let post = of("a=b&payload=%7B%22text%22%3A+%22a+b%22%7D", form).unwrap();
    assert_said(&post, "a b");
    // What `curl -d` calls a form.
    assert_said(&of(r#" {"text":"a"}"#, form).unwrap(), "a");
}

#[test]
fn long_words_are_cut() {
    let text = of_slack(&"x".repeat(10_000));
    assert_eq!(text.chars().count(), MOST);
    assert!(text.ends_with('…'));
}

/// JSON with the names that the forms have, in all the wrong places.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "push",
            "note",
            "pipeline",
            "failed",
            "open",
            "*<`&~",
            "<a|b>",
            "<!x^>",
            "*a*",
            "section",
            "mrkdwn",
            "rich_text",
            "rich_text_list",
            "https://a.example",
            "text",
            "```",
            "resolved",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let key = proptest::sample::select(vec![
            "text",
            "blocks",
            "attachments",
            "type",
            "elements",
            "fields",
            "alerts",
            "labels",
            "annotations",
            "object_kind",
            "object_attributes",
            "status",
            "action",
            "commits",
            "builds",
            "heartbeat",
            "monitor",
            "msg",
            "url",
            "title",
            "style",
            "payload",
            "value",
            "ref",
            "before",
            "after",
            "id",
            "user",
            "name",
        ]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..8).prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_posted_is_bounded_and_no_panic(value in any_json(), most in 1_usize..200) {
        if let Ok(Post { text: Some(text), .. }) = read(value.to_string().as_bytes(), "application/json", most) {
            prop_assert!(text.chars().count() <= most && !text.trim().is_empty());
        }
    }

    #[test]
    fn whatever_text_slack_sends_is_no_panic(text in "[*~`<>|&;a !@#^\\n\\PC]{0,80}") {
        let _ = read(json!({ "text": text }).to_string().as_bytes(), "", 100);
    }

    #[test]
    fn whatever_bytes_come_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), is_form in any::<bool>()) {
        let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        let _ = read(&bytes, kind, 100);
    }
}
