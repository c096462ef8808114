fn main() {
    let msg = 1;
    pylog::info!(name = 1; "a message");
    pylog::info!("taskName" = 1; "a message");
    pylog::info!(msg; "a message");
}
