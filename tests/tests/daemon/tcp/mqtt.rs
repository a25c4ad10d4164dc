//! A real MQTT broker behind TCP, TLS and WebSocket, spoken to by real clients.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::daemon::Daemon;
use e2e::deadline::eventually;
use e2e::program::Program;
use e2e::requirement::part;
use e2e::tls::Authority;

use super::Server;

/// Mosquitto on a Unix socket: nobody reaches it but by the daemon.
struct Broker {
    _program: Program,
    dir: tempfile::TempDir,
}

impl Broker {
    #[track_caller]
    fn start() -> Self {
        let mosquitto = part("/usr/sbin/mosquitto", "mosquitto");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let socket = dir.path().join("broker");
        let text = format!(
            "listener 0 {}\nallow_anonymous true\nuser root\npersistence false\n",
            socket.display()
        );
        let file = dir.path().join("mosquitto.conf");
        fs::write(&file, text).expect("ours");
        let mut command = Command::new(mosquitto);
        command.arg("-c").arg(&file);
        let program = Program::start(&command);
        eventually("the broker listens", || socket.exists().then_some(()));
        Self {
            _program: program,
            dir,
        }
    }

    /// The program that brings a client to it.
    fn relay(&self) -> [String; 3] {
        let socat = part("/usr/bin/socat", "socat");
        let socket = self.dir.path().join("broker");
        [
            socat.to_owned(),
            "-".to_owned(),
            format!("UNIX-CONNECT:{}", socket.display()),
        ]
    }
}

/// `mosquitto_pub` or `mosquitto_sub` at `port`, with TLS where there is an authority.
fn mosquitto(name: &'static str, port: u16, authority: Option<&Path>, args: &[&str]) -> Command {
    // It would hold back what it prints into a pipe.
    let mut command = Command::new("stdbuf");
    command
        .args(["-oL", part(name, "mosquitto-clients")])
        .args([
            "-h",
            "localhost",
            "-p",
            &port.to_string(),
            "-q",
            "1",
            "-t",
            "room/tea",
        ])
        .args(args);
    if let Some(file) = authority {
        command.arg("--cafile").arg(file);
    }
    command
}

#[test]
fn subscribers_hear_publishers_over_tcp_and_tls() {
    let broker = Broker::start();
    let authority = Authority::new();
    let own = authority.issue("server");
    let relay = broker.relay().join(" ");
    let server = Server::start(&format!(
        "address=127.0.0.1\n[tcp mqtt]\nport=0\ncommand={relay}\n\
         [tcp mqtts]\nport=0\ncommand={relay}\nssl=true\nsslcert={}\nsslkey={}\n",
        own.cert.display(),
        own.key.display()
    ));
    let ca = authority.ca();
    let ways = [("mqtt", None), ("mqtts", Some(ca.as_path()))];
    let sub = "/usr/bin/mosquitto_sub";
    let mut subscribers = ways.map(|(name, authority)| {
        // What is retained tells that the subscription holds.
        let args = ["-C", "5", "-d"];
        Program::start(&mosquitto(sub, server.port(name), authority, &args))
    });
    for subscriber in &subscribers {
        subscriber.output.wait_for(&["Subscribed"]);
    }
    for (name, authority) in ways {
        for text in ["one", "two"] {
            let text = format!("{text} by {name}");
            let args = ["-m", &text];
            let pub_ = mosquitto(
                "/usr/bin/mosquitto_pub",
                server.port(name),
                authority,
                &args,
            )
            .output();
            let published = pub_.expect("it runs");
            assert!(published.status.success(), "{published:?}");
        }
    }
    let last = ["-m", "the end"];
    let ended = mosquitto("/usr/bin/mosquitto_pub", server.port("mqtt"), None, &last).status();
    assert!(ended.expect("it runs").success());
    for subscriber in &mut subscribers {
        assert_eq!(subscriber.wait().code(), Some(0));
        let lines = subscriber.output.to_the_end().into_iter();
        let lines = lines.map(|line| line.text);
        let told: Vec<_> = lines
            .filter(|line| line.contains(" by mqtt") || line == "the end")
            .collect();
        let wanted = [
            "one by mqtt",
            "two by mqtt",
            "one by mqtts",
            "two by mqtts",
            "the end",
        ];
        assert_eq!(told, wanted);
    }
    eventually("no relay is left", || {
        server.programs().is_empty().then_some(())
    });
}

/// Publishes and hears itself over WebSocket, half a MiB and an empty message included.
const PAHO: &str = r#"
import signal, sys
import paho.mqtt.client as mqtt
payloads = [b"hello", b"", bytes(range(256)) * 2048]
signal.alarm(60)
got = []
client = mqtt.Client(transport="websockets")
client.ws_set_options(path="/")
def subscribed(client, *_):
    for payload in payloads: client.publish("room/coffee", payload, qos=1)
def heard(client, _, message):
    got.append(message.payload)
    if len(got) == len(payloads): client.disconnect()
client.on_connect = lambda client, *_: client.subscribe("room/coffee", qos=1)
client.on_subscribe, client.on_message = subscribed, heard
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
print("all came" if got == payloads else "something else came")
"#;

#[test]
fn a_websocket_client_speaks_to_the_same_broker() {
    part(
        "/usr/lib/python3/dist-packages/paho/mqtt/client.py",
        "python3-paho-mqtt",
    );
    let broker = Broker::start();
    let [socat, args @ ..] = broker.relay();
    let daemon = Daemon::builder()
        .flags(["--protocol=mqtt", "--binary"])
        .command(socat, args)
        .start();
    let port = daemon.address().port().to_string();
    let ran = Command::new(part("/usr/bin/python3", "python3"))
        .args(["-c", PAHO, &port])
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert_eq!(said, "all came\n");
}
