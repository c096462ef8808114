fn main() {
    pylog::info!(target: "net.", "connected");
}
