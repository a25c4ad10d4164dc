//! A real browser: Debian's Chromium, headless, driven over `WebDriver`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fantoccini::error::{CmdError, NewSessionError};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::deadline::DEADLINE;
use crate::program::Program;
use crate::requirement::part;
use crate::under_test::target;

/// Flags that make Chromium quiet, alone and able to make calls without a camera or a person.
const FLAGS: [&str; 14] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    // Calls between browsers of one machine: over 127.0.0.1, and without names that only multicast DNS could resolve.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    // Tabs that are not in front go on living at full speed: a test looks at them in turn.
    "--disable-renderer-backgrounding",
];

/// A browser with a fresh profile; `Drop` ends it and chromedriver.
///
/// Cookies and storage are shared by its tabs, as a person's are; for another person start another browser.
pub struct Browser {
    // Dropped in this order: the programs first, then the profile they write to.
    driver: Program,
    client: Client,
    _profile: TempDir,
}

/// Tries for a port: chromedriver takes a free one for IPv6 and gives up when somebody has its number for IPv4.
const DRIVER_STARTS: usize = 10;
/// What the page asked for and did not get.
const MISSING: &str = "performance.getEntriesByType('resource')
    .filter(it => it.responseStatus < 200 || it.responseStatus >= 400)
    .map(it => `${it.responseStatus} ${it.name} after ${Math.round(it.duration)} ms`)";

/// Starts chromedriver; its port.
fn start_driver(chromedriver: &str, home: &Path) -> (Program, String) {
    let mut command = Command::new(chromedriver);
    // Chromium keeps files of its own under HOME and TMPDIR: they go with the profile.
    command
        .arg("--port=0")
        .env("HOME", home)
        .env("TMPDIR", home);
    let started = "started successfully on port ";
    let mut output = String::new();
    for _ in 0..DRIVER_STARTS {
        let driver = Program::start(&command);
        let lines = driver
            .output
            .try_wait_for_count(1, |line| line.contains(started));
        match lines {
            Ok(lines) => {
                let port = lines[0].rsplit(started).next().unwrap_or_default();
                return (driver, port.trim_end_matches('.').to_owned());
            }
            Err(all) => output = all,
        }
    }
    panic!("chromedriver did not start in {DRIVER_STARTS} tries:\n{output}");
}

/// One tab, brought to the front before each use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Browser {
    /// Starts chromedriver and Chromium.
    ///
    /// # Panics
    /// When they are not installed, naming Debian's packages, or do not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts them with more Chromium flags, such as `--lang=cs` or `--window-size=390,844`.
    pub async fn start_with(flags: &[&str]) -> Self {
        let chromium = part("/usr/bin/chromium", "chromium");
        let chromedriver = part("/usr/bin/chromedriver", "chromium-driver");
        let profile = tempfile::tempdir().expect("a temporary directory");
        let (driver, port) = start_driver(chromedriver, profile.path());

        let mut args: Vec<String> = FLAGS.iter().chain(flags).map(|&flag| flag.into()).collect();
        args.push(format!(
            "--user-data-dir={}",
            profile.path().join("profile").display()
        ));
        if nix::unistd::geteuid().is_root() {
            // Chromium refuses to run as root with its sandbox.
            args.push("--no-sandbox".into());
        }
        let client = connect(&format!("http://127.0.0.1:{port}"), chromium, &args).await;
        let client = client.unwrap_or_else(|error| {
            panic!(
                "Chromium did not start: {error}\n{:#?}",
                driver.output.so_far()
            )
        });
        Self {
            driver,
            client,
            _profile: profile,
        }
    }

    /// The `WebDriver` client, for everything that this type has no shorter word for. It speaks to the tab in front.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The tab in front.
    pub async fn current_tab(&self) -> Tab {
        Tab(self.client.window().await.expect("a tab is in front"))
    }

    /// Opens `url` in the tab in front.
    pub async fn goto(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Presses the browser's button. A script that goes back is run once more by chromedriver where the page is gone
    /// before it has answered.
    pub async fn back(&self) {
        self.client.back().await.expect("the browser goes back");
    }

    /// Presses the browser's button, as [`Browser::back`].
    pub async fn forward(&self) {
        self.client
            .forward()
            .await
            .expect("the browser goes forward");
    }

    /// Opens `url` in a new tab, which comes to the front.
    pub async fn open_tab(&self, url: &str) -> Tab {
        let tab = self
            .client
            .new_window(true)
            .await
            .expect("a new tab")
            .handle;
        self.open_in(tab, url).await
    }

    /// Opens `url` in a new window, which comes to the front.
    pub async fn open_window(&self, url: &str) -> Tab {
        let window = self
            .client
            .new_window(false)
            .await
            .expect("a new window")
            .handle;
        self.open_in(window, url).await
    }

    async fn open_in(&self, handle: WindowHandle, url: &str) -> Tab {
        let tab = Tab(handle);
        self.bring(&tab).await;
        self.goto(url).await;
        tab
    }

    /// Brings a tab to the front.
    pub async fn bring(&self, tab: &Tab) {
        self.client
            .switch_to_window(tab.0.clone())
            .await
            .expect("the tab is open");
    }

    /// Closes a tab, as a person does.
    pub async fn close_tab(&self, tab: Tab) {
        self.bring(&tab).await;
        self.client.close_window().await.expect("the tab is open");
    }

    /// Evaluates a `JavaScript` expression in the tab in front; promises are awaited.
    ///
    /// # Panics
    /// When it throws.
    pub async fn eval(&self, expression: &str) -> Value {
        self.try_eval(expression)
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    async fn try_eval(&self, expression: &str) -> Result<Value, CmdError> {
        self.client
            .execute(&format!("return ({expression});"), vec![])
            .await
    }

    /// Waits until a `JavaScript` expression is truthy in the tab in front, and gives its value. Errors on the way (a page
    /// that is still loading) count as not yet.
    ///
    /// # Panics
    /// After the deadline, with the page's text.
    pub async fn wait_until(&self, what: &str, expression: &str) -> Value {
        let started = tokio::time::Instant::now();
        loop {
            let value = self.try_eval(expression).await;
            match &value {
                Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                Ok(Value::String(text)) if text.is_empty() => {}
                Ok(value) => return value.clone(),
            }
            if started.elapsed() > DEADLINE {
                let text = self.try_eval("document.body.innerText").await;
                let journal = self.try_eval("globalThis.journal ?? null").await;
                let missing = self.try_eval(MISSING).await;
                panic!(
                    "not within {DEADLINE:?}: {what}; last {value:?}; the page shows: {text:?}; \
                     parts that did not arrive: {missing:?}; its journal: {journal:#?}"
                );
            }
            // The page has no way to wake us.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until nothing in the tab in front is on its way any more, except what moves for ever: what appears fades in,
    /// and half-transparent words have half their contrast.
    ///
    /// # Panics
    /// After the deadline.
    pub async fn come_to_rest(&self) {
        let still = "document.getAnimations().every(a => a.playState === 'finished' || a.effect?.getComputedTiming().endTime === Infinity)";
        self.wait_until("nothing moves", still).await;
    }

    /// A command of Chromium's developer tools, for what `WebDriver` has no word for.
    ///
    /// # Panics
    /// When Chromium refuses it.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let command = Devtools(json!({ "cmd": method, "params": parameters }));
        let answer = self.client.issue_cmd(command).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Runs `script` in every page opened from now on in the tab in front, before the page's own scripts.
    pub async fn run_first(&self, script: &str) {
        let script = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    /// Waits until the page in front shows `text` somewhere.
    pub async fn wait_for_text(&self, text: &str) {
        let wanted = json!(text);
        let expression = format!("document.body.innerText.includes({wanted})");
        self.wait_until(&format!("the page shows {text:?}"), &expression)
            .await;
    }

    /// Sets the page's size in CSS pixels, as a screen of that size would: a window can't be narrower than 500.
    /// A narrow one is a phone's, whose scroll bars take no room.
    pub async fn resize(&self, width: u32, height: u32) {
        let mobile = width < 500;
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    /// Writes what the tab in front shows to `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let dir = target().join("screenshots");
        fs::create_dir_all(&dir).expect("target/ is writable");
        let path = dir.join(format!("{name}.png"));
        let image = self
            .client
            .screenshot()
            .await
            .expect("a picture of the page");
        fs::write(&path, image).expect("target/ is writable");
        path
    }

    /// Kills the browser without letting it say goodbye, as a crash does.
    pub fn crash(self) {
        drop(self.driver);
    }
}

/// chromedriver's own command that hands another to Chromium.
#[derive(Debug)]
struct Devtools(Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

async fn connect(driver: &str, chromium: &str, args: &[String]) -> Result<Client, NewSessionError> {
    let mut capabilities = Capabilities::new();
    capabilities.insert(
        "goog:chromeOptions".to_owned(),
        json!({ "binary": chromium, "args": args }),
    );
    // Test certificates are made on the spot.
    capabilities.insert("acceptInsecureCerts".to_owned(), json!(true));
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities).connect(driver).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc;

    const PAGE: &str = "data:text/html,<title>one</title><p>hello";

    #[tokio::test(flavor = "multi_thread")]
    async fn tabs_are_driven_in_turn_and_all_of_it_ends() {
        let browser = Browser::start().await;
        browser.goto(PAGE).await;
        let first = browser.current_tab().await;
        browser.open_tab("data:text/html,<p>second").await;
        browser.wait_for_text("second").await;
        browser.bring(&first).await;
        browser.wait_for_text("hello").await;
        assert_eq!(browser.eval("document.title").await, "one");
        let picture = fs::read(browser.screenshot("harness").await).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));

        let driver = browser.driver.pid();
        let processes = proc::descendants(driver);
        assert!(processes.len() > 1, "{processes:?}");
        drop(browser);
        for process in processes {
            crate::deadline::eventually("Chromium ends", || process.has_ended().then_some(()));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_fake_camera_opens() {
        let browser = Browser::start().await;
        // Cameras are for secure origins only, and the loopback is one.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage")
                .unwrap();
        });
        browser.goto(&format!("http://{address}/")).await;
        let tracks = "navigator.mediaDevices.getUserMedia({audio: true, video: true}).then(s => s.getTracks().length)";
        assert_eq!(browser.eval(tracks).await, 2);
        server.join().unwrap();
    }
}
