//! A wire between clients and a daemon, which can be cut and led elsewhere.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Listens on a port of its own and passes bytes on, both ways. `Drop` cuts it.
#[derive(Debug)]
pub struct Wire {
    /// Where clients connect to.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    to: SocketAddr,
    /// Both ends of each connection.
    open: Vec<TcpStream>,
    is_dropped: bool,
}

impl Wire {
    /// A wire to `to`.
    pub fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its port");
        let state = Arc::new(Mutex::new(State {
            to,
            open: Vec::new(),
            is_dropped: false,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if lock(&shared).is_dropped {
                    return;
                }
                connect(client, &shared);
            }
        });
        Self { address, state }
    }

    /// Leads it to another daemon, for connections from now on.
    pub fn lead_to(&self, to: SocketAddr) {
        lock(&self.state).to = to;
    }

    /// Ends all connections without a word of their protocol.
    pub fn cut(&self) {
        for stream in lock(&self.state).open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        lock(&self.state).is_dropped = true;
        // So that the listener ends too.
        let _ = TcpStream::connect(self.address);
    }
}

fn connect(client: TcpStream, state: &Mutex<State>) {
    let mut state = lock(state);
    let Ok(server) = TcpStream::connect(state.to) else {
        return;
    };
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (twin(from), twin(to));
        thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(n @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    state.open.extend([client, server]);
}

fn twin(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a descriptor")
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
