//! The client.

use std::collections::HashMap;
use std::error::Error;
use std::sync::LazyLock;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The status and the body.
type Response = Result<(StatusCode, String), Box<dyn Error + Send + Sync>>;

/// The maximum size of a response, in bytes.
const MAX_SIZE: usize = 1 << 20;

static CLIENT: LazyLock<Client<HttpConnector, Body>> =
    LazyLock::new(|| Client::builder(TokioExecutor::new()).build_http());

/// Sends a GET request, and logs how it ended.
///
/// The span is at ERROR so that it is on for each of its events.
#[tracing::instrument(name = "get", level = "error", skip(headers))]
pub(crate) async fn get(url: String, headers: HashMap<String, String>) -> Response {
    let response = send(&url, headers).await;
    match &response {
        Ok((status, body)) if status.is_success() => {
            tracing::info!(size = body.len(), "received {status}");
        }
        Ok((status, body)) => tracing::warn!(size = body.len(), "received {status}"),
        Err(error) => {
            let error: &(dyn Error + 'static) = error.as_ref();
            tracing::error!(error, "received no response");
        }
    }
    response
}

async fn send(url: &str, headers: HashMap<String, String>) -> Response {
    let mut request = Request::get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = CLIENT.request(request.body(Body::empty())?).await?;
    let status = response.status();
    let body = to_bytes(Body::new(response.into_body()), MAX_SIZE).await?;
    Ok((status, String::from_utf8(body.into())?))
}
