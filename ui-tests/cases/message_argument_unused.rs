fn main() {
    pylog::info!("connected", 3);
}
