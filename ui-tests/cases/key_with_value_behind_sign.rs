fn main() {
    let name = "ada";
    let e = "error";
    pylog::info!(user:?name; "message");
    pylog::error!(err:%e; "message");
    pylog::error!(n = 3, err:%e; "message");
    pylog::info!("http.status":?name; "message");
}
