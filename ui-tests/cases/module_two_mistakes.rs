#[pylog::module(logs = "orders")]
struct Native;

fn main() {
    let _ = Native;
}
