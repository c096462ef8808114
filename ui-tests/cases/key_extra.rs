fn main() {
    pylog::info!(extra = 1; "message");
}
