fn main() {
    let (path, error) = ("data.csv", std::fmt::Error);
    pylog::error!("cannot read", exc_info = error);
    pylog::error!("cannot read {}", path, exc_info = error);
    pylog::error!("cannot read {}", path.trim(), exc_info = error, stack_info = true);
    pylog::info!("here", stack_info = true);
    pylog::error!(target: "etl", "cannot read", exc_info = error);
    pylog::log!(pylog::Level::ERROR, "cannot read", exc_info = error);
    pylog::error!(path; "cannot read", exc_info = error);
    pylog::info!("read {exc_info}", exc_info = error, stack_info = true);
}
