//! A receiver that answers as it is told, and keeps what came.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chat_hooks::sign::Secrets;
use e2e::deadline::eventually;
use serde_json::Value;

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16),
    /// 200, with a type and a body.
    Says(&'static str, &'static str),
    Redirect,
    HangUp,
    Hang,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) id: String,
    timestamp: u64,
    signature: String,
    pub(crate) body: String,
    pub(crate) json: Value,
    is_taken: bool,
}

impl Post {
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let secrets = Secrets::parse(secret).expect("a secret");
        secrets.sign(&self.id, self.timestamp, self.body.as_bytes()) == self.signature
    }
}

pub(crate) struct Receiver {
    address: SocketAddr,
    posts: Arc<Mutex<Vec<Post>>>,
    elsewhere: Arc<Mutex<usize>>,
}

type Decide = dyn Fn(usize, &str) -> Answer + Send + Sync;

impl Receiver {
    /// `decide` gets how many requests came before, and the body.
    pub(crate) fn start(decide: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let receiver = Self {
            address: listener.local_addr().expect("bound"),
            posts: Arc::default(),
            elsewhere: Arc::default(),
        };
        let decide: Arc<Decide> = Arc::new(decide);
        let (posts, elsewhere) = (Arc::clone(&receiver.posts), Arc::clone(&receiver.elsewhere));
        // It ends with the test program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (decide, posts, elsewhere) = (
                    Arc::clone(&decide),
                    Arc::clone(&posts),
                    Arc::clone(&elsewhere),
                );
                thread::spawn(move || serve(stream, &*decide, &posts, &elsewhere));
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.posts.lock().expect("no panic").clone()
    }

    /// Requests to where it redirects.
    pub(crate) fn elsewhere(&self) -> usize {
        *self.elsewhere.lock().expect("no panic")
    }

    pub(crate) fn count(&self) -> usize {
        self.posts.lock().expect("no panic").len()
    }

    pub(crate) fn wait_for(&self, count: usize) -> Vec<Post> {
        eventually(&format!("{count} are posted"), || {
            (self.count() >= count).then(|| self.posts())
        })
    }

    /// The texts that were taken, each where it first came.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let posts = self.posts().into_iter().filter(|post| post.is_taken);
        let texts = posts.filter(|post| seen.insert(post.id.clone()));
        texts
            .map(|post| {
                post.json["data"]["record"]["text"]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            })
            .collect()
    }

    pub(crate) fn wait_for_texts(&self, last: &str) -> Vec<String> {
        let last = format!("\"{last}\"");
        let has_it = || {
            let posts = self.posts.lock().expect("no panic");
            let mut newest = posts.iter().rev().take(50);
            newest.any(|it| it.is_taken && it.body.contains(&last))
        };
        eventually("the last one is posted", || has_it().then(|| self.texts()))
    }
}

fn serve(stream: TcpStream, decide: &Decide, posts: &Mutex<Vec<Post>>, elsewhere: &Mutex<usize>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let header = |name: &str| {
            let line = head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            });
            line.unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        if !head.starts_with("POST /hook ") {
            *elsewhere.lock().expect("no panic") += 1;
        }
        let body = String::from_utf8(body).expect("UTF-8");
        let answer = {
            let mut posts = posts.lock().expect("no panic");
            let answer = decide(posts.len(), &body);
            posts.push(Post {
                id: header("webhook-id"),
                timestamp: header("webhook-timestamp").parse().expect("a time"),
                signature: header("webhook-signature"),
                json: serde_json::from_str(&body).expect("JSON"),
                is_taken: matches!(answer, Answer::Status(200..300) | Answer::Says(..)),
                body,
            });
            answer
        };
        let reply = match answer {
            Answer::Status(status) => format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n"),
            Answer::Says(kind, body) => format!(
                "HTTP/1.1 200 So\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
            Answer::Redirect => {
                "HTTP/1.1 307 There\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_owned()
            }
            Answer::HangUp => return,
            Answer::Hang => {
                thread::sleep(Duration::from_secs(30));
                return;
            }
        };
        // In one write: the rest of several would wait for an acknowledgement.
        let written = stream.write_all(reply.as_bytes());
        if written.is_err() {
            return;
        }
    }
}
