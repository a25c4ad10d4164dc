//! The admin server of `--admin-address`: metrics and health, on a port that clients don't reach.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::plain_http::{self, PlainRequest, PlainResponse};
use crate::metrics::METRICS;
use crate::net::listener::{Accepted, Bound, Listener};

/// Requests at once. Apart from `--maxconns`, so that monitoring works when that is used up.
const MAX_CONNECTIONS: usize = 16;

/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Pause after an accept that failed, as for want of files.
const FAILED_PAUSE: Duration = Duration::from_millis(100);

/// Answers requests until it is dropped. `/healthz` answers 503 once `stopping` is cancelled.
pub(super) async fn serve(
    bound: Bound,
    tasks: TaskTracker,
    stopping: CancellationToken,
) -> io::Result<()> {
    let listener: Listener = bound.listen()?;
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let permit = Arc::clone(&permits)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        match poll_fn(|cx| listener.poll_accept(cx)).await {
            Ok(Accepted::Tcp(stream, _)) => {
                let stopping = stopping.clone();
                let Ok(stream) = TcpStream::from_std(stream) else {
                    continue;
                };
                #[expect(clippy::disallowed_methods, reason = "on the server's tracker")]
                tasks.spawn(async move {
                    plain_http::serve(stream, TIMEOUT, |request| respond(request, &stopping)).await;
                    drop(permit);
                });
            }
            Ok(Accepted::Unix(_)) => {}
            Err(_) => sleep(FAILED_PAUSE).await,
        }
    }
}

fn respond(request: &PlainRequest<'_>, stopping: &CancellationToken) -> PlainResponse {
    if !matches!(request.method, "GET" | "HEAD") {
        return PlainResponse::status("405 Method Not Allowed");
    }
    match request.target.split('?').next() {
        Some("/metrics") => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            PlainResponse::text("200 OK", content_type, METRICS.render())
        }
        Some("/healthz") if stopping.is_cancelled() => {
            PlainResponse::status("503 Service Unavailable")
        }
        Some("/healthz") => PlainResponse::status("200 OK"),
        _ => PlainResponse::status("404 Not Found"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let stopping = CancellationToken::new();
        let get = |method, target| {
            respond(
                &PlainRequest {
                    method,
                    target,
                    host: None,
                },
                &stopping,
            )
        };
        let metrics = get("GET", "/metrics?x");
        assert_eq!(metrics.status, "200 OK");
        assert!(metrics.body.ends_with("# EOF\n") && metrics.fields.contains("openmetrics-text"));
        assert_eq!(get("GET", "/healthz").status, "200 OK");
        assert_eq!(get("POST", "/healthz").status, "405 Method Not Allowed");
        assert_eq!(get("GET", "/").status, "404 Not Found");
        stopping.cancel();
        assert_eq!(get("GET", "/healthz").status, "503 Service Unavailable");
    }
}
