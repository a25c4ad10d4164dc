//! Sessions that PHP itself writes, locks, and ends: the handler takes the right name or Anonymous.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Chat, Page};

/// How PHP can write a session (`session.serialize_handler`).
const SERIALIZERS: [&str; 3] = ["php", "php_serialize", "php_binary"];

/// What must become of a name: itself, and the color.
const NAMES: [(&str, &str, &str); 14] = [
    ("plain", "alice", "Gray"),
    ("utf8", "Žofie-水", "Gray"),
    ("emoji", "😀", "Gray"),
    ("quotes", "O\"Neil's", "Gray"),
    ("colon", "a-b", "Gray"),
    ("color name", "alice", "red"),
    ("color hex", "alice", "#aa0000"),
    ("color beside", "alice", "#00aa00"),
    ("color that is none", "alice", "Gray"),
    ("number", "42", "Gray"),
    ("structure", "x\";username|s-5-\"admin\";", "Gray"),
    ("blanks around", "alice", "Gray"),
    ("after much", "alice", "Gray"),
    ("references", "alice", "Gray"),
];

/// Sessions that name nobody.
const NOBODY: [&str; 20] = [
    "ten thousand",
    "line end",
    "carriage return",
    "nul",
    "escape",
    "override",
    "latin1",
    "climbing",
    "dots",
    "empty",
    "blank",
    "null",
    "flag",
    "fraction",
    "array",
    "object",
    "only inside",
    "nothing",
    "too deep",
    "too large",
];

/// A PHP whose sessions are kept in `save_path`; the script and its arguments are to be added.
fn php(save_path: &str, serializer: &str) -> Command {
    let program = "/usr/bin/php";
    assert!(
        Path::new(program).exists(),
        "{program} is missing; install it with `apt-get install php-cli` or run `make test`, which does"
    );
    let mut command = Command::new(program);
    command.arg("-n").env_clear();
    for setting in [
        // Quoted: a semicolon starts a comment.
        format!("session.save_path=\"{save_path}\""),
        format!("session.serialize_handler={serializer}"),
        "session.use_cookies=0".to_owned(),
        "session.cache_limiter=".to_owned(),
        "session.sid_bits_per_character=6".to_owned(),
        "session.gc_probability=0".to_owned(),
        "memory_limit=64M".to_owned(),
    ] {
        command.args(["-d", &setting]);
    }
    command
}

/// The sessions of tests/data/sessions.php: their ids by the name of their case.
fn sessions(chat: &Chat, serializer: &str) -> HashMap<String, String> {
    std::fs::create_dir_all(chat.path("sessions")).expect("made");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions.php");
    let output = php(&chat.path("sessions").to_string_lossy(), serializer)
        .arg(script)
        .output()
        .expect("PHP starts");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{told} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let pairs = told.lines().map(|line| {
        line.split_once('\t')
            .unwrap_or_else(|| panic!("PHP says: {line}"))
    });
    pairs
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

fn enter(chat: &Chat, id: &str) -> Page {
    let page = chat.page_with("r", "nick=Anonymous", &format!("PHPSESSID={id}"));
    assert_eq!(page.welcome["type"], "welcome", "{:?}", page.welcome);
    page
}

fn text<'a>(page: &'a Page, field: &str) -> &'a str {
    page.welcome[field].as_str().unwrap_or_default()
}

#[test]
fn the_right_name_or_nobody_in_all_three_serializers() {
    for serializer in SERIALIZERS {
        for configured in ["auto", serializer] {
            let chat = Chat::with(&format!("SESSION_SERIALIZE_HANDLER={configured}"));
            let ids = sessions(&chat, serializer);
            for (case, name, color) in NAMES {
                let page = enter(&chat, &ids[case]);
                assert_eq!(
                    (text(&page, "you"), text(&page, "color")),
                    (name, color),
                    "{case}, written by {serializer}, read as {configured}"
                );
                assert!(page.welcome["account"].is_string(), "{case}");
            }
            for case in NOBODY {
                let page = enter(&chat, &ids[case]);
                assert_eq!(
                    text(&page, "you"),
                    "Anonymous",
                    "{case}, written by {serializer}, read as {configured}"
                );
                assert!(!format!("{:?}", page.welcome).contains("evil"), "{case}");
                // Every record would hold it.
                assert!(text(&page, "account").len() < 200, "{case}");
            }
        }
    }
}

#[test]
fn a_serializer_that_is_configured_wrongly_makes_nobody_somebody_else() {
    for serializer in SERIALIZERS {
        for configured in SERIALIZERS.into_iter().filter(|other| *other != serializer) {
            let chat = Chat::with(&format!("SESSION_SERIALIZE_HANDLER={configured}"));
            let ids = sessions(&chat, serializer);
            for case in ["plain", "structure", "after much"] {
                let page = enter(&chat, &ids[case]);
                assert_eq!(
                    text(&page, "you"),
                    "Anonymous",
                    "{case} {serializer} {configured}"
                );
            }
        }
    }
}

#[test]
fn the_name_may_lie_deeper() {
    for serializer in SERIALIZERS {
        for (path, case, name) in [
            ("user.name", "user.name", "bob"),
            ("_sf2_attributes.username", "symfony", "carol"),
            ("user.name", "user object", "Anonymous"),
            ("user.name", "symfony", "Anonymous"),
            ("user.id", "user.name", "-5"),
            ("user", "user.name", "Anonymous"),
            ("user.name.first", "user.name", "Anonymous"),
        ] {
            let chat = Chat::with(&format!("SESSION_USER_PATH={path}"));
            let ids = sessions(&chat, serializer);
            assert_eq!(
                text(&enter(&chat, &ids[case]), "you"),
                name,
                "{path} {case} {serializer}"
            );
        }
    }
}

/// Ids of the form that PHP makes, with all it can hold.
const ID: &str = "a,-Zefghijklmnopqrstuvwxyz";

#[test]
fn the_depth_of_the_save_path_is_followed() {
    for (depth, below) in [(0, ""), (1, "a"), (2, "a/,"), (3, "a/,/-")] {
        let chat = Chat::with(&format!("SESSION_SAVE_PATH={depth};sessions"));
        std::fs::create_dir_all(chat.path("sessions").join(below)).expect("made");
        let save_path = format!("{depth};{}", chat.path("sessions").display());
        let script =
            format!("session_id('{ID}'); session_start(); $_SESSION['username'] = 'alice';");
        let done = php(&save_path, "php")
            .args(["-r", &script])
            .status()
            .expect("PHP starts");
        assert!(done.success());
        let file = chat.path("sessions").join(below).join(format!("sess_{ID}"));
        assert!(file.exists(), "{}", file.display());
        assert_eq!(text(&enter(&chat, ID), "you"), "alice", "{depth}");
        // One level less finds nothing.
        let wrong = Chat::with(&format!(
            "SESSION_SAVE_PATH={};{}",
            depth + 1,
            chat.path("sessions").display()
        ));
        assert_eq!(text(&enter(&wrong, ID), "you"), "Anonymous", "{depth}");
    }
}

#[test]
fn an_expired_session_is_nobodys() {
    let chat = Chat::with("SESSION_MAX_AGE=1000");
    let id = sessions(&chat, "php").remove("plain").expect("a session");
    let file = file_of(&chat, &id);
    for (age, name) in [(1001, "Anonymous"), (400, "alice"), (0, "alice")] {
        let then = SystemTime::now() - Duration::from_secs(age);
        let open = std::fs::File::options()
            .write(true)
            .open(&file)
            .expect("there");
        open.set_modified(then).expect("ours");
        // Ten minutes are enough for a start on any machine.
        assert_eq!(text(&enter(&chat, &id), "you"), name, "{age}");
    }
}

fn file_of(chat: &Chat, id: &str) -> PathBuf {
    chat.path("sessions").join(format!("sess_{id}"))
}

/// A PHP request that has opened session [`ID`] and waits for a line before it runs `then`.
struct Holding(Child);

impl Holding {
    fn start(chat: &Chat, then: &str) -> Self {
        let script = format!(
            "session_id('{ID}'); session_start(); echo \"held\\n\"; fgets(STDIN); {then} echo \"done\\n\"; fgets(STDIN);"
        );
        let mut child = php(&chat.path("sessions").to_string_lossy(), "php")
            .args(["-r", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("PHP starts");
        assert_eq!(Self::told(&mut child), "held\n");
        Self(child)
    }

    fn told(child: &mut Child) -> String {
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        // One line is all there is before the next question: nothing is lost with the reader.
        BufReader::with_capacity(1, stdout)
            .read_line(&mut line)
            .expect("a line");
        line
    }

    fn go_on(&mut self) {
        let stdin = self.0.stdin.as_mut().expect("piped");
        stdin.write_all(b"\n").expect("PHP reads");
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn chat_with_alice() -> Chat {
    let chat = Chat::new();
    std::fs::create_dir_all(chat.path("sessions")).expect("made");
    std::fs::write(file_of(&chat, ID), "username|s:5:\"alice\";").expect("written");
    chat
}

#[test]
fn a_request_that_holds_its_session_does_not_hang_the_handler() {
    let chat = chat_with_alice();
    let mut request = Holding::start(&chat, "session_write_close();");
    let page = enter(&chat, ID);
    assert_eq!(text(&page, "you"), "Anonymous");
    request.go_on();
    assert_eq!(Holding::told(&mut request.0), "done\n");
    assert_eq!(text(&enter(&chat, ID), "you"), "alice");
}

#[test]
fn who_logs_out_while_the_handler_waits_is_nobody() {
    let chat = chat_with_alice();
    let mut request = Holding::start(&chat, "session_destroy();");
    let cookie = format!("PHPSESSID={ID}");
    let mut handler = chat.start(&[("PATH_INFO", "/r"), ("HTTP_COOKIE", &cookie)]);
    let files = PathBuf::from(format!("/proc/{}/fd", handler.child.id()));
    while !has_open(&files, &file_of(&chat, ID)) {
        std::thread::yield_now();
    }
    // It waits for the lock now. (If it gives up before PHP lets go, the name is the same.)
    request.go_on();
    assert_eq!(Holding::told(&mut request.0), "done\n");
    assert!(!file_of(&chat, ID).exists());
    assert!(handler.line_with("Welcome").ends_with(" Anonymous!"));
}

fn has_open(files: &Path, wanted: &Path) -> bool {
    let open = std::fs::read_dir(files).expect("it lives").flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .any(|path| path == wanted)
}

#[test]
fn hostile_cookies_are_nobodys() {
    let chat = Chat::new();
    let ids = sessions(&chat, "php");
    let (good, other) = (&ids["plain"], &ids["utf8"]);
    std::fs::write(chat.path("sess_secret"), "username|s:5:\"admin\";").expect("written");
    let long = "a".repeat(10_000);
    for cookie in [
        "PHPSESSID=../sess_secret".to_owned(),
        "PHPSESSID=..%2f..%2f..%2f..%2f..%2fetc%2fpasswd".to_owned(),
        format!("PHPSESSID=../sessions/sess_{good}"),
        format!("PHPSESSID=%2e%2e/{good}"),
        format!("PHPSESSID={good}%00"),
        format!("PHPSESSID={good}%00.txt"),
        format!("PHPSESSID={good}\u{1}"),
        format!("PHPSESSID={good}/"),
        format!("PHPSESSID={good}x"),
        format!("PHPSESSID={}", &good[1..]),
        format!("PHPSESSID={}", good.replace(|_| true, "ž")),
        format!("PHPSESSID={long}"),
        format!("{long}=x; PHPSESSID={long}{good}"),
        format!("PHPSESSID[]={good}"),
        format!("PHPSESSID =; PHPSESSID={good}"),
        format!("phpsessid={good}"),
        format!("PHPSESSID={long}; PHPSESSID={good}"),
        format!("PHPSESSID=; PHPSESSID={good}"),
        format!("PHPSESSID=\"; PHPSESSID={good}\""),
        "PHPSESSID".to_owned(),
        "=;=;;=".to_owned(),
    ] {
        let page = chat.page_with("r", "", &cookie);
        assert_eq!(
            page.you(),
            "Anonymous",
            "{}",
            &cookie[..cookie.len().min(80)]
        );
    }
    // Of two cookies PHP takes the first, and so do we.
    let page = chat.page_with("r", "", &format!("PHPSESSID={good}; PHPSESSID={other}"));
    assert_eq!(page.you(), "alice");
    let page = chat.page_with(
        "r",
        "",
        &format!("x=1; PHPSESSID={other}; PHPSESSID={good}"),
    );
    assert_eq!(page.you(), "Žofie-水");
}
