fn main() {
    pylog::info!(target = "net", "message");
}
