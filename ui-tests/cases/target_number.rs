fn main() {
    pylog::info!(target: 3, "connected");
}
