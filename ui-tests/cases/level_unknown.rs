fn main() {
    pylog::log!(pylog::Level::LOUD, "connected");
}
