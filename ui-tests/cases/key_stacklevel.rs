fn main() {
    pylog::info!(stacklevel = 2; "message");
}
