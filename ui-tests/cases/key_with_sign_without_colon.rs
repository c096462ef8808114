fn main() {
    let path = std::path::Path::new("/");
    pylog::info!(path? = path; "a message");
    pylog::info!(path% = path.display(); "a message");
    pylog::info!(path?; "a message");
    pylog::info!(path? = path, "a message");
}
