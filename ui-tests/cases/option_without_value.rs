fn main() {
    pylog::info!(target:, "connected");
}
