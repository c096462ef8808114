fn main() {
    let path = "/";
    pylog::info!(?path; "message");
}
