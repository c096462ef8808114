fn main() {
    pylog::info!(target = "net", "message");
    pylog::info!(every_n = 100, "message");
}
