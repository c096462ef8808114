fn main() {
    pylog::log!();
    pylog::log!(target: "net");
}
