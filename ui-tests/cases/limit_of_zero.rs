fn main() {
    pylog::info!(every_n: 0, "a message");
    pylog::info!(first_n: "3", "a message");
    pylog::info!(every: 5, "a message");
}
