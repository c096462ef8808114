fn main() {
    let _: bool = pylog::enabled!(pylog::Level::INFO, "connected");
}
