fn main() {
    pylog::info!(target: "net::::http", "connected");
}
