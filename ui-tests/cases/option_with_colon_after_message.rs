fn main() {
    let n = 3;
    pylog::info!("a message", target: "net");
    pylog::info!("message {}", n, every_n: 3);
    pylog::info!(first_n: 3, "a message", target: "net");
    pylog::info!("a message", exc_info: true);
}
