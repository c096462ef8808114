fn main() {
    pylog::log!(u8::MAX, "connected");
}
