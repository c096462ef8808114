fn main() {
    let _: bool = pylog::enabled!();
}
