fn main() {
    pylog::info!();
    pylog::info!(target: "net");
}
