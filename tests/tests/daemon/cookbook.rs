//! docs/cookbook.md: each recipe is read out of the document, run as it stands there, and tried by a client.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::daemon::free_port;
use e2e::deadline::eventually;
use e2e::http;
use e2e::lingering::Lingering;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::transport::Endpoint;
use e2e::under_test::{beside, workspace};
use e2e::ws::{Client, Ended};
use tempfile::TempDir;

/// Between two words of somebody who waits for their own echo.
const PATIENCE: Duration = Duration::from_millis(100);

/// Recipes in the document.
const RECIPES: usize = 33;

/// A recipe that runs.
struct Recipe {
    program: Program,
    dir: TempDir,
    address: SocketAddr,
    admin: SocketAddr,
}

/// The shell block of recipe `number`.
#[track_caller]
fn block(number: usize) -> String {
    let text = fs::read_to_string(workspace().join("docs/cookbook.md")).expect("it is there");
    let recipe = text.split(&format!("\n## {number}. ")).nth(1);
    let recipe = recipe.unwrap_or_else(|| panic!("no recipe {number}"));
    let recipe = recipe.split("\n## ").next().unwrap_or_default();
    let block = recipe.split("```sh\n").nth(1);
    let block = block.and_then(|rest| rest.split("```").next());
    block
        .unwrap_or_else(|| panic!("no block in recipe {number}"))
        .to_owned()
}

impl Recipe {
    /// Runs it in an empty directory, on ports of the kernel's choice.
    #[track_caller]
    fn start(number: usize) -> Self {
        Self::start_with(number, &[])
    }

    /// The same with other words in the place of some.
    #[track_caller]
    fn start_with(number: usize, changes: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let daemon = beside("websocketd-rs");
        let bin = daemon.parent().expect("it is in a directory").display();
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
        let [address, admin] =
            [free_port(), free_port()].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let block = block(number);
        assert!(block.contains("8080"), "{block}");
        let block = changes.iter().fold(block, |block, (from, to)| {
            assert!(block.contains(from), "{from}: {block}");
            block.replace(from, to)
        });
        let block = block
            .replace("8080", &address.port().to_string())
            .replace("9100", &admin.port().to_string());
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", &block])
            .env("PATH", path)
            .current_dir(dir.path());
        let program = Program::start(&shell);
        program.output.wait("it listens", |line| {
            line.contains("Starting WebSocket server")
                || line.contains("Starting TCP server")
                || line.contains("Listening on")
        });
        Self {
            program,
            dir,
            address,
            admin,
        }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(self.address)
    }

    fn client(&self, path: &str) -> Client {
        Client::connect(&self.endpoint(), path)
    }

    /// Sends `said` and wants `answer`.
    #[track_caller]
    fn assert_answers(&self, said: &str, answer: &str) {
        let mut client = self.client("/");
        client.send(said);
        client.text_where(|line| line == answer);
    }
}

#[test]
fn the_document_has_all_of_them() {
    let text = fs::read_to_string(workspace().join("docs/cookbook.md")).expect("it is there");
    let count = text.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(count, RECIPES);
}

#[test]
fn recipe_1_answers() {
    Recipe::start(1).assert_answers("hello", "you said: hello");
}

#[test]
fn recipe_2_python_is_not_buffered() {
    Recipe::start(2).assert_answers("hello", "HELLO");
}

#[test]
fn recipe_3_grep_is_not_buffered() {
    let recipe = Recipe::start(3);
    let mut client = recipe.client("/");
    client.send("all is well");
    client.send("an error");
    client.text_where(|line| line == "log:an error");
}

#[test]
fn recipe_4_a_terminal_shows_a_prompt() {
    let recipe = Recipe::start(4);
    let page = http::get(&recipe.endpoint(), "/");
    assert!(page.text().contains("xterm"), "{}", page.status);
    let mut client = recipe.client("/");
    shows(&mut client, "your name? ");
    client.send_binary(*b"eve\r");
    shows(&mut client, "hello eve");
}

/// Waits until a terminal has shown `text`.
#[track_caller]
fn shows(client: &mut Client, text: &str) {
    let mut seen = String::new();
    while !seen.contains(text) {
        seen += &String::from_utf8_lossy(&client.binary());
    }
}

#[test]
fn recipe_5_asks_line_by_line() {
    let recipe = Recipe::start(5);
    let mut client = recipe.client("/");
    client.text_where(|line| line == "first number?");
    client.send("19");
    client.text_where(|line| line == "second number?");
    client.send("23");
    client.text_where(|line| line == "sum: 42");
}

#[test]
fn recipe_6_each_program_has_its_address() {
    let recipe = Recipe::start(6);
    recipe
        .client("/hello")
        .text_where(|line| line == "hello from /hello");
    recipe.client("/sub/bye").text_where(|line| line == "bye");
}

#[test]
fn recipe_7_each_path_has_its_program() {
    let recipe = Recipe::start(7);
    recipe.assert_answers("hello", "hello");
    let is_time = |line: &str| line.len() > 9 && line.bytes().all(|byte| byte.is_ascii_digit());
    recipe.client("/clock").text_where(is_time);
}

#[test]
fn recipe_8_everybody_hears_it_and_nothing_is_left() {
    let recipe = Recipe::start(8);
    let mut first = recipe.client("/");
    let mut second = recipe.client("/");
    // Both follow the file once each has seen itself.
    for client in [&mut first, &mut second] {
        eventually("a follower reads on", || {
            client.send("here");
            client.text_within(PATIENCE)
        });
    }
    first.send("to all");
    first.text_where(|line| line.ends_with(": to all"));
    second.text_where(|line| line.ends_with(": to all"));
    drop((first, second));
    eventually("the followers end with their clients", || {
        let family = recipe.program.family();
        let gone = family.iter().all(|process| process.name != "tail");
        gone.then_some(())
    });
}

#[test]
fn recipe_9_follows_a_file_across_its_rotation() {
    let recipe = Recipe::start(9);
    let mut client = recipe.client("/");
    client.text_where(|line| line == "it begins");
    let log = recipe.dir.path().join("app.log");
    fs::rename(&log, recipe.dir.path().join("app.log.1")).expect("ours");
    fs::write(&log, "it goes on\n").expect("ours");
    client.text_where(|line| line == "it goes on");
}

#[test]
fn recipe_10_a_token_opens() {
    let recipe = Recipe::start(10);
    let mut client = recipe.client("/?token=s3cret");
    client.send("hello");
    client.text_where(|line| line == "hello");
    let (_, end) = recipe.client("/?token=guess").to_the_end();
    assert!(matches!(end, Ended::Closed(4401, _)), "{end:?}");
}

#[test]
fn recipe_11_a_session_of_the_site_opens() {
    let recipe = Recipe::start(11);
    let origin = format!("http://{}", recipe.endpoint().host());
    let connect = |cookie: &str| {
        let headers = [("Origin", origin.as_str()), ("Cookie", cookie)];
        Client::connect_with(&recipe.endpoint(), "/", &headers)
    };
    connect("theme=dark; session=4711").text_where(|line| line == "welcome alice");
    let (_, end) = connect("session=1").to_the_end();
    assert!(matches!(end, Ended::Closed(4401, _)), "{end:?}");
}

#[test]
fn recipe_12_page_and_socket_share_an_address() {
    let recipe = Recipe::start(12);
    let page = http::get(&recipe.endpoint(), "/");
    assert!(page.text().contains("new WebSocket"), "{}", page.text());
    recipe.client("/").text_where(|line| line.len() == 8);
}

#[test]
fn recipe_13_passes_bytes() {
    let recipe = Recipe::start(13);
    let mut client = recipe.client("/");
    client.send_binary([0, 255, 10, 13]);
    assert_eq!(client.binary(), [0, 255, 10, 13]);
}

#[test]
fn recipe_14_shows_errors() {
    let (texts, _) = Recipe::start(14).client("/").to_the_end();
    for wanted in [
        r#"{"stream":"stdout","data":"fine"}"#,
        r#"{"stream":"stderr","data":"broken"}"#,
    ] {
        assert!(texts.iter().any(|text| text == wanted), "{texts:?}");
    }
}

#[test]
fn recipe_15_answers_queries_and_writes_nothing() {
    let recipe = Recipe::start(15);
    recipe.assert_answers("select 6 * 7", "42");
    let mut client = recipe.client("/");
    client.send("insert into fruit values ('apple', 3)");
    client.text_where(|line| line.contains("readonly database"));
    client.text_where(|line| line == "ok");
}

#[test]
fn recipe_16_ends_a_program_that_computes() {
    let (_, end) = Recipe::start(16).client("/").to_the_end();
    assert!(matches!(end, Ended::Closed(1011, _)), "{end:?}");
}

#[test]
fn recipe_17_pings() {
    Recipe::start(17).assert_answers("hello", "hello");
    assert!(block(17).contains("--pingms=25000"));
}

#[test]
fn recipe_18_takes_the_port_from_systemd() {
    Recipe::start(18).assert_answers("hello", "hello");
}

#[test]
fn recipe_19_tells_monitors() {
    let recipe = Recipe::start(19);
    let health = http::get(&Endpoint::Tcp(recipe.admin), "/healthz");
    assert_eq!(health.status, 200);
    assert_eq!(http::get(&recipe.endpoint(), "/healthz").status, 404);
}

#[test]
fn recipe_20_believes_its_proxy() {
    let recipe = Recipe::start(20);
    let headers = [("X-Forwarded-For", "192.0.2.7")];
    Client::connect_with(&recipe.endpoint(), "/", &headers).text_where(|line| line == "192.0.2.7");
}

#[test]
fn recipe_21_a_shell_asks_for_a_password() {
    part("/usr/bin/htpasswd", "apache2-utils");
    let recipe = Recipe::start(21);
    let endpoint = recipe.endpoint();
    assert_eq!(http::get(&endpoint, "/").status, 401);
    assert!(Client::try_connect(&endpoint, "/", &[]).is_err());
    let headers = [("Authorization", "Basic YWxpY2U6czNjcmV0")];
    let page = http::request(&endpoint, "GET", "/", &headers);
    assert!(page.text().contains("xterm"), "{}", page.status);
    let mut client = Client::connect_with(&endpoint, "/", &headers);
    client.send_binary(*b"echo $((6 * 7))\r");
    shows(&mut client, "42\r\n");
}

/// The server of a tmux, which leaves the family of its daemon.
struct Tmux(PathBuf);

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        let _ = tmux.arg("-S").arg(&self.0).arg("kill-server").output();
    }
}

#[test]
fn recipe_22_a_terminal_is_there_when_its_client_comes_back() {
    part("/usr/bin/tmux", "tmux");
    let recipe = Recipe::start(22);
    let _tmux = Tmux(recipe.dir.path().join("web.tmux"));
    let mut client = recipe.client("/?cols=100&rows=30");
    shows(&mut client, "[web]");
    client.send_binary(*b"kept=4711; echo re''ady\r");
    shows(&mut client, "ready");
    drop(client);
    let mut client = recipe.client("/?cols=90&rows=30");
    shows(&mut client, "ready");
    client.send_binary(*b"echo \"kept $kept\"\r");
    shows(&mut client, "kept 4711");
    client.send_binary(*b"exit\r");
    let mut end = client.message();
    while end.is_ok() {
        end = client.message();
    }
    assert_eq!(
        end.expect_err("the end"),
        Ended::Closed(1000, String::new())
    );
}

#[test]
fn recipe_23_shows_a_screen() {
    let recipe = Recipe::start(23);
    let mut client = recipe.client("/");
    client.text_where(|line| line == r#"{"readonly":true}"#);
    client.send_binary(*b"q");
    for _ in 0..3 {
        shows(&mut client, "load average");
    }
}

#[test]
fn recipe_24_counts_the_lines_of_a_text() {
    Recipe::start(24).assert_answers("one\ntwo\nthree", "3 lines");
}

#[test]
fn recipe_25_knows_text_from_bytes_and_says_why_it_closes() {
    let recipe = Recipe::start(25);
    let mut client = recipe.client("/");
    client.send("Gr\u{fc}\u{df}e\n");
    assert_eq!(client.text(), "6 characters");
    client.send_binary([0, 10, 255]);
    assert_eq!(client.binary(), [255, 10, 0]);
    client.send("bye");
    let (texts, end) = client.to_the_end();
    assert_eq!(texts, [""; 0]);
    assert_eq!(end, Ended::Closed(4001, "as you wish".to_owned()));
}

#[test]
fn recipe_26_is_a_room_for_each_path() {
    let recipe = Recipe::start(26);
    let [mut one, mut two, mut other] = ["/tea", "/tea", "/coffee"].map(|path| {
        let mut client = recipe.client(path);
        client.text_where(|line| line.ends_with(" came"));
        client
    });
    one.text_where(|line| line.ends_with(" came"));
    one.send("hello");
    two.text_where(|line| line.ends_with(": hello"));
    other.send("good morning");
    other.text_where(|line| line.ends_with(": good morning"));
    two.send("and you");
    one.text_where(|line| line.ends_with(": hello"));
    assert!(
        one.text().ends_with(": and you"),
        "nothing of the other room"
    );
}

#[test]
fn recipe_27_brings_browsers_to_an_mqtt_broker() {
    part("/usr/sbin/mosquitto", "mosquitto");
    part("/usr/bin/socat", "socat");
    let recipe = Recipe::start(27);
    let broker = recipe.dir.path().join("broker.socket");
    eventually("the broker listens", || broker.exists().then_some(()));
    // CONNECT and CONNACK of MQTT 3.1.1, SUBSCRIBE and SUBACK, as a page sends and gets them.
    let headers = [("Sec-WebSocket-Protocol", "mqtt")];
    let mut page = Client::connect_with(&recipe.endpoint(), "/", &headers);
    page.send_binary(*b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01x");
    assert_eq!(page.binary(), [0x20, 2, 0, 0]);
    page.send_binary(*b"\x82\x08\0\x01\0\x03tea\0");
    assert_eq!(page.binary(), [0x90, 3, 0, 1, 0]);
    let mut publisher = Command::new(part("/usr/bin/mosquitto_pub", "mosquitto-clients"));
    let port = recipe.admin.port().to_string();
    publisher.args(["-h", "127.0.0.1", "-p", &port, "-t", "tea", "-m", "ready"]);
    assert!(publisher.status().expect("it runs").success());
    assert_eq!(page.binary(), b"\x30\x0a\0\x03teaready");
}

#[test]
fn recipe_28_answers_lines() {
    let nc = part("/usr/bin/nc", "netcat-openbsd");
    let recipe = Recipe::start(28);
    let port = recipe.address.port();
    let script = format!("printf 'alice\\r\\nnobody\\n' | {nc} -N 127.0.0.1 {port}");
    let said = Command::new("bash").args(["-c", &script]).output();
    let said = String::from_utf8_lossy(&said.expect("it runs").stdout).into_owned();
    assert_eq!(said, "hello 127.0.0.1, whose number?\n4711\nunknown\n");
}

/// Waits for whoever stands in front, and has it name its client.
#[track_caller]
fn by_proxy(recipe: &Recipe) -> Client {
    let mut client = eventually("the proxy listens", || {
        Client::try_connect(&recipe.endpoint(), "/", &[]).ok()
    });
    assert_eq!(client.text(), "127.0.0.1");
    client.send("hello");
    assert_eq!(client.text(), "hello");
    client
}

/// Says nothing for a while, but for the answers to pings.
#[track_caller]
fn stay_silent(client: &mut Client, time: Duration) {
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()) {
        let left = left.max(Duration::from_millis(1));
        assert_eq!(client.text_within(left), None);
    }
}

#[test]
fn recipe_29_lives_behind_haproxy() {
    part("/usr/sbin/haproxy", "haproxy");
    drop(by_proxy(&Recipe::start(29)));
    // All times are shorter: what counts is which of them is longer than which.
    let [client, server] = [("client 30s", "client 1s"), ("server 30s", "server 1s")];
    let pinged = [
        ("tunnel 120s", "tunnel 10s"),
        ("pingms=30000", "pingms=2500"),
    ];
    let recipe = Recipe::start_with(29, &[client, server, pinged[0], pinged[1]]);
    let mut page = by_proxy(&recipe);
    stay_silent(&mut page, Duration::from_secs(12));
    page.send("still there");
    assert_eq!(page.text(), "still there");
    // Without pings it would not be.
    let silent = [("tunnel 120s", "tunnel 1s"), ("pingms=30000", "pingms=0")];
    let recipe = Recipe::start_with(29, &[client, server, silent[0], silent[1]]);
    let (_, end) = by_proxy(&recipe).to_the_end();
    assert!(!matches!(end, Ended::Closed(1000, _)), "{end:?}");
}

#[test]
fn recipe_30_lives_behind_caddy() {
    part("/usr/bin/caddy", "caddy");
    let recipe = Recipe::start_with(30, &[("pingms=30000", "pingms=1000")]);
    let mut client = by_proxy(&recipe);
    stay_silent(&mut client, Duration::from_secs(3));
    client.send("still there");
    assert_eq!(client.text(), "still there");
    // It names its client even if that names another.
    let headers = [("X-Forwarded-For", "192.0.2.7")];
    let mut liar = Client::connect_with(&recipe.endpoint(), "/", &headers);
    assert_eq!(liar.text(), "127.0.0.1");
}

#[test]
fn recipe_32_is_video_that_grows() {
    part("/usr/bin/ffmpeg", "ffmpeg");
    let recipe = Recipe::start(32);
    let page = http::get(&recipe.endpoint(), "/");
    assert!(page.text().contains("MediaSource"), "{}", page.status);
    let mut client = recipe.client("/");
    // ffmpeg would end at it.
    client.send("q");
    let mut video = Vec::new();
    // Matroska's ids: the head of the file, then clusters of frames, more than come at once.
    let clusters = |video: &[u8]| count_of(video, &[0x1f, 0x43, 0xb6, 0x75]);
    while clusters(&video) < 3 {
        video.extend(client.binary());
    }
    assert_eq!(video[..4], [0x1a, 0x45, 0xdf, 0xa3]);
    drop(client);
    eventually("ffmpeg ends with its client", || {
        let family = recipe.program.family();
        let gone = family.iter().all(|process| process.name != "ffmpeg");
        gone.then_some(())
    });
}

/// How often `wanted` is in `bytes`.
fn count_of(bytes: &[u8], wanted: &[u8]) -> usize {
    let windows = bytes.windows(wanted.len());
    windows.filter(|window| *window == wanted).count()
}

#[test]
fn recipe_33_goes_on_after_its_connection_is_lost() {
    let recipe = Recipe::start(33);
    let page = http::get(&recipe.endpoint(), "/");
    assert!(page.text().contains("<html data-linger"), "{}", page.status);
    let mut client = Lingering::connect(&recipe.endpoint(), "/");
    let mut screen = String::new();
    let mut sees = |client: &mut Lingering, text: &str| {
        while !screen.contains(text) {
            screen += &String::from_utf8_lossy(&client.message());
        }
    };
    client.send_binary("x=41; echo it is $((x + 0))\r");
    sees(&mut client, "it is 41");
    client.vanish();
    client.send_binary("echo it is $((x + 1))\r");
    client.come();
    sees(&mut client, "it is 42");
}
