fn main() {
    pylog::info!("http.status"; "a message");
    pylog::info!(undefined; "a message");
    pylog::info!(user = ; "a message");
}
