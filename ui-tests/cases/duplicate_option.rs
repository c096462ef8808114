fn main() {
    pylog::info!(target: "net", target: "http", "connected");
}
