#[pylog::module(log = "orders")]
struct Native;

fn main() {
    let _ = Native;
}
