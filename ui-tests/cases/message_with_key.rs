fn main() {
    pylog::info!(message = "message");
    pylog::info!(msg = "message");
}
