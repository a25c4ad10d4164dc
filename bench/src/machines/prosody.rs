//! Prosody, which knows no cluster: on one machine.

use std::io;
use std::net::SocketAddr;

use super::{Line, Part, Site, outer};
use crate::chat::Wire;
use crate::client::Endpoint;
use crate::server::Programs;
use crate::xmpp;

const PORT: u16 = 5280;

pub fn start(programs: &Programs) -> io::Result<Site> {
    let mut site = Site::lay(programs, Wire::Xmpp)?;
    let address = SocketAddr::from((outer(0), PORT));
    let file = xmpp::configure(&site.dir(0), address)?;
    let line = Line {
        name: "prosody",
        program: &programs.prosody,
        args: vec![
            "-F".to_owned(),
            "--config".to_owned(),
            file.display().to_string(),
        ],
        env: Vec::new(),
    };
    site.run(Part::Service, 0, &line)?;
    site.wait_for_port(address)?;
    site.endpoints.push(Endpoint::plain(address));
    Ok(site)
}
