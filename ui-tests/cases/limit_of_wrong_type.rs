fn main() {
    let n = 3_i32;
    pylog::info!(every_n: n, "a message");
    pylog::info!(every: n, "a message");
}
