fn main() {
    let n = 3;
    pylog::info!(user:x = n; "message");
    pylog::info!(user:= n; "message");
    pylog::info!(user:#? = n; "message");
    pylog::error!(err:error = n; "message");
}
