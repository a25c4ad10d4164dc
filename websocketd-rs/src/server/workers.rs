//! The threads that serve connections: one for each CPU, each with a runtime of its own.
//!
//! A connection stays on its thread: sockets, pipes and timers are in that thread's epoll set, so that no message wakes another
//! thread. (Tokio's scheduler of many threads lets idle ones steal work, which wakes them for every few messages: see
//! docs/decisions.md.) The main thread is one of them, and accepts.
//!
//! The worker is chosen before a byte is read, so before the site is known: to read a request's head is work too, and belongs to
//! the thread that has the least of it. A joint that lives on one worker (a shared handler) takes what a session needs, its stream
//! included, off this runtime (`into_std`) and registers it there, once, when the site is known.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

/// The stack of a thread: futures live on the heap, and TLS needs the most, some 30 KiB.
const STACK: usize = 512 * 1024;

/// Threads of all runtimes together for reads of files and directories, 16 of which would only queue at the disk, beside the 16
/// name look-ups that a dead name server may hold up.
const MAX_BLOCKING_THREADS: usize = 32;

/// How long the end waits for reads of files and name look-ups that are under way in threads of their own.
const RUNTIME_TIMEOUT: Duration = Duration::from_secs(1);

/// All threads that serve.
#[derive(Debug)]
pub(super) struct Workers {
    /// The main thread's first.
    all: Vec<Worker>,
    threads: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

/// A thread's runtime.
#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// Connections that it serves.
    connections: Arc<AtomicUsize>,
}

/// A connection's share of a worker's load; dropping it takes the connection off.
#[derive(Debug)]
pub(super) struct Assignment(Arc<AtomicUsize>);

impl Workers {
    /// Starts a thread for each further CPU that this process may use, beside the caller's, which `main` runs on.
    pub(super) fn start(main: &Runtime) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let mut all = vec![Worker::new(main.handle())];
        let mut threads = Vec::new();
        for number in 1..count() {
            let runtime = runtime()?;
            all.push(Worker::new(runtime.handle()));
            let stop = stop.clone();
            let thread = thread::Builder::new()
                .name(format!("worker-{number}"))
                .stack_size(STACK);
            #[expect(
                clippy::disallowed_methods,
                reason = "one of the two places that start threads: a worker, joined at the end"
            )]
            let thread = thread.spawn(move || {
                runtime.block_on(stop.cancelled());
                runtime.shutdown_timeout(RUNTIME_TIMEOUT);
            })?;
            threads.push(thread);
        }
        Ok(Self { all, threads, stop })
    }

    /// Assigns a connection to the worker that serves the fewest; the runtime there.
    pub(super) fn assign(&self) -> (Assignment, &Handle) {
        let connections = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        let worker = self.all.iter().min_by_key(connections);
        let worker = worker.expect("the main thread is a worker");
        worker.connections.fetch_add(1, Ordering::Relaxed);
        (Assignment(Arc::clone(&worker.connections)), &worker.runtime)
    }

    /// Ends the threads, and the tasks that are left on them.
    pub(super) fn end(self) {
        self.stop.cancel();
        for thread in self.threads {
            // One that panicked has ended too.
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn new(runtime: &Handle) -> Self {
        Self {
            runtime: runtime.clone(),
            connections: Arc::default(),
        }
    }
}

impl Drop for Assignment {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One thread's runtime.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .max_blocking_threads(MAX_BLOCKING_THREADS.div_ceil(count()))
        .build()
}

/// Ends the main thread's runtime.
pub(super) fn shut_down(runtime: Runtime) {
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
}

/// CPUs that this process may use: its affinity and its control group's quota count.
fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
