fn main() {
    pylog::log!(pylog::Level::INFO);
}
