fn main() {
    pylog::info!("connected to {}");
}
