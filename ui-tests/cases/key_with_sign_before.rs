fn main() {
    let path = "/";
    pylog::info!(?path; "message");
    pylog::info!(%path; "message");
}
