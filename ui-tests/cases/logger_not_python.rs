fn main() {
    pylog::info!(logger: "net", "connected");
}
