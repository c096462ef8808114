fn main() {
    let n = 3;
    pylog::info!(user-id = n; "message");
    pylog::info!(n, request-trace-id = n; "message");
    pylog::info!(http.status-code = n; "message");
}
