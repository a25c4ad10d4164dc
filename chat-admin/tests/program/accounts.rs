//! `chatctl` and accounts, the real program: what is made, changed and refused; passwords in no argument, answer
//! or log; people who are in a room by an account that is disabled.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::Chat;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.good()).expect("JSON")
    }
}

/// Runs it with `input` on its stdin.
fn chatctl(chat: &Chat, arguments: &[&str], input: &str) -> Done {
    let mut program = Command::new(e2e::under_test::beside("chatctl"))
        .env_clear()
        .env("CHAT_CONFIG", chat.path("chat.ini"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("chatctl starts");
    // It may not want any.
    let _ = program
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes());
    let output = program.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Done {
        code: output.status.code().expect("a status"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn site() -> Chat {
    Chat::with("ACCOUNTS=yes\nREGISTER=invitation")
}

fn register(chat: &Chat, name: &str, more: &[&str]) {
    let arguments = [&["register", name][..], more].concat();
    chatctl(chat, &arguments, &format!("{PASSWORD}\n")).good();
}

#[test]
fn an_account_is_made_changed_and_removed() {
    let chat = site();
    register(&chat, "Anna", &["--group", "staff"]);
    let again = chatctl(&chat, &["register", "аnna"], PASSWORD);
    assert!(
        again.code == 1 && again.err.contains("Anna already"),
        "{}",
        again.err
    );
    let list = chatctl(&chat, &["--json", "accounts"], "").json();
    assert_eq!(list[0]["account"], "Anna");
    assert_eq!(list[0]["groups"], json!(["staff"]));
    assert_eq!(list[0]["password"], "own");
    for (given, code) in [(PASSWORD, 0), ("wrong password", 1)] {
        assert_eq!(
            chatctl(&chat, &["verify", "anna"], given).code,
            code,
            "{given}"
        );
    }
    chatctl(&chat, &["passwd", "anna"], "another good one\r\n").good();
    assert_eq!(
        chatctl(&chat, &["verify", "anna"], "another good one").code,
        0
    );
    assert_eq!(chatctl(&chat, &["verify", "anna"], PASSWORD).code, 1);
    chatctl(
        &chat,
        &["groups", "anna", "--add", "board", "--remove", "staff"],
        "",
    )
    .good();
    assert_eq!(
        chatctl(&chat, &["groups", "anna"], "").good(),
        "Anna is in board\n"
    );
    chatctl(&chat, &["disable", "anna"], "").good();
    assert!(
        chatctl(&chat, &["accounts"], "")
            .good()
            .contains("disabled")
    );
    chatctl(&chat, &["enable", "anna"], "").good();
    chatctl(&chat, &["unregister", "anna"], "").good();
    for command in ["passwd", "disable", "unregister", "verify", "logout"] {
        assert_eq!(
            chatctl(&chat, &[command, "anna"], PASSWORD).code,
            3,
            "{command}"
        );
    }
    for (password, told) in [
        ("short\n", "8 characters"),
        ("password123\n", "tried first"),
        ("\n", "standard input"),
        ("", "standard input"),
    ] {
        let done = chatctl(&chat, &["register", "bob"], password);
        assert!(
            done.code == 1 && done.err.contains(told),
            "{password:?}: {}",
            done.err
        );
    }
    let server = chatctl(&chat, &["--json", "register", "Server"], PASSWORD).json();
    assert_eq!(
        server["account"], "Server1",
        "nobody is called as the server is"
    );
}

#[test]
fn no_password_is_in_an_answer_a_file_or_an_argument() {
    let chat = site();
    let mut told = String::new();
    for arguments in [
        &["--json", "register", "anna"][..],
        &["verify", "anna"],
        &["--json", "passwd", "anna"],
        &["--json", "accounts"],
        &["--json", "register", "anna"],
    ] {
        let done = chatctl(&chat, arguments, PASSWORD);
        told += &(done.out + &done.err);
    }
    let refused = chatctl(&chat, &["register", "bob", PASSWORD], PASSWORD);
    assert_eq!(refused.code, 2, "a password as an argument");
    assert!(!told.contains(PASSWORD), "{told}");
    let files = Command::new("grep")
        .arg("-r")
        .arg(PASSWORD)
        .arg(chat.path(""))
        .output();
    assert!(files.expect("grep").stdout.is_empty());
}

#[test]
fn the_last_administrator_stays() {
    let chat = site();
    register(&chat, "root", &["--group", "admin"]);
    for arguments in [
        &["unregister", "root"][..],
        &["disable", "root"],
        &["groups", "root", "--remove", "admin"],
    ] {
        let done = chatctl(&chat, arguments, "");
        assert!(
            done.code == 1 && done.err.contains("last administrator"),
            "{}",
            done.err
        );
        assert!(
            done.err.contains("--add admin"),
            "it says what to do: {}",
            done.err
        );
    }
    register(&chat, "anna", &["--group", "admin"]);
    chatctl(&chat, &["disable", "root"], "").good();
    let done = chatctl(&chat, &["groups", "anna", "--remove", "admin"], "");
    assert_eq!(done.code, 1, "one who is disabled administers nothing");
}

#[test]
fn acl_explain_names_each_right_and_its_line() {
    let chat = site();
    let ini = std::fs::read_to_string(chat.path("chat.ini")).expect("read");
    let lines =
        "\n[access]\nspeak = !account:bob, account\n[access tea]\nspeak = network 192.0.2.0/24\n";
    std::fs::write(chat.path("chat.ini"), ini.clone() + lines).expect("written");
    let first = ini.lines().count() + 3;
    register(&chat, "anna", &[]);
    register(&chat, "bob", &["--group", "admin"]);
    let speak = |name: &str, more: &[&str]| {
        let arguments = [&["--json", "acl", "explain", name][..], more].concat();
        let answer = chatctl(&chat, &arguments, "").json();
        let rows = answer.as_array().expect("rows").clone();
        assert_eq!(rows.len(), 11);
        let speak = rows
            .into_iter()
            .find(|row| row["right"] == "speak")
            .expect("speak");
        (
            speak["allowed"].clone(),
            speak["line"].clone(),
            speak["by"].clone(),
        )
    };
    assert_eq!(
        speak("anna", &[]),
        (json!(true), json!(first), json!("account"))
    );
    assert_eq!(
        speak("bob", &[]),
        (json!(false), json!(first), json!("!account:bob"))
    );
    assert_eq!(
        speak("-", &[]),
        (json!(false), json!(first), json!("nothing fits"))
    );
    let tea = ["--room", "tea", "--address", "192.0.2.9"];
    assert_eq!(
        speak("-", &tea),
        (json!(true), json!(first + 2), json!("network 192.0.2.0/24"))
    );
    let table = chatctl(&chat, &["acl", "explain", "bob"], "").good();
    assert!(
        table.contains(&format!("chat.ini:{first}")) && table.contains("admin"),
        "{table}"
    );
    // A wrong word is told with its line, by each program.
    std::fs::write(
        chat.path("chat.ini"),
        ini + "\n[access]\nspeak = evrybody\n",
    )
    .expect("written");
    let done = chatctl(&chat, &["acl", "explain", "-"], "");
    assert!(
        done.code == 5 && done.err.contains(&format!("chat.ini:{first}: speak")),
        "{}",
        done.err
    );
}

#[test]
fn accounts_of_other_servers_are_brought_in() {
    let chat = site();
    let write = |name: &str, text: &str| {
        std::fs::write(chat.path(name), text).expect("written");
        chat.path(name).to_str().expect("a path").to_owned()
    };
    let import = |file: &str, more: &[&str]| {
        chatctl(&chat, &[&["--json", "import", file][..], more].concat(), "").json()
    };
    let bcrypt = bcrypt::hash(PASSWORD, 4).expect("a hash");
    let users = format!("# staff\nbob:{bcrypt}\nold:$apr1$x$y\na_b:{bcrypt}\n");
    let htpasswd = write("htpasswd", &users);
    let would = import(&htpasswd, &["--dry-run"]);
    assert_eq!(would["made"], json!(["bob"]));
    assert!(
        chatctl(&chat, &["--json", "accounts"], "")
            .json()
            .as_array()
            .expect("rows")
            .is_empty()
    );
    let done = import(&htpasswd, &["--group", "staff"]);
    assert_eq!(done["made"], json!(["bob"]));
    let reasons = done["refused"].to_string();
    assert!(
        reasons.contains("too weak") && reasons.contains("a-b is possible"),
        "{reasons}"
    );
    let csv = write(
        "people.csv",
        "\u{feff}Name;Password;Groups\r\n\"carol\";\"correct; horse\";staff board\r\ndave;short;\r\n",
    );
    let done = import(&csv, &[]);
    assert_eq!(done["made"], json!(["carol"]));
    assert!(
        done["refused"][0]["reason"]
            .to_string()
            .contains("8 characters"),
        "{done}"
    );
    // RFC 5802's and RFC 7677's own: pencil.
    let xml = write(
        "ejabberd.xml",
        "<?xml version='1.0'?><server-data xmlns='urn:xmpp:pie:0'><host jid='example.org'>\
         <user name='erin' password='plain and long'/>\
         <user name='frank' password='scram:6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=,QSXCR+Q6sek8bf92,4096'/>\
         <user name='gina'><scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-256'>\
         <iter-count>4096</iter-count><salt>W22ZaJ0SNY7soEsUEjb6gQ==</salt>\
         <server-key>wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=</server-key>\
         <stored-key>WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=</stored-key></scram-credentials></user>\
         <user name='erin'/><user name='hal' password='scram:sha512,a,b,c,4096'/></host></server-data>",
    );
    let done = import(&xml, &[]);
    assert_eq!(done["made"], json!(["erin", "frank", "gina"]), "{done}");
    for (name, password) in [
        ("bob", PASSWORD),
        ("carol", "correct; horse"),
        ("erin", "plain and long"),
        ("frank", "pencil"),
        ("gina", "pencil"),
    ] {
        assert_eq!(
            chatctl(&chat, &["verify", name], password).code,
            0,
            "{name}"
        );
        assert_eq!(
            chatctl(&chat, &["verify", name], "wrong one").code,
            1,
            "{name}"
        );
    }
    for (name, text) in [
        ("not.xml", "<user>"),
        ("not.csv", "name;color\na;b\n"),
        ("nothing", "no colon\n"),
    ] {
        let done = chatctl(&chat, &["import", &write(name, text)], "");
        assert_eq!(done.code, 1, "{name}: {}", done.out);
    }
}

#[test]
fn links_are_words_behind_a_hash_mark() {
    let chat = site();
    register(&chat, "Železná", &[]);
    let link = chatctl(&chat, &["--json", "passwd", "--link", "železná"], "").json();
    let address = link["address"].as_str().expect("an address");
    assert!(
        address.starts_with("password.html#name=%C5%BDelezn%C3%A1&link="),
        "{address}"
    );
    let invited = chatctl(&chat, &["--json", "invite", "--uses", "3"], "").json();
    let address = invited["address"].as_str().expect("an address");
    assert!(
        address.starts_with("register.html#invitation="),
        "{address}"
    );
    let code = chatctl(&chat, &["--json", "first-code"], "").json();
    assert_eq!(code["code"].as_str().expect("a code").len(), 32);
    register(&chat, "root", &["--group", "admin"]);
    let late = chatctl(&chat, &["first-code"], "");
    assert!(
        late.code == 1 && late.err.contains("administrator already"),
        "{}",
        late.err
    );
}
