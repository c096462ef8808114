#[pylog::module]
struct Native;

fn main() {}
