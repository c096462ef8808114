fn main() {
    let target = 3;
    pylog::info!(target: target, "connected");
}
