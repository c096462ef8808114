fn main() {
    let (user, path) = (1, "/");
    pylog::info!(user = 1, "message");
    pylog::info!(user, "message");
    pylog::info!("http.status" = 200, "message");
    pylog::info!(path:? = path, "message");
    pylog::info!(target: "net", user = 1, "message");
    pylog::info!(user = 1, other = 2, "message");
    pylog::info!(stacklevel = 2, "message");
    pylog::info!(extra = user, "message");
}
