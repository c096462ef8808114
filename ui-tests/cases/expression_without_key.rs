struct User {
    id: u32,
}

fn main() {
    let user = User { id: 3 };
    let path = std::path::Path::new("/");
    pylog::info!(user.id; "message");
    pylog::info!(path.display(); "message");
    let items = [1, 2];
    let pair = (1, 2);
    pylog::info!(items[0]; "message");
    pylog::info!(pair.0; "message");
    pylog::info!(items.len() + 1; "message");
    pylog::info!(user.id - 1; "message");
    pylog::info!(pair == pair; "message");
    pylog::info!(std::process::id(); "message");
}
