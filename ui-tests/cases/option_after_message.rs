fn main() {
    pylog::info!("message", target = "net::http");
    pylog::info!("message", logger = 1);
    pylog::info!("message", every_n = 100);
    pylog::info!("message", extra = 1);
    pylog::info!("message", stacklevel = 2);
}
