//! Bare TCP, beside tcpserver, whose programs have the socket itself.

use std::io;
use std::path::Path;

use super::{Lab, Measurement, OURS, TERMINALS};
use crate::load::{connect, hold, roundtrip, terminal};
use crate::server::{Kind, Launch, Server};

impl Lab {
    pub(super) fn tcp(&self) -> Vec<Measurement<'static>> {
        let [few, _] = self.size.held;
        vec![
            self.add(
                "tcp-connect",
                "connect, echo, close over TCP; static handler",
                TERMINALS,
                |lab, kind| {
                    let server = lab.start_tcp(kind, &lab.programs.echo_handler)?;
                    connect::run(&server.endpoint, &server.group, 0, lab.seconds())
                },
            ),
            self.add(
                "tcp-roundtrip",
                "echo of 32 bytes over TCP, one at a time, static handler",
                TERMINALS,
                |lab, kind| {
                    let server = lab.start_tcp(kind, &lab.programs.echo_handler)?;
                    roundtrip::run(&server.endpoint, &server.group, lab.seconds())
                },
            ),
            self.add(
                "tcp-output",
                "yes with lines of 63 characters over TCP",
                TERMINALS,
                |lab, kind| {
                    let server = lab.start_tcp(kind, &lab.flood)?;
                    terminal::output(&server.endpoint, &server.group, lab.seconds())
                },
            ),
            self.once(
                "tcp-hold",
                format!("{few} idle connections over TCP, cat"),
                OURS,
                move |lab, kind| {
                    let server = lab.start_tcp(kind, &lab.cat)?;
                    hold::run(&server.endpoint, &server.group, few, false)
                },
            ),
        ]
    }

    fn start_tcp(&self, kind: Kind, handler: &Path) -> io::Result<Server> {
        self.start(&Launch {
            tcp: kind == Kind::Ours,
            ..Launch::lines(kind, handler)
        })
    }
}
