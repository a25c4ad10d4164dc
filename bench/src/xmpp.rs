//! An XMPP chat room (XEP-0045) over WebSocket (RFC 7395): what a room costs where one process serves all.

use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::client::Upgraded;
use crate::ws;

/// Where Prosody listens for WebSocket; ejabberd is told to.
pub const PATH: &str = "/xmpp-websocket";

/// What a request needs.
pub const FIELD: &str = "Sec-WebSocket-Protocol: xmpp\r\n";

const OPEN: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
const BIND: &str = "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

/// Writes a configuration for `address` into `dir`: guests, one room server, all in memory, no limit of rate.
pub fn configure(dir: &Path, address: SocketAddr) -> io::Result<PathBuf> {
    let dir = std::path::absolute(dir)?.join("prosody");
    fs::create_dir_all(&dir)?;
    let file = dir.join("prosody.cfg.lua");
    let text = format!(
        r#"run_as_root = true
data_path = "{data}"
modules_enabled = {{ "saslauth", "websocket" }}
modules_disabled = {{ "s2s", "offline" }}
c2s_ports = {{ }}
c2s_direct_tls_ports = {{ }}
http_ports = {{ {port} }}
http_interfaces = {{ "{host}" }}
https_ports = {{ }}
consider_websocket_secure = true
c2s_require_encryption = false
storage = "memory"
log = {{ error = "*stderr" }}
VirtualHost "localhost"
  authentication = "anonymous"
Component "rooms.localhost" "muc"
  muc_room_locking = false
  muc_room_default_history_length = 0
"#,
        data = dir.display(),
        host = address.ip(),
        port = address.port(),
    );
    fs::write(&file, text)?;
    Ok(file)
}

/// A frame that says `text` in `room`.
pub fn say(room: &str, text: &str) -> String {
    format!(
        "<message xmlns='jabber:client' to='{room}@rooms.localhost' type='groupchat'><body>{text}</body></message>"
    )
}

/// Whether this is one's own presence, which comes last of all those in the room (XEP-0045 section 7.2.2).
pub fn is_welcome(payload: &[u8]) -> bool {
    memchr::memmem::find(payload, b"<status code='110'/>").is_some()
}

/// Logs in as a guest and asks to enter `room`.
pub fn enter(client: &mut Upgraded, room: &str, person: usize) -> io::Result<()> {
    ask(client, OPEN, "</stream:features>")?;
    ask(client, AUTH, "<success")?;
    ask(client, OPEN, "</stream:features>")?;
    ask(client, BIND, "type='result'")?;
    let join = format!(
        "<presence xmlns='jabber:client' to='{room}@rooms.localhost/user{person:05}'>\
         <x xmlns='http://jabber.org/protocol/muc'/></presence>"
    );
    send(client, &join)
}

fn ask(client: &mut Upgraded, stanza: &str, answer: &str) -> io::Result<()> {
    send(client, stanza)?;
    loop {
        while let Some(frame) = client.inbox.next_frame()? {
            let payload = client.inbox.bytes(frame.payload);
            if memchr::memmem::find(payload, answer.as_bytes()).is_some() {
                return Ok(());
            }
        }
        match client.stream.read(client.inbox.space())? {
            0 => return Err(io::Error::other("the XMPP server closed the stream")),
            n => client.inbox.filled(n),
        }
    }
}

fn send(client: &mut Upgraded, stanza: &str) -> io::Result<()> {
    let mut frame = Vec::with_capacity(256);
    ws::append_frame(&mut frame, ws::TEXT, stanza.as_bytes());
    client.stream.write_all(&frame)
}
