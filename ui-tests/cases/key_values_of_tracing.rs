fn main() {
    let path = "/";
    pylog::info!(?path, "message");
    pylog::info!(%path, "message");
    pylog::info!(path = ?path, "message");
    pylog::info!(path = %path, "message");
    pylog::info!(path = ?path; "message");
    pylog::info!(path = %path; "message");
    pylog::info!(http.status = 200, "message");
    pylog::info!(http.request.method = "GET", "message");
}
