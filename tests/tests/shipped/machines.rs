//! docs/cluster.md, "Three machines, step by step", as it is written: typed as root on three Debians that systemd has
//! booted, and on one with the web server before them.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::thread;

use e2e::cluster::cables::Cables;
use e2e::debian::{Debian, package};
use e2e::page::{Page, text_of};
use e2e::transport::Endpoint;
use e2e::under_test::workspace;
use e2e::ws::Client;

/// The machines of the document; the last one is the web server's.
const NAMES: [&str; 4] = ["one", "two", "three", "front"];
const FRONT: usize = 3;
/// Their daemons.
const DIRECT: [&str; 3] = ["10.0.0.1:8089", "10.0.0.2:8089", "10.0.0.3:8089"];
/// What was said before there were several machines.
const OLD: &str = "2026-01-01T10:00:00.000001Z\\tsay\\talice\\t\\tlong ago\\n";
/// Lines by which a name of the document reaches a machine, as an administrator has them.
const HOSTS: &str =
    "10.0.0.1 one\n10.0.0.2 two\n10.0.0.3 three\n10.0.0.4 front\n127.0.0.1 localhost\n";
/// Until the relay is up.
const WAIT: &str = r#"until chatctl cluster status | grep ": up"; do sleep 1; done"#;
/// Waits for a command to succeed, for as long as units' own limits allow, and some more for a busy machine.
const PATIENCE: &str = "timeout 240 sh -c";

/// The blocks of the section, each with where it is typed.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(workspace().join("docs/cluster.md")).expect("it is there");
    let section = text.split("\n## Three machines, step by step\n").nth(1);
    let section = section.expect("the section").split("\n## ").next();
    let parts: Vec<&str> = section.expect("all of it").split("```").collect();
    let mut blocks = Vec::new();
    for pair in parts.chunks(2) {
        let [before, block] = pair else { continue };
        // Other blocks are of what happens later.
        let Some(place) = before.trim_end().strip_suffix("-->") else {
            continue;
        };
        let place = place.rsplit("<!--").next().expect("a comment").trim();
        let lines = block.strip_prefix("sh\n").expect("a block of a shell");
        // Those of a list are indented.
        let lines = lines.lines().fold(String::new(), |all, line| {
            all + line.strip_prefix("   ").unwrap_or(line) + "\n"
        });
        blocks.push((place.to_owned(), lines));
    }
    blocks
}

struct Site {
    // Dropped first: what runs, then what it runs in.
    machines: Vec<Debian>,
    cables: Cables,
    /// What was typed on each that counts in the same shell later.
    shell: Vec<String>,
}

impl Site {
    /// Machines with Debian and the package, which reach each other.
    fn lay() -> Self {
        let package = package();
        let cables = Cables::lay(NAMES.len());
        let power_on = |at| Debian::power_on_inside(cables.inside(at));
        let machines: Vec<_> = (0..NAMES.len()).map(power_on).collect();
        let mut key = String::new();
        for (at, machine) in machines.iter().enumerate() {
            machine.wait_until_booted();
            let name = NAMES[at];
            let mut lines = format!(
                "hostname {name}\nprintf '{HOSTS}' >/etc/hosts\nrm -rf ~/.ssh\nmkdir -m 700 ~/.ssh\n\
                 echo 'StrictHostKeyChecking accept-new' >~/.ssh/config\n",
                HOSTS = HOSTS.replace('\n', "\\n")
            );
            if at == 0 {
                lines += "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519\n";
            } else {
                let _ = writeln!(lines, "(umask 077; printf -- '{key}' >~/.ssh/id_ed25519)");
                lines += "ssh-keygen -y -f ~/.ssh/id_ed25519 >~/.ssh/id_ed25519.pub\n";
            }
            lines += "cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys\nssh-keygen -A\nsystemctl start ssh\n";
            machine.run(&lines);
            if at == 0 {
                key = machine
                    .run("cat ~/.ssh/id_ed25519")
                    .stdout
                    .replace('\n', "\\n");
            }
            if at != FRONT {
                // As Debian's packages leave them.
                machine.run("systemctl enable --now redis-server redis-sentinel");
                machine.run(&format!(
                    "cp {} .; apt install ./websocketd-rs_*.deb",
                    package.display()
                ));
            }
        }
        Self {
            machines,
            cables,
            shell: vec![String::new(); NAMES.len()],
        }
    }

    fn machine(&self, name: &str) -> &Debian {
        let at = NAMES.iter().position(|known| *known == name);
        &self.machines[at.expect("a machine")]
    }

    /// Types a block where the document says.
    #[track_caller]
    fn type_in(&mut self, place: &str, lines: &str) {
        let places: Vec<&str> = match place {
            "each" => NAMES[..FRONT].to_vec(),
            names => names.split(' ').collect(),
        };
        for (at, name) in NAMES.iter().enumerate() {
            if !places.contains(name) {
                continue;
            }
            let number = at + 1;
            let lines = lines.replace(
                "node=one own=10.0.0.1",
                &format!("node={name} own=10.0.0.{number}"),
            );
            let before = &self.shell[at];
            self.machines[at].run(&format!("{before}\n{lines}"));
            for line in lines.lines() {
                if ["node=", "cd ", "umask "]
                    .iter()
                    .any(|it| line.starts_with(it))
                {
                    self.shell[at] += line;
                    self.shell[at] += "\n";
                }
            }
        }
    }

    /// Does something as somebody who reaches all machines.
    fn as_visitor<T: Send>(&self, deed: impl FnOnce() -> T + Send) -> T {
        let entrance = self.cables.entrance_of(FRONT);
        thread::scope(|scope| {
            let done = scope.spawn(|| {
                entrance.enter();
                deed()
            });
            done.join().expect("it is done")
        })
    }

    /// How many people's handlers run on each machine.
    fn handlers(&self) -> Vec<usize> {
        let count = |machine: &Debian| {
            let said = machine.run("pgrep -c chat-handler || true").stdout;
            said.trim().parse().expect("a number")
        };
        self.machines[..FRONT].iter().map(count).collect()
    }
}

fn at(text: &str) -> Endpoint {
    let address: SocketAddr = text.parse().expect("an address");
    Endpoint::Tcp(address)
}

/// The web server as people reach it.
fn front() -> Endpoint {
    at("10.1.0.4:80")
}

fn come(endpoint: &Endpoint, name: &str, room: &str) -> Page<Client> {
    let path = format!("/{room}?format=json&nick={name}");
    // As a browser that shows the site's pages.
    let headers = [
        ("Host", "chat.example.org"),
        ("Origin", "http://chat.example.org"),
    ];
    Page::enter(Client::connect_with(endpoint, &path, &headers))
}

fn sees(page: &mut Page<Client>, text: &str) {
    page.find(|message| message["type"] == "say" && message["text"] == text);
}

#[test]
fn three_machines_are_made_one_chat_used_watched_and_made_one_machine_again() {
    let blocks = blocks();
    let places: Vec<&str> = blocks.iter().map(|(place, _)| &**place).collect();
    let steps = [
        "one",
        "each",
        "each",
        "each",
        "one",
        "each",
        "front",
        "each",
        "one",
        "each",
        "each",
        "one",
        "two three",
        "one",
        "each",
    ];
    assert_eq!(places, steps, "the steps that this test knows");
    let mut site = Site::lay();
    let past = format!(
        "printf '{OLD}' | install -m 640 -o www-data -g www-data /dev/stdin /var/lib/websocketd-rs/chat/rooms/lobby.log"
    );
    site.machine("one").run(&past);
    let (on, later) = blocks.split_at(8);
    let (tls, off) = later.split_at(3);
    for (place, lines) in on {
        site.type_in(place, lines);
    }
    people_see_each_other(&site);
    what_was_taken_back_is_forgotten(&site);
    through_the_web_server(&site);
    the_relay_is_watched(&site);
    for (place, lines) in tls {
        site.type_in(place, lines);
    }
    the_engine_speaks_tls(&site);
    for (place, lines) in off {
        site.type_in(place, lines);
    }
    the_one_that_stays_has_all(&site);
}

/// A person on each sees the others, and all see the past.
fn people_see_each_other(site: &Site) {
    site.as_visitor(|| {
        let mut pages: Vec<_> = DIRECT
            .iter()
            .enumerate()
            .map(|(number, address)| come(&at(address), &format!("person{number}"), "lobby"))
            .collect();
        for page in &pages {
            let has_past = page.past.iter().any(|it| text_of(it) == "long ago");
            assert!(has_past, "{:?}", page.past);
        }
        for number in 0..pages.len() {
            let text = format!("hello from {number}");
            pages[number].say_acked(&text, &format!("msg-{number}"));
            for (other, page) in pages.iter_mut().enumerate() {
                if other != number {
                    sees(page, &text);
                }
            }
        }
    });
    let said = site.machine("two").run("chatctl cluster nodes").stdout;
    assert_eq!(said.matches(" there ").count(), 3, "{said}");
}

/// As the timer does it by night.
fn what_was_taken_back_is_forgotten(site: &Site) {
    let done = site.machine("two").run(
        "systemctl start chat-rewrite\njournalctl -u chat-rewrite --no-pager\nsystemctl list-timers chat-rewrite.timer",
    );
    for part in [
        "are not in the engine any more",
        "rewriting started",
        "1 timers",
    ] {
        assert!(done.stdout.contains(part), "{done:#?}");
    }
}

/// The same people go on, and the engine says nothing to who comes without TLS.
fn the_engine_speaks_tls(site: &Site) {
    for name in &NAMES[..FRONT] {
        site.machine(name).run(&format!("{PATIENCE} '{WAIT}'"));
    }
    let plain = site
        .machine("one")
        .try_run("redis-cli -h 10.0.0.1 ping")
        .expect("it runs");
    assert!(!plain.stdout.contains("NOAUTH"), "{plain:?}");
    // It was looked at before the engine was started again.
    let unit = "systemctl show --property=ExecStartPre redis-server@chat";
    let said = site.machine("one").run(unit).stdout;
    assert!(
        said.contains("/mend-aof ") && said.contains("status=0"),
        "{said}"
    );
    site.machine("three").run("systemctl start chat-rewrite");
    site.as_visitor(|| {
        let mut page = come(&at(DIRECT[1]), "yves", "lobby");
        page.say_acked("hello over TLS", "yves-1");
        let mut other = come(&at(DIRECT[2]), "xena", "lobby");
        other.say_acked("heard", "xena-1");
        sees(&mut page, "heard");
    });
}

/// By itself, with ordinary logs.
fn the_one_that_stays_has_all(site: &Site) {
    site.as_visitor(|| {
        let mut page = come(&at(DIRECT[0]), "zoe", "lobby");
        let has_all = page.past.iter().any(|it| text_of(it) == "hello over TLS");
        assert!(has_all, "{:?}", page.past);
        page.say_acked("alone again", "zoe-1");
    });
    let one = site.machine("one");
    let programs = one.run("ps -eo comm").stdout;
    let log = one.run("cat /var/lib/websocketd-rs/chat/rooms/lobby.log");
    assert!(
        !programs.contains("redis") && !programs.contains("chat-relay"),
        "{programs}"
    );
    let last = log.stdout.lines();
    let last: Vec<_> = last.filter(|line| line.contains("alone again")).collect();
    assert!(
        last.len() == 1 && !last[0].contains("origin="),
        "{}",
        log.stdout
    );
}

/// nginx as it is shipped, both ways, and a machine of which the daemon is stopped.
fn through_the_web_server(site: &Site) {
    let page = site
        .machine("front")
        .run("curl -sS -H 'Host: chat.example.org' http://10.1.0.4/")
        .stdout;
    assert!(page.contains("<html"), "{page}");
    let people: Vec<_> = site.as_visitor(|| {
        (0..6)
            .map(|number| come(&front(), &format!("guest{number}"), "hall"))
            .collect()
    });
    assert_eq!(site.handlers(), [2, 2, 2], "the fewest connections");
    drop(people);

    let front_machine = site.machine("front");
    front_machine.run(
        "sed -i -e 's/^    least_conn;/    #least_conn;/' -e 's/^    #hash/    hash/' /etc/nginx/conf.d/chat.conf\n\
         nginx -t && systemctl restart nginx",
    );
    // The old processes of nginx take nobody any more.
    site.machine("one").run(&format!(
        "{PATIENCE} 'while pgrep chat-handler; do sleep 0.2; done'"
    ));
    let mut people: Vec<_> = site.as_visitor(|| {
        (0..4)
            .map(|number| come(&front(), &format!("guest{number}"), "kitchen"))
            .collect()
    });
    let handlers = site.handlers();
    let place = handlers.iter().position(|count| *count == 4);
    let place = place.unwrap_or_else(|| panic!("a room is on one machine: {handlers:?}"));
    people[0].say_acked("before", "guest0-1");
    let home = &site.machines[place];
    home.run("chatctl cluster drain\nsystemctl stop websocketd-rs");
    for page in &mut people {
        while page.client.message().is_ok() {}
    }
    let mut people: Vec<_> = site.as_visitor(|| {
        (0..4)
            .map(|number| come(&front(), &format!("guest{number}"), "kitchen"))
            .collect()
    });
    assert!(people[0].past.iter().any(|it| text_of(it) == "before"));
    people[3].say_acked("after", "guest3-1");
    sees(&mut people[1], "after");
    drop(people);
    home.run(&format!(
        "systemctl restart chat-relay\nchatctl cluster drain --undo\n{PATIENCE} '{WAIT}'\nsystemctl start websocketd-rs"
    ));
}

/// A relay that is stuck: whoever asks is told within its bound, and systemd starts another.
fn the_relay_is_watched(site: &Site) {
    let three = site.machine("three");
    three.run("kill -STOP $(systemctl show -p MainPID --value chat-relay)");
    let health = "curl -sS -o health -w '%{http_code}' http://10.0.0.3:8089/api/health";
    three.run(&format!(
        "{PATIENCE} 'until [ \"$({health})\" = 503 ]; do sleep 0.5; done'\ngrep cluster health"
    ));
    let restarts = "systemctl show -p NRestarts --value chat-relay";
    three.run(&format!(
        "{PATIENCE} 'until [ \"$({restarts})\" != 0 ]; do sleep 1; done'\n\
         journalctl -u chat-relay --no-pager | grep -i watchdog\n\
         {PATIENCE} 'until [ \"$({health})\" = 200 ]; do sleep 0.5; done'"
    ));
}
