fn main() {
    let level = "info";
    pylog::log!(level, "connected");
    let _ = pylog::enabled!(level);
}
