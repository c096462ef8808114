fn main() {
    let (path, user) = ("data.csv", 1);
    pylog::info!("read {}", path; user = 1);
    pylog::info!("read {}", path; user);
    pylog::info!("read {}: {}", path.trim().len(), "whole"; "user.id" = 1, path:? = path);
    pylog::info!("read {path}", path = path.trim(); user = 1);
    pylog::info!(target: "etl", "read {}", &path[1..]; user = 1);
    pylog::log!(pylog::Level::INFO, "read {}", path; user = 1);
    pylog::info!("read {}", path;);
    pylog::info!("user.id", path; "a request");
}
