fn main() {
    pylog::info!(http.status = 200; "message");
}
