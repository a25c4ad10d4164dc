//! The man pages say what the programs say, and the shipped files are good: all are made from, or checked by, the
//! definitions. `UPDATE_DOCUMENTS=1 cargo test -p chat-admin --test program` writes the pages anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use chat_admin::ctl;
use chat_handler::cli;
use chat_handler::command::USAGES;
use chat_handler::settings::{DEFAULT_PATH, KEYS, Settings};
use chat_store::accounts::{self, Account, AccountKind};
use chat_store::attachments::Shelf;
use chat_store::fs::dirs::Dirs;
use chat_store::name::{Nick, RoomName};
use clap::{Arg, CommandFactory as _};
use clap_mangen::Man;
use serde_json::json;

use crate::support::Chat;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a document with what it should be, or makes it so when asked to.
fn check(name: &str, expected: &str) {
    let path = root().join("docs/man").join(name);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, expected).expect("the document can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the program says any more: UPDATE_DOCUMENTS=1 cargo test -p chat-admin --test program",
        path.display()
    );
}

/// Text as roff takes it: no escape, no hyphen that breaks a word, no line that looks like a request.
fn roff(text: &str) -> String {
    let text = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('`', "");
    let lines: Vec<_> = text
        .lines()
        .map(|line| match line.chars().next() {
            Some('.' | '\'') => format!("\\&{line}"),
            _ => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// The parts that clap knows: title to options.
fn beginning(command: clap::Command, section: &str) -> String {
    let title = command.get_name().to_uppercase();
    let man = Man::new(command).title(title).section(section);
    let mut page = Vec::new();
    man.render_title(&mut page).expect("memory");
    man.render_name_section(&mut page).expect("memory");
    man.render_synopsis_section(&mut page).expect("memory");
    man.render_description_section(&mut page).expect("memory");
    man.render_options_section(&mut page).expect("memory");
    String::from_utf8(page).expect("text")
}

fn section(page: &mut String, heading: &str, text: &str) {
    let _ = writeln!(page, ".SH {heading}\n{}", roff(text));
}

fn item(page: &mut String, what: &str, text: &str) {
    let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", roff(what), roff(text));
}

fn help_of(argument: &Arg) -> String {
    argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// How an argument is typed.
fn typed(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let value = names.first().map(ToString::to_string).unwrap_or_default();
    match argument.get_long() {
        Some(long) if argument.get_action().takes_values() => format!("--{long}={value}"),
        Some(long) => format!("--{long}"),
        None if argument.is_required_set() => value,
        None => format!("[{value}]"),
    }
}

/// The same, in brackets if it can be left out.
fn optional(argument: &Arg) -> String {
    let typed = typed(argument);
    if argument.is_required_set() || typed.starts_with('[') {
        typed
    } else {
        format!("[{typed}]")
    }
}

fn handler_page() -> String {
    let mut page = beginning(cli::Args::command(), "1");
    section(
        &mut page,
        "ENVIRONMENT",
        "The CGI variables of the connection, as websocketd sets them (RFC 3875):",
    );
    for (name, text) in [
        (
            "PATH_INFO",
            "The room: its first segment, percent-decoded; empty: lobby.",
        ),
        (
            "QUERY_STRING",
            "format=json chooses the JSON protocol; since, history, nick and client belong to it.",
        ),
        ("HTTP_COOKIE", "The PHP session or the OpenSSO cookie."),
        (
            "REMOTE_ADDR, HTTP_X_FORWARDED_FOR",
            "Where the client comes from: for bans, TRUSTED_PROXIES and log/authentization.log.",
        ),
        (
            "CHAT_CONFIG",
            "The ini file, if --config does not name one.",
        ),
        ("TZ", "The time zone of the times in the text protocol."),
    ] {
        item(&mut page, name, text);
    }
    section(
        &mut page,
        "COMMANDS",
        "What people can type. Those for moderators are marked with an asterisk.",
    );
    for usage in USAGES {
        let mark = if usage.moderators { " *" } else { "" };
        item(
            &mut page,
            &format!("/{}{}{mark}", usage.name, usage.arguments),
            usage.en,
        );
    }
    section(
        &mut page,
        "SIGNALS",
        "INT, TERM and HUP end it in good order: the client is told, the room gets a quit record.",
    );
    section(
        &mut page,
        "EXIT STATUS",
        "0: the person has left or was refused; 1: a file failed it; 2: a flag that does not exist; 5: the ini file is wrong.",
    );
    section(
        &mut page,
        "FILES",
        &format!(
            "{DEFAULT_PATH}, and BASE_DIR with rooms/, users/, sessions/, log/, run/ and state/."
        ),
    );
    section(
        &mut page,
        "SEE ALSO",
        "chat.ini(5), chatctl(1), websocketd-rs(1)",
    );
    page
}

fn chatctl_page() -> String {
    let mut command = ctl::Arguments::command();
    command.build();
    let mut page = beginning(command.clone(), "1");
    section(
        &mut page,
        "COMMANDS",
        "They work while the chat runs and while it does not. Started by root it becomes the owner of BASE_DIR.",
    );
    for command in command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
    {
        let own = |argument: &&Arg| {
            !matches!(
                argument.get_id().as_str(),
                "help" | "version" | "config" | "json"
            )
        };
        let arguments: Vec<_> = command.get_arguments().filter(own).collect();
        let line: Vec<_> = arguments
            .iter()
            .map(|argument| optional(argument))
            .collect();
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = writeln!(
            page,
            ".SS {} {}\n{}.",
            roff(command.get_name()),
            roff(&line.join(" ")),
            roff(&about)
        );
        for argument in arguments {
            item(&mut page, &typed(argument), &help_of(argument));
        }
    }
    section(
        &mut page,
        "EXIT STATUS",
        "0: done; 1: refused, or a file failed it; 2: wrong usage; 3: there is no such room, person, ban or message; 5: the ini file is wrong.",
    );
    section(&mut page, "EXAMPLES", "chatctl ban lobby eve --minutes=60 spam\n.br\nchatctl --json users | jq .\n.br\nchatctl expire --older-than=3months --dry-run".replace(".br", "\u{1}").as_str());
    let mut page = page.replace('\u{1}', ".br");
    section(
        &mut page,
        "SEE ALSO",
        "chat.ini(5), chat-handler(1), logrotate(8), systemd.timer(5)",
    );
    page
}

fn ini_page() -> String {
    let mut page = String::from(
        ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n.TH CHAT.INI 5\n.SH NAME\nchat.ini \\- settings of the chat\n",
    );
    section(
        &mut page,
        "DESCRIPTION",
        &format!(
            "Read by chat-handler, chat-cgi and chatctl: the file that --config names, else the one that the variable \
             CHAT_CONFIG names, else {DEFAULT_PATH}. Lines are KEY=value in sections; a line that starts with ; or # is a \
             comment. chat-handler --check tells what is wrong with it, by line and key. A change holds for connections \
             that begin after it."
        ),
    );
    section(
        &mut page,
        "[GLOBAL]",
        "Each key, what it allows, and what it does. Only BASE_DIR is needed.",
    );
    for key in KEYS {
        let allowed = key.allowed;
        item(
            &mut page,
            &format!("{}=", key.name),
            &format!("{}. Allowed: {allowed}.", capital(key.about)),
        );
    }
    for (title, text) in SECTIONS {
        section(&mut page, title, text);
    }
    section(
        &mut page,
        "SEE ALSO",
        "chat-handler(1), chatctl(1), chat-relay(1)",
    );
    page
}

/// What the sections of chat.ini are, whose keys are no settings of the whole site.
const SECTIONS: [(&str, &str); 7] = [
    (
        "[CHANNELS]",
        "TOPIC=whom, a line for each topic, or for all whose names begin alike: orders.*=group:staff. Who may hear what programs of the site tell there; whom is as in [access], and the first line that fits counts. Without one nobody hears a topic.",
    ),
    (
        "[ACCESS], [ACCESS ROOM]",
        "RIGHT=whom, for enter, create_room, speak, upload, call, invite, moderate, announce, profile, register and admin; of one room alone for those that a room can have. Whom: all, account, group:NAME, account:NAME or network ADDRESS/BITS, joined by commas, with ! before an exception; the first that fits counts. chatctl acl explain NAME tells which line gives what.",
    ),
    (
        "[KEEP]",
        "ROOM=age, as 30days, or forever: how long what is said there is kept, in place of KEEP.",
    ),
    (
        "[WEBHOOK NAME]",
        "An address that is told what happens, by chat-hooks. URL and SECRET_FILE are needed; EVENTS, ROOMS, RETRIES, ALLOW and CA_FILE may be there.",
    ),
    (
        "[COMMAND NAME]",
        "A slash command that the site answers: ASK (unix:SOCKET or exec:PROGRAM), or URL and SECRET_FILE by way of chat-hooks, with ALLOW and CA_FILE; ARGUMENTS, HELP, ROOMS, WHO (all, account, moderator), NAME, TIMEOUT.",
    ),
    (
        "[CLUSTER]",
        "Of a site on several machines: NODE, ENGINE, ENGINE_USER, ENGINE_PASSWORD_FILE, ENGINE_CA_FILE, ENGINE_REPLICAS, KEEP, SEND_TIMEOUT. Without the section nothing of it is used.",
    ),
    (
        "[ROOM DESCRIPTIONS]",
        "ROOM=text, a line for each room. Described rooms are in the list of rooms, also when nobody is there.",
    ),
];

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[test]
fn the_man_pages_are_made_from_the_definitions() {
    check("chat-handler.1", &handler_page());
    check("chatctl.1", &chatctl_page());
    check("chat.ini.5", &ini_page());
}

#[test]
fn every_shipped_ini_of_the_chat_passes_its_check() {
    let text = std::fs::read_to_string(root().join("conf/chat.ini")).expect("shipped");
    let dir = tempfile::tempdir().expect("a directory");
    let here = |text: &str| {
        let text = text.replace(
            "/var/lib/websocketd-rs/chat",
            &dir.path().display().to_string(),
        );
        let path = dir.path().join("chat.ini");
        std::fs::write(&path, text).expect("written");
        Command::new(crate::support::handler())
            .arg("--check")
            .arg("--config")
            .arg(path)
            .output()
            .expect("started")
    };
    let output = here(&text);
    assert!(output.status.success(), "{output:?}");
    // With every comment that shows a value taken as one: the values shown are good ones, and defaults.
    std::fs::create_dir(dir.path().join("sessions")).expect("made");
    let shown: Vec<_> = text
        .lines()
        .map(|line| {
            let value = line.strip_prefix("; ").unwrap_or(line);
            let key = value.split('=').next().unwrap_or_default();
            let is_key = KEYS.iter().any(|known| known.name == key);
            if is_key { value } else { line }
        })
        .collect();
    for key in KEYS {
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with(&format!("{}=", key.name))),
            "{} is not shown",
            key.name
        );
    }
    let output = here(&shown.join("\n"));
    assert!(output.status.success(), "{output:?}");
    // BASE_DIR, LANG and the descriptions are set in either.
    let path = dir.path().join("chat.ini");
    let parsed = |text: &str| Settings::parse(text, &path).expect("it was checked");
    let (plain, shown) = (parsed(&text), parsed(&shown.join("\n")));
    assert_eq!(format!("{plain:#?}"), format!("{shown:#?}"));
}

#[test]
fn the_protocol_lists_every_command() {
    let text = std::fs::read_to_string(root().join("docs/chat-protocol.md")).expect("the protocol");
    for usage in USAGES {
        let line = format!("`/{}{}`", usage.name, usage.arguments);
        assert!(
            text.contains(&line),
            "docs/chat-protocol.md does not have {line}"
        );
    }
}

#[test]
fn every_directory_below_base_dir_is_in_the_readmes_table() {
    let _alone =
        e2e::cluster_of_one::needs_alone("with [cluster] there are spool/ and logins/, too");
    let chat = Chat::with("SESSION_ADMIN_PATH=admin");
    let mut boss = chat.page_with(
        "r",
        "",
        &chat.log_in(&[("username", "boss"), ("admin", "1")]),
    );
    let mut troll = chat.page("r", "troll");
    troll.say_acked("hello", "m1");
    for command in ["/topic tea", "/ban troll 60 spam", "/clear"] {
        boss.type_in(command);
    }
    boss.send(&json!({"type": "profile", "color": "red"}));
    boss.settle();
    let mut reader = chat.window("client=readers-browser", "");
    reader.send(&json!({"type": "enter", "rooms": [{"room": "r"}]}));
    reader.send(&json!({"type": "converse", "people": []}));
    reader.send(&json!({"type": "quit"}));
    while reader.next().is_some() {}
    // As chatctl does it when the first account is made.
    let name = Nick::parse("anna").expect("a name");
    let anna = Account::new(name, AccountKind::Person);
    accounts::create(&Dirs::under(&chat.path("")), &anna).expect("writable");
    // As chat-cgi does it when the first file comes.
    let dirs = Dirs::under(&chat.path(""));
    let shelf = Shelf::of(&dirs, &RoomName::lobby());
    shelf.create().expect("writable");
    // As chatctl does it when the first event is told.
    let told = Command::new(e2e::under_test::beside("chatctl"))
        .env("CHAT_CONFIG", chat.ini())
        .args(["event", "news", "x"])
        .status();
    assert!(told.expect("chatctl starts").success());
    let made: BTreeSet<String> = chat.files("").into_iter().collect();
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let rows = readme
        .lines()
        .skip_while(|line| !line.starts_with("| below BASE_DIR"))
        .skip(2)
        .take_while(|line| line.starts_with("| `"));
    let mut told: BTreeSet<String> = rows
        .map(|row| row.split('`').nth(1).expect("a name").trim_end_matches('/'))
        .map(str::to_owned)
        .collect();
    // Where these tests put it; it is the administrator's.
    told.insert("chat.ini".to_owned());
    // With [cluster]: this chat has none.
    assert!(told.remove("spool") && told.remove("logins"));
    assert_eq!(made, told);
}

/// What shells complete: made from the same definition, installed by `make install`.
#[test]
fn shells_complete_every_flag() {
    use clap_complete::{Shell, generate};
    for (shell, name) in [
        (Shell::Bash, "chatctl.bash"),
        (Shell::Zsh, "_chatctl"),
        (Shell::Fish, "chatctl.fish"),
    ] {
        let mut script = Vec::new();
        generate(
            shell,
            &mut ctl::Arguments::command(),
            "chatctl",
            &mut script,
        );
        let script = String::from_utf8(script).expect("text");
        let path = root().join("conf/completions").join(name);
        if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
            std::fs::write(&path, &script).expect("it can be written");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == script,
            "{} is old: run this with UPDATE_DOCUMENTS=1",
            path.display()
        );
        assert!(script.contains("backup"), "{name}");
    }
}
