fn main() {
    pylog::info!(name = 1; "a message");
    pylog::info!("taskName" = 1; "a message");
}
