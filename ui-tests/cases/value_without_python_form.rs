struct Point {
    x: f64,
}

fn main() {
    let point = Point { x: 0.5 };
    pylog::info!(point; "a message");
    pylog::info!(point = &point; "a message");
    pylog::info!(point:? = point; "a message");
    pylog::info!(x = point.x; "a message");
}
