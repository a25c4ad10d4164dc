//! After thousands of connections in every order of endings nothing is left: no file, no process, no thread.

use std::net::Shutdown;
use std::thread;

use e2e::daemon::Daemon;
use e2e::deadline::eventually;
use e2e::proc;
use e2e::raw::{Frame, RawSocket, upgrade_head};
use e2e::transport::Endpoint;
use e2e::under_test::handler;

/// Connections in all.
const CONNECTIONS: usize = 10_000;

/// Clients at once.
const CLIENTS: usize = 8;

/// One connection, ended in the `way`-th manner.
fn connect_and_end(endpoint: &Endpoint, way: usize) {
    if way < 4 {
        return end_before_the_session(endpoint, way);
    }
    let mut socket = RawSocket::open(endpoint, "/");
    match way {
        4 => drop(socket),
        5 => {
            socket.send(&Frame::close(1000));
            socket.wait_for_end();
        }
        6 => {
            socket.send(&Frame::text("x"));
            assert_eq!(socket.frame().expect("the echo").payload, b"x");
            socket.vanish();
        }
        7 => {
            socket.send(&Frame::text("x").unmasked());
            socket.wait_for_end();
        }
        8 => {
            socket.send(&Frame::text("unfinished").more());
            socket.finish_sending();
            socket.wait_for_end();
        }
        9 => {
            // A frame that is never finished.
            socket.send_bytes(&Frame::text("half a frame").encode()[..5]);
            socket.vanish();
        }
        10 => {
            // Vanishes with a reset: unread data is there when the socket is closed.
            socket.send(&Frame::text("x".repeat(20_000)));
            drop(socket);
        }
        _ => {
            socket.send(&Frame::new(8, ""));
            socket.transport().shutdown(Shutdown::Both);
        }
    }
}

fn end_before_the_session(endpoint: &Endpoint, way: usize) {
    let mut socket = RawSocket::connect(endpoint);
    match way {
        0 => drop(socket),
        1 => {
            socket.send_bytes(b"GET /half a head");
            socket.vanish();
        }
        2 => {
            socket.send_bytes(b"GET /missing HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(socket.read_response().expect("an answer").status, 404);
        }
        _ => {
            // Gone before the answer, the handler on its way.
            socket.send_bytes(upgrade_head(endpoint, "/", &[]).as_bytes());
            socket.vanish();
        }
    }
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let daemon = Daemon::builder()
        .flags(["--maxforks=0", "--loglevel=error"])
        .command("cat", ["-u"])
        .free_port()
        .start();
    // The first connections make the daemon start what it keeps.
    for way in 0..12 {
        connect_and_end(&daemon.endpoint, way);
    }
    let settled = || {
        let quiet = daemon.handlers().is_empty();
        quiet.then(|| (proc::open_files(daemon.pid()), proc::threads(daemon.pid())))
    };
    let (files, threads) = eventually("the first handlers are gone", settled);
    let workers: Vec<_> = (0..CLIENTS)
        .map(|worker| {
            let endpoint = daemon.endpoint.clone();
            thread::spawn(move || {
                for n in 0..CONNECTIONS / CLIENTS {
                    connect_and_end(&endpoint, (n * 7 + worker) % 12);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("every ending works");
    }
    eventually("files and threads are as before", || {
        // A little room for what a runtime starts and keeps by itself.
        settled().filter(|(now_files, now_threads)| {
            *now_files <= files + 2 && *now_threads <= threads + 8
        })
    });
    let mut client = daemon.client("/");
    client.send("still here");
    assert_eq!(client.text(), "still here");
}

/// Handlers that end in every way while their clients stay.
#[test]
fn a_thousand_handlers_that_end_by_themselves_leave_nothing_behind() {
    let script = "case $((RANDOM % 5)) in 0) exit 0;; 1) exit 1;; 2) kill -9 $$;; 3) exec 1>&-; sleep 0.05;; 4) read x; echo bye;; esac";
    let daemon = Daemon::builder()
        .flag("--loglevel=error")
        .command("bash", ["-c", script])
        .free_port()
        .start();
    RawSocket::open(&daemon.endpoint, "/").vanish();
    eventually("the first handler is gone", || {
        daemon.handlers().is_empty().then_some(())
    });
    let files = proc::open_files(daemon.pid());
    let workers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let endpoint = daemon.endpoint.clone();
            thread::spawn(move || {
                for _ in 0..1000 / CLIENTS {
                    let mut socket = RawSocket::open(&endpoint, "/");
                    socket.send(&Frame::text("x"));
                    socket.wait_for_end();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("every session ends");
    }
    daemon.assert_no_process_left();
    eventually("files are as before", || {
        (proc::open_files(daemon.pid()) <= files + 2).then_some(())
    });
}

/// A kill of the daemon itself: its handlers see the end of stdin and go.
#[test]
fn a_killed_daemon_leaves_no_handler_that_reads_stdin() {
    let mut daemon = Daemon::running(handler(), &["echo"]);
    let mut clients: Vec<_> = (0..5).map(|_| daemon.client("/")).collect();
    for client in &mut clients {
        client.send("x");
        client.text();
    }
    daemon.signal(nix::sys::signal::Signal::SIGKILL);
    daemon.wait();
    daemon.assert_no_process_left();
}
