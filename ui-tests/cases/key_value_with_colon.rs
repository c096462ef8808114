fn main() {
    pylog::info!(user: 1, "message");
    pylog::info!(user: 1; "message");
    pylog::log!(pylog::Level::INFO, target: "net", "message");
}
