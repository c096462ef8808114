fn main() {
    let (message, n) = ("read {} rows", 3);
    pylog::info!(message, n);
    pylog::info!(message);
    pylog::info!(n, "a key without a semicolon");
}
