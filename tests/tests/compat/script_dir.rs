//! Section 8: `--dir`.

use std::fs;
use std::os::unix::fs::symlink;

use e2e::daemon::Daemon;
use e2e::raw::RawSocket;
use e2e::under_test::Subject;
use tempfile::TempDir;

use crate::case::{Case, Section};
use crate::front_end::script;

/// A directory of scripts beside one that must never run.
struct Scripts {
    base: TempDir,
}

impl Scripts {
    fn new() -> Self {
        let base = tempfile::tempdir().expect("a temporary directory");
        let dir = base.path().join("scripts");
        let tell = "echo \"$SCRIPT_NAME|$PATH_INFO\"";
        script(&dir.join("one"), tell);
        script(&dir.join("sub/two"), tell);
        script(&dir.join("a blank"), tell);
        fs::create_dir(dir.join("empty")).expect("writable");
        script(
            &base.path().join("outside/evil"),
            &format!("touch {}/ran", base.path().display()),
        );
        symlink("one", dir.join("link")).expect("writable");
        symlink("sub", dir.join("linked-dir")).expect("writable");
        symlink("../outside/evil", dir.join("evil")).expect("writable");
        symlink("../outside", dir.join("evil-dir")).expect("writable");
        Self { base }
    }

    fn serve(&self, subject: &Subject) -> Daemon {
        Daemon::of(subject)
            .flag(format!(
                "--dir={}",
                self.base.path().join("scripts").display()
            ))
            .start()
    }

    fn evil_ran(&self) -> bool {
        self.base.path().join("ran").exists()
    }
}

#[track_caller]
fn status(daemon: &Daemon, target: &str) -> u16 {
    RawSocket::try_open(&daemon.endpoint, target, &[])
        .expect("an answer")
        .1
        .status
}

pub(crate) fn cases() -> Vec<Case> {
    let mut section = Section::new("8 script directory");
    section.same(
        "the first file on the way is the script, the rest is PATH_INFO",
        |subject| {
            let scripts = Scripts::new();
            let daemon = scripts.serve(subject);
            for (path, told) in [
                ("/one", "/one|"),
                ("/one/more/path", "/one|/more/path"),
                ("/sub/two", "/sub/two|"),
                ("/sub/two/x?q=1", "/sub/two|/x"),
            ] {
                assert_eq!(daemon.client(path).text(), told, "{path}");
            }
        },
    );
    section.same("blanks are fine", |subject| {
        let scripts = Scripts::new();
        assert!(
            scripts
                .serve(subject)
                .client("/a%20blank/x%20y")
                .text()
                .ends_with("|/x y")
        );
    });
    section.same("missing, a directory, the root: 404", |subject| {
        let scripts = Scripts::new();
        let daemon = scripts.serve(subject);
        for target in [
            "/nothing",
            "/empty",
            "/sub",
            "/",
            "/sub/nothing",
            "/nothing/one",
        ] {
            assert_eq!(status(&daemon, target), 404, "{target}");
        }
    });
    section.same("a plain GET: 404", |subject| {
        let scripts = Scripts::new();
        let daemon = scripts.serve(subject);
        assert_eq!(daemon.get("/one").status, 404);
    });
    section.same("%2F is a separator", |subject| {
        let scripts = Scripts::new();
        assert_eq!(
            scripts.serve(subject).client("/sub%2Ftwo%2Fx").text(),
            "/sub/two|/x"
        );
    });
    section.same("links that stay inside are fine", |subject| {
        let scripts = Scripts::new();
        let daemon = scripts.serve(subject);
        assert_eq!(daemon.client("/link").text(), "/link|");
        assert_eq!(
            daemon.client("/linked-dir/two/x").text(),
            "/linked-dir/two|/x"
        );
    });
    section.ours(
        "links that lead out: 404",
        "0.5 checks, 0.4.1 follows",
        |subject| {
            let scripts = Scripts::new();
            let daemon = scripts.serve(subject);
            for target in ["/evil", "/evil-dir/evil"] {
                assert_eq!(status(&daemon, target), 404, "{target}");
            }
            assert!(!scripts.evil_ran());
        },
    );
    section.same("NUL: no script runs", |subject| {
        let scripts = Scripts::new();
        let daemon = scripts.serve(subject);
        for target in ["/%00", "/one%00", "/sub/%00two"] {
            let status = status(&daemon, target);
            assert!((400..500).contains(&status), "{target}: {status}");
        }
    });
    section.same("nothing outside runs under any spelling of ..", |subject| {
        let scripts = Scripts::new();
        let daemon = scripts.serve(subject);
        for target in [
            "/../outside/evil",
            "/%2e%2e/outside/evil",
            "/..%2foutside/evil",
            "/%2e%2e%2foutside%2fevil",
            "/sub/..%2f..%2foutside%2fevil",
            "/..%252foutside/evil",
        ] {
            assert_ne!(status(&daemon, target), 101, "{target}");
            assert!(!scripts.evil_ran(), "{target}");
        }
    });
    section.same(
        "the working directory is the server's, argv[0] the script's path",
        |subject| {
            let base = tempfile::tempdir().expect("a directory");
            script(&base.path().join("s/where"), "pwd; echo $0; echo $#");
            let daemon = Daemon::of(subject)
                .flag(format!("--dir={}", base.path().join("s").display()))
                .current_dir("/usr")
                .start();
            let (texts, _) = daemon.client("/where?a").to_the_end();
            assert_eq!(texts[0], "/usr");
            assert!(texts[1].ends_with("/s/where"), "{texts:?}");
            assert_eq!(texts[2], "0");
        },
    );
    section.into_cases()
}
