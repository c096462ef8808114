fn main() {
    pylog::info!("connected to {address}");
}
