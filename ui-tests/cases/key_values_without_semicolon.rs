fn main() {
    pylog::info!(user = 1, "message");
}
