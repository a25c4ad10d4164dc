//! A token of the site's log-in as a cookie (`JWT_COOKIE`): what the pages ask, they ask as whom it names.

use super::*;

/// What a page with this cookie gets.
fn ask(shop: &Shop, path: &str, token: &str) -> Answer {
    let cookie = format!("other=1; chat_token={token}");
    shop.site.run("GET", path, &[("HTTP_COOKIE", &cookie)], "")
}

#[test]
fn history_search_and_files_are_those_of_whom_the_cookie_names() {
    let shop = Shop::new("JWT_COOKIE=chat_token\n");
    let (admin, post) = (shop.scope("admin"), shop.scope("post"));
    let made = shop.ask(&admin, "POST", "private", &json!({ "title": "some" }));
    let room = made.body["room"].as_str().expect("a room").to_owned();
    let members = format!("rooms/{room}/members");
    let added = shop.ask(&admin, "POST", &members, &json!({ "account": "alice" }));
    assert!(added.status < 300, "{}", added.body);
    let words = json!({ "text": "sesame" });
    let said = shop.ask(&post, "POST", &format!("rooms/{room}/messages"), &words);
    assert_eq!(said.status, 201, "{}", said.body);
    let of = |claims: Value| shop.token(&claims);
    let alice = of(json!({ "scope": "user", "sub": "alice" }));
    let stranger = of(json!({ "scope": "user", "sub": "bob" }));
    let old = of(json!({ "scope": "user", "sub": "alice", "iat": now() - 900, "exp": now() - 60 }));
    let program = of(json!({ "scope": "read", "sub": "alice" }));
    let forged = format!("{}A", &alice[..alice.len() - 1]);
    let forged = if forged == alice {
        format!("{}B", &alice[..alice.len() - 1])
    } else {
        forged
    };
    let escaped = room.replace('~', "%7E");
    let history = format!("/history?room={escaped}");
    let page = ask(&shop, &history, &alice);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.to_string().contains("sesame"), "{}", page.body);
    let found = ask(&shop, "/search?q=sesame", &alice);
    assert!(
        found.body["hits"].to_string().contains("sesame"),
        "{}",
        found.body
    );
    // A file that is not there is asked for by whoever may, and by others not.
    let file = format!("/files/{}?room={escaped}", "0".repeat(32));
    let for_alice = ask(&shop, &file, &alice);
    for (what, token) in [
        ("another's", &stranger),
        ("an old one", &old),
        ("a program's", &program),
        ("a forged one", &forged),
        ("none", &String::new()),
    ] {
        let page = ask(&shop, &history, token);
        assert_eq!((page.status, page.code()), (404, "no_such_room"), "{what}");
        let found = ask(&shop, "/search?q=sesame", token);
        assert!(
            !found.body["hits"].to_string().contains("sesame"),
            "{what}: {}",
            found.body
        );
        let file = ask(&shop, &file, token);
        assert_eq!(file.status, 404, "{what}");
        assert!(
            !page.log.contains(token.as_str()) || token.is_empty(),
            "{what} is in no log"
        );
    }
    assert_eq!(for_alice.status, 404);
    // What is revoked is nobody's from then on.
    shop.ask(&admin, "POST", "revoke", &json!({ "sub": "alice" }));
    assert_eq!(ask(&shop, &history, &alice).code(), "no_such_room");
}
