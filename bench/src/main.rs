//! `load`: works WebSocket servers and tells what that cost; `load report` compares them.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use rustix::process::{getpid, set_child_subreaper};

mod chat;
mod client;
mod figures;
mod load;
mod machine;
mod machines;
mod plan;
mod proc;
mod report;
mod results;
mod server;
mod targets;
mod tls;
mod ws;
mod xmpp;

use chat::Wire;
use client::Endpoint;
use figures::Figures;
use load::{connect, hold, join, many, pipeline, room, roundtrip};
use plan::{Lab, Size};
use proc::Group;
use server::Programs;

#[derive(Debug, Parser)]
#[command(about = "Works a WebSocket server and tells what that cost", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// A server that runs already.
#[derive(Debug, clap::Args)]
struct Target {
    /// Where it listens
    #[arg(long, value_name = "IP:PORT")]
    address: SocketAddr,
    /// Its process id; CPU time and memory are of it and all below it
    #[arg(long)]
    pid: u32,
    /// Lines over TCP in place of WebSocket
    #[arg(long)]
    raw: bool,
    /// How long to measure
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

impl Target {
    fn endpoint(&self) -> Endpoint {
        Endpoint {
            raw: self.raw,
            ..Endpoint::plain(self.address)
        }
    }

    fn group(&self) -> io::Result<Group> {
        Ok(Group {
            root: self.pid,
            server: fs::read_link(format!("/proc/{}/exe", self.pid))?,
        })
    }

    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One message at a time
    Roundtrip {
        #[command(flatten)]
        target: Target,
    },
    /// Many messages under way on one connection; binary unless --line
    Pipeline {
        #[command(flatten)]
        target: Target,
        /// Bytes of a message
        #[arg(long, default_value_t = 65_536)]
        size: usize,
        /// Text, with a newline each so many bytes; size + 1 must be a multiple of it
        #[arg(long, value_parser = clap::value_parser!(u16).range(2..))]
        line: Option<u16>,
        /// Messages under way
        #[arg(long, default_value_t = 4)]
        depth: usize,
    },
    /// Many connections that each say little
    Many {
        #[command(flatten)]
        target: Target,
        #[arg(long, default_value_t = 500)]
        connections: usize,
        /// Messages a second in all
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
        rate: u32,
    },
    /// Connect, echo, close
    Connect {
        #[command(flatten)]
        target: Target,
        /// Idle connections that stay open meanwhile
        #[arg(long, default_value_t = 0)]
        held: usize,
    },
    /// Connections that do nothing
    Hold {
        #[command(flatten)]
        target: Target,
        #[arg(long, default_value_t = 1000)]
        connections: usize,
        /// Each echoes 64 KiB first
        #[arg(long)]
        busy: bool,
    },
    /// A chat room
    Room {
        #[command(flatten)]
        target: Target,
        #[arg(long, default_value_t = 1)]
        rooms: usize,
        #[arg(long, default_value_t = 50)]
        members: usize,
        /// People who come at once; all without it
        #[arg(long)]
        wave: Option<NonZeroUsize>,
        /// Lines a second in all; full speed without it
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rate: Option<u32>,
        /// The JSON protocol
        #[arg(long)]
        json: bool,
    },
    /// People who come to a chat room and go
    Join {
        #[command(flatten)]
        target: Target,
        /// Who stay
        #[arg(long, default_value_t = 100)]
        members: usize,
        #[arg(long, default_value_t = 20)]
        joins: usize,
    },
    /// Starts the servers in turn, measures all and writes a report
    Report {
        #[command(flatten)]
        programs: Box<Programs>,
        /// Smaller, shorter and less sure: about two minutes
        #[arg(long)]
        quick: bool,
        /// Only measurements whose name begins so; may be repeated
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        #[arg(long, default_value = "bench/REPORT.md", value_name = "FILE")]
        output: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    let figures = match command {
        Command::Report {
            programs,
            quick,
            only,
            output,
        } => {
            // What a server leaves behind becomes our child: it is counted, and ended.
            set_child_subreaper(Some(getpid())).map_err(io::Error::from)?;
            server::end_with_signals()?;
            let size = if quick { Size::QUICK } else { Size::FULL };
            let lab = Lab::new(*programs, size)?;
            let results = lab.measure(&only);
            let all = only.is_empty();
            return fs::write(output, report::render(&lab, &results, all));
        }
        command => measure(&command)?,
    };
    let mut out = io::stdout().lock();
    for (name, value) in figures.iter() {
        writeln!(out, "{name:40} {value:14.2}")?;
    }
    Ok(())
}

fn measure(command: &Command) -> io::Result<Figures> {
    match command {
        Command::Roundtrip { target } => {
            roundtrip::run(&target.endpoint(), &target.group()?, target.duration())
        }
        Command::Pipeline {
            target,
            size,
            line,
            depth,
        } => {
            let shape = pipeline::Shape {
                text: line.is_some(),
                size: *size,
                line: line.map_or(0, usize::from),
                depth: *depth,
            };
            if shape.text && (size + 1) % shape.line != 0 {
                return Err(io::Error::other("size + 1 must be a multiple of line"));
            }
            pipeline::run(
                &target.endpoint(),
                &target.group()?,
                shape,
                target.duration(),
            )
        }
        Command::Many {
            target,
            connections,
            rate,
        } => many::run(
            &target.endpoint(),
            &target.group()?,
            *connections,
            *rate,
            target.duration(),
        ),
        Command::Connect { target, held } => connect::run(
            &target.endpoint(),
            &target.group()?,
            *held,
            target.duration(),
        ),
        Command::Hold {
            target,
            connections,
            busy,
        } => hold::run(&target.endpoint(), &target.group()?, *connections, *busy),
        Command::Room {
            target,
            rooms,
            members,
            wave,
            rate,
            json,
        } => {
            let shape = room::Shape {
                rooms: *rooms,
                members: *members,
                wave: wave.map(NonZeroUsize::get),
                rate: *rate,
                wire: if *json { Wire::Json } else { Wire::Text },
                duration: target.duration(),
            };
            room::run(&target.endpoint(), &target.group()?, shape)
        }
        Command::Join {
            target,
            members,
            joins,
        } => join::run(&target.endpoint(), &target.group()?, *members, *joins),
        Command::Report { .. } => Err(io::Error::other("a report is no single measurement")),
    }
}
