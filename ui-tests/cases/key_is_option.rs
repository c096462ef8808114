fn main() {
    pylog::info!(target = "net"; "message");
    pylog::info!(logger = 1; "message");
    pylog::info!(first_n = 3; "message");
    pylog::info!(every_n = 100; "message");
    pylog::info!(every = 5; "message");
}
