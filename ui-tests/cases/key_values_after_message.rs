fn main() {
    pylog::info!("message"; user = 1);
}
