fn main() {
    pylog::info!(first_n: 3, every_n: 2, "a message");
    pylog::info!(every_n: 2, suppressed = 1; "a message");
    let _ = pylog::enabled!(every_n: 2, pylog::Level::INFO);
}
