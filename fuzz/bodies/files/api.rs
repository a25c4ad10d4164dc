//! Any body, at any endpoint of `api/v1`, from a program that may everything: an answer of the documented form, never an
//! error of the server's own.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_admin::api::v1::{ROUTES, Refusal};
use chat_admin::api::{Request, answer};
use chat_handler::settings::Settings;
use chat_token::sign::Signer;
use serde_json::{Value, json};

struct Site {
    settings: Settings,
    signer: Signer,
}

/// One for all runs, among what is temporary.
fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let dir: PathBuf = std::env::temp_dir().join(format!("chat-api-{}", std::process::id()));
        fs::create_dir_all(dir.join("keys")).expect("a directory");
        let pem = Signer::new_pem().expect("a key");
        let signer = Signer::from_pem(pem.as_bytes()).expect("a key");
        fs::write(dir.join("keys/k.pem"), signer.public_pem().expect("PEM")).expect("written");
        let ini = dir.join("chat.ini");
        let text = "[global]\nBASE_DIR=.\nJWT_KEYS=keys\nAPI_RATE=100000\nAPI_BURST=100000\n";
        fs::write(&ini, text).expect("written");
        let settings = Settings::load(Some(&ini), None).expect("good settings");
        Site { settings, signer }
    })
}

/// The first byte says which endpoint, what follows up to a line end stands in its path, the rest is the body.
pub fn run(bytes: &[u8]) {
    let Some((&which, rest)) = bytes.split_first() else {
        return;
    };
    let route = &ROUTES[usize::from(which) % ROUTES.len()];
    let line = rest.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (name, body) = rest.split_at(line);
    let name = String::from_utf8_lossy(name);
    let mut path = format!("v1/{}", route.path);
    for place in ["{room}", "{account}", "{channel}", "{id}"] {
        path = path.replace(place, &name);
    }
    let site = site();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let claims = json!({ "aud": "chat", "exp": now + 300, "scope": "admin" });
    let request = Request {
        method: route.method.to_owned(),
        path,
        length: Some(body.len() as u64),
        content_type: "application/json".to_owned(),
        authorization: Some(format!("Bearer {}", site.signer.sign("k", &claims))),
        ..Request::default()
    };
    let response = answer(&request, &site.settings, &mut &body[..], &mut |_| {});
    let told: Value = serde_json::from_slice(&response.body).expect("JSON");
    if response.status >= 400 {
        let code = told["error"]["code"].as_str().expect("a code");
        let known = Refusal::CODES
            .iter()
            .any(|&(known, status)| known == code && status == response.status);
        let of_pages = [
            "empty",
            "bad_time",
            "bad_has",
            "too_many",
            "bad_id",
            "too_many_searches",
        ]
        .contains(&code);
        assert!(known || of_pages, "{} {code}", response.status);
        assert!(response.status < 500, "{code}: {told}");
    }
}
