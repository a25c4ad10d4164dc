//! `chatctl setup`, the real program, in a tree of its own: what it changes, what it leaves, what it refuses before it
//! changes anything. docs/install.md, "Alone", is typed on a booted Debian by the tests of what is shipped.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::tls::Authority;
use e2e::under_test::{beside, workspace};
use tempfile::TempDir;

const HOST: &str = "chat.example.org";

/// A machine's /etc with the files as they are shipped.
struct Tree {
    root: TempDir,
    authority: Authority,
}

impl Tree {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let etc = root.path().join("etc/websocketd-rs");
        fs::create_dir_all(&etc).expect("ours");
        for name in ["chat.ini", "stand-alone.ini"] {
            fs::copy(workspace().join("conf").join(name), etc.join(name)).expect("copied");
        }
        let secret = fs::Permissions::from_mode(0o640);
        fs::set_permissions(etc.join("chat.ini"), secret).expect("ours");
        Self {
            root,
            authority: Authority::new(),
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    fn text(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// Its exit status, and what it printed.
    fn setup(&self, words: &[&str]) -> (i32, String) {
        let output = Command::new(beside("chatctl"))
            .env_clear()
            .arg("--root")
            .arg(self.root.path())
            .arg("setup")
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("chatctl starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).expect("UTF-8");
        (output.status.code().expect("an exit status"), text)
    }

    /// The options that name a certificate of `names`.
    fn certificate(&self, name: &str, names: &[&str]) -> [String; 2] {
        let pair = self.authority.issue_for(name, names);
        [("cert", pair.cert), ("key", pair.key)]
            .map(|(option, path)| format!("--{option}={}", path.display()))
    }

    /// All files with what is in them.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut dirs = vec![self.root.path().to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).expect("ours").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    let bytes = fs::read(&path).expect("ours");
                    found.push((path, bytes));
                }
            }
        }
        found.sort();
        found
    }
}

/// The lines that count.
fn counting(text: &str) -> Vec<&str> {
    let counts = |line: &&str| !line.is_empty() && !line.starts_with([';', '#']);
    text.lines().filter(counts).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

#[test]
fn one_command_serves_the_chat_alone_and_says_it_once() {
    let tree = Tree::new();
    let [cert, key] = tree.certificate("good", &[HOST]);
    let before = tree.text("etc/websocketd-rs/chat.ini");
    let (code, said) = tree.setup(&[HOST, &cert, &key, "--register=invitation"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("https://chat.example.org/"), "{said}");

    let ini = tree.text("etc/websocketd-rs/chat.ini");
    let expected = before
        .replace("; ACCOUNTS=no", "ACCOUNTS=yes")
        .replace("; REGISTER=no", "REGISTER=invitation");
    assert_eq!(ini, expected, "nothing else is another");
    assert_eq!(mode(&tree.path("etc/websocketd-rs/chat.ini")), 0o640);
    assert_eq!(mode(&tree.path("etc/websocketd-rs/chat.key")), 0o640);
    let alone = tree.text("etc/websocketd-rs/stand-alone.ini");
    for line in [
        "port = 443",
        "redirport = 80",
        "address = [::]",
        "ssl = true",
        "sslcert = /etc/websocketd-rs/chat.pem",
        "sslkey = /etc/websocketd-rs/chat.key",
        "sameorigin = true",
    ] {
        assert!(counting(&alone).contains(&line), "{line}: {alone}");
    }
    assert!(
        !counting(&alone).contains(&"address = 127.0.0.1"),
        "{alone}"
    );
    let defaults = tree.text("etc/default/websocketd-rs");
    assert_eq!(defaults, "CONFIG=/etc/websocketd-rs/stand-alone.ini\n");
    let rights = tree.text("etc/systemd/system/websocketd-rs.service.d/ports.conf");
    assert!(
        rights.contains("AmbientCapabilities=CAP_NET_BIND_SERVICE"),
        "{rights}"
    );

    // The same words again change nothing; what is there is taken without them, and what was said of who registers stays.
    let once = tree.everything();
    assert_eq!(
        tree.setup(&[HOST, &cert, &key, "--register=invitation"]).0,
        0
    );
    assert_eq!(tree.setup(&[HOST]).0, 0);
    assert_eq!(tree.everything(), once);

    let (code, said) = tree.setup(&[HOST, "--port=8443"]);
    assert!(
        code == 0 && said.contains("https://chat.example.org:8443/"),
        "{said}"
    );
    let alone = tree.text("etc/websocketd-rs/stand-alone.ini");
    assert!(counting(&alone).contains(&"port = 8443"), "{alone}");
    assert!(
        !counting(&alone)
            .iter()
            .any(|line| line.starts_with("redirport")),
        "{alone}"
    );
}

/// A renewal follows the links; the port and the addresses are an administrator's.
#[test]
fn typed_again_it_leaves_what_was_made_of_it_since() {
    let tree = Tree::new();
    let [cert, key] = tree.certificate("good", &[HOST]);
    assert_eq!(tree.setup(&[HOST, &cert, &key, "--port=8443"]).0, 0);
    let live = tree.path("etc/live");
    fs::create_dir(&live).expect("ours");
    let mut links = Vec::new();
    for name in ["chat.pem", "chat.key"] {
        let (here, there) = (tree.path("etc/websocketd-rs").join(name), live.join(name));
        fs::rename(&here, &there).expect("ours");
        std::os::unix::fs::symlink(&there, &here).expect("ours");
        links.push(here);
    }
    let alone = tree.path("etc/websocketd-rs/stand-alone.ini");
    let text = fs::read_to_string(&alone).expect("ours");
    fs::write(
        &alone,
        text.replace("address = [::]", "address = 192.0.2.7"),
    )
    .expect("ours");
    let drop_in = tree.path("etc/systemd/system/websocketd-rs.service.d/ports.conf");
    fs::create_dir_all(drop_in.parent().expect("a directory")).expect("ours");
    fs::write(&drop_in, "# mine\n").expect("ours");
    let before = tree.everything();
    let (code, said) = tree.setup(&[HOST]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("https://chat.example.org:8443/"), "{said}");
    assert_eq!(tree.everything(), before);
    let [here_cert, here_key] = [&links[0], &links[1]].map(|path| path.display().to_string());
    let same = [format!("--cert={here_cert}"), format!("--key={here_key}")];
    assert_eq!(tree.setup(&[HOST, &same[0], &same[1]]).0, 0);
    assert_eq!(tree.everything(), before);
    assert!(links.iter().all(|link| link.is_symlink()));

    assert_eq!(tree.setup(&[HOST, "--port=443"]).0, 0);
    let text = fs::read_to_string(&alone).expect("ours");
    for line in ["port = 443", "redirport = 80", "address = 192.0.2.7"] {
        assert!(counting(&text).contains(&line), "{line}: {text}");
    }
    let kept = fs::read_to_string(&drop_in).expect("ours");
    assert_eq!(kept, "# mine\n");

    // What cannot be read is not written anew.
    let defaults = tree.path("etc/default/websocketd-rs");
    fs::write(&defaults, b"LOCALE=\xff\n").expect("ours");
    let before = tree.everything();
    let (code, said) = tree.setup(&[HOST]);
    assert!(code == 1 && said.contains("etc/default"), "{code}: {said}");
    assert_eq!(tree.everything(), before);
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_is_changed() {
    let tree = Tree::new();
    let good = tree.certificate("good", &[HOST]);
    let other = tree.certificate("other", &["chat.example.net"]);
    let before = tree.everything();
    let refused = |words: &[&str], code: i32, why: &str| {
        let (status, said) = tree.setup(words);
        assert_eq!(status, code, "{words:?}: {said}");
        assert!(said.contains(why), "{words:?}: {said}");
        assert_eq!(tree.everything(), before, "{words:?}");
    };
    refused(&[HOST], 1, "--cert and --key");
    refused(
        &[HOST, &other[0], &other[1]],
        1,
        "is no certificate of chat.example.org",
    );
    refused(&[HOST, &good[0], &other[1]], 1, "is not the key of");
    refused(
        &[HOST, &good[0].replace(".pem", ".key"), &good[1]],
        1,
        "holds no certificate",
    );
    refused(&[HOST, "--cert=/nowhere", &good[1]], 1, "/nowhere");
    refused(&[HOST, &good[0]], 2, "--key");
    refused(
        &["https://chat.example.org/", &good[0], &good[1]],
        2,
        "a host is a name",
    );
    refused(&[HOST, "--register=friends"], 2, "friends");

    // What the daemon serves already goes on.
    let words = [HOST, &good[0], &good[1]];
    for (path, text, why) in [
        (
            "etc/default/websocketd-rs",
            "CONFIG=/srv/mine.ini\n",
            "/srv/mine.ini",
        ),
        (
            "etc/systemd/system/websocketd-rs.service.d/sites.conf",
            "[Service]\n",
            "site add",
        ),
    ] {
        let file = tree.path(path);
        fs::create_dir_all(file.parent().expect("a directory")).expect("ours");
        fs::write(&file, text).expect("ours");
        let before = tree.everything();
        let (code, said) = tree.setup(&words);
        assert!(code == 1 && said.contains(why), "{code}: {said}");
        assert_eq!(tree.everything(), before, "{path}");
        fs::remove_file(&file).expect("ours");
    }

    let ini = tree.path("etc/websocketd-rs/chat.ini");
    let broken = tree.text("etc/websocketd-rs/chat.ini") + "\n[access]\nspeak = everybody\n";
    fs::write(&ini, broken).expect("ours");
    let before = tree.everything();
    let (code, said) = tree.setup(&[HOST, &good[0], &good[1]]);
    assert!(code == 5 && said.contains("everybody"), "{code}: {said}");
    assert_eq!(tree.everything(), before);
    fs::remove_file(&ini).expect("ours");
    let (code, said) = tree.setup(&[HOST, &good[0], &good[1]]);
    assert!(code == 1 && said.contains("chat.ini"), "{code}: {said}");
}
