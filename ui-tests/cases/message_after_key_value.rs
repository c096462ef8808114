fn main() {
    pylog::info!(user = 3; "connected");
}
