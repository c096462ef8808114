fn main() {
    pylog::info!(user = 1, "user" = 2; "a message");
    pylog::info!(exc_info = true, exc_info = true; "a message");
}
