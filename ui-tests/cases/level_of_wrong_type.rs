fn main() {
    pylog::log!("info", "connected");
    pylog::log!(20, "connected");
}
