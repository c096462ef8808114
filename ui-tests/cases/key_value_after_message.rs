fn main() {
    let (n, path) = (3, "data.csv");
    pylog::info!("loaded", rows = n);
    pylog::info!("loaded {path}", rows = n);
    pylog::info!("loaded {}", path, rows = n);
    pylog::info!("loaded {} {other}", path, rows = n, other = 1);
    pylog::info!(target: "net", "loaded", rows = n);
    pylog::info!("loaded", rows: n);
    pylog::info!("loaded {rows:>width$}", rows = n, width = 5, more = 1);
}
