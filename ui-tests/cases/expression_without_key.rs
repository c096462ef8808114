struct User {
    id: u32,
}

fn main() {
    let user = User { id: 3 };
    let path = std::path::Path::new("/");
    pylog::info!(user.id; "message");
    pylog::info!(path.display(); "message");
}
