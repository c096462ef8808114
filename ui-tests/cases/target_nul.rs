fn main() {
    pylog::info!(target: "net\0", "connected");
}
