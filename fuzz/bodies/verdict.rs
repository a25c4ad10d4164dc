//! Any output of an authorizer: what admits a client names no variable but its own, adds nothing that frames the reply, and no
//! failure ever admits.

use websocketd::http::authorize::verdict::{MAX_OUTPUT, Verdict};

/// Fields that another reader would take for the frame of the message, or for the handshake.
const FRAMING: [&str; 7] = [
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub fn run(bytes: &[u8]) {
    assert!(!matches!(
        Verdict::read(bytes, false),
        Ok(Verdict::Admitted(_))
    ));
    match Verdict::read(bytes, true) {
        Ok(Verdict::Admitted(grant)) => {
            assert!(bytes.len() <= MAX_OUTPUT);
            for (name, value) in &grant.variables {
                assert!(name == "REMOTE_USER" || name.starts_with("AUTH_"), "{name}");
                assert!(!name.contains('=') && !value.contains(&0));
                let same = grant.variables.iter().filter(|(other, _)| other == name);
                assert_eq!(same.count(), 1, "{name}");
            }
            for (name, value) in &grant.fields {
                let name = name.to_ascii_lowercase();
                assert!(!FRAMING.contains(&name.as_str()), "{name}");
                assert!(!name.starts_with("sec-websocket-"), "{name}");
                assert!(!["status", "variable", "protocol"].contains(&name.as_str()));
                assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
        }
        Ok(Verdict::Refused(response, _)) => {
            assert!((300..600).contains(&response.status), "{}", response.status);
        }
        Err(_) => {}
    }
}
