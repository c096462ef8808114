fn main() {
    let err = "x".parse::<u8>().unwrap_err();
    pylog::error!(err = err; "a message");
    pylog::error!(err; "a message");
}
