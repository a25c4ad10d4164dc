//! `chat-cgi` as a web server runs it: the real program, its environment, its stdin and stdout.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::cluster_of_one::{ClusterOfOne, LOGINS, needs_alone};
use serde_json::{Value, json};

/// A chat's files, and requests to it.
pub(crate) struct Site {
    // Before the files that it uses.
    _cluster: Option<ClusterOfOne>,
    dir: tempfile::TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) log: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// `PHPSESSID=...`, as the browser would send it back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header("Set-Cookie").expect("a cookie");
        set.split(';').next().unwrap().to_owned()
    }
}

impl Site {
    pub(crate) fn new(lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ini = dir.path().join("chat.ini");
        fs::write(&ini, format!("[global]\nBASE_DIR=.\n{lines}")).unwrap();
        Self {
            _cluster: ClusterOfOne::of(&ini, dir.path()),
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn run(
        &self,
        method: &str,
        path: &str,
        variables: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.run_program("chat-cgi", method, path, variables, body)
    }

    pub(crate) fn run_program(
        &self,
        program: &str,
        method: &str,
        path: &str,
        variables: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut command = Command::new(e2e::under_test::beside(program));
        command
            .env_clear()
            .env("CHAT_CONFIG", self.path("chat.ini"))
            .env("GATEWAY_INTERFACE", "CGI/1.1")
            .env("REQUEST_METHOD", method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("HTTP_HOST", "chat.example.org")
            .env("REMOTE_ADDR", "192.0.2.7")
            .env("CONTENT_LENGTH", body.len().to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut program = command.spawn().unwrap();
        // It may answer without reading what it does not want.
        let _ = program.stdin.take().unwrap().write_all(body.as_bytes());
        let output = program.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("headers and a body");
        let headers: Vec<_> = head
            .lines()
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let status = headers[0].1[..3].parse().unwrap();
        let is_json = headers
            .iter()
            .any(|(name, value)| name == "Content-Type" && value.starts_with("application/json"));
        let body = match body {
            "" => Value::Null,
            body if is_json => serde_json::from_str(body).expect("JSON"),
            body => Value::from(body),
        };
        Answer {
            status,
            headers,
            body,
            log: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn get(&self, path: &str, cookie: &str) -> Answer {
        self.run("GET", path, &[("HTTP_COOKIE", cookie)], "")
    }

    pub(crate) fn post(&self, cookie: &str, body: &Value) -> Answer {
        let variables = [
            ("HTTP_COOKIE", cookie),
            ("CONTENT_TYPE", "application/json"),
            ("HTTP_SEC_FETCH_SITE", "same-origin"),
            ("HTTP_ORIGIN", "https://chat.example.org"),
        ];
        self.run("POST", "/session", &variables, &body.to_string())
    }

    fn sessions(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path("sessions"))
            .map(|files| files.map(|file| file.unwrap().path()).collect());
        files.unwrap_or_default()
    }
}

#[test]
fn a_name_is_kept_in_a_session_only_this_browser_can_name() {
    let _alone = needs_alone(LOGINS);
    let site = Site::new("");
    assert_eq!(
        site.get("/session", "").body,
        json!({"name": null, "color": null, "account": null, "moderator": false})
    );
    let answer = site.post("", &json!({"name": "Železná Lady", "color": "#aa0000"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["name"], "Železná-Lady");
    let cookie = answer.header("Set-Cookie").unwrap();
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let files = site.sessions();
    assert_eq!(files.len(), 1);
    assert_eq!(
        fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = site.get("/session", &answer.cookie());
    assert_eq!(
        again.body,
        json!({"name": "Železná-Lady", "color": "#aa0000", "account": null, "moderator": false})
    );
}

#[test]
fn every_name_typed_gets_a_fresh_id_so_that_none_can_be_planted() {
    let site = Site::new("");
    let planted = site.post("", &json!({"name": "mallory"})).cookie();
    let mine = site.post(&planted, &json!({"name": "alice"})).cookie();
    assert_ne!(planted, mine);
    assert_eq!(site.get("/session", &planted).body["name"], Value::Null);
    assert_eq!(site.get("/session", &mine).body["name"], "alice");
    // An id that the server did not make is not adopted.
    let unknown = site
        .post(
            "PHPSESSID=0123456789abcdef0123456789abcdef",
            &json!({"name": "eve"}),
        )
        .cookie();
    assert!(!unknown.contains("0123456789abcdef"));
}

#[test]
fn a_typed_name_is_no_account_and_makes_no_moderator() {
    let _alone = needs_alone(LOGINS);
    let site = Site::new("SESSION_ADMIN_PATH=admin\n");
    let body = json!({"name": "root", "admin": true, "username": "root", "account": "root", "color": "red"});
    let answer = site.post("", &body);
    let seen = site.get("/session", &answer.cookie()).body;
    assert_eq!(
        seen,
        json!({"name": "root", "color": "red", "account": null, "moderator": false})
    );
    let text = fs::read_to_string(&site.sessions()[0]).unwrap();
    assert_eq!(text, "chat_name|s:4:\"root\";chat_color|s:3:\"red\";");
}

#[test]
fn the_sites_own_log_in_stays_what_it_is() {
    let site = Site::new("SESSION_ADMIN_PATH=admin\n");
    fs::create_dir_all(site.path("sessions")).unwrap();
    let file = site.path("sessions/sess_abcdefghijklmnopqrstuvwxyz");
    fs::write(
        &file,
        "username|s:5:\"alice\";cart|a:1:{i:0;s:3:\"tea\";}admin|b:1;",
    )
    .unwrap();
    let cookie = "PHPSESSID=abcdefghijklmnopqrstuvwxyz";
    let answer = site.post(cookie, &json!({"name": "Queen", "color": "gold"}));
    assert_eq!(
        answer.body,
        json!({"name": "Queen", "color": "gold", "account": "alice", "moderator": true})
    );
    assert_eq!(answer.header("Set-Cookie"), None);
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("username|s:5:\"alice\";cart|a:1:{i:0;s:3:\"tea\";}admin|b:1;"),
        "{text}"
    );

    let variables = [
        ("HTTP_COOKIE", cookie),
        ("CONTENT_TYPE", "application/json"),
        ("HTTP_SEC_FETCH_SITE", "same-origin"),
    ];
    let left = site.run("DELETE", "/session", &variables, "");
    assert_eq!(
        (left.body["name"].as_str(), left.body["account"].as_str()),
        (Some("alice"), Some("alice"))
    );
    assert!(file.exists());
    assert_eq!(site.get("/session", cookie).body["name"], "alice");
}

#[test]
fn forgetting_a_typed_name_ends_its_session() {
    let site = Site::new("");
    let cookie = site.post("", &json!({"name": "alice"})).cookie();
    let variables = [
        ("HTTP_COOKIE", cookie.as_str()),
        ("CONTENT_TYPE", "application/json"),
    ];
    let answer = site.run("DELETE", "/session", &variables, "");
    assert_eq!(answer.body["name"], Value::Null);
    assert!(answer.header("Set-Cookie").unwrap().contains("Max-Age=0"));
    assert!(site.sessions().is_empty());
}

#[test]
fn changes_from_other_sites_are_refused() {
    let site = Site::new("");
    let body = json!({"name": "x"}).to_string();
    let own = "https://chat.example.org";
    for (kind, fetch, origin) in [
        ("text/plain", "same-origin", own),
        ("application/x-www-form-urlencoded", "same-origin", own),
        ("application/json", "cross-site", own),
        ("application/json", "same-site", own),
        ("application/json", "", "https://evil.example"),
        ("application/json", "", "null"),
    ] {
        let variables = [
            ("CONTENT_TYPE", kind),
            ("HTTP_SEC_FETCH_SITE", fetch),
            ("HTTP_ORIGIN", origin),
        ];
        for method in ["POST", "DELETE"] {
            let answer = site.run(method, "/session", &variables, &body);
            assert_eq!(
                (answer.status, answer.code()),
                (403, "cross_site"),
                "{method} {kind} {fetch} {origin}"
            );
        }
    }
    assert!(site.sessions().is_empty());
}

#[test]
fn bad_input_is_told_by_code_and_changes_nothing() {
    let site = Site::new("");
    let long = "x".repeat(33);
    for (body, code) in [
        (json!({"name": ""}), "bad_name"),
        (json!({"name": "../x"}), "bad_name"),
        (json!({"name": "a\u{202e}b"}), "bad_name"),
        (json!({"name": "a\nb"}), "bad_name"),
        (json!({"name": long}), "bad_name"),
        (json!({}), "bad_name"),
        (json!({"name": 5}), "bad_json"),
        (json!([]), "bad_json"),
        (json!({"name": "a", "color": "url(x)"}), "bad_color"),
        (json!({"name": "a", "color": "red;x:y"}), "bad_color"),
    ] {
        let answer = site.post("", &body);
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
    let huge = site.post("", &json!({"name": "x".repeat(9000)}));
    assert_eq!((huge.status, huge.code()), (413, "too_long"));
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/session/../config", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("PUT", "/session", 405, "bad_method"),
        ("POST", "/rooms", 405, "bad_method"),
        ("GET", "/rooms?q=%zz", 400, "bad_query"),
    ] {
        let answer = site.run(method, path, &[], "");
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{method} {path}"
        );
    }
    assert!(site.sessions().is_empty());
}

#[test]
fn every_answer_is_for_these_pages_only() {
    let site = Site::new("");
    for path in ["/session", "/config", "/rooms", "/health", "/nothing"] {
        let answer = site.get(path, "");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
        assert_eq!(
            answer.header("X-Content-Type-Options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(
            answer
                .header("Content-Security-Policy")
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{path}");
    }
    let head = site.run("HEAD", "/session", &[], "");
    assert_eq!((head.status, head.body), (200, Value::Null));
}

#[test]
fn the_page_is_told_where_the_rooms_are() {
    let url = |lines: &str, software: &str| {
        let answer = Site::new(lines).run("GET", "/config", &[("SERVER_SOFTWARE", software)], "");
        answer.body["websocket_url"].as_str().unwrap().to_owned()
    };
    assert_eq!(url("", "websocketd/0.1.0"), "./");
    assert_eq!(url("", "Apache/2.4.62 (Debian)"), "rooms/");
    let named = "WEBSOCKETD_SERVER_URL=wss://chat.example.org/chat/rooms/\n";
    assert_eq!(
        url(named, "websocketd/0.1.0"),
        "wss://chat.example.org/chat/rooms/"
    );
}

#[test]
fn the_page_is_told_where_people_log_in_if_anywhere() {
    let url =
        |lines: &str| Site::new(lines).run("GET", "/config", &[], "").body["login_url"].clone();
    assert_eq!(url(""), Value::Null);
    assert_eq!(
        url("LOGIN_URL=/chat/php/login.php\n"),
        "/chat/php/login.php"
    );
    assert_eq!(
        url("LOGIN_URL=https://example.org/login?x=1\n"),
        "https://example.org/login?x=1"
    );
    // An address of another kind is refused as a whole: no page runs it.
    let _alone = needs_alone("no relay starts with a chat.ini that is wrong");
    for bad in ["javascript:alert(1)", "//evil.example/", "/\\evil.example/"] {
        assert_eq!(url(&format!("LOGIN_URL={bad}\n")), Value::Null, "{bad}");
    }
}

#[test]
fn a_relay_is_told_only_with_credentials_that_end() {
    let open = Site::new("ICE_SERVER_DNS=stun.example.org\nTURN_URLS=turn:turn.example.org\n");
    let servers = open.get("/config", "").body["ice_servers"].clone();
    assert_eq!(servers, json!([{"urls": ["stun:stun.example.org"]}]));

    let site = Site::new(
        "TURN_URLS=turn:turn.example.org:3478?transport=udp\nTURN_SECRET=0123456789abcdef\nTURN_TTL=600\n",
    );
    let cookie = site.post("", &json!({"name": "alice"})).cookie();
    let body = site.get("/config", &cookie).body;
    let server = &body["ice_servers"][0];
    assert_eq!(
        server["urls"],
        json!(["turn:turn.example.org:3478?transport=udp"])
    );
    let (end, name) = server["username"]
        .as_str()
        .unwrap()
        .split_once(':')
        .unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let left = end.parse::<u64>().unwrap() - now;
    assert!((1..=600).contains(&left), "{server}");
    assert!(
        name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{server}"
    );
    assert!(!body.to_string().contains("0123456789abcdef"));
}

#[test]
fn rooms_are_listed_with_people_descriptions_and_sizes() {
    let site = Site::new("[room descriptions]\nlobby=Where everybody begins\n");
    for dir in ["rooms", "users"] {
        fs::create_dir_all(site.path(dir)).unwrap();
    }
    fs::write(site.path("rooms/old.log"), "x".repeat(100)).unwrap();
    fs::write(site.path("rooms/old.log.1"), "x".repeat(50)).unwrap();
    fs::write(site.path("rooms/silent.log"), "").unwrap();
    fs::write(site.path("rooms/Železná-hospoda.log"), "x").unwrap();
    fs::write(site.path("rooms/notes.txt"), "x").unwrap();
    let alive = fs::File::create(site.path("users/old_alice")).unwrap();
    assert!(chat_store::fs::slots::hold(&alive).unwrap().is_some());
    fs::write(site.path("users/old_ghost"), "red\n").unwrap();

    let names = |path: &str| {
        let body = site.get(path, "").body;
        let rooms = body["rooms"].as_array().unwrap().clone();
        let mut names: Vec<_> = rooms
            .iter()
            .map(|room| {
                (
                    room["name"].as_str().unwrap().to_owned(),
                    room["people"].as_u64().unwrap(),
                    room["size"].as_u64().unwrap(),
                )
            })
            .collect();
        names.sort();
        names
    };
    let of = |name: &str, people, size| (name.to_owned(), people, size);
    assert_eq!(names("/rooms"), [of("lobby", 0, 0), of("old", 1, 150)]);
    assert_eq!(names("/rooms?people=1"), [of("old", 1, 150)]);
    assert_eq!(
        names("/rooms?list=historical"),
        [of("old", 1, 150), of("Železná-hospoda", 0, 1)]
    );
    assert_eq!(
        names("/rooms?list=historical&q=%C5%BDELEZN%C3%81"),
        [of("Železná-hospoda", 0, 1)]
    );
    assert_eq!(names("/rooms?q=everybody"), [of("lobby", 0, 0)]);
    let first = site.get("/rooms?limit=1", "").body;
    assert_eq!(
        (first["rooms"][0]["name"].as_str(), first["next"].as_str()),
        (Some("old"), Some("1"))
    );
    let second = site.get("/rooms?limit=1&after=1", "").body;
    assert_eq!(
        (second["rooms"][0]["name"].as_str(), second["next"].as_str()),
        (Some("lobby"), None)
    );
    drop(alive);
}

/// A log of 250 messages, one a second, and other records.
fn written_room(site: &Site) {
    fs::create_dir_all(site.path("rooms")).unwrap();
    let mut log = String::new();
    for number in 0..250 {
        let time = format!(
            "2026-11-21T10:{:02}:{:02}.000000Z",
            number / 60,
            number % 60
        );
        let line = match number {
            100 => format!("{time}\tcolor\tbob\tcolor=red\t\n"),
            249 => format!("{time}\tsay\tŽofie\tmsgid=m1\tPříliš žluťoučký <b>kůň</b>\n"),
            _ => format!("{time}\tsay\talice\t\tmessage {number}\n"),
        };
        log.push_str(&line);
    }
    fs::write(site.path("rooms/pub.log"), log).unwrap();
}

#[test]
fn history_comes_page_by_page_and_each_record_once() {
    let site = Site::new("[room descriptions]\npub=A \"pub\"\n");
    written_room(&site);
    let mut seen = Vec::new();
    let mut path = "/history?room=pub&limit=60".to_owned();
    loop {
        let body = site.get(&path, "").body;
        assert_eq!(
            (body["room"].as_str(), body["description"].as_str()),
            (Some("pub"), Some("A \"pub\""))
        );
        let texts: Vec<_> = body["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["text"].as_str().unwrap().to_owned())
            .collect();
        assert!(texts.len() <= 60);
        seen.splice(0..0, texts);
        if body["more"] == false {
            break;
        }
        path = format!(
            "/history?room=pub&limit=60&before={}",
            body["oldest"].as_str().unwrap()
        );
    }
    let wanted = (0..250)
        .filter(|&number| number != 100)
        .map(|number| match number {
            249 => "Příliš žluťoučký <b>kůň</b>".to_owned(),
            _ => format!("message {number}"),
        });
    assert_eq!(seen, wanted.collect::<Vec<_>>());
}

#[test]
fn history_is_searched_whatever_the_case() {
    let site = Site::new("");
    written_room(&site);
    let found = |words: &str| {
        let body = site.get(&format!("/history?room=pub&q={words}"), "").body;
        assert_eq!(body["more"], false);
        body["records"].as_array().unwrap().len()
    };
    assert_eq!(
        (
            found("KON%C4%9A"),
            found("K%C5%AE%C5%87"),
            found("%C5%BEOFIE"),
            found("message+24")
        ),
        (0, 1, 1, 10)
    );
    assert_eq!(found("%3Cscript%3E"), 0);
    // Without the accents that it has, and with one that it has not.
    assert_eq!(
        (found("kun"), found("Zofie"), found("z%CC%8Cof%C3%ADe")),
        (1, 1, 1)
    );
}

#[test]
fn a_page_after_an_id_goes_on_where_the_page_before_it_ends() {
    let site = Site::new("");
    written_room(&site);
    let page = |query: &str| {
        let body = site.get(&format!("/history?room=pub&{query}"), "").body;
        let records = body["records"].as_array().unwrap();
        let ids = records
            .iter()
            .map(|record| record["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let newest = page("limit=60");
    let [at, next] = [&newest[20], &newest[21]];
    assert_eq!(page(&format!("limit=5&after={at}")), newest[21..26]);
    assert_eq!(
        page(&format!("limit=1&before={next}")),
        std::slice::from_ref(at)
    );
    let wrong = site.get("/history?room=pub&after=tomorrow", "");
    assert_eq!(
        (wrong.status, &wrong.body["error"]["code"]),
        (400, &json!("bad_id"))
    );
}

#[test]
fn a_history_that_cannot_be_is_told() {
    let site = Site::new("");
    assert_eq!(
        site.get("/history?room=nowhere", "").body,
        json!({"room": "nowhere", "more": false, "records": []})
    );
    for (path, code) in [
        ("/history?room=..%2F..%2Fetc%2Fpasswd", "bad_room"),
        ("/history?room=.hidden", "bad_room"),
        ("/history?room=a%00b", "bad_room"),
        ("/history?room=pub&before=yesterday", "bad_id"),
    ] {
        let answer = site.get(path, "");
        assert_eq!((answer.status, answer.code()), (400, code), "{path}");
    }
}

#[test]
fn health_tells_what_is_not_usable() {
    let site = Site::new("");
    assert_eq!(site.get("/health", "").body, json!({"status": "ok"}));
    let _ = fs::remove_dir_all(site.path("rooms"));
    fs::write(site.path("rooms"), "a file where a directory should be").unwrap();
    let answer = site.get("/health", "");
    assert_eq!((answer.status, answer.code()), (503, "storage"));
    assert!(
        !answer
            .body
            .to_string()
            .contains(site.dir.path().to_str().unwrap())
    );
}

#[test]
fn a_broken_configuration_is_told_to_the_log_and_not_to_the_world() {
    let _alone = needs_alone("no relay starts with a chat.ini that is wrong");
    let site = Site::new("NO_SUCH_KEY=1\n");
    let answer = site.get("/config", "");
    assert_eq!((answer.status, answer.code()), (500, "config"));
    assert!(!answer.body.to_string().contains("NO_SUCH_KEY"));
    assert!(answer.log.contains("NO_SUCH_KEY"), "{}", answer.log);
}

#[test]
fn who_may_not_enter_may_not_read() {
    let site = Site::new(
        "ANONYMOUS=no\nTURN_URLS=turn:turn.example.org:3478\nTURN_SECRET=0123456789abcdef\n",
    );
    for dir in ["rooms", "sessions"] {
        fs::create_dir_all(site.path(dir)).unwrap();
    }
    let line = "2026-11-21T10:15:30.123456Z\tsay\talice\t\tamong us\n";
    fs::write(site.path("rooms/lobby.log"), line).unwrap();
    // A name that is only typed opens nothing.
    let typed = site.post("", &json!({"name": "alice"})).cookie();
    for cookie in ["", &typed] {
        for path in ["/history?room=lobby", "/rooms", "/rooms?list=historical"] {
            let answer = site.get(path, cookie);
            assert_eq!(
                (answer.status, answer.code()),
                (403, "anonymous_refused"),
                "{path}"
            );
            assert!(!answer.body.to_string().contains("among us"));
        }
        assert_eq!(site.get("/config", cookie).body["ice_servers"], json!([]));
    }
    let id = "abcdefghijklmnopqrstuvwxyz";
    fs::write(
        site.path(&format!("sessions/sess_{id}")),
        "username|s:3:\"bob\";",
    )
    .unwrap();
    let cookie = format!("PHPSESSID={id}");
    let answer = site.get("/history?room=lobby", &cookie);
    assert_eq!(
        (answer.status, &answer.body["records"][0]["text"]),
        (200, &json!("among us"))
    );
    assert_eq!(site.get("/rooms?list=historical", &cookie).status, 200);
    assert!(site.get("/config", &cookie).body["ice_servers"][0]["credential"].is_string());
}

#[test]
fn whispers_of_an_old_log_are_in_no_page() {
    let site = Site::new("");
    fs::create_dir_all(site.path("rooms")).unwrap();
    let log = "[10:15:29] alice> bob: only for bob\n[10:15:30] alice> for all\n";
    fs::write(site.path("rooms/lobby.log"), log).unwrap();
    for path in ["/history", "/history?q=bob", "/history?q=only"] {
        let body = site.get(path, "").body.to_string();
        assert!(!body.contains("only for bob"), "{path}: {body}");
    }
    assert!(
        site.get("/history", "")
            .body
            .to_string()
            .contains("for all")
    );
}

/// Every way in asks the same question: who is banned neither reads on nor gets a relay for calls.
#[test]
fn who_is_banned_gets_no_history_and_no_relay() {
    let site = Site::new("TURN_URLS=turn:turn.example.org:3478\nTURN_SECRET=0123456789abcdef\n");
    let relayed = |path: &str| {
        let servers = site.get(path, "").body["ice_servers"].clone();
        servers
            .as_array()
            .is_some_and(|servers| !servers.is_empty())
    };
    assert_eq!(site.get("/history?room=r", "").status, 200);
    assert!(relayed("/config") && relayed("/config?room=r"));
    let chatctl = |arguments: &[&str]| {
        let status = Command::new(e2e::under_test::beside("chatctl"))
            .env("CHAT_CONFIG", site.path("chat.ini"))
            .args(arguments)
            .status()
            .expect("chatctl starts");
        assert!(status.success());
    };
    chatctl(&["ban", "r", "troll", "--address", "192.0.2.7"]);
    let refused = site.get("/history?room=r", "");
    assert_eq!((refused.status, refused.code()), (403, "banned"));
    assert!(!relayed("/config") && !relayed("/config?room=r"));
    // Elsewhere nothing has changed.
    assert_eq!(site.get("/history?room=other", "").status, 200);
    assert!(relayed("/config?room=other"));
    chatctl(&["ban", "*", "troll", "--address", "192.0.2.7"]);
    assert_eq!(site.get("/history?room=other", "").status, 403);
    assert!(!relayed("/config?room=other"));
}

/// The relay counts its streams by the name in the credentials: nobody may use up another's.
#[test]
fn a_quota_of_the_relay_is_nobody_elses() {
    let site = Site::new("TURN_URLS=turn:turn.example.org:3478\nTURN_SECRET=0123456789abcdef\n");
    let quota = |cookie: &str, address: &str| {
        let answer = site.run(
            "GET",
            "/config",
            &[("HTTP_COOKIE", cookie), ("REMOTE_ADDR", address)],
            "",
        );
        let username = answer.body["ice_servers"][0]["username"].clone();
        username
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap()
            .1
            .to_owned()
    };
    fs::create_dir_all(site.path("sessions")).unwrap();
    let id = "abcdefghijklmnopqrstuvwxyz";
    let file = site.path(&format!("sessions/sess_{id}"));
    fs::write(file, "username|s:5:\"alice\";").unwrap();
    let alice = format!("PHPSESSID={id}");
    let typed = site.post("", &json!({"name": "alice"})).cookie();
    let guest = quota("", "192.0.2.7");
    // A name that is only typed and a new session are the same guest.
    assert_eq!(quota(&typed, "192.0.2.7"), guest);
    assert_ne!(quota("", "192.0.2.8"), guest);
    assert_ne!(quota(&alice, "192.0.2.7"), guest);
    assert_eq!(quota(&alice, "192.0.2.7"), quota(&alice, "198.51.100.9"));
}

#[test]
fn the_history_of_a_room_is_that_of_all_names_that_look_like_it() {
    let site = Site::new("");
    fs::create_dir_all(site.path("rooms")).unwrap();
    let line = "2026-11-21T10:15:30.123456Z\tsay\talice\t\thello\n";
    fs::write(site.path("rooms/Kino.log"), line).unwrap();
    let body = site.get("/history?room=kino", "").body;
    assert_eq!(
        (&body["room"], &body["records"][0]["text"]),
        (&json!("Kino"), &json!("hello"))
    );
}

/// Each is a file: nobody fills the disk with names that he types.
#[test]
fn one_visitor_gets_some_sessions_and_no_more() {
    let site = Site::new("");
    fs::create_dir_all(site.path("run")).unwrap();
    let post = |address: &str, cookie: &str| {
        let variables = [
            ("HTTP_COOKIE", cookie),
            ("CONTENT_TYPE", "application/json"),
            ("HTTP_SEC_FETCH_SITE", "same-origin"),
            ("REMOTE_ADDR", address),
        ];
        site.run("POST", "/session", &variables, "{\"name\":\"alice\"}")
    };
    let mine = post("192.0.2.8", "").cookie();
    let codes: Vec<u16> = (0..70).map(|_| post("192.0.2.7", "").status).collect();
    assert_eq!(codes[..60], [200; 60]);
    assert_eq!(codes[69], 429);
    assert_eq!(post("192.0.2.7", "").code(), "too_many_sessions");
    assert!(site.sessions().len() <= 70);
    // Others may, and whoever has one may change it.
    assert_eq!(post("192.0.2.8", "").status, 200);
    assert_eq!(post("192.0.2.7", &mine).status, 200);
}

/// Names and texts are whatever their owners made of them, and the file is opened from a disk.
#[test]
fn members_get_a_transcript_of_a_period() {
    let site = Site::new("");
    fs::create_dir_all(site.path("rooms")).unwrap();
    let line = |day: u8, text: &str| {
        format!("2026-10-{day:02}T12:00:00.000000Z\tsay\t\"><img src=x>\taccount=a\t{text}\n")
    };
    let log = "[10:15:30] bob> alice: a whisper\n".to_owned()
        + &line(1, "first")
        + &line(2, "</bdi><script>alert(1)</script>")
        + "2026-10-02T13:00:00.000000Z\tsay\tcarol\t\t     \n"
        + &line(3, "third");
    fs::write(site.path("rooms/r.log"), log).unwrap();
    let period = "/transcript?room=r&from=2026-10-02&to=2026-10-02&format=html";
    let answer = site.get(period, "");
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    let disposition = answer.header("Content-Disposition").unwrap();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    let page = answer.body.as_str().unwrap();
    let body = page.split_once("</style>").unwrap().1;
    assert!(
        !body.contains("<script") && !body.contains("<img"),
        "{body}"
    );
    assert!(
        body.contains("&lt;/bdi&gt;&lt;script&gt;alert(1)"),
        "{body}"
    );
    assert!(body.contains("(taken back)") && !body.contains("first") && !body.contains("third"));
    let text = || {
        site.get("/transcript?room=r", "")
            .body
            .as_str()
            .unwrap()
            .to_owned()
    };
    let all = text();
    assert!(
        all.contains("first") && all.contains("third") && !all.contains("whisper"),
        "{all}"
    );
    let array = site.get("/transcript?room=r&format=json", "").body;
    assert_eq!(array.as_array().map(Vec::len), Some(4));
    assert_eq!(array[0]["from"], "\"><img src=x>");
    assert_eq!(
        site.get("/transcript?room=r&from=soon", "").code(),
        "bad_time"
    );
    assert_eq!(
        site.get("/transcript?room=r&format=pdf", "").code(),
        "bad_format"
    );
    // As it is by now: who edited something shows the others no other form of it.
    let about = "target=2026-10-03T12:00:00.000000Z";
    let later = format!(
        "2026-10-03T12:01:00.000000Z\tedit\t\"><img src=x>\taccount=a;{about}\tfourth\u{2028}line\n\
         2026-10-03T12:02:00.000000Z\treact\tbob\t{about}\t\u{1f44d}\n"
    );
    let before = fs::read_to_string(site.path("rooms/r.log")).unwrap();
    fs::write(site.path("rooms/r.log"), before + &later).unwrap();
    let all = text();
    let wanted = ": fourth\n    line (edited)\n    \u{1f44d} bob\n";
    assert!(all.ends_with(wanted) && !all.contains("third"), "{all}");
    let array = site.get("/transcript?room=r&format=json", "").body;
    assert_eq!(array[3]["edited"], "2026-10-03T12:01:00.000000Z");
    let reactions = serde_json::json!([{"text": "\u{1f44d}", "by": ["bob"], "count": 1}]);
    assert_eq!(array[3]["reactions"], reactions);
    let page = site.get("/history?room=r", "").body;
    assert_eq!(page["records"][3]["text"], "fourth\nline", "{page}");
    let period = "/transcript?room=r&from=2026-10-03&to=2026-10-03T12:01&format=html";
    let page = site.get(period, "").body;
    assert!(
        page.as_str()
            .unwrap()
            .contains("<bdi>fourth\nline</bdi> <small>(edited)")
    );
    // What was cleared is in no transcript either.
    fs::create_dir_all(site.path("state")).unwrap();
    fs::write(site.path("state/r.clear"), "2026-10-02T14:00:00.000000Z\n").unwrap();
    assert_eq!(text().lines().count(), 3, "{}", text());
}

#[test]
fn who_is_banned_gets_no_transcript_and_strangers_none_where_one_must_log_in() {
    let site = Site::new("");
    fs::create_dir_all(site.path("state")).unwrap();
    fs::write(
        site.path("state/r.bans"),
        "-\tban\ttroll\taddress=192.0.2.7\tspam\n",
    )
    .unwrap();
    let answer = site.get("/transcript?room=r", "");
    assert_eq!((answer.status, answer.code()), (403, "banned"));
    let site = Site::new("ANONYMOUS=no\n");
    assert_eq!(
        site.get("/transcript?room=r", "").code(),
        "anonymous_refused"
    );
}
