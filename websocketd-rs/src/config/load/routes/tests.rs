use std::ffi::OsString;

use super::super::tests::{good, load_text, refused};
use crate::config::{Config, ForkLimit, Runnable, SiteConfig, canonical};

/// Where a request goes, as the section would be called.
fn place(config: &Config, host: &str, path: &str) -> String {
    let host = canonical(host);
    let mut sites = config.sites.iter();
    let found = sites.find(|site| site.key.matches(&host, path.as_bytes()));
    found.expect("the daemon's own").key.to_string()
}

fn site<'a>(config: &'a Config, key: &str) -> &'a SiteConfig {
    let mut sites = config.sites.iter();
    sites.find(|site| site.key.to_string() == key).expect(key)
}

fn variables(site: &SiteConfig) -> Vec<String> {
    let pairs = site.process.inherited_env.iter();
    let text = |text: &OsString| text.to_string_lossy().into_owned();
    pairs
        .map(|(name, value)| format!("{}={}", text(name), text(value)))
        .collect()
}

#[test]
fn the_most_specific_host_comes_first_and_then_the_longest_path() {
    let config = good(
        "static=/etc\n[route //A.example./chat/]\ncommand=cat\n[route //a.example/chat/api]\ncgi=/usr\n\
         [route //*.example]\ncommand=cat\n[route //*.b.example/x]\ncommand=cat\n[route /y]\ncommand=cat\n\
         [route //b\u{fc}cher.example/]\ncommand=cat\n[route //[::1]/]\ncommand=cat\n",
        &[],
    );
    for (host, path, key) in [
        ("a.example", "/chat", "//a.example/chat"),
        ("A.EXAMPLE.", "/chat/room", "//a.example/chat"),
        ("a.example", "/chat/api/rooms", "//a.example/chat/api"),
        // A host is a site: what is not there is nowhere else.
        ("a.example", "/y", "//a.example/"),
        ("c.example", "/y", "//*.example/"),
        ("c.b.example", "/x", "//*.b.example/x"),
        ("c.b.example", "/", "//*.b.example/"),
        ("example", "/y/z", "/y"),
        ("example", "/", "/"),
        ("", "/y", "/y"),
        ("xn--bcher-kva.example", "/", "//xn--bcher-kva.example/"),
        ("B\u{dc}CHER.example", "/", "//xn--bcher-kva.example/"),
        ("[0:0::1]", "/", "//[::1]/"),
    ] {
        assert_eq!(place(&config, host, path), key, "{host}{path}");
    }
    assert!(!site(&config, "//a.example/").serves_anything());
    assert!(site(&config, "//*.example/").serves_anything());
}

#[test]
fn a_host_says_what_holds_for_its_routes() {
    let config = good(
        "command=cat\nmaxline=7\nenv=A=0\nenv=B=0\nenv=C=0\n\
         [host a.example]\nmaxline=8\nheader=X: 1\nenv=B=1\nenv=C=1\nmaxforks=3\nmaxconnsperip=2\n\
         [host *.example]\nmaxline=9\n\
         [route //a.example/]\ncommand=cat\nenv=C=2\n\
         [route //a.example/own]\ncommand=cat\nmaxline=10\nmaxforks=1\n\
         [route //b.example/x]\ncommand=cat\n",
        &["--maxfragments=5"],
    );
    let (root, own) = (
        site(&config, "//a.example/"),
        site(&config, "//a.example/own"),
    );
    assert_eq!((root.session.max_line, own.session.max_line), (8, 10));
    assert_eq!(
        (root.session.max_fragments, root.http.headers.len()),
        (5, 1)
    );
    assert_eq!(
        variables(root)[1..],
        ["A=0", "B=1", "C=2"].map(str::to_owned)
    );
    assert_eq!(
        (root.forks, own.forks),
        (ForkLimit::Shared, ForkLimit::Own(Some(1)))
    );
    let limits = root.host.as_ref().expect("its host has limits");
    assert_eq!(
        (limits.forks, limits.max_per_address),
        (ForkLimit::Own(Some(3)), Some(2))
    );
    assert_eq!(own.host.as_ref(), Some(limits));
    // What is served nowhere else has the host's headers, too.
    let nothing = site(&config, "//b.example/");
    assert!(nothing.host.is_none() && nothing.session.program.is_none());
    assert_eq!(nothing.session.max_line, 9);
    assert_eq!(config.default_site().session.max_line, 7);
}

#[test]
fn certificates_belong_to_hosts() {
    let tls = "ssl=true\nsslcert=/c\nsslkey=/k\ncommand=cat\n";
    let host = "[host a.example]\nsslcert=/a.c\nsslkey=/a.k\n";
    let config = good(
        &format!("{tls}[host *.example]\nsslcert=/w.c\nsslkey=/w.k\n{host}"),
        &[],
    );
    let shown = |config: &Config| {
        let tls = config.listen.tls.as_ref().expect("TLS");
        let pairs = tls.pairs().map(|pair| pair.cert.display().to_string());
        pairs.collect::<Vec<_>>()
    };
    assert_eq!(shown(&config), ["/c", "/a.c", "/w.c"]);
    // The daemon itself may have none.
    assert_eq!(
        shown(&good(&format!("ssl=true\ncommand=cat\n{host}"), &[])),
        ["/a.c"]
    );
    let half = "[host a.example]\nsslcert=/a.c\n";
    assert!(refused(&format!("{tls}{half}")).contains("both sslcert and sslkey"));
    let wrong = refused(&format!("command=cat\n{host}"));
    assert_eq!(
        wrong,
        "FILE:3: [host a.example]: a certificate needs ssl=true, before the first section"
    );
    assert!(refused("ssl=true\ncommand=cat\n").contains("please specify both"));
}

#[test]
fn mistakes_about_hosts_name_their_line() {
    for (text, told) in [
        (
            "[route //a:80/]\ncommand=cat\n",
            "FILE:1: [route //a:80/]: a host is a name like",
        ),
        (
            "[route //]\ncommand=cat\n",
            "FILE:1: [route //]: a host is a name like",
        ),
        (
            "[route //a//b]\ncommand=cat\n",
            "FILE:1: [route //a//b]: allowed are",
        ),
        ("[host a b]\n", "FILE:1: [host a b]: a host is a name like"),
        (
            "[route //a]\ncommand=cat\n[route //A/]\ncommand=cat\n",
            "FILE:3: the route is there already, at FILE:1",
        ),
        (
            "[host a]\n[host A.]\n",
            "FILE:2: the host is there already, at FILE:1",
        ),
        (
            "[host a]\ncommand=cat\n",
            "FILE:2: command: not a key of a host; write it into a [route //HOST/PATH]",
        ),
        (
            "[host a]\nstatic=/etc\n",
            "FILE:2: static: not a key of a host; write it into a [route //HOST/PATH]",
        ),
        (
            "[host a]\nport=1\n",
            "FILE:2: port: not a key of a host; write it before the first section",
        ),
        (
            "command=cat\n[host a]\nmaxforks=1\n",
            "FILE:2: [host a]: what it says holds for routes of this host",
        ),
        (
            "[host a]\nmaxline=0\n[route //a]\ncommand=cat\n",
            "FILE:2: [route //a/]: --maxline must be from",
        ),
        (
            "[host a]\nuser=nosuchuser\n[route //a]\ncommand=cat\n",
            "FILE:2: [route //a/]: --user: there is no user",
        ),
        (
            "[host a]\nmaxconnsperip=9999999999\n[route //a]\ncommand=cat\n",
            "FILE:2: [host a]: --maxconnsperip must be",
        ),
    ] {
        let refused = refused(text);
        assert!(refused.starts_with(told), "{text}: {refused}");
    }
}

#[test]
fn a_directory_is_included() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("ours");
    };
    let main = format!("include={}\ncommand=cat\n", dir.path().display());
    write("b.ini", "[route //b]\ncommand=cat\n");
    write(
        "a.ini",
        "[host a]\nmaxline=5\n[route //a]\ncommand=true\n[tcp t]\nport=1\ncommand=cat\n",
    );
    for other in [".hidden.ini", "b.ini~", "c.ini.off", "README"] {
        write(other, "nonsense\n");
    }
    let config = good(&main, &[]);
    assert_eq!(site(&config, "//a/").session.max_line, 5);
    assert!(matches!(
        &site(&config, "//b/").session.program,
        Some(Runnable::Command { .. })
    ));
    assert_eq!(config.tcp.len(), 1);
    let place = |name: &str| dir.path().join(name).display().to_string();
    for (text, line, told) in [
        ("[route //b]\ncommand=cat\nprot=1\n", 3, "prot: unknown key"),
        (
            "\n[route //a/]\ncommand=cat\n",
            2,
            "the route is there already, at ",
        ),
        ("nonsense\n", 1, "this is neither"),
        (
            "maxline=5\n",
            1,
            "maxline: a file that is included has sections only",
        ),
        (
            "[global]\ninclude=/etc\n",
            2,
            "include: a file that is included has sections only",
        ),
        (
            "[route //b]\ncommand=cat\nmaxline=0\n",
            3,
            "[route //b/]: --maxline must be",
        ),
    ] {
        write("b.ini", text);
        let refused = refused(&main);
        let expected = format!("{}:{line}: {told}", place("b.ini"));
        assert!(refused.starts_with(&expected), "{text}: {refused}");
    }
    let none =
        load_text("command=cat\ninclude=/nosuch\n", &[]).expect_err("there is no such directory");
    assert!(
        none.stderr.starts_with("FILE:2: include: /nosuch: "),
        "{}",
        none.stderr
    );
}
