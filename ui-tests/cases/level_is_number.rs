fn main() {
    pylog::log!(25, "a message");
    pylog::log!(target: "net", 30, "a message");
    let _ = pylog::enabled!(10);
    let _ = pylog::enabled!("debug");
}
