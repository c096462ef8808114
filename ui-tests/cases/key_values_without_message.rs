fn main() {
    pylog::info!(user = 1;);
    pylog::info!(user = 1, other = 2);
}
