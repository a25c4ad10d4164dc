use super::*;

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, Path::new("/etc/chat/chat.ini"))
}

fn problems(text: &str) -> Vec<(usize, String)> {
    let error = parse(text).expect_err("must be refused");
    error
        .0
        .into_iter()
        .map(|problem| (problem.line, problem.text))
        .collect()
}

#[test]
fn the_old_file_works_unchanged() {
    let text = "[global]\nBASE_DIR=/home/chat\nLANG=en_US.UTF-8\nICE_SERVER_DNS=stun.example.org\n\
        WEBSOCKETD_SERVER_URL=wss://chat.example.org/chat/rooms/\n\
        AUTHENTIZATION_WEBSERVICE_URL=https://sso.example.org/opensso/identity/attributes\n\
        AUTHENTIZATION_COOKIENAME=iPlanetDirectoryPro\n\n[room descriptions]\nlobby=Where all begin\n\
        Železná hospoda=\"Pivo; a klid\"\n";
    let settings = parse(text).expect("the old file");
    assert_eq!(settings.base_dir, Path::new("/home/chat"));
    assert_eq!(settings.run_dir, Path::new("/home/chat/run"));
    assert_eq!(
        settings.identity.session_dir,
        Path::new("/home/chat/sessions")
    );
    assert_eq!(settings.lang, Lang::En);
    assert_eq!(settings.pages.stun_servers, ["stun.example.org"]);
    assert_eq!(
        settings.room_descriptions[1],
        ("Železná hospoda".into(), "Pivo; a klid".into())
    );
    assert!(settings.identity.anonymous && settings.identity.remote_user.is_none());
}

#[test]
fn relative_paths_start_at_the_file() {
    let settings = parse("[global]\nBASE_DIR=../var\nSESSION_SAVE_PATH=2;/tmp/s\n").unwrap();
    assert_eq!(settings.base_dir, Path::new("/etc/chat/../var"));
    assert_eq!(settings.identity.session_depth, 2);
    assert_eq!(settings.identity.session_dir, Path::new("/tmp/s"));
}

#[test]
fn each_mistake_is_told_with_its_line() {
    let told = problems(
        "# a comment\n[global]\nBASE_DIR=/x\nMAX_ROMS=3\nANONYMOUS=maybe\n\n[rooms]\na=b\n",
    );
    assert_eq!(
        told.iter().map(|problem| problem.0).collect::<Vec<_>>(),
        [4, 5, 8]
    );
    assert!(
        told[0].1.contains("MAX_ROMS") && told[0].1.contains("MAX_ROOMS"),
        "{}",
        told[0].1
    );
    assert!(
        told[1].1.contains("ANONYMOUS") && told[1].1.contains("yes or no"),
        "{}",
        told[1].1
    );
    assert!(told[2].1.contains("[room descriptions]"), "{}", told[2].1);
}

#[test]
fn the_second_of_two_equal_keys_is_the_one_named() {
    let told = problems("[global]\nBASE_DIR=/x\nMAX_ROOMS=5\nMAX_ROOMS=none\n");
    assert_eq!(told[0].0, 4);
}

#[test]
fn without_base_dir_the_error_says_what_to_write() {
    let told = problems("[global]\nLANG=cs\n");
    assert!(told[0].1.contains("BASE_DIR=DIRECTORY"), "{}", told[0].1);
}

#[test]
fn numbers_out_of_range_are_refused() {
    for line in [
        "MAX_ROOMS=0",
        "MAX_MESSAGE=-1",
        "SESSION_MAX_AGE=",
        "MESSAGE_RATE=1e3",
        "MAX_SIGNAL=99999999999999999999",
        "SESSION_SAVE_PATH=9;/x",
        "TURN_SECRET=short",
        "AUTHENTIZATION_WEBSERVICE_URL=http://sso.example.org/",
        "WEBSOCKETD_SERVER_URL=javascript:1",
        "REMOTE_USER=PATH",
        "TRUSTED_PROXIES=localhost",
    ] {
        assert_eq!(
            problems(&format!("[global]\nBASE_DIR=/x\n{line}\n"))[0].0,
            3,
            "{line}"
        );
    }
}

#[test]
fn a_missing_directory_or_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("chat.ini");
    std::fs::write(&file, "[global]\n\nBASE_DIR=gone\n").unwrap();
    let error = Settings::load(Some(&file), None).expect_err("no such directory");
    assert_eq!(error.0[0].line, 3);
    let error = Settings::load(Some(&dir.path().join("none.ini")), None).expect_err("no file");
    assert!(error.to_string().contains("none.ini"), "{error}");
    std::fs::write(&file, b"[global]\nBASE_DIR=\xff\n").unwrap();
    assert_eq!(
        Settings::load(None, Some(&file)).expect_err("not UTF-8").0[0].line,
        2
    );
}

#[test]
fn the_shipped_file_is_good_and_shows_every_key() {
    let text = include_str!("../../../conf/chat.ini");
    parse(text).expect("conf/chat.ini");
    for key in KEYS {
        let shown = text.lines().any(|line| {
            line.trim_start_matches(['#', ';', ' '])
                .starts_with(&format!("{}=", key.name))
        });
        assert!(shown, "conf/chat.ini does not show {}", key.name);
    }
}
