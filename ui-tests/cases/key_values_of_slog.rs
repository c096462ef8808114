fn main() {
    let n = 3;
    let log = 4;
    pylog::info!("k" => n; "message");
    pylog::info!(log, "message"; "k" => n);
    pylog::info!("message"; "user-id" => n);
}
