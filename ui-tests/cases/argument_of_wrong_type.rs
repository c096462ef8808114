fn half(n: u32) -> u32 {
    n / 2
}

fn main() {
    pylog::trace!("{}", half("ten"));
}
