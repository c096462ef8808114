use std::collections::BTreeMap;

struct Point {
    x: f64,
}

fn main() {
    let points = vec![Point { x: 0.5 }];
    let by_path = BTreeMap::from([(vec![1, 2], "a value")]);
    pylog::info!(points; "a message");
    pylog::info!(by_path; "a message");
    pylog::info!(x = points[0].x; "a message");
}
