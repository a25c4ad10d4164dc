//! How long it takes to learn that a password is wrong: by the processor's time of the real program, as another process
//! on a busy machine does not count in it; known and unknown names in turn, so that what else slows the machine slows both.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use chat_store::accounts::{self, Account, AccountKind};
use chat_store::fs::dirs::Dirs;
use chat_store::name::Nick;
use e2e::deadline::DEADLINE;
use e2e::proc;
use serde_json::json;

use crate::chat_cgi::Site;

/// Guesses at each kind of name: under what one account may have wrong at once, of ten accounts.
const ROUNDS: usize = 15;
/// How much longer one kind may take than another. Without the same work for both it is a hundred times, and with half
/// the work for one twice; caches and the clock's ticks make some hundredths.
const MARGIN: f64 = 1.5;
/// The least that the work of a wrong password takes, in ticks: less, and nothing was compared.
const LEAST: u64 = 2;

/// The processor's time of one request to `chat-cgi`, in ticks of `sysconf(_SC_CLK_TCK)`, and the answer's status line.
fn cost(site: &Site, path: &str, address: &str, body: &str) -> (u64, String) {
    let mut program = Command::new(e2e::under_test::beside("chat-cgi"))
        .env_clear()
        .env("CHAT_CONFIG", site.path("chat.ini"))
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("REQUEST_METHOD", "POST")
        .env("PATH_INFO", path)
        .env("HTTP_HOST", "chat.example.org")
        .env("HTTP_ORIGIN", "https://chat.example.org")
        .env("CONTENT_TYPE", "application/json")
        .env("REMOTE_ADDR", address)
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chat-cgi");
    let mut stdin = program.stdin.take().expect("piped");
    stdin.write_all(body.as_bytes()).expect("it reads");
    drop(stdin);
    // Its answer fits into the pipe; what it took is told until somebody waits for it.
    assert!(proc::has_ended_within(program.id(), DEADLINE));
    let told = fs::read_to_string(format!("/proc/{}/stat", program.id())).expect("it is told");
    let (_, told) = told.rsplit_once(") ").expect("proc(5)");
    let ticks = told.split(' ').skip(11).take(2);
    let ticks = ticks
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    let output = program.wait_with_output().expect("it ended");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (ticks, text.lines().next().unwrap_or_default().to_owned())
}

fn median(costs: &mut [u64]) -> f64 {
    costs.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let middle = costs[costs.len() / 2] as f64;
    middle
}

#[test]
fn a_log_in_takes_as_long_for_a_known_name_as_for_none() {
    let site = Site::new("ACCOUNTS=yes\n");
    let dirs = Dirs::under(&site.path(""));
    dirs.create().expect("made");
    let password = chat_admin::login::Password::typed("correct horse battery");
    let verifier = chat_admin::login::Verifier::new(&password)
        .expect("a verifier")
        .to_string();
    for number in 0..ROUNDS {
        for kind in ["known", "disabled"] {
            let name = Nick::parse(&format!("{kind}{number}")).expect("a name");
            let mut account = Account::new(name, AccountKind::Person);
            account.set_verifier(verifier.clone());
            account.disabled = (kind == "disabled").then_some(account.created);
            accounts::create(&dirs, &account).expect("made");
        }
    }
    let kinds = ["known", "disabled", "unknown", "a/b"];
    let mut costs = kinds.map(|_| Vec::new());
    for number in 0..ROUNDS {
        for (at, kind) in kinds.into_iter().enumerate() {
            // Of another network each, so that nobody has to wait.
            let address = format!("2001:db8:{at:x}:{number:x}::1");
            let body = json!({"name": format!("{kind}{number}"), "password": "a wrong one"});
            let (ticks, status) = cost(&site, "/account/login", &address, &body.to_string());
            assert_eq!(status, "Status: 403 Forbidden", "{kind}");
            costs[at].push(ticks);
        }
    }
    let medians = costs.each_mut().map(|costs| median(costs));
    let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let most = medians.iter().copied().fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let enough = LEAST as f64;
    assert!(
        least >= enough && most <= least * MARGIN,
        "{kinds:?}: {medians:?} of {costs:?}"
    );
}
