//! The server.

use std::error::Error;
use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use tokio::net::TcpListener;
use tower_http::trace::TraceLayer;
use tracing::Span;

/// Starts a server on a free port of the loopback address. Returns its URL.
pub(crate) async fn start() -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = Router::new()
        .route("/orders/{number}", get(order))
        .route("/invoices/{number}", get(invoice))
        .layer(TraceLayer::new_for_http().make_span_with(span));
    tokio::spawn(async { axum::serve(listener, app).await });
    tracing::info!(url, "listening");
    Ok(url)
}

/// The span of a request. The records of the request have its fields as attributes.
///
/// It is at ERROR so that it is on for each of its events.
fn span(request: &Request<Body>) -> Span {
    let request_id = request.headers().get("x-request-id");
    let request_id = request_id.and_then(|value| value.to_str().ok());
    tracing::error_span!("request", path = request.uri().path(), request_id)
}

async fn order(Path(number): Path<u32>) -> String {
    tracing::debug!(number, "looking for the order");
    tracing::info!(number, "found the order");
    format!("order {number}")
}

/// Fails.
async fn invoice(Path(number): Path<u32>) -> (StatusCode, String) {
    let error = io::Error::new(io::ErrorKind::NotFound, "the disk is gone");
    let cause: &(dyn Error + 'static) = &error;
    tracing::error!(number, error = cause, "cannot read the invoice");
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
