fn main() {
    pylog::info!(1 = 2; "a message");
    pylog::info!("" = 2; "a message");
    pylog::info!(user = 1 other = 2; "a message");
}
