fn main() {
    pylog::info!(targt: "net", "connected");
}
