fn main() {
    let user = 1;
    pylog::info!(user:serde = user; "a message");
    pylog::info!(user:; "a message");
    pylog::info!(exc_info:? = user; "a message");
}
