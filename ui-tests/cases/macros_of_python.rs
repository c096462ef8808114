fn main() {
    pylog::exception!("a message");
    pylog::fatal!("message {}", 1);
}
