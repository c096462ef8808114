#[pylog::module]
fn native() {}

fn main() {
    native();
}
